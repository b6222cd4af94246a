//! # 16. A chain of immediates, and a timeout that is due
//!
//! Here the policy is the answer. The timeout is due from the start, but timers are looked at once
//! a turn: how many links of the chain come before it is how much one turn runs. `One` and `Batch`
//! run no link that is made meanwhile. `Counted(2)` runs two items, the script and the first link;
//! `Timed` goes on for 250 us, and each word takes 100; `ToEmpty` goes on to the end of the chain.
//! A callback that is due joins the end of the ready queue, behind the link that is there already.
//! Node calls those that are due before anything else in its turn, so there it is first. The loop
//! of the puzzles looks at its timers in every turn; another one that is busy does so after 256
//! items or 50 us (`Limits`), and then several links come before even under `One`.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, call_soon, order, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p16",
    source: include_str!("p16.rs"),
    script: include_str!("p16.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Contrast,
    glassloop: Ours::By([
        "i1 due i2 i3 i4 i5",
        "i1 due i2 i3 i4 i5",
        "i1 i2 i3 i4 i5 due",
        "i1 i2 due i3 i4 i5",
        "i1 i2 i3 i4 due i5",
    ]),
    node: Theirs::Orders(&["due i1 i2 i3 i4 i5"]),
    browser: Theirs::No("no immediates"),
};

fn program() {
    call_later(0, || say("due"));
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
