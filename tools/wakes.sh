#!/usr/bin/env bash
# Counts the system calls that wake a sleeping loop, twice: by the loop's own counter and by strace,
# which sees every write to the loop's eventfd. Fails unless both counted the same, and unless there
# were at most as many as waits that blocked. Linux with strace; anything missing is a failure.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

# -y names each descriptor after what it is: anon_inode:[eventfd].
traced wakes -f -y -e trace=write,eventfd2
calls=$(count calls)
blocked=$(count blocked)
ours=$(count wake_calls)

eventfds=$(grep -c 'eventfd2(' "$trace" || true)
[ "$eventfds" -eq 1 ] || fail "expected one eventfd in the process, came $eventfds"
# A call that another thread's line cut in two counts where it begins.
theirs=$(grep -c 'write([0-9]*<anon_inode:\[eventfd\]>' "$trace" || true)

printf 'wakes: ours %s, strace %s, for %s calls and %s waits\n' "$ours" "$theirs" "$calls" "$blocked"
[ "$calls" -eq 80000 ] || fail 'some calls never ran'
[ "$theirs" -gt 0 ] || fail 'strace saw no wake: the comparison is blind'
[ "$ours" -eq "$theirs" ] || fail 'the counts differ'
[ "$ours" -le "$blocked" ] || fail 'more wakes than waits'
