//! # 10b. A user clicks on a box in a box
//!
//! Both boxes have the same listener. The browser calls them one after the other, and no script is
//! waiting for that: whenever a listener returns, no JavaScript is running, and that is where a
//! browser has a checkpoint. glassloop has one after each item and nowhere else. What comes from
//! outside is one call into the loop, one item, whoever is called in it: both listeners first.
//! A change is told once, however many there were since it was told last; hence a single `mutate`.
//! Who wants the browser's order makes an item of each listener, by `call_soon`.

use std::cell::Cell;

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, defer, order, queue_microtask, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p10b",
    source: include_str!("p10b.rs"),
    script: include_str!("p10b.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Contrast,
    glassloop: Ours::Always("click click promise mutate promise timeout timeout"),
    node: Theirs::No("no boxes, no users"),
    browser: Theirs::Orders(&["click promise mutate click promise mutate timeout timeout"]),
};

fn program() {
    defer(click);
}

pub(super) fn click() {
    listener(); // of the inner box
    listener(); // of the outer box
}

fn listener() {
    say("click");
    call_later(0, || say("timeout"));
    queue_microtask(|| say("promise"));
    change();
}

thread_local! {
    static IS_TO_BE_TOLD: Cell<bool> = const { Cell::new(false) };
}

fn change() {
    if !IS_TO_BE_TOLD.replace(true) {
        queue_microtask(|| {
            IS_TO_BE_TOLD.set(false);
            say("mutate");
        });
    }
}
