#!/usr/bin/env bash
# What one message costs a WebSocket echo server, counted instead of timed: the same on a busy machine.
#   ./websocket.sh instructions [PEER]   instructions a message at 64 connections, 16 B, depth 1 and 16,
#                                        and the functions they go to at depth 16 (needs valgrind)
#   ./websocket.sh syscalls [PEER]       system calls a message, the same two depths (needs strace)
# PEER is one of the peers of the benchmarks; glassloop without one.
set -euo pipefail
cd "$(dirname "$0")"

what=${1:-}
peer=${2:-glassloop}
connections=64
bytes=16
messages=200000
target=${CARGO_TARGET_DIR:-target}
program=$target/release/glassloop-benches
out=$(mktemp -d)
trap 'rm -r "$out"' EXIT

# Plays $2 messages at depth $1 under the instrument that follows.
probe() {
    "$program" probe "$peer" $connections "$1" $bytes "$2" "${@:3}"
}

# Prints the instructions of the server for $2 messages at depth $1; the profile goes to $3.
instructions() {
    probe "$1" "$2" valgrind --tool=callgrind --callgrind-out-file="$3" 2>&1 |
        awk '/Collected/ { print $NF }'
}

case $what in
instructions)
    cargo build --quiet --release >&2
    for depth in 1 16; do
        # The start and the handshakes cancel out.
        once=$(instructions "$depth" $messages "$out/once")
        twice=$(instructions "$depth" $((2 * messages)) "$out/twice")
        awk -v once="$once" -v twice="$twice" -v n=$messages -v depth=$depth \
            'BEGIN { printf "instructions a message at depth %d: %.0f\n", depth, (twice - once) / n }'
    done
    # Its perl grumbles about our paths on the standard error.
    callgrind_annotate --auto=no --threshold=100 "$out/twice" 2>/dev/null |
        awk -v n=$((2 * messages)) -f by_function.awk |
        sort -rn | awk 'NR <= 25'
    ;;
syscalls)
    cargo build --quiet --release >&2
    for depth in 1 16; do
        echo "system calls of $messages messages at depth $depth:"
        # Without -I 2 it would not hear that it is to end.
        probe "$depth" $messages strace -f -c -I 2 -o "$out/calls"
        awk -v n=$messages '$1 ~ /^[0-9.]+$/ && $4 > 100 {
            name = $NF; printf "  %-14s %8d  %6.3f a message\n", name, $4, $4 / n }' "$out/calls"
    done
    ;;
*)
    sed -n '2,6s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
