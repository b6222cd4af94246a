#!/usr/bin/env bash
# Counts the writes of 1,000 turns of 100 messages each, twice: by the connection's own counter and by
# strace, which sees every system call that sends to the socket. Fails past 1,002, and unless both
# counted the same but for the handshake's answer and the Close. Linux with strace; anything missing
# is a failure.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

# Without -f: the reader's thread is not of interest. -yy names each descriptor after what it is, a
# socket with its protocol and addresses.
traced cork -yy -e trace=write,writev,sendto,sendmsg
turns=$(count turns)
messages=$(count messages_a_turn)
ours=$(count writes)

theirs=$(grep -cE '^(write|writev|sendto|sendmsg)\([0-9]+<TCP' "$trace" || true)

printf '%s turns of %s messages: %s writes\n' "$turns" "$messages" "$theirs"
[ "$turns" -eq 1000 ] && [ "$messages" -eq 100 ] || fail 'that is not what was to be counted'
[ "$theirs" -ge "$turns" ] || fail 'strace saw too little: the comparison is blind'
[ "$theirs" -le 1002 ] || fail 'more than one write a turn'
[ "$ours" -le "$theirs" ] && [ "$theirs" -le $((ours + 2)) ] || fail "the counts differ: ours is $ours"
