//! Rows 19, 22 and 30: the turns in figures, and the tasks that have ended.

use std::net::UdpSocket;

use glassloop::{request_render, sleep};
use serde_json::json;

use crate::{sources::three_readers, until::until, *};

#[test]
fn row_19_the_time_of_each_phase_of_a_turn() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let (works, draws) = (clock.clone(), clock.clone());
    let program = async move {
        works.advance(3 * MS);
        request_render(move |_| draws.advance(2 * MS)).unwrap();
    };
    event_loop.spawn(program).detach();
    let turn = event_loop.snapshot().turn + 1;
    settle(&event_loop);
    let told = told_of(&event_loop, "/turns");
    let turns = told["turns"].as_array().unwrap();
    let told = turns.iter().find(|told| told["turn"] == turn).unwrap();
    let expected = json!({
        "io": 0, "timers": 0, "deferred": 0, "run": 3 * MS_NS, "flush": 0, "render": 2 * MS_NS,
        "finish": 0,
    });
    assert_eq!(told["phases"], expected, "{told}");
    assert_eq!((&told["took_ns"], &told["wait_ns"]), (&json!(5 * MS_NS), &json!(0)));
}

#[test]
fn row_22_turns_and_the_events_of_each() {
    let _alone = alone();
    let event_loop = EventLoop::new().unwrap();
    event_loop.record(true);
    let readers = three_readers(&event_loop);
    settle(&event_loop);
    let before = event_loop.snapshot();
    let writer = UdpSocket::bind("127.0.0.1:0").unwrap();
    for reader in readers {
        writer.send_to(b"x", reader).unwrap();
    }
    until(|| {
        settle(&event_loop);
        event_loop.snapshot().tasks.is_empty()
    });
    let after = event_loop.snapshot();
    assert_eq!(after.reactor.events - before.reactor.events, 3);
    let told = told_of(&event_loop, "/turns?turns=10000&idle=1");
    let turns = told["turns"].as_array().unwrap();
    let numbers: Vec<_> = turns.iter().map(|turn| turn["turn"].as_u64().unwrap()).collect();
    let last = *numbers.last().unwrap();
    assert!(last > after.turn && numbers == (1..=last).collect::<Vec<_>>(), "{numbers:?}");
    let index = |turn: u64| usize::try_from(turn).unwrap();
    let (begin, end) = (index(before.turn), index(after.turn));
    let sum = |field: &str| -> u64 {
        turns[begin..end].iter().map(|turn| turn[field].as_u64().unwrap()).sum()
    };
    // In however many turns they came.
    assert_eq!(["events", "items", "wakes"].map(sum), [3, 3, 3]);
    for turn in &turns[begin..end] {
        assert_eq!(turn["events"], turn["items"], "each is run for in its own turn: {turn}");
    }
}

#[test]
fn row_30_the_tasks_that_have_ended() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let born = line!() + 3;
    for number in 0..300 {
        let sleeps = async move { sleep(number * MS).await };
        event_loop.spawn(sleeps).named(format!("{number}")).detach();
    }
    for _ in 0..300 {
        advance(&event_loop, &clock, MS);
    }
    let snapshot = event_loop.snapshot();
    assert!(snapshot.tasks.is_empty());
    let ended = snapshot.recorded.unwrap().ended;
    let names: Vec<_> = ended.iter().map(|(task, _)| task.name.to_string()).collect();
    let expected: Vec<_> = (44..300).rev().map(|number| number.to_string()).collect();
    assert_eq!(names, expected, "the last 256, the latest first");
    let (last, at_ns) = &ended[0];
    assert_eq!((last.polls, *at_ns, written(last.born)), (2, 300 * MS_NS, here(file!(), born)));
    let told = &state_of(&event_loop)["recorded"]["ended"];
    assert_eq!(each(told, "name"), expected);
    assert_eq!((&told[0]["polls"], &told[0]["at_ns"]), (&json!(2), &json!(300 * MS_NS)));
}
