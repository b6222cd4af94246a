//! # 10c. A script clicks on it
//!
//! The same boxes, but a script clicks, by `inner.click()`, and waits for that to return. While it
//! waits there is JavaScript running, so no checkpoint, and both listeners come first. This is also
//! why a test that clicks by script may pass where a user finds a fault. glassloop knows no such
//! difference: here and in the last puzzle the order is the same.

use super::{Kind, Ours, Puzzle, Theirs, p10b::click, twin::order};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p10c",
    source: include_str!("p10c.rs"),
    script: include_str!("p10c.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Twin,
    glassloop: Ours::Always("click click promise mutate promise timeout timeout"),
    node: Theirs::No("no boxes"),
    browser: Theirs::Orders(&["click click promise mutate promise timeout timeout"]),
};

fn program() {
    click(); // that of puzzle 10b
}
