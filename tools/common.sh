# shellcheck shell=bash
# What the scripts of this folder, and benches/page.sh, share: what they need, and the examples of the
# house, started and listened to.
#
#   fail TEXT                      ends the script: TEXT, and what lies in the text files of the folder
#   build EXAMPLE...               builds examples, optimised, with the `features` if there are any; they
#                                  are in the folder `examples`
#   first_address FILE [SCHEME]    the first ws:// address, or that of another scheme, which the program
#                                  `started` writes there
#   ended                          ends that program, if there is one
#   traced EXAMPLE OPTION... [-- ARGUMENT...]
#                                  builds an example and runs it under strace, which writes to `trace`
#   count WORD                     the number that a traced example said behind `WORD=`
#   need_command COMMAND PACKAGE...
#                                  installs Debian's packages unless the command is there
#   need_node                      the same of node, which must be 18 or later
#   need_browser                   the same of Chromium; what it is called is in `browser`
#   install_websockets             Python `websockets`, found by every python3 that follows
#
# `folder` is removed when the script ends, and `started`, a process, ended.

folder=$(mktemp -d)
trace="$folder/trace"
started=

ended() {
  if [ -n "$started" ]; then
    kill "$started" 2>/dev/null || true
    wait "$started" 2>/dev/null || true
    started=
  fi
}
trap 'ended; rm -rf "$folder"' EXIT

fail() {
  printf '%s: %s\n' "$(basename "$0" .sh)" "$1" >&2
  tail -n 20 "$folder"/*.txt >&2 2>/dev/null || true
  exit 1
}

need_command() {
  local command=$1
  shift
  command -v "$command" >/dev/null || {
    echo "installing $*"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@"
  } >&2
}

need_node() {
  need_command node nodejs
  [ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ] || fail 'needs node 18 or later'
}

need_browser() {
  browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
  if [ -z "$browser" ]; then
    need_command chromium chromium
    browser=chromium
  fi
}

build() {
  cargo build --quiet --release --locked ${features:+--features "$features"} "${@/#/--example=}"
  examples=$(cargo metadata --format-version 1 --no-deps --locked |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/examples
}

first_address() {
  for _ in $(seq 300); do
    ! grep -m 1 -o "${2:-ws}://[0-9A-Za-z.:/_-]*" "$1" 2>/dev/null || return 0
    kill -0 "$started" 2>/dev/null || break
    sleep 0.1
  done
  fail "no ${2:-ws}:// address in $(basename "$1")"
}

traced() {
  [ "$(uname -s)" = Linux ] || fail 'needs Linux: what is counted are its system calls'
  command -v strace >/dev/null || fail 'needs strace: apt-get install strace'
  local example=$1 options=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  build "$example"
  strace --quiet=all "${options[@]}" -o "$trace" "$examples/$example" "${@:2}" | tee "$folder/said.txt"
}

count() {
  grep -m 1 -o "\b$1=[0-9]*" "$folder/said.txt" | grep -o '[0-9]*$' || fail "the example said no $1"
}

install_websockets() {
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
    --target "$folder/python" websockets
  export PYTHONPATH="$folder/python"
}
