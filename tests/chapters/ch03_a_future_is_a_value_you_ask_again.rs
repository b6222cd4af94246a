//! Chapter 3: futures that are polled until they are done.

#[path = "../../examples/ch03_a_future_is_a_value_you_ask_again.rs"]
#[allow(dead_code)]
mod chapter;

use crate::told::{both_print, count, golden_story, recorded_loop};

const NAME: &str = "ch03_a_future_is_a_value_you_ask_again";

#[test]
fn two_errands_are_run_side_by_side_on_both_loops() {
    let lines = [
        "bread: leaves",
        "milk: leaves",
        "bread: arrives",
        "milk: arrives",
        "bread: is back",
        "milk: is back",
    ];
    both_print(NAME, &lines);
}

#[test]
fn six_polls_take_three_turns() {
    let glass = chapter::Glass(recorded_loop());
    chapter::program(&glass);
    let story = golden_story(NAME, &glass.0);
    let snapshot = glass.0.snapshot();
    assert_eq!((snapshot.executor.polls, snapshot.turn), (6, 3));
    assert_eq!(count(&story, "woke itself"), 4);
}
