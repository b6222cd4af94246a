#!/usr/bin/env bash
# What the inspector's page does with ten thousand tasks and 100,000 events a second, and what that
# costs their loop: headless Chromium on the page of a real program, by turns with nobody watching.
# Prints a table; fails if what the page counts doesn't add up. `./page.sh --quick`, or words: see
# page/run.mjs. Linux; needs node and Chromium, which come from Debian where missing.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")"

# need COMMAND PACKAGE: installs Debian's package unless the command is there.
need() {
  command -v "$1" >/dev/null || {
    echo "installing $2"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2"
  } >&2
}

need node nodejs
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ]; then
  need chromium chromium
  browser=chromium
fi
export PAGE_BROWSER=$browser

cargo build --quiet --release --locked --bin glassloop-benches
node page/run.mjs "${CARGO_TARGET_DIR:-target}/release/glassloop-benches" "$@"
