#!/usr/bin/env bash
# Foreign WebSocket clients against the running tour: Python `websockets`, node `ws`, Chromium. Each has
# 100 messages echoed. Prints a line a peer and `N passed, M failed`. Installs the clients in a folder
# that is removed again; python3 with pip, node with npm, and Chromium come from Debian where missing.
#
# GLASSLOOP_TOUR names another program to start: the first ws:// address it writes is used.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

need_command python3 python3
python3 -m pip --version >/dev/null 2>&1 || need_command pip3 python3-pip
need_command node nodejs
need_command npm npm
need_browser
install_websockets
npm install --silent --no-audit --no-fund --no-save --prefix "$folder/node" ws >/dev/null

# The build comes first, so that the tour's seconds are spent talking.
[ -n "${GLASSLOOP_TOUR:-}" ] || build tour
"${GLASSLOOP_TOUR:-$examples/tour}" --seconds 120 --port 0 </dev/null >"$folder/tour.txt" 2>"$folder/errors.txt" &
started=$!
address=$(first_address "$folder/tour.txt")
echo "the tour listens on $address"

passed=0
failed=0
# peer NAME COMMAND...: the command's last line tells how it went, its exit status whether.
peer() {
  local name="$1" says word
  shift
  if says=$(timeout 100 "$@" 2>&1); then
    passed=$((passed + 1)) word=passed
  else
    failed=$((failed + 1)) word=FAILED
  fi
  printf '%s  %-28s %s\n' "$word" "$name" "$(tail -n 1 <<<"$says")"
}

version() { python3 -c 'import importlib.metadata as m; print(m.version("websockets"))'; }
peer "Python websockets $(version)" python3 tools/peers/python.py "$address"
peer "node ws $(node -p "require('$folder/node/node_modules/ws/package.json').version")" \
  node tools/peers/node.mjs "$folder/node" "$address"
peer "$("$browser" --version 2>/dev/null | grep -o 'Chrom[a-z]* [0-9.]*' | head -n 1)" \
  python3 tools/peers/browser.py "$browser" "$address"

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -eq 3 ]
