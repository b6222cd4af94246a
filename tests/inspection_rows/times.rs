//! Rows 9, 10, 13, 20 and 21: how the time of tasks and of their loop is spread.

use glassloop::{Histogram, sleep, yield_now};
use serde_json::json;

use crate::*;

/// The buckets of these times.
fn buckets(times: &[Duration]) -> Vec<u32> {
    let mut histogram = Histogram::default();
    times.iter().for_each(|time| histogram.add(u64::try_from(time.as_nanos()).unwrap()));
    histogram.buckets().to_vec()
}

#[test]
fn row_09_a_histogram_of_poll_times() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let works = clock.clone();
    let worker = async move {
        for time in [MS, 8 * MS, MS] {
            works.advance(time);
            yield_now().await;
        }
        std::future::pending::<()>().await;
    };
    let worker = event_loop.spawn(worker).named("worker");
    event_loop.spawn(std::future::pending::<()>()).named("another").detach();
    settle(&event_loop);
    // The fourth poll takes no time.
    let expected = buckets(&[MS, 8 * MS, MS, Duration::ZERO]);
    assert_eq!(expected.iter().filter(|count| **count > 0).count(), 3);
    let times = named(&event_loop.snapshot(), "worker").times.unwrap();
    assert_eq!(times.polls.buckets().to_vec(), expected);

    let alone = told_of(&event_loop, &format!("/state?task={}", asked_for(worker.id())));
    let tasks = &alone["loops"][0]["tasks"];
    assert_eq!(each(tasks, "name"), ["worker"], "one task alone");
    let polls = &tasks[0]["times"]["polls"];
    assert_eq!(polls["buckets"], json!(expected));
    assert_eq!((&polls["count"], &polls["max_ns"]), (&json!(4), &json!(8 * MS_NS)));
    assert_eq!((&polls["p50_ns"], &polls["p99_ns"]), (&json!(1 << 20), &json!(8 * MS_NS)));
}

#[test]
fn row_10_a_histogram_of_the_time_from_wake_to_poll() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let works = clock.clone();
    let ahead = async move {
        works.advance(4 * MS);
        sleep(10 * MS).await;
        works.advance(2 * MS);
    };
    event_loop.spawn(ahead).named("ahead").detach();
    let waits = async {
        sleep(10 * MS).await;
        std::future::pending::<()>().await;
    };
    event_loop.spawn(waits).named("behind").detach();
    settle(&event_loop);
    advance(&event_loop, &clock, 20 * MS);
    let expected = buckets(&[4 * MS, 2 * MS]);
    let times = named(&event_loop.snapshot(), "behind").times.unwrap();
    assert_eq!(times.delays.buckets().to_vec(), expected);
    let told = state_of(&event_loop);
    let delays = &told["tasks"][0]["times"]["delays"];
    assert_eq!((&delays["buckets"], &delays["max_ns"]), (&json!(expected), &json!(4 * MS_NS)));
    assert_eq!(told["recorded"]["times"]["delays"]["max_ns"], 4 * MS_NS, "of all tasks");
}

#[test]
fn row_13_the_share_of_wakes_by_itself() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let task = async {
        for _ in 0..3 {
            yield_now().await;
        }
        sleep(MS).await;
        std::future::pending::<()>().await;
    };
    let task = event_loop.spawn(task).named("restless");
    settle(&event_loop);
    advance(&event_loop, &clock, MS);
    let told = told_of(&event_loop, &format!("/wakes?task={}", asked_for(task.id())));
    // Beside the three there is the timer.
    assert_eq!((&told["count"], &told["itself"]), (&json!(4), &json!(3)), "{told}");
    assert_eq!(told["by"][0], json!({ "who": "itself", "count": 3 }));
    let wakes = event_loop.snapshot().executor.wakes;
    assert_eq!(wakes[glassloop::Cause::Itself as usize], 3);
}

#[test]
fn row_20_the_utilisation_of_the_loop() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    clock.set_autojump(true);
    let works = clock.clone();
    let program = async move {
        sleep(6 * MS).await;
        works.advance(2 * MS);
        yield_now().await;
    };
    event_loop.block_on(program).unwrap();
    let times = event_loop.snapshot().recorded.unwrap().times;
    assert_eq!((times.elapsed_ns, times.waited_ns), (8 * MS_NS, 6 * MS_NS));
    let told = state_of(&event_loop);
    assert_eq!(told["recorded"]["times"]["utilisation"], 0.25);
}

#[test]
fn row_21_a_histogram_of_how_late_timers_are() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    for time in [MS, 4 * MS, 9 * MS] {
        event_loop.spawn(async move { sleep(time).await }).detach();
    }
    settle(&event_loop);
    // The first is two milliseconds late, the others one and none.
    for time in [3, 2, 4] {
        advance(&event_loop, &clock, time * MS);
    }
    let expected = buckets(&[2 * MS, MS, Duration::ZERO]);
    let recorded = event_loop.snapshot().recorded.unwrap();
    assert_eq!(recorded.times.lateness.buckets().to_vec(), expected);
    let told = state_of(&event_loop);
    let lateness = &told["recorded"]["times"]["lateness"];
    assert_eq!((&lateness["count"], &lateness["max_ns"]), (&json!(3), &json!(2 * MS_NS)));
    assert_eq!(lateness["buckets"], json!(expected));
}
