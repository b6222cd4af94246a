//! A callback or a deferred call has no name: while it holds its loop, whoever asks is told where
//! it was asked for.
#![cfg(test)]

#[path = "common/inspected.rs"]
mod inspected;

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use glassloop::LoopThread;
use inspected::{Inspected, inspected};
use serde_json::Value;

/// Longer than any machine is late.
const PATIENCE: Duration = Duration::from_secs(60);

/// The stall of a loop and what it is at, once they are told.
fn held(inspector: &Inspected, network: &LoopThread) -> [Value; 2] {
    let began = Instant::now();
    loop {
        let number = network.watch().name().number;
        let answer = inspector.ask_well(&format!("GET /state?loop={number}"));
        let mut state: Value = serde_json::from_str(&answer.body).unwrap();
        let of = &mut state["loops"][0];
        if !of["stall"].is_null() {
            return [of["stall"].take(), of["now"].take()];
        }
        assert!(began.elapsed() < PATIENCE, "{state}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_deferred_call_that_holds_its_loop_is_named_by_where_it_was_deferred() {
    let inspector = inspected();
    let mut network = LoopThread::start("calls").unwrap();
    let (release, released) = mpsc::channel::<()>();
    network.remote().defer(move || released.recv().unwrap_or_default()).unwrap();
    let line = line!() - 1;
    for told in held(&inspector, &network) {
        assert_eq!(told["item"], format!("a call deferred at {}:{line}", file!()), "{told}");
        assert!(told["born"].is_null() && told["task"].is_null(), "{told}");
    }
    drop(release);
    network.join(PATIENCE).unwrap();
}

#[test]
fn a_callback_that_holds_its_loop_is_named_by_where_it_was_asked_for() {
    let inspector = inspected();
    let mut network = LoopThread::start("callbacks").unwrap();
    let (release, released) = mpsc::channel::<()>();
    let mut asked = network.call(|| {
        glassloop::call_soon(|| ()).unwrap();
        glassloop::call_later(Duration::from_millis(1), move || {
            released.recv().unwrap_or_default();
        })
        .unwrap();
    });
    let line = line!() - 5;
    asked.wait(PATIENCE).unwrap();
    for told in held(&inspector, &network) {
        let item = told["item"].as_str().unwrap_or_default();
        let place = format!(" asked for at {}:{line}", file!());
        assert!(item.starts_with("callback #") && item.ends_with(&place), "{told}");
        assert!(told["born"].is_null() && told["task"].is_null(), "{told}");
    }
    drop(release);
    network.join(PATIENCE).unwrap();
}
