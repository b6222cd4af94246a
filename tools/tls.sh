#!/usr/bin/env bash
# TLS with foreign ends: Python `websockets` and node `ws`, as clients of our server and as servers for our
# client, with certificates that this script makes. Then what must fail: a wrong host, an expired
# certificate, one signed by itself, a missing one of the client; each must say which it is. Prints a line
# a case and `N passed, M failed`. Needs openssl, python3 with pip, and node with npm.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

for command in openssl python3 node npm; do
  command -v "$command" >/dev/null || fail "needs $command"
done
install_websockets
npm install --silent --no-audit --no-fund --no-save --prefix "$folder/node" ws >/dev/null

# ---- certificates ----

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$folder/$1.key"; }

# root NAME: somebody who signs.
root() {
  key "$1"
  openssl req -x509 -key "$folder/$1.key" -subj "/CN=$1" -days 2 -addext keyUsage=keyCertSign \
    -out "$folder/$1.pem"
}

# signed NAME HOSTS DAYS: a certificate by the root.
signed() {
  key "$1"
  printf 'subjectAltName=%s\n' "$2" >"$folder/$1.ext"
  openssl req -new -key "$folder/$1.key" -subj "/CN=$1" -out "$folder/$1.csr"
  openssl x509 -req -in "$folder/$1.csr" -CA "$folder/root.pem" -CAkey "$folder/root.key" \
    -CAcreateserial -extfile "$folder/$1.ext" -days "$3" -out "$folder/$1.pem" 2>/dev/null
}

root root
root stranger
signed good DNS:localhost,IP:127.0.0.1 2
signed other DNS:other.example 2
signed expired DNS:localhost -1
signed client DNS:client 2
key self
openssl req -x509 -key "$folder/self.key" -subj /CN=self -addext subjectAltName=DNS:localhost \
  -addext basicConstraints=critical,CA:FALSE -days 2 -out "$folder/self.pem"

# ---- cases ----

# Ours is built with its feature, which `build` doesn't name.
cargo build --quiet --release --locked --features tls --example wss_echo
ours=$(cargo metadata --format-version 1 --no-deps --locked |
  sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/examples/wss_echo
passed=0
failed=0

# begin COMMAND...: starts a server; its address is in `address`.
begin() {
  : >"$folder/server.txt"
  "$@" </dev/null >"$folder/server.txt" 2>"$folder/errors.txt" &
  started=$!
  for _ in $(seq 300); do
    address=$(grep -m 1 -o 'wss://[0-9A-Za-z.:/_-]*' "$folder/server.txt" 2>/dev/null) && return
    kill -0 "$started" 2>/dev/null || break
    sleep 0.1
  done
  fail "no wss:// address of $1"
}

# told NAME STATUS WORDS COMMAND...: its last line must hold WORDS, its status be 0 or not.
told() {
  local name="$1" status="$2" words="$3" says outcome=0 word=passed
  shift 3
  says=$(timeout 100 "$@" 2>/dev/null) || outcome=1
  if [ "$outcome" -eq "$status" ] && grep -q "$words" <<<"$says"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1)) word=FAILED
  fi
  printf '%s  %-38s %s\n' "$word" "$name" "$(tail -n 1 <<<"$says")"
}

pem() { echo "$folder/$1.pem" "$folder/$1.key"; }
python=(python3 tools/peers/tls_server.py)
node=(node tools/peers/tls_server.mjs "$folder/node")

# shellcheck disable=SC2046
{
  begin "$ours" --cert "$folder/good.pem" --key "$folder/good.key"
  told 'Python websockets, our server' 0 '100 messages' \
    env SSL_CERT_FILE="$folder/root.pem" python3 tools/peers/python.py "$address"
  told 'node ws, our server' 0 '100 messages' \
    env NODE_EXTRA_CA_CERTS="$folder/root.pem" node tools/peers/node.mjs "$folder/node" "$address"
  told 'our client, our server' 0 '100 messages' "$ours" --to "$address" --root "$folder/root.pem"
  ended

  begin "${python[@]}" $(pem good)
  told 'our client, Python websockets' 0 '100 messages' "$ours" --to "$address" --root "$folder/root.pem"
  told "the machine's roots" 0 '100 messages' env SSL_CERT_FILE="$folder/root.pem" "$ours" --to "$address"
  told 'an unknown issuer' 1 'unknown issuer' "$ours" --to "$address" --root "$folder/stranger.pem"
  ended
  begin "${node[@]}" $(pem good)
  told 'our client, node ws' 0 '100 messages' "$ours" --to "$address" --root "$folder/root.pem"
  ended

  begin "${python[@]}" $(pem other)
  told 'a wrong host' 1 'expected a certificate for localhost, came one for other.example' \
    "$ours" --to "$address" --root "$folder/root.pem"
  ended
  begin "${node[@]}" $(pem expired)
  told 'an expired certificate' 1 'expired' "$ours" --to "$address" --root "$folder/root.pem"
  ended
  begin "${python[@]}" $(pem self)
  told 'one signed by itself' 1 'signed by itself' "$ours" --to "$address" --root "$folder/root.pem"
  ended

  begin "${python[@]}" $(pem good) "$folder/root.pem"
  told 'a certificate of the client' 0 '100 messages' "$ours" --to "$address" \
    --root "$folder/root.pem" --cert "$folder/client.pem" --key "$folder/client.key"
  told 'a missing one' 1 'accepts our certificate' "$ours" --to "$address" --root "$folder/root.pem"
  ended
}

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -eq 12 ]
