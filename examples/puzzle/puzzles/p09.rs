//! # 9. Fifty thousand microtasks
//!
//! Each queues the next. A checkpoint runs microtasks until there are none, so in JavaScript the
//! timeout comes when the last one has run; had they no end it would never come, and neither would
//! a click. glassloop's checkpoint has a bound: at 1,000 it warns, with the item's name, and at
//! 10,000 it leaves the rest for the next turn, in which timers and sockets are looked at as ever.
//! The microtasks keep their place before all items, so the timeout comes behind 20,000 of them.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, order, queue_microtask, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p09",
    source: include_str!("p09.rs"),
    script: include_str!("p09.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Contrast,
    glassloop: Ours::Always("timeout last"),
    node: Theirs::Orders(&["last timeout"]),
    browser: Theirs::Orders(&["last timeout"]),
};

fn program() {
    call_later(0, || say("timeout"));
    next(50_000);
}

fn next(left: u32) {
    if left == 0 {
        say("last");
    } else {
        queue_microtask(move || next(left - 1));
    }
}
