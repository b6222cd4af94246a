//! # 14. An async function returns a promise
//!
//! In JavaScript an async function has a promise of its own. If it returns another one, its own
//! must follow that: a step to ask for the value, a step to be told; so `f` comes in the third step
//! though nothing was waited for. In Rust `async` makes a future out of a body, and to await one
//! future within another is a poll within a poll, however deep. `f` is ready the first time it is
//! asked.

use std::future::ready;

use glassloop::yield_now;

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{order, say, spawn},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p14",
    source: include_str!("p14.rs"),
    script: include_str!("p14.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Contrast,
    glassloop: Ours::Always("f 1 2 3 4"),
    node: Theirs::Orders(&["1 2 f 3 4"]),
    browser: Theirs::Orders(&["1 2 f 3 4"]),
};

fn program() {
    spawn(async {
        f().await;
        say("f");
    });
    spawn(async {
        for word in ["1", "2", "3", "4"] {
            say(word);
            yield_now().await;
        }
    });
}

async fn f() {
    ready(()).await;
}
