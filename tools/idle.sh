#!/usr/bin/env bash
# Looks with strace at a loop that has nothing to do for ten seconds, in each shape in which it lives
# in its host: while it idles no wait may return, in no thread. Linux with strace; anything missing
# is a failure.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

seconds=${1:-10}
waits=epoll_wait,epoll_pwait,epoll_pwait2,poll,ppoll,select,pselect6,futex
traced idle -f -e trace=$waits,write -- "$seconds"

for shape in thread pump descriptor guest; do
  # What the kernel saw between the two marks: a wait that is under way has no line of its own.
  between=$(sed -n "/$shape: idle begins/,/$shape: idle ends/p" "$trace")
  [ "$(grep -c "$shape: idle" <<<"$between")" -eq 2 ] || fail "$shape: strace saw no idleness"
  returned=$(grep -v "$shape: idle" <<<"$between" | grep -v '<unfinished' | grep -c ' = ' || true)
  served=$(grep -m 1 -o "^$shape: served [0-9]*" "$folder/said.txt" | grep -o '[0-9]*$' || echo 1)
  printf '%s: %s waits returned in %s s of nothing; then served %s time(s) for one call\n' \
    "$shape" "$returned" "$seconds" "$served"
  [ "$returned" -eq 0 ] || fail "$shape: it looked up$(printf '\n%s' "$between")"
  [ "$served" -eq 1 ] || fail "$shape: the host was asked to serve more than once"
done
