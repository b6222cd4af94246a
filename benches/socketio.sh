#!/usr/bin/env bash
# Socket.IO: glassloop's client beside `rust_socketio`, node's and Python's, each with node's server.
#   ./socketio.sh             the speeds, a few minutes; then crates, build time and size of each
#   ./socketio.sh speed       the speeds alone
#   ./socketio.sh size        the sizes alone
#   ./socketio.sh instructions   instructions of glassloop's client an event, and where they go
#                                (needs valgrind)
#   ./socketio.sh --quick     does it run, are the counts right? A minute and the build
# A speed decides nothing, but it fails if the counts don't add up. What it installs is in a folder that
# is removed again. Linux; needs node, npm and python3 with pip, and OpenSSL's headers for
# `rust_socketio`, which come from Debian where missing.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/socketio"
source ../../tools/common.sh

what=${1:-all}
case $what in
all | speed | size | instructions | --quick) ;;
*)
  sed -n '2,8s/^# \{0,1\}//p' ../socketio.sh
  exit 2
  ;;
esac

need_node
need_command npm npm
need_command taskset util-linux
need_command python3 python3
python3 -m pip --version >/dev/null 2>&1 || need_command pip3 python3-pip
need_command pkg-config pkg-config
need_command gcc gcc
# There is no such command: it is asked for where the headers are missing.
pkg-config --exists openssl || need_command openssl-headers libssl-dev

install() {
  npm install --silent --no-audit --no-fund --no-save --prefix "$folder/$1" "$2" >/dev/null
}
install server socket.io@4
install client socket.io-client@4
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-compile \
  --target "$folder/python" 'python-socketio~=5.0' aiohttp
export PYTHONPATH="$folder/python"

speed() {
  cargo build --quiet --release --locked --features measured
  node run.mjs "${CARGO_TARGET_DIR:-target}/release" "$folder" "$@"
}

size_row() { printf '%-34s %8s %10s %12s\n' "$@"; }

# The row $1: the smallest program with the features $2, the program $3. One sample.
built() {
  local crates begun seconds program="$folder/built/release/$3"
  # The program itself is a line, too.
  crates=$(cargo tree --locked --edges normal --prefix none --features "$2" |
    sed 's/ (\*)$//' | sort -u | wc -l)
  rm -rf "$folder/built"
  begun=$(date +%s%N)
  CARGO_TARGET_DIR="$folder/built" CARGO_PROFILE_RELEASE_DEBUG=false CARGO_PROFILE_RELEASE_STRIP=true \
    cargo build --quiet --release --locked --offline -j2 --features "$2" --bin "$3"
  seconds=$((($(date +%s%N) - begun) / 100000000))
  size_row "$1" "$((crates - 1))" "$((seconds / 10)).$((seconds % 10))" "$(stat -c %s "$program")"
}

bytes() { du -sb "$1" | cut -f1; }

size() {
  cargo fetch --quiet --locked
  printf '\nThe smallest program that asks a question\n'
  size_row client crates 'build s' bytes
  built glassloop ours smallest_ours
  built 'glassloop, default features' ours-default smallest_ours
  built 'glassloop, default features, TLS' ours-default,ours-tls smallest_ours
  built 'rust_socketio' theirs smallest_theirs
  size_row client packages '' bytes
  size_row 'node socket.io-client' \
    "$(npm ls --all --parseable --prefix "$folder/client" | grep -c /node_modules/)" '' \
    "$(bytes "$folder/client/node_modules")"
  size_row 'python-socketio, aiohttp' "$(find "$folder/python" -maxdepth 1 -name '*.dist-info' | wc -l)" '' \
    "$(bytes "$folder/python")"
}

# Prints the instructions of $2 of what $1 names; the profile goes to $3.
counted() {
  local few=10
  valgrind --tool=callgrind --callgrind-out-file="$3" "$target/measured_ours" "$address" \
    "$2" "$few" "$2" "$2" "$1" >"$folder/counted.txt" 2>&1 || fail "the client has failed at $1"
  awk '/Collected/ { print $NF }' "$folder/counted.txt"
}

instructions() {
  local name once twice count=20000 target=${CARGO_TARGET_DIR:-target}/release
  need_command valgrind valgrind
  cargo build --quiet --release --locked --features measured
  node server.mjs "$folder/server" >"$folder/server.txt" &
  started=$!
  until grep -q http "$folder/server.txt"; do
    kill -0 "$started" || fail 'the server has ended'
    sleep 0.1
  done
  address=$(cat "$folder/server.txt")
  for name in put get ask-64; do
    # The start and the greeting cancel out. It warms up with a tenth.
    once=$(counted $name $count "$folder/once")
    twice=$(counted $name $((2 * count)) "$folder/twice")
    awk -v name=$name -v once="$once" -v twice="$twice" -v n=$((count * 11 / 10)) \
      'BEGIN { printf "\n%s: %.0f instructions each\n", name, (twice - once) / n }'
    callgrind_annotate --auto=no --threshold=100 "$folder/twice" 2>/dev/null |
      awk -v n=$((count * 22 / 10)) -f ../by_function.awk |
      sort -rn | awk 'NR <= 30'
  done
}

case $what in
instructions) instructions ;;
all) speed && size ;;
speed) speed ;;
size) size ;;
--quick) speed --quick ;;
esac
