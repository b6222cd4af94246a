//! Chapter 10: who is dropped when.

#[path = "../../examples/ch10_cancelling_is_dropping.rs"]
#[allow(dead_code)]
mod chapter;

use crate::told::{count, golden_story, printed, recorded_loop};

const NAME: &str = "ch10_cancelling_is_dropping";

#[test]
fn what_a_future_held_is_given_back_when_it_is_dropped_the_last_first() {
    let lines = [
        "a timeout",
        "  Ada takes a table",
        "  Ada takes a spoon",
        "  Ada gives back the spoon",
        "  Ada gives back the table",
        "  Ada has eaten: false",
        "a race",
        "  Ben takes a table",
        "  Ben takes a spoon",
        "  Cem takes a table",
        "  Cem takes a spoon",
        "  Cem has eaten",
        "  Cem gives back the spoon",
        "  Cem gives back the table",
        "  Ben gives back the spoon",
        "  Ben gives back the table",
        "  the first was Cem",
        "an abort",
        "  Dora takes a table",
        "  Dora takes a spoon",
        "  the host has said it",
        "  Dora gives back the spoon",
        "  Dora gives back the table",
        "  Dora has eaten: false",
        "a handle is dropped",
        "  the host goes home",
        "  Eve takes a table",
        "  Eve takes a spoon",
        "  Eve has eaten",
        "  Eve gives back the spoon",
        "  Eve gives back the table",
    ];
    assert_eq!(printed(NAME, &[]), lines);
}

#[test]
fn an_aborted_task_is_dropped_in_the_next_turn_and_a_detached_one_finishes() {
    let event_loop = recorded_loop();
    event_loop.spawn(chapter::program()).named("host").detach();
    event_loop.run().unwrap();
    let story = golden_story(NAME, &event_loop);
    let turn_of = |words: &str| -> u64 {
        let before = &story[..story.find(words).unwrap()];
        let turn = before.rsplit("turn ").find_map(|turn| turn.split_once(':')).unwrap();
        turn.0.parse().unwrap()
    };
    let asked = turn_of("`host` ran 0 ns, woke task #1.1 `Dora`");
    assert_eq!(turn_of("`Dora` was aborted"), asked + 1);
    let counts = event_loop.snapshot().executor;
    assert_eq!((counts.spawned, counts.cancelled, counts.finished), (3, 1, 2));
    assert_eq!(count(&story, "`Eve` ran 0 ns and finished"), 1);
}

#[test]
fn who_is_aborted_before_its_first_poll_has_taken_nothing() {
    let event_loop = recorded_loop();
    let dora = event_loop.spawn(chapter::dine("Dora", chapter::HOUR));
    dora.abort();
    assert!(event_loop.block_on(dora).unwrap().is_err());
    let counts = event_loop.snapshot().executor;
    assert_eq!((counts.cancelled, counts.polls), (1, 1), "the one poll is of who waits for her");
}
