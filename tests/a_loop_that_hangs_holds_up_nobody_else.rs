//! While one request waits for a loop that hangs, the others are answered: about loops that don't,
//! and about nothing at all.
#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/inspected.rs"]
mod inspected;

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use glassloop::{EventLoop, LoopThread};
use inspected::{Inspected, inspected, judged};
use serde_json::Value;

/// So many are answered first. Were they held up, it would be one or two that were read before.
const OTHERS: usize = 5;
/// A machine may stand still for longer than a request waits, but not so often.
const TRIES: usize = 20;

/// How many requests were answered, one after the other, while this one was waiting; and its own
/// answer.
fn answered_before(inspector: &Inspected, waits: &str, other: &str) -> (usize, Value) {
    let is_answered = AtomicBool::new(false);
    let mut waiting = TcpStream::connect(inspector.address()).unwrap();
    // On its way before any other.
    write!(waiting, "{waits} HTTP/1.1\r\n{}\r\n", inspector.good()).unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut text = String::new();
            waiting.read_to_string(&mut text).unwrap();
            is_answered.store(true, Ordering::SeqCst);
            let answer = judged(text);
            assert_eq!(answer.status, 200, "{}", answer.body);
            serde_json::from_str(&answer.body).unwrap()
        });
        let mut before = 0;
        loop {
            assert_eq!(inspector.ask_well(other).status, 200, "{other}");
            if is_answered.load(Ordering::SeqCst) {
                break;
            }
            before += 1;
        }
        (before, waiting.join().unwrap())
    })
}

#[test]
fn others_are_answered_while_one_request_waits_for_it() {
    let inspector = inspected();
    // Nobody turns it: to whoever asks, it hangs.
    let hanging = EventLoop::new().unwrap();
    let hung = hanging.watch().name().number;
    let _lives = LoopThread::start("lives").unwrap();
    let lives = glassloop::loops().into_iter().find(|watch| &*watch.name().thread == "lives");
    let lives = lives.unwrap().name().number;
    let front_page = "GET /".to_owned();
    for (waits, other) in [
        (format!("GET /state?fresh_ms=1000&loop={hung}"), front_page),
        (format!("GET /story?fresh_ms=1000&loop={hung}"), format!("GET /events?loop={lives}")),
        (format!("GET /trace?fresh_ms=1000&loop={hung}"), format!("GET /state?loop={lives}")),
    ] {
        let answer = (0..TRIES).find_map(|_| {
            let (before, answer) = answered_before(&inspector, &waits, &other);
            (before >= OTHERS).then_some(answer)
        });
        let answer = answer.unwrap_or_else(|| panic!("{other} was held up by {waits}"));
        if let Some(state) = answer["loops"].get(0) {
            assert_ne!(state["as_of"]["fresh"], true, "it has not answered: {state}");
        }
    }
}

#[test]
fn a_loop_that_answers_is_not_waited_for_longer() {
    let inspector = inspected();
    let hanging = EventLoop::new().unwrap();
    let hung = hanging.watch().name().number;
    let _lives = LoopThread::start("answers").unwrap();
    let lives = glassloop::loops().into_iter().find(|watch| &*watch.name().thread == "answers");
    let lives = lives.unwrap().name().number;
    // Both may take as long. Who waited it out for each would answer the one that came first first.
    let [waits, other] =
        [hung, lives].map(|number| format!("GET /state?fresh_ms=1000&loop={number}"));
    let is_quicker = |_| answered_before(&inspector, &waits, &other).0 >= OTHERS;
    assert!((0..TRIES).any(is_quicker), "it was waited for after it had answered");
    let answer = inspector.ask_well(&other);
    let state: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(state["loops"][0]["as_of"]["fresh"], true, "{}", answer.body);
}
