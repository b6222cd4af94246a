//! What the terminal does to a program's pace and to its clock: stopped, by steps, on; and time
//! that is moved.
//!
//! The program and its inspectors live in the test's own process, the terminal in another.

#![cfg(test)]

#[path = "common/canned.rs"]
mod canned;
#[path = "common/running.rs"]
mod running;

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use canned::{run, terminal};
use glassloop::{Clock, EventLoop, ManualClock, sleep};
use running::{PATIENCE, Running, fails, named};
use serde_json::Value;

#[test]
fn a_loop_is_stopped_taken_by_steps_and_let_go() {
    let running = Running::start(true);
    let turn = |said: &str| -> u64 {
        let (_, rest) = said.split_once("turn ").unwrap_or_else(|| panic!("{said}"));
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().unwrap()
    };
    let told = |json: &Value| json["pace"]["stopped"].clone();
    let said = running.said_well(&["pause"]);
    assert!(said.starts_with(&format!("loop {} stands behind turn ", running.number)), "{said}");
    let polls = |name: &str| named(&running.tasks(), name).unwrap()["polls"].as_u64().unwrap();
    let before = turn(&said);
    let ps = running.said_well(&["ps"]);
    assert!(ps.contains("  it stands behind turn "), "{ps}");
    // To the next turn that has something to run: the task sleeps between two.
    let stepped = told(&running.json(&["step", "task", "ticks"]));
    let next = stepped["next"].as_str().unwrap();
    assert!(next.contains("`ticks`") && stepped["within"] == true, "{stepped}");
    assert!(stepped["turn"].as_u64().unwrap() >= before, "{stepped}");
    let ticks = polls("ticks");
    let stepped = told(&running.json(&["step"]));
    assert_eq!((polls("ticks"), &stepped["by"]), (ticks + 1, &"the next item".into()));
    let stepped = told(&running.json(&["step", "for", "0s"]));
    assert!(stepped["by"].as_str().unwrap().ends_with("by its clock"), "{stepped}");
    running.said_well(&["step", "turn"]);
    let said = running.said_well(&["resume"]);
    assert_eq!(said, format!("loop {} goes on\n", running.number));
    let began = Instant::now();
    while polls("ticks") < ticks + 10 {
        assert!(began.elapsed() < PATIENCE, "it stands");
    }
    fails(&running.run(&["step", "source", "x"]), 2, "expected `to` to be");
    let internal = running.inspector.url();
    let ps = run(&mut terminal(&["-p", internal, "--internal", "ps", "--json"])).out;
    let ps: Value = serde_json::from_str(&ps).unwrap();
    let loops = ps["loops"].as_array().unwrap();
    let own = loops.iter().find(|of| of["loop"]["internal"] == true).unwrap();
    let own = own["loop"]["number"].to_string();
    let refused = run(&mut terminal(&["-p", internal, "--loop", &own, "pause"]));
    fails(&refused, 2, "expected a loop of the program, came one of a tool");
}

#[test]
fn a_manual_clock_is_moved_and_the_systems_is_not() {
    let running = Running::start(true);
    let said = running.said_well(&["clock"]);
    assert!(said.starts_with(&format!("loop {}: the system's clock, ", running.number)), "{said}");
    fails(&running.run(&["clock", "jump"]), 4, "expected a loop on a manual clock");
    let (told, watch) = mpsc::channel();
    let sleeper = thread::spawn(move || {
        let clock = Clock::Manual(ManualClock::new());
        let event_loop = EventLoop::builder().clock(clock).build().unwrap();
        let watch = event_loop.watch();
        let held = watch.manual_clock();
        told.send(watch).unwrap();
        let slept = event_loop.block_on(async {
            sleep(Duration::from_secs(3_600)).await;
            sleep(Duration::from_secs(7_200)).await;
        });
        slept.map(|()| held.map(|clock| clock.now() / 3_600_000_000_000))
    });
    let watch = watch.recv_timeout(PATIENCE).unwrap();
    while watch.look(PATIENCE).is_some_and(|seen| seen.snapshot.timers.is_empty()) {}
    let number = watch.name().number.to_string();
    let clock = |line: &[&str]| {
        let url = running.inspector.url();
        let said = run(&mut terminal(&[&["-p", url, "--loop", &number, "clock"], line].concat()));
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{line:?}");
        said.out
    };
    let still = format!("loop {number}: a manual clock, 0, stands still\n");
    assert_eq!(clock(&[]), still);
    let advanced = format!("loop {number}: a manual clock, 10.0 s, stands still\n");
    assert_eq!(clock(&["advance", "10s"]), advanced);
    assert!(clock(&["jump"]).contains("jumps to the next deadline"));
    let hour = 3_600_000_000_000;
    while watch.manual_clock().is_some_and(|clock| clock.now() < hour) {}
    assert!(clock(&["rate", "1e7"]).contains("flows at 10000000"));
    let slept = sleeper.join().unwrap().unwrap();
    assert!(slept.is_some_and(|hours| hours >= 3), "{slept:?}");
}
