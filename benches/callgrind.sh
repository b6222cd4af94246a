#!/usr/bin/env bash
# Instructions per poll on glassloop's yield path, and per message of a TCP echo: with feature
# `observe` on while nobody records, with the feature off, and the difference. Exits 1 when a
# difference is above its bound. Needs valgrind. Unlike a time, the count is the same on a busy
# machine.
set -euo pipefail
cd "$(dirname "$0")"

poll_bound=8
message_bound_percent=1
polls=1000000
messages=20000
target=${CARGO_TARGET_DIR:-target}

# Prints the instructions of one run of the program $1 with the number $2.
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" "$2" 2>&1 |
        awk '/Collected/ { print $NF }'
}

# Prints the instructions of one of $2 things of the program $1.
each() {
    local with without
    with=$(instructions "$target/release/$1" "$2")
    without=$(instructions "$target/release/$1" 0)
    awk -v with="$with" -v without="$without" -v count="$2" \
        'BEGIN { printf "%.1f", (with - without) / count }'
}

build() {
    cargo build --quiet --release --bin yield_callgrind --bin echo_callgrind \
        --no-default-features --features "$1" >&2
}

build ours,observe
poll_on=$(each yield_callgrind $polls)
message_on=$(each echo_callgrind $messages)
build ours
poll_off=$(each yield_callgrind $polls)
message_off=$(each echo_callgrind $messages)

awk -v on="$poll_on" -v off="$poll_off" -v bound="$poll_bound" 'BEGIN {
    verdict = (on - off <= bound) ? "PASS" : "FAIL"
    printf "instructions a poll, observe on, nobody recording: %s\n", on
    printf "instructions a poll, observe off:                  %s\n", off
    printf "difference %.1f <= %s %s\n", on - off, bound, verdict
    exit verdict == "FAIL"
}'
awk -v on="$message_on" -v off="$message_off" -v bound="$message_bound_percent" 'BEGIN {
    percent = (on - off) / off * 100
    verdict = (percent <= bound) ? "PASS" : "FAIL"
    printf "instructions a message, observe on, nobody recording: %s\n", on
    printf "instructions a message, observe off:                  %s\n", off
    printf "difference %.2f %% <= %s %% %s\n", percent, bound, verdict
    exit verdict == "FAIL"
}'
