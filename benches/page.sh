#!/usr/bin/env bash
# What the inspector's page does with ten thousand tasks and 100,000 events a second, and what that
# costs their loop: headless Chromium on the page of a real program, by turns with nobody watching.
# Prints a table; a speed decides nothing, but it fails if what the page counts doesn't add up.
# `./page.sh --quick`, and words that choose: page/run.mjs has them. Linux; needs node and Chromium,
# which come from Debian where missing.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")"
source ../tools/common.sh

need_node
need_command taskset util-linux
need_browser
export PAGE_BROWSER=$browser
cargo build --quiet --release --locked --bin glassloop-benches
node page/run.mjs "${CARGO_TARGET_DIR:-target}/release/glassloop-benches" "$@"
