# shellcheck shell=bash
# What .ci/run and .ci/full share: named steps, the table of their seconds, the sum of their tests.
#
#   step NAME COMMAND...   runs a command or function; the first that fails ends the run
#   skip REASON            inside a step: it can't be done on this machine
#   finish                 prints the table of steps, then `N passed, M failed`
#
# Arguments of the sourcing script name the steps to run; without any, all are.

# Two hundred test programs, linked over and over: with debug information and the files of incremental
# builds they'd need more disk than a small machine has.
export CI="${CI:-true}" CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0
target="${CARGO_TARGET_DIR:-$PWD/target}"
logs="$target/ci/$(basename "$0")"
wanted=("$@")
rows=()
rm -rf "$logs"
mkdir -p "$logs"

# A step runs in a shell of its own under `set -e`. Never call `step` in a condition: bash would
# ignore `set -e` all the way down, and no step could fail any more.
step() {
  local name="$1" began=$SECONDS status word=FAILED
  shift
  if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $name "* ]]; then return; fi

  printf '\n==== %s: %s\n' "$name" "$*"
  set +e
  (set -euo pipefail && "$@") </dev/null 2>&1 | tee "$logs/$name.log"
  status=${PIPESTATUS[0]}
  set -e
  case $status in
    0) word=passed ;;
    77) word=skipped ;;
  esac
  rows+=("$(printf '%-16s %5d s  %s' "$name" $((SECONDS - began)) "$word")")
  [ "$word" != FAILED ] || finish "step $name failed with status $status: $logs/$name.log"
}

skip() {
  printf 'skipped: %s\n' "$1"
  exit 77
}

# Sums the `test result:` lines that cargo printed into these logs: "PASSED FAILED".
tests_in() {
  awk '/^test result:/ { passed += $4; failed += $6 } END { print passed + 0, failed + 0 }' "$@"
}

# Prints the table; with a complaint it ends the run as failed.
finish() {
  local complaint="${1:-}" passed failed
  if [ -z "$complaint" ] && [ ${#rows[@]} -lt ${#wanted[@]} ]; then
    complaint="not all of these are steps: ${wanted[*]}"
  fi
  printf '\n==== steps\n'
  [ ${#rows[@]} -eq 0 ] || printf '%s\n' "${rows[@]}"
  printf '%-16s %5d s\n' total "$SECONDS"
  read -r passed failed < <(tests_in /dev/null "$logs"/*.log)
  [ -z "$complaint" ] || printf '\nFAILED: %s\n' "$complaint"
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  [ -z "$complaint" ] || exit 1
}
