//! The README's program is the one in the documentation of the crate, where it is compiled and run.
#![cfg(test)]

const README: &str = include_str!("../README.md");
const LIB: &str = include_str!("../src/lib.rs");

/// The lines of the first fence that opens with `fence`, each without `before`.
fn program(text: &str, fence: &str, before: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| *line != fence).skip(1);
    let inside = lines.take_while(|line| line.trim_start_matches(before) != "```");
    let without = |line: &str| line.strip_prefix(before).unwrap_or_default().to_owned();
    inside.map(without).collect()
}

#[test]
fn the_two_are_one_text() {
    let shown = program(README, "```rust", "");
    let compiled = program(LIB, "//! ```", "//! ");
    assert!(shown.len() > 15, "the README has lost its program: {shown:#?}");
    assert_eq!(shown, compiled);
}
