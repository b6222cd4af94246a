#!/usr/bin/env bash
# 1,000 broadcasts, each while a message of 1 MiB is on its way in fragments, and ten after a Close, read by
# Python `websockets`: no protocol error, nothing missing, nothing too much. Installs the reader in a folder
# that is removed again.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

readers=10
install_websockets
build ws_rounds

"$examples/ws_rounds" --readers "$readers" >"$folder/server.txt" 2>&1 &
started=$!
address=$(first_address "$folder/server.txt")

rounds=$(timeout 300 python3 tools/peers/rounds.py "$address" "$readers" \
  2>"$folder/reader.txt") || fail 'the reader was not content'
wait "$started" || fail 'the server was not content'
started=
under_way=$(sed -n 's/.*under_way=\([0-9]*\).*/\1/p' "$folder/server.txt")

printf 'rounds: %s right, %s of them while a long message was under way\n' "$rounds" "$under_way"
[ "$rounds" -eq 1000 ] || fail 'expected 1000'
[ "$under_way" -ge 500 ] || fail 'the broadcasts came too late to show anything'
