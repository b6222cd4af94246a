//! # 8. An immediate in an immediate
//!
//! Node calls the immediates that were there when it began with them; one that is made meanwhile
//! waits for the next turn. So does the policy `Batch`: its batch is what is ready as phase `run`
//! begins. After each of them come its microtasks, here as there. Yet the policy can't be seen
//! here: `i3` goes to the end of the queue, and a queue has one order, in however many turns it is
//! emptied. To see the policy somebody else must come in between, as in puzzle 16.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_soon, order, queue_microtask, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p08",
    source: include_str!("p08.rs"),
    script: include_str!("p08.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Twin,
    glassloop: Ours::Always("i1 tick promise i2 i3"),
    node: Theirs::Orders(&["i1 tick promise i2 i3"]),
    browser: Theirs::No("no immediates"),
};

fn program() {
    call_soon(|| {
        say("i1");
        call_soon(|| say("i3"));
        queue_microtask(|| say("tick"));
        queue_microtask(|| say("promise"));
    });
    call_soon(|| say("i2"));
}
