//! Chapter 1: callbacks on a list.

#[path = "../../examples/ch01_a_loop_is_a_while.rs"]
#[allow(dead_code)]
mod chapter;

use std::rc::Rc;

use crate::told::{both_print, count, golden_story, recorded_loop};

const NAME: &str = "ch01_a_loop_is_a_while";

#[test]
fn two_who_put_themselves_back_take_turns_on_both_loops() {
    let lines =
        ["Ada says 1", "Ben says 1", "Ada says 2", "Ben says 2", "Ada says 3", "Ben says 3"];
    both_print(NAME, &lines);
}

#[test]
fn six_callbacks_take_three_turns() {
    let glass = chapter::Glass(Rc::new(recorded_loop()));
    chapter::program(&glass);
    let story = golden_story(NAME, &glass.0);
    assert_eq!(count(&story, "\n  callback "), 6);
    assert_eq!(count(&story, "turn "), 3);
    assert_eq!(glass.0.snapshot().turn, 3);
}
