//! # 11. A timeout that is armed late
//!
//! Three timeouts, then a script that holds the loop for 20 ms, then one more timeout of zero. It
//! was armed last and is due last, 20 ms after the first: on glassloop a duration
//! counts from a fresh reading of the clock, and who is due first is first, whatever it was. Node
//! keeps a list for each duration, with 0 and 1 in the same one, and counts from a time that it
//! read before the script began. So the late one is in the list of the first two, right behind
//! them, and that whole list comes before the 5. For Chromium a timeout of zero is no timer at
//! all, but a task that is ready at once: both of those come before any that had a delay.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, hold, order, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p11",
    source: include_str!("p11.rs"),
    script: include_str!("p11.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Contrast,
    glassloop: Ours::Always("done 0 1 5 late"),
    node: Theirs::Orders(&["done 0 1 late 5"]),
    browser: Theirs::Orders(&["done 0 late 1 5"]),
};

fn program() {
    call_later(0, || say("0"));
    call_later(1, || say("1"));
    call_later(5, || say("5"));
    hold(20);
    call_later(0, || say("late"));
    say("done");
}
