#!/usr/bin/env bash
# Looks for the first time at a loop that has hung for ten seconds, with nothing but the terminal: `ps`
# must list its 101 tasks with their age, `where` name the one that holds it, its lines and what its
# thread does, both within 200 ms; and the log must have said the same by itself. Linux.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

work=5 hang=30 contact=10 most_ms=200
build stall
cargo build --quiet --release --locked -p glassloop-inspector --bin glassloop
terminal=$(dirname "$examples")/glassloop
export XDG_RUNTIME_DIR="$folder/run"
mkdir -m 700 "$XDG_RUNTIME_DIR"

GLASSLOOP_INSPECT=1 "$examples/stall" --work $work --seconds $hang >"$folder/log.txt" 2>&1 &
started=$!
for _ in $(seq 200); do
  ! grep -q 'the sleeper sleeps on the loop' "$folder/log.txt" || break
  sleep 0.1
done
grep -q 'the sleeper sleeps on the loop' "$folder/log.txt" || fail 'it does not hang'
sleep $contact

# asked COMMAND: what the terminal says, and how many milliseconds it took.
asked() {
  local began ended
  began=$(date +%s%N)
  "$terminal" "$1" >"$folder/$1.txt" || fail "$1 failed"
  ended=$(date +%s%N)
  took=$(((ended - began) / 1000000))
  [ $took -le $most_ms ] || fail "$1 took $took ms, expected $most_ms at most"
}
asked ps
ps_ms=$took
asked where
where_ms=$took

# The loop left its state up to a second before it hung.
grep -Eq 'as of turn [0-9]+, 1[01]\.[0-9] s ago' "$folder/ps.txt" || fail 'ps does not say how old it is'
rows=$(grep -Ec '^ +(waiting|ready|running) +#[0-9]+\.[0-9]+ ' "$folder/ps.txt")
[ "$rows" -eq 101 ] || fail "ps lists $rows tasks, expected 101"
born=$(grep -n 'event_loop.spawn(sleeper)' examples/stall.rs | cut -d: -f1)
awaits=$(grep -n 'sleep(work).await' examples/stall.rs | cut -d: -f1)
held="\`sleeper\`, spawned at examples/stall.rs:$born, last waited at examples/stall.rs:$awaits, has held the loop for"
grep -F "$held" "$folder/where.txt" | grep -Eq '(9|10|11)\.[0-9] s.*: sleeping in the kernel' ||
  fail 'where does not say what holds the loop'
grep -F "$held" "$folder/log.txt" | grep -q 'sleeping in the kernel' || fail 'the log was not told'
printf 'first contact after %s s: ps, 101 tasks, %s ms; where, %s ms\n' $contact "$ps_ms" "$where_ms"
grep -m 1 -E 'as of turn' "$folder/ps.txt"
cat "$folder/where.txt"
grep -m 1 -F "$held" "$folder/log.txt"
