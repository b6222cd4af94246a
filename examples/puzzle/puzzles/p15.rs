//! # 15. A frame, a timeout and a promise
//!
//! The promise is first on every loop: its microtask runs before anything that is an item of its
//! own. Whether the frame or the timeout is next no browser promises: a frame is drawn when the
//! screen is ready for one. On glassloop a frame that is due is drawn at the end of its turn, in
//! phase `render`, and timers are looked at in the next one; so a first frame comes before the
//! timeout. The one after that is due a sixtieth of a second later. Node has no screen.

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{call_later, order, queue_microtask, request_render, say},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p15",
    source: include_str!("p15.rs"),
    script: include_str!("p15.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Twin,
    glassloop: Ours::Always("promise frame timeout"),
    node: Theirs::Orders(&["promise timeout"]),
    browser: Theirs::Orders(&["promise timeout frame", "promise frame timeout"]),
};

fn program() {
    request_render(|| say("frame"));
    call_later(0, || say("timeout"));
    queue_microtask(|| say("promise"));
}
