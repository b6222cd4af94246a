#!/usr/bin/env bash
# The inspector's page under real gestures: headless Chromium looks at the tour, at a loop that
# hangs and at recordings, and mouse, wheel, keys and dropped files do what a user does. First the
# tests of the page's model run in node; what it says of both programs is compared with what the
# inspector says of them, and what it folds at a thousand events of recordings with what their
# program said there: it fails if one differs. Where Firefox is installed it looks at
# the tour as well. Prints a line a test; fails if a line of tests/page/list.txt has no test that
# passed, or a test has no line. Words as arguments choose the gestures whose names have them. Needs
# node and Chromium, which come from Debian where missing.
#
# PAGE_PROGRAMS names a folder with the programs built; PAGE_SHOTS one that screenshots are kept in.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

need_node
need_browser

if [ -z "${PAGE_PROGRAMS:-}" ]; then
  build tour stall moments 01_timer 02_spawn ch04_a_waker_is_a_note
  PAGE_PROGRAMS=$examples
fi
export PAGE_PROGRAMS PAGE_BROWSER="$browser"

if [ $# -eq 0 ]; then
  node --test tests/page/model/ >"$folder/model.txt" 2>&1 || fail 'the tests of the model'
  said() { grep -m 1 -oE "^(#|ℹ) $1 [0-9]+" "$folder/model.txt" | grep -oE '[0-9]+$'; }
  printf 'model: %d of %d tests\n' "$(said pass)" "$(said tests)"
  node tools/page/twins.mjs || fail 'the model and the inspector differ'
  node tools/page/moments.mjs || fail 'the model and the program differ'
fi
if [ $# -eq 0 ]; then
  firefox=$(command -v firefox-esr || command -v firefox || true)
  if [ -z "$firefox" ]; then
    echo 'firefox: not looked at, there is none'
  elif ! node --experimental-websocket -e 'WebSocket' 2>/dev/null; then
    echo 'firefox: not looked at, node has no WebSocket (20.10 or later has)'
  else
    PAGE_FIREFOX=$firefox node --no-warnings --experimental-websocket tools/page/firefox.mjs
  fi
fi
node tools/page/run.mjs "$@"
