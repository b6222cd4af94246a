//! Who asks for the state of one task of thousands is told of that one, whole, and of what it waits
//! for; and of no other.
#![cfg(test)]
#![cfg(feature = "observe")]

#[path = "common/inspected.rs"]
mod inspected;

use std::time::{Duration, Instant};

use glassloop::{LoopThread, TaskId};
use inspected::{Inspected, inspected};
use serde_json::Value;

const TASKS: usize = 2_000;
/// Longer than any machine is late.
const PATIENCE: Duration = Duration::from_secs(60);

/// A loop with as many tasks, all asleep at timers of their own, which is recorded.
fn crowded(name: &str) -> (LoopThread, TaskId) {
    let network = LoopThread::start(name).unwrap();
    network.watch().record(true);
    let mut spawned = network.call(|| {
        let sleeper = || glassloop::spawn(glassloop::sleep(PATIENCE * 10));
        (0..TASKS).for_each(|_| sleeper().detach());
        let one = sleeper();
        let id = one.id();
        one.detach();
        id
    });
    let id = spawned.wait(PATIENCE).unwrap();
    (network, id)
}

/// Has a loop recorded, and waits until it is.
fn record(inspector: &Inspected, network: &LoopThread) {
    network.watch().record(true);
    let (number, began) = (network.watch().name().number, Instant::now());
    while told(inspector, &format!("loop={number}")).1["loops"][0]["recorded"]["on"] != true {
        assert!(began.elapsed() < PATIENCE, "it is not recorded");
    }
}

fn told(inspector: &Inspected, query: &str) -> (u16, Value, usize) {
    let answer = inspector.ask_well(&format!("GET /state?{query}"));
    (answer.status, serde_json::from_str(&answer.body).unwrap(), answer.body.len())
}

#[test]
fn one_task_is_told_whole_with_what_it_waits_for_and_no_other() {
    let inspector = inspected();
    let (mut network, id) = crowded("crowded");
    let number = network.watch().name().number;
    let began = Instant::now();
    // It may not have run yet.
    let (alone, size) = loop {
        let task = id.to_string().replace('#', "%23");
        let (status, state, size) = told(&inspector, &format!("loop={number}&task={task}"));
        assert_eq!(status, 200, "{state}");
        if state["loops"][0]["tasks"][0]["waits"][0]["on"]["kind"] == "timer" {
            break (state, size);
        }
        assert!(began.elapsed() < PATIENCE, "{state}");
    };
    let (_, whole, all) = told(&inspector, &format!("loop={number}"));
    let [alone, whole] = [&alone["loops"][0], &whole["loops"][0]];
    assert_eq!(whole["tasks"].as_array().unwrap().len(), TASKS + 1);
    assert_eq!(alone["tasks"].as_array().unwrap().len(), 1);
    let task = &alone["tasks"][0];
    assert_eq!(task["id"], id.to_string());
    assert!(task["times"]["polls"]["buckets"].is_array(), "with its histograms: {task}");
    assert_eq!(alone["timers"].as_array().unwrap().len(), 1, "its own timer");
    assert_eq!(alone["timers"][0]["task"], id.to_string());
    assert_eq!(alone["loop"], whole["loop"]);
    assert!(size * 100 < all, "{size} bytes of {all}");
    network.stop(Duration::ZERO);
    network.join(PATIENCE).unwrap();
}

#[test]
fn a_task_that_has_ended_is_told_as_ended_and_of_a_stranger_nothing_is_told() {
    let inspector = inspected();
    let mut network = LoopThread::start("one that ends").unwrap();
    let number = network.watch().name().number;
    record(&inspector, &network);
    let mut spawned = network.call(|| {
        let task = glassloop::spawn(async {});
        let id = task.id();
        task.detach();
        id
    });
    let id = spawned.wait(PATIENCE).unwrap();
    let began = Instant::now();
    loop {
        let (status, state, _) =
            told(&inspector, &format!("loop={number}&task=%23{}", &id.to_string()[1..]));
        assert_eq!(status, 200, "{state}");
        let of = &state["loops"][0];
        if of["tasks"].as_array().unwrap().is_empty() {
            let ended = of["recorded"]["ended"].as_array().unwrap();
            assert!(ended.len() == 1 && ended[0]["id"] == id.to_string(), "{of}");
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{of}");
    }
    for (query, status, said) in [
        ("task=77777.7", 404, "expected a task that is known, came #77777.7"),
        ("task=7", 400, "expected `task`, a task's id like 3.9, came `7`"),
        ("task=", 400, "expected `task`, a task's id like 3.9, came ``"),
        ("task=1.1&task=1.1", 400, "expected `task` once, came twice"),
    ] {
        let (came, state, _) = told(&inspector, &format!("loop={number}&{query}"));
        assert_eq!((came, state["error"].as_str()), (status, Some(said)), "{query}");
    }
    let (came, state, _) = told(&inspector, "loop=999999&task=1.1");
    assert_eq!((came, &state["error"]), (404, &"expected a loop, came 999999".into()));
    // A number is a task's in its own loop alone.
    let other = LoopThread::start("another").unwrap();
    let (came, state, _) = told(&inspector, "task=1.1");
    let error = state["error"].as_str().unwrap();
    assert!(came == 400 && error.starts_with("expected `loop`, a number: this process has "));
    drop(other);
    network.stop(Duration::ZERO);
    network.join(PATIENCE).unwrap();
}
