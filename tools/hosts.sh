#!/usr/bin/env bash
# Real hosts with a loop of ours in each (hosts/, docs/hosts.md): an epoll, calloop, glib, libuv, and a
# window of winit's under Xvfb. In each a client of Python `websockets` changes what is the host's own,
# 200 times, and compares the answers. Prints a line a program and `N passed, M failed`. Arguments name
# the hosts to run; without any, all are. Installs what it needs from Debian.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

# A host that sleeps is called about once a message, and three times if a dialog opens and closes for it; one
# that spins, some thousand times as often.
calls_max=300
calls_of_dialogs_max=900
hosts=("$@")
[ ${#hosts[@]} -gt 0 ] || hosts=(epoll calloop glib libuv winit fork)
screen=

# The screen goes as well when the script ends.
close_screen() { [ -z "$screen" ] || kill "$screen" 2>/dev/null || true; }
trap 'close_screen; ended; rm -rf "$folder"' EXIT

# need PACKAGE...: installs those of Debian's packages that are not there.
need() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "installing ${missing[*]}" >&2
  apt-get -o DPkg::Lock::Timeout=300 update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq "${missing[@]}" >&2
}

# The programs of a host, once what it needs is there.
programs_of() {
  case "$1" in
    epoll | calloop | fork) echo "host-$1" ;;
    glib) need pkg-config libglib2.0-dev && echo host-glib host-glib-guest host-glib-thread ;;
    libuv) need libuv1-dev && echo host-libuv ;;
    winit)
      need xvfb x11-utils libx11-xcb1 libxcursor1 libxi6 libxkbcommon-x11-0 &&
        echo host-winit host-winit-thread
      ;;
    *) fail "no host is called $1" ;;
  esac
}

open_screen() {
  Xvfb -displayfd 3 -screen 0 800x600x24 -nolisten tcp 3>"$folder/display" 2>"$folder/screen.txt" &
  screen=$!
  for _ in $(seq 100); do
    [ ! -s "$folder/display" ] || break
    sleep 0.1
  done
  [ -s "$folder/display" ] || fail 'no screen: Xvfb has none'
  DISPLAY=:$(tr -d '[:space:]' <"$folder/display")
  export DISPLAY
}

# run PROGRAM: the visitor comes, and the host must end by itself and be content.
run() {
  local program="$1" said="$folder/$1.txt" visitor="$folder/visitor.txt"
  local address calls max=$calls_max command=()
  [ "$program" != host-glib-guest ] || max=$calls_of_dialogs_max
  # Whose title it is to be, the screen knows.
  [[ "$program" != host-winit* ]] || command=(xwininfo -root -tree)
  timeout -k 1 60 "$programs/$program" >"$said" 2>&1 &
  started=$!
  address=$(first_address "$said") || return 1
  timeout -k 1 40 python3 tools/peers/host.py "$address" "${command[@]}" >"$visitor" 2>&1 || {
    echo "$program: its visitor says: $(tail -n 1 "$visitor")"
    return 1
  }
  wait "$started" || {
    echo "$program ended with $?: $(tail -n 1 "$said")"
    return 1
  }
  started=
  tail -n 1 "$said"
  grep -q ': 200 messages answered, .* call from a thread answered$' "$said" || return 1
  calls=$(sed -n 's/.* answered, \([0-9]*\) .*/\1/p' "$said")
  [ "$calls" -le "$max" ] || {
    echo "$program: called more than $max times: it does not sleep"
    return 1
  }
}

# No visitor comes to this one: the child of a fork must be told, and the parent must not notice.
forks() {
  timeout -k 1 30 "$programs/host-fork" | tail -n 1 | tee "$folder/host-fork.txt"
  grep -q 'the child was told, the parent.s loop went on$' "$folder/host-fork.txt"
}

python3 -m pip --version >/dev/null 2>&1 || need python3 python3-pip
install_websockets
list=()
for host in "${hosts[@]}"; do
  of_host=$(programs_of "$host")
  read -r -a of_host <<<"$of_host"
  list+=("${of_host[@]}")
done
packages=("${hosts[@]/#/--package=host-}")
cargo build --quiet --locked --manifest-path hosts/Cargo.toml "${packages[@]}"
programs=$(cargo metadata --format-version 1 --no-deps --locked --manifest-path hosts/Cargo.toml |
  sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug
[[ " ${hosts[*]} " != *' winit '* ]] || open_screen

passed=0
failed=0
for program in "${list[@]}"; do
  visited=run
  [ "$program" != host-fork ] || visited=forks
  if "$visited" "$program"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    ended
  fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
