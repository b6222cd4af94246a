//! Chapter 4: who waits is polled when it is woken, and only then.

#[path = "../../examples/ch04_a_waker_is_a_note.rs"]
#[allow(dead_code)]
mod chapter;

use glassloop::RunError;

use crate::told::{both_print, count, golden_story, recorded_loop};

const NAME: &str = "ch04_a_waker_is_a_note";

#[test]
fn a_letter_takes_three_polls_on_both_loops() {
    let lines = ["the letterbox is empty", "posts a letter", "reads: hello", "3 polls"];
    both_print(NAME, &lines);
}

#[test]
fn the_postman_wakes_the_reader() {
    let glass = chapter::Glass(recorded_loop());
    chapter::program(&glass, true);
    let story = golden_story(NAME, &glass.0);
    assert_eq!(count(&story, "woke task #0.0 `reader`"), 1);
}

#[test]
fn a_reader_that_nobody_can_wake_is_a_deadlock_at_once() {
    let glass = chapter::Glass(recorded_loop());
    chapter::program(&glass, false);
    let error = glass.0.run().unwrap_err();
    let RunError::Deadlock(report) = &error else { panic!("expected a deadlock, came {error}") };
    assert_eq!(report.tasks.len(), 1);
    assert_eq!(&*report.tasks[0].name, "reader");
}
