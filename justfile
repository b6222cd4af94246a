# Short names for the commands of CONTRIBUTING.md. `just` alone lists them.

_list:
    @just --list --unsorted

# The loop at work, until Ctrl-C.
tour *arguments:
    cargo run --release --example tour -- {{arguments}}

# Before each commit: form, lints, tests.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    cargo test --workspace

# The house rules alone.
tidy:
    cargo test --test tidy

# The documentation, as docs.rs would show it.
doc:
    cargo doc --workspace --no-deps --open

# Every interleaving of the wake word and the inbox.
loom:
    RUSTFLAGS='--cfg loom' CARGO_TARGET_DIR=target/loom cargo test --release --test loom

# Undefined behaviour, leaks and bad timing: executor, reactor and the loop under Miri.
miri:
    .ci/run miri

# Random programs on a loop, beside a plain model of it.
fuzz *arguments:
    cargo run --release --manifest-path fuzz/Cargo.toml -- {{arguments}}

# The table of the README: glassloop beside its peers.
bench *arguments:
    cargo run --release --manifest-path benches/Cargo.toml -- {{arguments}}

# Python, node and Chromium echo through the tour.
peers:
    tools/peers.sh

# Socket.IO servers of node and Python, and our client.
socketio:
    tools/socketio.sh

# What guards main.
ci:
    .ci/run

# What guards main, the full sizes, the foreign peers.
full:
    .ci/full

# The book, built and looked at; it is in docs/book/book/index.html then.
book:
    tools/book.sh

# Line numbers, quoted questions and pictures of the book, and the golden stories, from the code.
bless:
    GLASSLOOP_BLESS=1 cargo test --test chapters
    GLASSLOOP_BLESS=1 cargo test --test book
