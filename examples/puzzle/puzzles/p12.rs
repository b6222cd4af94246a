//! # 12. Timeouts, the longest first
//!
//! They come by deadline, whatever the order of asking, but for one thing: Node makes one
//! millisecond of a timeout of zero. Then the two shortest are equal, and among equals it is the
//! order of asking that counts: 1 was asked for before 0. On glassloop zero is zero. It doesn't
//! mean at once all the same: the callback comes in the next turn, as any timer does.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, order, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p12",
    source: include_str!("p12.rs"),
    script: include_str!("p12.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Contrast,
    glassloop: Ours::Always("0 1 5 10"),
    node: Theirs::Orders(&["1 0 5 10"]),
    browser: Theirs::Orders(&["0 1 5 10"]),
};

fn program() {
    call_later(10, || say("10"));
    call_later(5, || say("5"));
    call_later(1, || say("1"));
    call_later(0, || say("0"));
}
