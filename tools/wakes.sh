#!/usr/bin/env bash
# Counts the system calls that wake a sleeping loop, twice: by the loop's own counter and by strace,
# which sees every write to the loop's eventfd. Fails unless both counted the same, and unless there
# were at most as many as waits that blocked. Linux with strace; anything missing is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  printf 'wakes: %s\n' "$1" >&2
  exit 1
}

[ "$(uname -s)" = Linux ] || fail 'needs Linux: what is counted are writes to an eventfd'
command -v strace >/dev/null || fail 'needs strace: apt-get install strace'

cargo build --quiet --release --example wakes
binary=$(cargo metadata --format-version 1 --no-deps --locked |
  sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/examples/wakes

trace=$(mktemp)
trap 'rm -f "$trace"' EXIT
# -y names each descriptor after what it is: anon_inode:[eventfd].
said=$(strace --quiet=all -f -y -e trace=write,eventfd2 -o "$trace" "$binary")
printf '%s\n' "$said"

count() {
  sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" <<<"$said"
}
calls=$(count calls) blocked=$(count blocked) ours=$(count wake_calls)
[ -n "$calls" ] && [ -n "$blocked" ] && [ -n "$ours" ] || fail "the example said: $said"

eventfds=$(grep -c 'eventfd2(' "$trace" || true)
[ "$eventfds" -eq 1 ] || fail "expected one eventfd in the process, came $eventfds"
# A call that another thread's line cut in two counts where it begins.
theirs=$(grep -c 'write([0-9]*<anon_inode:\[eventfd\]>' "$trace" || true)

printf 'wakes: ours %s, strace %s, for %s calls and %s waits\n' "$ours" "$theirs" "$calls" "$blocked"
[ "$calls" -eq 80000 ] || fail 'some calls never ran'
[ "$theirs" -gt 0 ] || fail 'strace saw no wake: the comparison is blind'
[ "$ours" -eq "$theirs" ] || fail 'the counts differ'
[ "$ours" -le "$blocked" ] || fail 'more wakes than waits'
