//! # 16. A chain of immediates, and a timeout that is due
//!
//! Here the policy is the answer. The timeout is due from the start, but timers are looked at once
//! a turn: how many links of the chain come before it is how much one turn runs. `One` and `Batch`
//! run what is ready and no link that is made meanwhile. `Counted(2)` runs two items, the script
//! and the first link; `Timed` goes on for 250 us, and each word takes 100; `ToEmpty` goes on until
//! the chain is at its end. Node looks for timers first in each turn, and calls them on the spot,
//! where ours join the end of the ready queue: its timeout comes before the first link.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, call_soon, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p16",
    source: include_str!("p16.rs"),
    script: include_str!("p16.js"),
    program,
    kind: Kind::Contrast,
    glassloop: Ours::By([
        "i1 timeout i2 i3 i4 i5",
        "i1 timeout i2 i3 i4 i5",
        "i1 i2 i3 i4 i5 timeout",
        "i1 i2 timeout i3 i4 i5",
        "i1 i2 i3 i4 timeout i5",
    ]),
    node: Theirs::Orders(&["timeout i1 i2 i3 i4 i5"]),
    browser: Theirs::No("no immediates"),
};

fn program() {
    call_later(0, || say("timeout"));
    next(&["i1", "i2", "i3", "i4", "i5"]);
}

fn next(words: &'static [&'static str]) {
    if let [first, rest @ ..] = words {
        call_soon(|| {
            say(first);
            next(rest);
        });
    }
}
