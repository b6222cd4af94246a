#!/usr/bin/env bash
# The inspector's page under real gestures: headless Chromium looks at the tour, at a loop that
# hangs and at recordings, and mouse, wheel, keys and dropped files do what a user does. First the
# tests of the page's model run in node. Prints a line a test; fails if a line of
# tests/page/list.txt has no
# test that passed, or a test has no line. Words as arguments choose the gestures whose names have
# them. Needs node and Chromium, which come from Debian where missing.
#
# PAGE_PROGRAMS names a folder with the programs built; PAGE_SHOTS one that screenshots are kept in.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

need_command node nodejs
[ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ] || fail 'needs node 18 or later'
need_browser

if [ -z "${PAGE_PROGRAMS:-}" ]; then
  build tour stall
  PAGE_PROGRAMS=$examples
fi
export PAGE_PROGRAMS PAGE_BROWSER="$browser"

if [ $# -eq 0 ]; then
  node --test tests/page/model/ >"$folder/model.txt" 2>&1 || fail 'the tests of the model'
  said() { grep -m 1 -oE "^(#|ℹ) $1 [0-9]+" "$folder/model.txt" | grep -oE '[0-9]+$'; }
  printf 'model: %d of %d tests\n' "$(said pass)" "$(said tests)"
fi
node tools/page/run.mjs "$@"
