//! Whoever asks what a loop did lately is told of that, however often it was looked at meanwhile:
//! the turns in which nothing was ready, as looking makes them, are left out and counted.
#![cfg(test)]
#![cfg(feature = "observe")]

#[path = "common/inspected.rs"]
mod inspected;

use std::time::Duration;

use glassloop::LoopThread;
use inspected::{Inspected, inspected};
use serde_json::Value;

const LOOKS: usize = 30;
/// Longer than any machine is late.
const PATIENCE: Duration = Duration::from_secs(60);

fn told(inspector: &Inspected, path: &str) -> Value {
    let answer = inspector.ask_well(&format!("GET {path}&fresh_ms=1000"));
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn turns(told: &Value) -> &[Value] {
    told["turns"].as_array().unwrap()
}

/// In how many of the turns something ran.
fn busy(told: &Value) -> usize {
    turns(told).iter().filter(|turn| turn["items"] != 0).count()
}

/// How many of the turns are told as a look and nothing else.
fn looks_in(story: &Value) -> usize {
    let is_look = |turn: &&Value| {
        let sentences = turn["sentences"].as_array().unwrap();
        let [one, two] = &sentences[..] else { return false };
        let says = |of: &Value, what: &str| of.as_str().unwrap().contains(what);
        says(one, "until somebody looked") && says(two, "a snapshot was made")
    };
    turns(story).iter().filter(is_look).count()
}

#[test]
fn the_last_turns_are_those_in_which_something_was_ready() {
    let inspector = inspected();
    let mut network = LoopThread::start("looked at").unwrap();
    let number = network.watch().name().number;
    network.watch().record(true);
    network.call(|| ()).wait(PATIENCE).unwrap();
    network.call(|| ()).wait(PATIENCE).unwrap();
    for _ in 0..LOOKS {
        let state = told(&inspector, &format!("/state?loop={number}"));
        assert_eq!(state["loops"][0]["as_of"]["fresh"], true, "it sleeps, and answers");
    }

    let all = format!("/turns?loop={number}&turns=20");
    let lately = told(&inspector, &all);
    assert!(busy(&lately) > 0, "{lately}");
    // A look that comes while the loop is still awake shares a turn with something else.
    assert!(lately["idle"].as_u64() > Some(LOOKS as u64 / 2), "{lately}");
    // They fill the answer if they are wanted.
    let with_idle = told(&inspector, &format!("{all}&idle=1"));
    assert_eq!((busy(&with_idle), turns(&with_idle).len()), (0, 20), "{with_idle}");
    assert_eq!(with_idle["idle"], 0);

    let all = format!("/story?loop={number}&turns=20");
    let story = told(&inspector, &all);
    assert_eq!(looks_in(&story), 0, "{story}");
    assert!(story.to_string().contains("a call deferred at"), "{story}");
    assert!(story["idle"].as_u64() > lately["idle"].as_u64(), "the question was one, too");
    let with_idle = told(&inspector, &format!("{all}&idle=1"));
    // One that was answered before the loop was woken leaves a turn without it.
    assert!(looks_in(&with_idle) > 10, "{with_idle}");
    assert!(!with_idle.to_string().contains("a call deferred at"), "{with_idle}");
    network.join(PATIENCE).unwrap();
}

#[test]
fn idle_turns_are_counted_from_the_first_turn_that_is_told() {
    let inspector = inspected();
    let mut network = LoopThread::start("looked at in between").unwrap();
    let number = network.watch().name().number;
    network.watch().record(true);
    // It is recorded from the end of a turn on: of this one, at the latest.
    network.call(|| ()).wait(PATIENCE).unwrap();
    for _ in 0..3 {
        network.call(|| ()).wait(PATIENCE).unwrap();
        for _ in 0..LOOKS {
            told(&inspector, &format!("/state?loop={number}"));
        }
    }
    for most in 1..=3 {
        let lately = told(&inspector, &format!("/turns?loop={number}&turns={most}"));
        assert_eq!((turns(&lately).len(), busy(&lately)), (most, most), "{lately}");
        let number = |of: &Value| of["turn"].as_u64().unwrap();
        let (first, last) = (number(&turns(&lately)[0]), number(&lately["recording"]));
        let idle = lately["idle"].as_u64().unwrap();
        assert_eq!(most as u64 + idle, last - first + 1, "{lately}");
    }
    network.join(PATIENCE).unwrap();
}
