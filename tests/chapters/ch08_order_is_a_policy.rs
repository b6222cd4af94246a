//! Chapter 8: what one turn runs, under four policies.

#[path = "../../examples/ch08_order_is_a_policy.rs"]
#[allow(dead_code)]
mod chapter;

use glassloop::{Clock, EventLoop, ManualClock, PollerKind};

use crate::told::{count, golden_story, printed};

const NAME: &str = "ch08_order_is_a_policy";

#[test]
fn the_bell_moves_with_the_policy_and_nothing_else_does() {
    let lines = [
        "One: Ada 1, Ben 1, thanks, Ada 2, bell, Ben 2, Ada 3, Ben 3,",
        "Batch: Ada 1, Ben 1, thanks, Ada 2, Ben 2, bell, Ada 3, Ben 3,",
        "Counted(3): Ada 1, Ben 1, thanks, Ada 2, Ben 2, Ada 3, bell, Ben 3,",
        "ToEmpty: Ada 1, Ben 1, thanks, Ada 2, Ben 2, Ada 3, Ben 3, bell,",
    ];
    assert_eq!(printed(NAME, &[]), lines);
}

/// As `recorded_loop`, with the limits of the chapter.
fn limited_loop() -> EventLoop {
    let clock = Clock::Manual(ManualClock::new().with_autojump());
    let builder = EventLoop::builder().clock(clock).poller(PollerKind::TimersOnly);
    let event_loop = builder.limits(chapter::limits()).build().unwrap();
    event_loop.record(true);
    event_loop
}

#[test]
fn seven_callbacks_take_seven_turns_three_three_or_two() {
    let event_loop = limited_loop();
    let turns = chapter::POLICIES.map(|policy| {
        let before = event_loop.snapshot().turn;
        chapter::program(&event_loop, policy);
        event_loop.snapshot().turn - before
    });
    assert_eq!(turns, [7, 3, 3, 2]);
    let story = golden_story(NAME, &event_loop);
    assert_eq!(count(&story, "the timer of examples/ch08_order_is_a_policy.rs"), 4);
    assert_eq!(event_loop.snapshot().executor.callbacks, 28);
}
