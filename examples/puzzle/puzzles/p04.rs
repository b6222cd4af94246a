//! # 4. Ticks and promises that make more of each other
//!
//! Node empties its queue of ticks, then that of promises, and begins anew if there are ticks
//! again. So `t2`, a tick made by a tick, comes before any promise, and `tick`, made by a promise,
//! after all promises that there are. On glassloop both are microtasks in one queue, first-in
//! first-out, and who comes first is who asked first. A second queue in front of the first would
//! be one that can starve it: whoever may go in front of others has to be trusted to stop.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{order, queue_microtask, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p04",
    source: include_str!("p04.rs"),
    script: include_str!("p04.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Contrast,
    glassloop: Ours::Always("p1 t1 tick p2 p3 t2"),
    node: Theirs::Orders(&["t1 t2 p1 p3 p2 tick"]),
    browser: Theirs::No("no ticks"),
};

fn program() {
    queue_microtask(|| {
        say("p1");
        queue_microtask(|| say("tick"));
        queue_microtask(|| say("p2"));
    });
    queue_microtask(|| {
        say("t1");
        queue_microtask(|| say("p3"));
        queue_microtask(|| say("t2"));
    });
}
