#!/usr/bin/env bash
# A client that comes back: examples/reconnect.rs sends 2,000 numbered messages to a server of Python
# `websockets`, which is killed and started again five times. Each message must have arrived once, in order.
# Installs the server in a folder that is removed again.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

messages=2000
restarts=5
install_websockets
build reconnect

# serve PORT: the server, from now on `started`.
serve() {
  python3 tools/peers/restarted.py "$1" "$folder/arrived" >"$folder/server.txt" 2>"$folder/errors.txt" &
  started=$!
  address=$(first_address "$folder/server.txt")
}
arrived() { wc -l <"$folder/arrived"; }

serve 0
"$examples/reconnect" "$address" --messages "$messages" >"$folder/client.txt" 2>&1 &
client=$!
for restart in $(seq "$restarts"); do
  # In the middle of things: some have come since the last time, and more will.
  for _ in $(seq 600); do
    [ "$(arrived)" -lt $((restart * messages / (restarts + 2))) ] || break
    kill -0 "$client" 2>/dev/null || fail 'the client is gone'
    sleep 0.05
  done
  kill -9 "$started"
  wait "$started" 2>/dev/null || true
  sleep 0.3
  port=${address##*:}
  serve "${port%/}"
done
wait "$client" || fail 'the client was not content'

seq "$messages" >"$folder/expected"
diff "$folder/expected" "$folder/arrived" >"$folder/difference.txt" || fail 'a message is missing, or came twice'
connections=$(sed -n 's/.*connections=\([0-9]*\).*/\1/p' "$folder/client.txt")
[ "$connections" -gt "$restarts" ] || fail "expected more than $restarts connections, came $connections"
printf 'reconnect: %s messages arrived, each once and in order, through %s restarts and %s connections\n' \
  "$(arrived)" "$restarts" "$connections"
