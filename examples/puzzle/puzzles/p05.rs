//! # 5. An async function is called
//!
//! In JavaScript an async function runs as soon as it is called, up to its first `await`, and each
//! `await` is a step even if there is nothing to wait for: `a1` and `a2` come within the script,
//! `after` in a microtask. In Rust to call it makes a future, which does nothing until it is
//! polled; `spawn` has it polled later, as an item of its own. Then `a2` is done when it is asked,
//! so its `await` doesn't wait, and the three words come in one poll. What a promise is told to do
//! `then` is a microtask, and comes before that item.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, order, queue_microtask, say, spawn},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p05",
    source: include_str!("p05.rs"),
    script: include_str!("p05.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Contrast,
    glassloop: Ours::Always("start promise end then a1 a2 after timeout"),
    node: Theirs::Orders(&["start a1 a2 promise end after then timeout"]),
    browser: Theirs::Orders(&["start a1 a2 promise end after then timeout"]),
};

fn program() {
    say("start");
    call_later(0, || say("timeout"));
    spawn(a1());
    say("promise");
    queue_microtask(|| say("then"));
    say("end");
}

async fn a1() {
    say("a1");
    a2().await;
    say("after");
}

async fn a2() {
    say("a2");
}
