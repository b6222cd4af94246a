#!/usr/bin/env bash
# The Silex scene against a service on node's socket.io: examples/silex.rs, which a task of its own
# stalls for four seconds. It holds if the log names that task, the connection comes back, and every
# action's updates arrive, in order. Needs node and npm, which come from Debian where missing.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

need_node
need_command npm npm
npm install --silent --no-audit --no-fund --no-save --prefix "$folder/node" socket.io@4 >/dev/null
features=socketio build silex

node tools/silex/service.mjs "$folder/node" >"$folder/service.txt" 2>&1 &
started=$!
address=$(first_address "$folder/service.txt")

timeout 100 "$examples/silex" --service "$address" >"$folder/scene.txt" 2>&1 ||
  fail 'expected the scene to end well'
sed 's/^/scene:   /' "$folder/scene.txt"
cat "$folder/service.txt"

passed=0
# says FILE COUNT TEXT: so many lines of it say this.
says() {
  local count
  count=$(grep -c -- "$3" "$folder/$1.txt" || true)
  [ "$count" -eq "$2" ] || fail "expected $2 lines with \"$3\" of the $1, came $count"
  passed=$((passed + 1))
}
says scene 1 '`preview`.* held the loop for 4[0-9]* ms'
says scene 1 '/dcc: disconnected: .*our own loop stood still for 4[0-9]* ms in .*`preview`'
says scene 2 '/dcc: connected as'
says scene 1 'the connection broke 1 times'
says scene 3 ': 10 updates arrived, .* as it went'
says scene 0 'NOT as it went'
says scene 1 'left on the thread: nothing was left'
says service 2 'fake maya is process'
says service 1 'it is gone: ping timeout'
says service 3 'is launched'
printf '%d passed, 0 failed\n' "$passed"
