//! # 6. Two timeouts, a promise in each
//!
//! Both are due together, so the loop finds both in one turn. But they are two items, and after
//! each item is a checkpoint: what the first one queued runs before the second one begins. A
//! program can rely on that: nobody else runs between a callback and its microtasks. Node had it
//! otherwise until version 11: it called all timeouts that were due, then the microtasks of all.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, order, queue_microtask, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p06",
    source: include_str!("p06.rs"),
    script: include_str!("p06.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Twin,
    glassloop: Ours::Always("t1 p1 t2 p2"),
    node: Theirs::Orders(&["t1 p1 t2 p2"]),
    browser: Theirs::Orders(&["t1 p1 t2 p2"]),
};

fn program() {
    for [timeout, promise] in [["t1", "p1"], ["t2", "p2"]] {
        call_later(0, move || {
            say(timeout);
            queue_microtask(move || say(promise));
        });
    }
}
