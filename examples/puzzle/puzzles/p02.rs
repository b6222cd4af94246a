//! # 2. Five ways to say later
//!
//! Node has a queue for each of its ways: ticks, then promises and microtasks, then, each in a
//! phase of its own, timeouts and immediates. A timeout of zero is one of a millisecond there, and
//! Node looks for timeouts first: whether the millisecond has passed by then differs from run to
//! run, so both orders of the last two are right. glassloop has one queue of microtasks, and a
//! timer of zero is due at once. But a timer only brings its callback to the end of the ready
//! queue, where the immediate stands already: here the order is always the same.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, call_soon, order, queue_microtask, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p02",
    source: include_str!("p02.rs"),
    script: include_str!("p02.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Contrast,
    glassloop: Ours::Always("sync tick promise microtask immediate timeout"),
    node: Theirs::Orders(&[
        "sync tick promise microtask timeout immediate",
        "sync tick promise microtask immediate timeout",
    ]),
    browser: Theirs::Orders(&["sync promise microtask timeout"]),
};

fn program() {
    call_later(0, || say("timeout"));
    call_soon(|| say("immediate"));
    queue_microtask(|| say("tick"));
    queue_microtask(|| say("promise"));
    queue_microtask(|| say("microtask"));
    say("sync");
}
