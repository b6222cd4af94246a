#!/usr/bin/env bash
# What inspection costs, all of it: instructions (./callgrind.sh, which needs valgrind), and beside
# them nanoseconds, processor time and bytes, with feature `observe` off, on, recorded, inspected,
# and inspected by a viewer that never reads. Takes two builds, whose servers are asked in turns;
# what it is given goes to the benchmarks: `./inspection.sh --quick`.
set -euo pipefail
cd "$(dirname "$0")"

target=${CARGO_TARGET_DIR:-target}
without=$target/release/glassloop-benches-observe-off

# Each build takes the place of the one before.
cargo build --quiet --release --bin glassloop-benches --no-default-features --features ours
cp "$target/release/glassloop-benches" "$without"
cargo build --quiet --release --bin glassloop-benches
GLASSLOOP_BENCHES_OBSERVE_OFF=$without \
    "$target/release/glassloop-benches" --only recording,inspected "$@"
echo
./callgrind.sh
