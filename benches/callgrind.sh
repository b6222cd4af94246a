#!/usr/bin/env bash
# Instructions per poll on glassloop's yield path: with feature `observe` on while nobody records,
# with the feature off, and the difference. Exits 1 when the difference is above the bound.
# Needs valgrind. Unlike a time, the count is the same on a busy machine.
set -euo pipefail
cd "$(dirname "$0")"

bound=8
yields=1000000
target=${CARGO_TARGET_DIR:-target}

# Prints the instructions of one run of the program $1 with $2 yields.
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" "$2" 2>&1 |
        awk '/Collected/ { print $NF }'
}

# Prints the instructions per poll with the features $1.
per_poll() {
    cargo build --quiet --release --bin yield_callgrind --no-default-features --features "$1" >&2
    local program="$target/release/yield_callgrind"
    local with without
    with=$(instructions "$program" "$yields")
    without=$(instructions "$program" 0)
    awk -v with="$with" -v without="$without" -v yields="$yields" \
        'BEGIN { printf "%.1f", (with - without) / yields }'
}

on=$(per_poll ours,observe)
off=$(per_poll ours)
awk -v on="$on" -v off="$off" -v bound="$bound" 'BEGIN {
    verdict = (on - off <= bound) ? "PASS" : "FAIL"
    printf "instructions a poll, observe on, nobody recording: %s\n", on
    printf "instructions a poll, observe off:                  %s\n", off
    printf "difference %.1f <= %s %s\n", on - off, bound, verdict
    exit verdict == "FAIL"
}'
