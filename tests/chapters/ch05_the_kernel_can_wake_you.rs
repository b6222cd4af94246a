//! Chapter 5: who reads goes on until nothing is left, and only then waits.

#[path = "../../examples/ch05_the_kernel_can_wake_you.rs"]
#[allow(dead_code)]
mod chapter;

use std::rc::Rc;

use glassloop::{EventLoop, net};

use crate::told::{count, golden_story, printed, recorded_loop};

const NAME: &str = "ch05_the_kernel_can_wake_you";

/// The program, with a list that comes in these parts. The ends are kept, so that a story has names
/// for them.
fn told_in(parts: &'static [&str]) -> (EventLoop, chapter::Ends) {
    let event_loop = recorded_loop();
    let (home, phone) = event_loop.enter(net::duplex).unwrap();
    let ends = (Rc::new(home), Rc::new(phone));
    chapter::program(&event_loop, &ends, parts);
    (event_loop, ends)
}

#[test]
fn each_part_is_read_until_nothing_is_left_of_it() {
    let lines = [
        "waits",
        "reads milk",
        "reads eggs",
        "finds nothing",
        "waits",
        "reads rice",
        "reads figs",
        "has the whole list",
    ];
    assert_eq!(printed(NAME, &[]), lines);
}

#[test]
fn a_source_that_becomes_ready_wakes_who_waits_for_it_once_a_part() {
    let (event_loop, _ends) = told_in(chapter::PARTS);
    let story = golden_story(NAME, &event_loop);
    assert_eq!(count(&story, "woke task #0.0 `shopper`"), 2);
    assert_eq!(count(&story, "waited 20.000 ms"), 2);
}

#[test]
fn one_part_takes_two_polls_two_parts_three_and_four_parts_five() {
    let polls = |parts| told_in(parts).0.snapshot().executor.polls;
    assert_eq!(polls(&["milkeggsricefigs"]), 2);
    assert_eq!(polls(chapter::PARTS), 3);
    assert_eq!(polls(&["milk", "eggs", "rice", "figs"]), 5);
}
