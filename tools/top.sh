#!/usr/bin/env bash
# Drives `glassloop top` in a real terminal, tmux's: looks at a running example, presses each key and
# reads the screen, a wide one and a narrow one; then at one that goes away, and at one that hangs. The
# terminal must be left as it was. `tools/top.sh EXAMPLE` looks at another example than the tour, which
# must take `--seconds N`. Needs tmux; anything missing is a failure.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

example=${1:-tour}
command -v tmux >/dev/null || fail 'needs tmux: apt-get install tmux'
build "$example" stall
cargo build --quiet --release --locked -p glassloop-inspector --bin glassloop
terminal=$(dirname "$examples")/glassloop

# A server of its own, so that nobody else's session is touched; and a folder of run files of its own,
# so that one process alone is found.
tmux() { command tmux -f /dev/null -S "$folder/tmux" "$@"; }
trap 'tmux kill-server 2>/dev/null || true; ended; rm -rf "$folder"' EXIT
export XDG_RUNTIME_DIR="$folder/run"
mkdir -m 700 "$XDG_RUNTIME_DIR"

screen() { tmux capture-pane -p -t top | tee "$folder/screen.txt"; }
press() { tmux send-keys -t top "$@"; }

# shows WHAT PATTERN: waits until a line of the screen matches.
shows() {
  for _ in $(seq 100); do
    ! screen | grep -qE -- "$2" || return 0
    sleep 0.1
  done
  fail "$1: no line of the screen is like: $2"
}

# inspect PROGRAM ARGUMENT...: starts it, and waits until its inspector is found.
inspect() {
  GLASSLOOP_INSPECT=1 "$@" >"$folder/program.txt" 2>&1 &
  started=$!
  for _ in $(seq 100); do
    [ ! -s "$XDG_RUNTIME_DIR/glassloop/$started.json" ] || return 0
    kill -0 "$started" 2>/dev/null || break
    sleep 0.1
  done
  fail "$(basename "$1") has no inspector"
}

tmux new-session -d -s top -x 150 -y 40 env PS1='ready> ' TERM=screen bash --norc --noprofile
shows 'the shell' '^ready>'
top() { press "clear; '$terminal' top; echo left=\$?" Enter; }

# ---- each key ----

inspect "$examples/$example" --seconds 120
top
shows 'the header' "^$example $started +loop [0-9]+ on .+: turn [0-9]+, as of .* ago"
shows 'the utilisation' '^utilisation .*[0-9]%  .* poll .*, delay .*, timer .* late'
shows 'the queues' '^tasks [0-9]+  timers [0-9]+  sources [0-9]+   queued: ready [0-9]+'
shows 'the headings' '^ STATE +ID +NAME +POLLS'
shows 'a marked task' '^>[a-z]+ +#[0-9]+\.[0-9]+ '
press '?'
shows 'the help' 'select a task'
press '?'
shows 'the table again' '^ STATE +ID'
press s
shows 'the order' '  s by busy  '
press Space
shows 'the pause' 'PAUSED$'
press Space Enter
shows 'the detail' '^task #[0-9]+\.[0-9]+ `'
shows 'the way back' '^esc back  '
press Escape / 'no such task'
shows 'the filter' '^filter: no such task_'
press Enter
shows 'the filtered table' 'no task fits the filter'
press Escape
shows 'all tasks again' '^>[a-z]+ +#'

# ---- narrow screens: fewer figures, places by their file's name, whole in 80 columns, too ----

tmux resize-window -t top -x 120 -y 24
shows 'the narrow headings' '^ STATE +ID +NAME +POLLS +LOAD +SCHED +WAITS +AT$'
shows 'a place without its folder' '^.[a-z]+ +#[0-9]+\.[0-9]+ .*  [a-z_]+\.rs:[0-9]+$'
tmux resize-window -t top -x 80 -y 24
shows 'the headings of 80 columns' '^ STATE +ID +NAME +POLLS +LOAD +WAITS +AT$'
shows 'what is waited for' '^.waiting +#[0-9]+\.[0-9]+ .* [0-9]+ +[-0-9.]+%? +[a-z].*  [a-z_]+\.rs:[0-9]+$'
shows 'the header' "^$example $started +loop [0-9]+ on .* ago"
shows 'the foot' '^q quit .*  [?] help$'
tmux resize-window -t top -x 150 -y 40
shows 'all figures again' '^ STATE +ID +NAME +POLLS +WAKES +LOAD +BUSY +SCHED +WAITS +AT$'
press j k Down Up l q
shows 'the end' '^left=0$'
press 'clear; stty -a | tr " ;" "\n\n" | grep -cxE "icanon|echo|isig|opost"' Enter
shows 'a terminal as it was' '^4$'
top
shows 'the header' 'as of .* ago'
press C-c
shows 'the end by Ctrl-C' '^left=0$'

# ---- a table that is printed once fits as well ----

# ps WIDTH: in a terminal of that width, once it is.
ps() {
  tmux resize-window -t top -x "$1" -y 40
  press "until [[ \$(stty size) == *' $1' ]]; do sleep 0.1; done; clear; '$terminal' ps" Enter
}
ps 80
shows 'ps in 80 columns' '^  STATE +ID +NAME +POLLS +BUSY +WAITS +AT$'
shows 'a task in a line' '^  [a-z]+ +#[0-9]+\.[0-9]+ .*  [a-z_]+\.rs:[0-9]+$'
ps 150
shows 'ps in 150 columns' '^  STATE +ID +NAME +POLLS +WAKES +WAKERS +BUSY +LONGEST +SCHED +IDLE +WAITS +AT$'

# ---- who goes away ----

top
shows 'the header' 'as of .* ago'
ended
shows 'the reason' 'nobody listens at 127\.0\.0\.1:'
shows 'the exit code' '^left=3$'

# ---- who hangs ----

inspect "$examples/stall" --work 1 --seconds 120
top
shows 'the loop that hangs' '^task #[0-9.]+ `sleeper`, last waited at .*:[0-9]+, holds the loop for [1-9]'
shows 'a loop that does nothing else' '^utilisation █+ 100\.0%  '
shows 'what holds it, first and marked' '^>running +#[0-9.]+ +sleeper .* 100\.0%  '
shows 'how old the look is' 'as of turn [0-9]+, .* ago: the loop has not answered'
press q
shows 'the end' '^left=0$'

printf 'top: %s and stall were looked at, each key pressed, and the terminal left as it was\n' "$example"
