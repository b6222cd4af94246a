#!/usr/bin/env bash
# Our client of Socket.IO with servers of another house: node `socket.io` 4 and Python `python-socketio` 5.
# With each, the cases of examples/socketio_cases; then examples/socketio_load, while the server is ended and
# started again five times, thrice by force: each event that was answered must have arrived once, none twice,
# and those of a namespace in order. Prints a line a case, the figures of the load and `N passed, M failed`.
# Installs the servers in a folder that is removed again; python3 with pip and node with npm come from Debian
# where missing. `tools/socketio.sh PART` runs those cases alone whose names have this part, and no load.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

restarts=5
# So many events arrive before the next restart, and are answered after the last one.
events=6000
answers=2000
record="$folder/record"
passed=0
failed=0

need_command python3 python3
python3 -m pip --version >/dev/null 2>&1 || need_command pip3 python3-pip
need_node
need_command npm npm
npm install --silent --no-audit --no-fund --no-save --prefix "$folder/node" socket.io@4 >/dev/null
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
  --target "$folder/python" python-socketio~=5.12 uvicorn websockets
export PYTHONPATH="$folder/python"
features=socketio build socketio_cases socketio_load

# serve KIND PORT GENERATION: the server, from now on `started`; its address is in `address`.
serve() {
  local command=(python3 tools/socketio/server.py)
  [ "$1" = python ] || command=(node tools/socketio/server.mjs "$folder/node")
  : >"$folder/server.txt"
  "${command[@]}" "$2" "$record" "$3" >"$folder/server.txt" 2>"$folder/errors.txt" &
  started=$!
  address=$(first_address "$folder/server.txt" http)
}
arrived() { wc -l <"$record"; }

# Which server it is.
version() {
  if [ "$1" = python ]; then
    python3 -c 'import importlib.metadata as m; print("python-socketio", m.version("python-socketio"))'
  else
    node -p "'node socket.io ' + require('$folder/node/node_modules/socket.io/package.json').version"
  fi
}

# cases KIND PART
cases() {
  local sums
  serve "$1" 0 1
  printf '\n---- %s\n' "$(version "$1")"
  timeout 300 "$examples/socketio_cases" "$1" "$address" "$2" 2>"$folder/client.txt" |
    tee "$folder/cases.txt" || true
  ended
  sums=$(tail -n 1 "$folder/cases.txt")
  [[ "$sums" =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] || fail "the cases with $1 came to no end"
  passed=$((passed + BASH_REMATCH[1]))
  failed=$((failed + BASH_REMATCH[2]))
}

# load KIND
load() {
  local client restart wanted port
  : >"$record"
  serve "$1" 0 1
  port=${address##*:}
  timeout 300 "$examples/socketio_load" "$address" "$record" --servers $((restarts + 1)) --answers "$answers" \
    >"$folder/load.txt" 2>"$folder/client.txt" &
  client=$!
  for restart in $(seq "$restarts"); do
    wanted=$(($(arrived) + events))
    until [ "$(arrived)" -ge "$wanted" ]; do
      kill -0 "$client" 2>/dev/null || fail "the client of $1 is gone"
      sleep 0.02
    done
    # By force, but the second and the fourth, which may say goodbye.
    if [ $((restart % 2)) -eq 0 ]; then kill "$started"; else kill -9 "$started"; fi
    wait "$started" 2>/dev/null || true
    serve "$1" "$port" $((restart + 1))
  done
  if wait "$client"; then
    passed=$((passed + 1))
    printf 'passed  %s restarts under load: %s\n' "$restarts" "$(cat "$folder/load.txt")"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s restarts under load:\n' "$restarts"
    cat "$folder/load.txt" "$folder/client.txt"
  fi
  ended
}

for kind in node python; do
  cases "$kind" "${1:-}"
  [ $# -gt 0 ] || load "$kind"
done

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
