//! # 3. An immediate and a timeout, when something was read
//!
//! In the last puzzle Node had two answers; here it has one. What was read is told in the phase
//! after which the immediates come, and the timeouts only after those, in the next turn. So it
//! doesn't matter how long a millisecond is. glassloop comes to the same order by a shorter rule:
//! who asks to be called soon is in the ready queue at once, and a timer gets there when phase
//! `timers` has found it due, which is in the next turn at the earliest.

use glassloop::net;

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, call_soon, order, say, spawn},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p03",
    source: include_str!("p03.rs"),
    script: include_str!("p03.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Twin,
    glassloop: Ours::Always("read immediate timeout"),
    node: Theirs::Orders(&["read immediate timeout"]),
    browser: Theirs::No("no files, no immediates"),
};

fn program() {
    spawn(async {
        let (near, far) = net::duplex().expect("two ends in memory");
        far.write_all(b"!").await.expect("there is room in memory");
        near.read(&mut [0]).await.expect("it was written");
        say("read");
        call_later(0, || say("timeout"));
        call_soon(|| say("immediate"));
    });
}
