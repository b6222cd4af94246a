//! Chapter 2: callbacks at their time.

#[path = "../../examples/ch02_later_is_a_heap.rs"]
#[allow(dead_code)]
mod chapter;

use std::rc::Rc;

use crate::told::{both_print, count, golden_story, recorded_loop};

const NAME: &str = "ch02_later_is_a_heap";

#[test]
fn callbacks_come_by_their_deadlines_on_both_loops() {
    let lines =
        ["the eggs are warm", "the eggs are soft", "the eggs are hard", "the toast is brown"];
    both_print(NAME, &lines);
}

#[test]
fn four_callbacks_are_three_sleeps_and_equal_deadlines_keep_their_order() {
    let glass = chapter::Glass(Rc::new(recorded_loop()));
    chapter::program(&glass);
    let story = golden_story(NAME, &glass.0);
    assert_eq!(count(&story, "\n  callback "), 4);
    assert_eq!(count(&story, "waited 200.000 ms"), 2);
    assert_eq!(count(&story, "waited 1.600 s"), 1);
}
