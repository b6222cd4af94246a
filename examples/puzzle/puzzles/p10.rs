//! # 10. Two listeners, one event
//!
//! Who dispatches an event calls its listeners, as one calls a function. The script that did so
//! hasn't returned, so there is no checkpoint between the two, nor before `after`: the microtasks
//! wait until the item is over. On glassloop that is all there is to say. In a browser there is
//! more, since an event may also come from a user: that is the next puzzle.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{order, queue_microtask, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p10",
    source: include_str!("p10.rs"),
    script: include_str!("p10.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Twin,
    glassloop: Ours::Always("first second after m1 m2"),
    node: Theirs::Orders(&["first second after m1 m2"]),
    browser: Theirs::Orders(&["first second after m1 m2"]),
};

fn program() {
    for [listener, microtask] in [["first", "m1"], ["second", "m2"]] {
        queue_microtask(move || say(microtask));
        say(listener);
    }
    say("after");
}
