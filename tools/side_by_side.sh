#!/usr/bin/env bash
# The five programs of examples/side_by_side in Python, JavaScript and Rust: each three must print the same.
# Prints a line a program and `N passed, M failed`. Installs Python `websockets` and node `ws` in a folder
# that is removed again; python3 with pip, and node with npm, come from Debian where missing.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

need_command python3 python3
python3 -m pip --version >/dev/null 2>&1 || need_command pip3 python3-pip
need_node
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || fail 'needs node 20 or later'
need_command npm npm
install_websockets
npm install --silent --no-audit --no-fund --no-save --prefix "$folder/node" ws >/dev/null
# node looks for `ws` beside the program that imports it.
cp examples/side_by_side/*.mjs "$folder/node"

programs=(echo_server fetch_many producer_and_consumer timeout_and_cancel websocket_chat)
build "${programs[@]}"
passed=0
failed=0
for program in "${programs[@]}"; do
  word=passed
  timeout 60 python3 "examples/side_by_side/$program.py" >"$folder/python.txt" 2>&1 || word=FAILED
  timeout 60 node "$folder/node/$program.mjs" >"$folder/node.txt" 2>&1 || word=FAILED
  timeout 60 "$examples/$program" >"$folder/ours.txt" 2>&1 || word=FAILED
  cmp -s "$folder/ours.txt" "$folder/python.txt" || word=FAILED
  cmp -s "$folder/ours.txt" "$folder/node.txt" || word=FAILED
  [ -s "$folder/ours.txt" ] || word=FAILED
  printf '%s  %-22s %d lines\n' "$word" "$program" "$(wc -l <"$folder/ours.txt")"
  if [ $word = passed ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    diff -y "$folder/ours.txt" "$folder/python.txt" || true
    diff -y "$folder/ours.txt" "$folder/node.txt" || true
  fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -eq ${#programs[@]} ]
