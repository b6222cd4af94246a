//! Whoever asks what a loop did lately is told of that, however often it was looked at meanwhile:
//! the turns that looking itself has made are left out and counted.
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
fn the_last_turns_are_those_of_the_program_and_the_looks_are_counted() {
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
    // One that comes while the loop is still awake shares a turn with something else.
    assert!(lately["looks"].as_u64() > Some(LOOKS as u64 / 2), "{lately}");
    // So many of them fill the answer, if they are wanted.
    let with_looks = told(&inspector, &format!("{all}&internal=1"));
    assert_eq!((busy(&with_looks), turns(&with_looks).len()), (0, 20), "{with_looks}");
    assert_eq!(with_looks["looks"], 0);

    let all = format!("/story?loop={number}&turns=20");
    let story = told(&inspector, &all);
    assert_eq!(looks_in(&story), 0, "{story}");
    assert!(story.to_string().contains("a call deferred at"), "{story}");
    assert!(story["looks"].as_u64() > lately["looks"].as_u64(), "the question was one, too");
    let with_looks = told(&inspector, &format!("{all}&internal=1"));
    // One that was answered before the loop heard of it leaves a turn in which nothing was ready.
    assert!(looks_in(&with_looks) > 10, "{with_looks}");
    assert!(!with_looks.to_string().contains("a call deferred at"), "{with_looks}");
    network.join(PATIENCE).unwrap();
}

#[test]
fn looks_are_counted_from_the_first_turn_that_is_told() {
    let inspector = inspected();
    let mut network = LoopThread::start("looked at in between").unwrap();
    let number = network.watch().name().number;
    network.watch().record(true);
    for _ in 0..3 {
        network.call(|| ()).wait(PATIENCE).unwrap();
        for _ in 0..LOOKS {
            told(&inspector, &format!("/state?loop={number}"));
        }
    }
    for most in 1..=3 {
        let lately = told(&inspector, &format!("/turns?loop={number}&turns={most}"));
        let number = |of: &Value| of["turn"].as_u64().unwrap();
        let (first, last) = (number(&turns(&lately)[0]), number(&lately["recording"]));
        let (told, looks) = (turns(&lately).len() as u64, lately["looks"].as_u64().unwrap());
        // Each turn from there on is one or the other.
        assert_eq!((told, told + looks), (most, last - first + 1), "{lately}");
    }
    let lately = told(&inspector, &format!("/turns?loop={number}&turns=10"));
    assert_eq!(busy(&lately), 3, "{lately}");
    network.join(PATIENCE).unwrap();
}
