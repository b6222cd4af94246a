#!/usr/bin/env bash
# The puzzles in a browser: headless Chromium runs each script of examples/puzzle/puzzles/ time and
# again, a click of the mouse included. Prints a line a puzzle with the orders that came and how often;
# fails if one is not in the table of docs/book/src/puzzles.md, or if a script runs that the table says
# can't. Then Node's column, by the tests. Words as arguments choose puzzles by their numbers. Needs
# node and Chromium, which come from Debian where missing.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

need_node
need_browser

PAGE_BROWSER="$browser" node tools/puzzles/run.mjs "$folder" "$@"
[ $# -gt 0 ] || GLASSLOOP_NEED_NODE=1 cargo test --quiet --test puzzles
