#!/usr/bin/env bash
# Foreign clients of Socket.IO against our server, the example `socketio_server`: node's `socket.io-client`,
# and python-socketio's, of asyncio and of threads. Prints a line a case and `N passed, M failed`. Installs
# them in a folder that is removed again. Needs python3 with pip, and node with npm.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

need_command python3 python3
python3 -m pip --version >/dev/null 2>&1 || need_command pip3 python3-pip
need_node
need_command npm npm
npm install --silent --no-audit --no-fund --no-save --prefix "$folder/node" socket.io-client@4 >/dev/null
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
  --target "$folder/python" 'python-socketio[client]==5.*' aiohttp
export PYTHONPATH="$folder/python"

features=socketio build socketio_server
passed=0
failed=0
# client COMMAND...: its cases, a line each; the last line has their sum.
client() {
  local said
  timeout 200 "$@" 2>"$folder/errors.txt" | tee "$folder/said.txt" | grep -v ' failed$' || true
  said=$(tail -n 1 "$folder/said.txt")
  [[ $said =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] || fail "$1 ended before its last case"
  passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
}

node -p "'socket.io-client ' + require('$folder/node/node_modules/socket.io-client/package.json').version"
client node tools/socketio/client.mjs "$folder/node" "$examples/socketio_server"
python3 -c 'import importlib.metadata as m; print("python-socketio", m.version("python-socketio"))'
client python3 tools/socketio/client.py "$examples/socketio_server"

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -ge 24 ]
