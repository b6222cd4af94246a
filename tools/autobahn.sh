#!/usr/bin/env bash
# Autobahn's test suite against this house, both ways round: its fuzzing client against the example
# `ws_echo`, then its fuzzing server against `ws_autobahn_client`; cases 1 to 7, 9 and 10, 301 of them.
# Fails on any difference from tools/autobahn/server.txt and client.txt (a line a case: its number, how
# it was judged, how its end was judged). `--write` writes those two anew instead.
#
# The suite is a program for Python 2.7 (pyenv has one: `pyenv install 2.7.18`); GLASSLOOP_PYTHON2 names
# another. It is installed once, in a folder beside other caches.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

write=
case "${1:-}" in
  '') ;;
  --write) write=1 ;;
  *) fail "expected --write or nothing, came $1" ;;
esac

# The first that runs: a shim of pyenv's may stand in the PATH for a version that isn't chosen.
python2() {
  local candidate
  for candidate in "${GLASSLOOP_PYTHON2:-}" python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7*/bin/python2.7; do
    if [ -n "$candidate" ] && "$candidate" -c '' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  fail 'needs Python 2.7: `pyenv install 2.7.18`, or name one in GLASSLOOP_PYTHON2'
}

cache="${XDG_CACHE_HOME:-$HOME/.cache}/glassloop/autobahn"
suite="$cache/suite"
if ! cmp -s tools/autobahn/requirements.txt "$cache/installed.txt"; then
  python=$(python2)
  echo "installing the suite with $python in $cache"
  rm -rf "$cache"
  mkdir -p "$cache"
  quiet=(--quiet --disable-pip-version-check)
  export PIP_NO_PYTHON_VERSION_WARNING=1
  "$python" -m pip install "${quiet[@]}" --target "$cache/boot" virtualenv==16.7.10
  PYTHONPATH="$cache/boot" "$python" "$cache/boot/virtualenv.py" --quiet "$suite"
  "$suite/bin/python" -m pip install "${quiet[@]}" -r tools/autobahn/requirements.txt
  cp tools/autobahn/requirements.txt "$cache/installed.txt"
fi

build ws_echo ws_autobahn_client

# spec FIELD: what wstest is told, a file of JSON.
spec() {
  cat <<END
{"outdir": "$folder/reports", $1, "exclude-cases": [], "exclude-agent-cases": {},
 "cases": ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]}
END
}

wstest() {
  (cd "$folder" && exec timeout 280 "$suite/bin/wstest" -u 0 -m "$1" -s "$2")
}

# The report of a run, a line a case, in the order of their numbers.
results() {
  "$suite/bin/python" - "$folder/reports/index.json" <<'END'
import json, sys
(cases,) = json.load(open(sys.argv[1])).values()
for case in sorted(cases, key=lambda case: [int(number) for number in case.split(".")]):
    print("%s %s %s" % (case, cases[case]["behavior"], cases[case]["behaviorClose"]))
END
}

# judge ROLE: prints what the run came to, and compares it.
judge() {
  local role="$1" baseline="tools/autobahn/$1.txt" found="$folder/$1.found"
  results >"$found"
  rm -rf "$folder/reports"
  awk -v role="$role" '
    { count[$2]++; if ($2 == "FAILED" || $3 == "FAILED") failed++ }
    END {
      printf "%s: %d OK, %d NON-STRICT, %d INFORMATIONAL, %d FAILED, of %d\n", role,
        count["OK"], count["NON-STRICT"], count["INFORMATIONAL"], failed, NR
    }' "$found"
  if [ -n "$write" ]; then
    cp "$found" "$baseline"
  elif ! diff -u "$baseline" "$found"; then
    fail "$role: not as $baseline has it (- expected, + came)"
  fi
  ! grep -q 'FAILED' "$found" || fail "$role: a case failed"
  ! grep 'NON-STRICT' "$found" | grep -qvE '^6\.4\.[34] ' || fail "$role: NON-STRICT beyond 6.4.3 and 6.4.4"
  [ "$(wc -l <"$found")" -eq 301 ] || fail "$role: expected 301 cases"
}

"$examples/ws_echo" --seconds 300 </dev/null >"$folder/echo.txt" 2>&1 &
started=$!
address=$(first_address "$folder/echo.txt")
spec "\"servers\": [{\"agent\": \"glassloop\", \"url\": \"$address\"}]" >"$folder/client.json"
wstest fuzzingclient "$folder/client.json" >"$folder/wstest.txt" 2>&1 ||
  fail 'the fuzzing client ended early'
ended
judge server

# wstest doesn't say which port it got, so one that is free now has to do.
port=$("$suite/bin/python" -c 'import socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1])')
spec "\"url\": \"ws://127.0.0.1:$port\"" >"$folder/server.json"
wstest fuzzingserver "$folder/server.json" </dev/null >"$folder/wstest.txt" 2>&1 &
started=$!
for _ in $(seq 100); do
  # Bash's own connect: the server listens once this succeeds.
  ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  kill -0 "$started" 2>/dev/null || fail 'no fuzzing server'
  sleep 0.1
done
timeout 280 "$examples/ws_autobahn_client" "ws://127.0.0.1:$port"
ended
judge client
