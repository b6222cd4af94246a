#!/usr/bin/env bash
# 1,000 broadcasts, each while a message of 1 MiB is on its way in fragments, and ten after a Close, read by
# Python `websockets`: no protocol error, nothing missing, nothing too much. Installs the reader in a folder
# that is removed again.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."

readers=10
folder=$(mktemp -d)
server=
ended() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap ended EXIT

fail() {
  printf 'rounds: %s\n' "$1" >&2
  cat "$folder"/*.txt >&2
  exit 1
}

python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
  --target "$folder/python" websockets
cargo build --quiet --release --example ws_rounds
binary=$(cargo metadata --format-version 1 --no-deps --locked |
  sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/examples/ws_rounds

"$binary" --readers "$readers" >"$folder/server.txt" 2>&1 &
server=$!
address=
for _ in $(seq 100); do
  address=$(grep -o '^ws://.*' "$folder/server.txt" || true)
  [ -z "$address" ] || break
  sleep 0.1
done
[ -n "$address" ] || fail 'the server said no address'

rounds=$(PYTHONPATH="$folder/python" timeout 300 python3 tools/peers/rounds.py "$address" "$readers" \
  2>"$folder/reader.txt") || fail 'the reader was not content'
wait "$server" || fail 'the server was not content'
server=
under_way=$(sed -n 's/.*under_way=\([0-9]*\).*/\1/p' "$folder/server.txt")

printf 'rounds: %s right, %s of them while a long message was under way\n' "$rounds" "$under_way"
[ "$rounds" -eq 1000 ] || fail 'expected 1000'
[ "$under_way" -ge 500 ] || fail 'the broadcasts came too late to show anything'
