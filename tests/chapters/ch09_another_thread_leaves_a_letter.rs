//! Chapter 9: what another thread leaves, the loop opens.

#[path = "../../examples/ch09_another_thread_leaves_a_letter.rs"]
#[allow(dead_code)]
mod chapter;

use std::{thread, time::Duration};

use crate::told::{count, golden_story, printed, recorded_loop};

const NAME: &str = "ch09_another_thread_leaves_a_letter";

#[test]
fn a_thousand_letters_count_in_the_book_of_the_loops_thread() {
    let lines = [
        "the clerk has left a thousand letters, and a book with 0 orders",
        "the book has 0 orders before the loop has run",
        "the last letter asked how many there are: 1000",
        "letters opened: 1001, calls to wake the loop: 0",
    ];
    assert_eq!(printed(NAME, &[]), lines);
}

#[test]
fn a_thousand_letters_that_lie_there_take_one_turn_and_wake_nobody() {
    let event_loop = recorded_loop();
    chapter::program(&event_loop);
    let story = golden_story(NAME, &event_loop);
    assert_eq!(count(&story, "another thread left 1001 calls"), 1);
    let snapshot = event_loop.snapshot();
    assert_eq!((snapshot.executor.calls, snapshot.executor.polls, snapshot.turn), (1001, 2, 2));
    assert_eq!((snapshot.reactor.wake_calls, snapshot.reactor.blocked), (0, 0));
}

#[test]
fn a_thousand_letters_for_a_loop_that_is_away_ring_once() {
    let event_loop = recorded_loop();
    let remote = event_loop.remote();
    let away = event_loop.pump(Duration::ZERO).unwrap(); // who leaves something must call it back
    assert!(!away.more);
    let answer = thread::spawn(move || chapter::telephone(&remote)).join().unwrap();
    let counts = event_loop.snapshot().reactor;
    assert_eq!((counts.wake_calls, counts.host_wakes), (0, 1));
    assert_eq!(event_loop.block_on(answer).unwrap().unwrap(), 1000);
}
