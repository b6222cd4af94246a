//! # 7. A promise is returned
//!
//! Two chains take turns, a step each. Who returns a promise from `then` has it adopted: a step in
//! which the promise is asked to tell its value, and a step in which it does, although it has it.
//! So 4 comes two steps late. In Rust a future isn't adopted but polled, in place, by who awaits
//! it; one that is ready says so, and that takes no step. The steps that are left are those that we
//! wrote, `yield_now`, and 4 comes in its second.

use glassloop::yield_now;

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{order, say, spawn},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p07",
    source: include_str!("p07.rs"),
    script: include_str!("p07.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Contrast,
    glassloop: Ours::Always("0 1 4 2 3 5 6"),
    node: Theirs::Orders(&["0 1 2 3 4 5 6"]),
    browser: Theirs::Orders(&["0 1 2 3 4 5 6"]),
};

fn program() {
    spawn(async {
        say("0");
        let four = async { "4" }.await;
        yield_now().await;
        say(four);
    });
    spawn(async {
        for word in ["1", "2", "3", "5", "6"] {
            say(word);
            yield_now().await;
        }
    });
}
