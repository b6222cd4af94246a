//! Chapter 6: an async fn and the same by hand.

#[path = "../../examples/ch06_async_fn_is_a_state_machine.rs"]
#[allow(dead_code)]
mod chapter;

use std::time::Duration;

use glassloop::{EventLoop, Sleep, sleep};
use glassloop_inspector::{History, Names, Story};

use crate::told::{count, golden_story, printed, recorded_loop};

const NAME: &str = "ch06_async_fn_is_a_state_machine";

#[test]
fn both_leave_arrive_and_are_back_and_keep_room_for_one_sleep() {
    let lines = [
        "by the compiler: room for one sleep: true, for three: false",
        "by hand: room for one sleep: true, for three: false",
        "bread: leaves",
        "milk: leaves",
        "bread: arrives",
        "milk: arrives",
        "bread: is bought",
        "milk: is bought",
        "bread: is back",
        "milk: is back",
    ];
    assert_eq!(printed(NAME, &[]), lines);
}

#[test]
fn each_is_polled_four_times_and_woken_by_three_timers() {
    let event_loop = recorded_loop();
    chapter::program(&event_loop);
    let story = golden_story(NAME, &event_loop);
    assert_eq!(event_loop.snapshot().executor.polls, 8);
    assert_eq!(count(&story, "waited 20.000 ms"), 2);
    assert_eq!(count(&story, "waited 30.000 ms"), 1);
    for name in ["task #0.0 `bread`", "task #1.1 `milk`"] {
        assert_eq!(count(&story, &format!("woke {name}")), 3, "{name}");
    }
}

#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn their_sizes_are_those_that_the_book_says() {
    let by_compiler = size_of_val(&chapter::errand("bread"));
    assert_eq!((size_of::<Sleep>(), size_of::<chapter::Errand>(), by_compiler), (40, 64, 80));
}

/// The story of a task that is alone on its loop, without the lines of its file.
fn told_alone(errand: impl Future<Output = ()> + 'static) -> String {
    let event_loop = recorded_loop();
    event_loop.spawn(errand).named("errand").detach();
    event_loop.run().unwrap();
    let mut names = Names::default();
    names.add(&event_loop.snapshot());
    let story = Story::tell(&History::read(&event_loop.watch(), 0), &names).to_string();
    let words = story.split_inclusive(' ').filter(|word| !word.contains(".rs:"));
    words.collect()
}

#[test]
fn the_story_of_the_one_is_that_of_the_other() {
    let by_compiler = told_alone(chapter::errand("bread"));
    assert_eq!(by_compiler, told_alone(chapter::Errand::AtHome("bread")));
    assert_eq!(count(&by_compiler, "task #0.0 `errand` ran"), 4);
}

/// The errand of the question.
async fn all_at_once() {
    let [there, queue, back] = [chapter::WALK, chapter::QUEUE, chapter::WALK].map(sleep);
    there.await;
    queue.await;
    back.await;
}

/// By a clock that stands still while nobody waits.
fn took(errand: impl Future<Output = ()> + 'static) -> Duration {
    let event_loop = EventLoop::test();
    let began = event_loop.snapshot().now_ns;
    event_loop.block_on(errand).unwrap();
    Duration::from_nanos(event_loop.snapshot().now_ns - began)
}

#[test]
fn sleeps_that_begin_together_take_the_time_of_the_longest_and_the_room_of_all() {
    assert_eq!(took(chapter::errand("bread")), 2 * chapter::WALK + chapter::QUEUE);
    assert_eq!(took(all_at_once()), chapter::QUEUE);
    assert!(size_of_val(&all_at_once()) >= 3 * size_of::<Sleep>());
}
