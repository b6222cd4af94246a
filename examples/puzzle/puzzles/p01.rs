//! # 1. A script, a promise and a timeout
//!
//! The script itself is an item of the loop, and nothing interrupts an item: `start` and `end` come
//! first. After each item is a checkpoint, which runs the microtasks until there are none, those
//! included that are queued meanwhile: so `p2`, too, comes before anything else. A timeout of zero
//! is due at once, but it is looked for in the next turn. This order holds on every loop that has
//! microtasks, and most of what one has to know of loops is in it.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, order, queue_microtask, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p01",
    source: include_str!("p01.rs"),
    script: include_str!("p01.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Twin,
    glassloop: Ours::Always("start end p1 p2 timeout"),
    node: Theirs::Orders(&["start end p1 p2 timeout"]),
    browser: Theirs::Orders(&["start end p1 p2 timeout"]),
};

fn program() {
    say("start");
    call_later(0, || say("timeout"));
    queue_microtask(|| {
        say("p1");
        queue_microtask(|| say("p2"));
    });
    say("end");
}
