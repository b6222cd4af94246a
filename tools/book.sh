#!/usr/bin/env bash
# Builds the book of docs/book with mdBook, without a warning, and looks at what came out: every page is
# there, every piece of code was taken in, and every link and picture leads to something that is there.
# Takes the mdbook on PATH, or builds one into target/tools. Needs python3. The book is in
# docs/book/book/index.html afterwards.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/common.sh

need_command python3 python3
mdbook=$(command -v mdbook || true)
if [ -z "$mdbook" ]; then
  tools=${CARGO_TARGET_DIR:-$PWD/target}/tools
  cargo install --quiet --locked --no-default-features --version 0.5.4 --root "$tools" mdbook
  mdbook=$tools/bin/mdbook
fi

rm -rf docs/book/book
"$mdbook" build docs/book >"$folder/said.txt" 2>&1 || fail 'mdbook ends with an error'
! grep -Eiq 'warn|error' "$folder/said.txt" || fail 'mdbook has something to say'
python3 tools/book/check.py docs/book
