//! The terminal asks a real inspector about a loop that runs: every command finds what is there,
//! and each way to be refused has its exit code.
//!
//! The program and its inspectors live in the test's own process, the terminal in another.

#![cfg(test)]

#[path = "common/canned.rs"]
mod canned;
#[path = "common/running.rs"]
mod running;

use std::{fs, sync::atomic::Ordering, time::Instant};

use canned::{run, terminal};
use glassloop::RunError;
use running::{PATIENCE, Running, fails, named, slices};
use serde_json::Value;

/// When the last of them ended.
fn end_of(slices: &[(f64, f64)]) -> f64 {
    assert!(!slices.is_empty());
    slices.iter().map(|slice| slice.1).fold(f64::MIN, f64::max)
}

#[test]
fn what_is_there_is_listed_with_its_place() {
    let running = Running::start(false);
    let tasks = running.tasks();
    let place = |task: &Value, key: &str| {
        let place = task[key].as_str().unwrap_or_else(|| panic!("{key} of {task}"));
        place.contains("running.rs")
    };
    for (name, operation) in [("main", "sleep"), ("ticks", "sleep"), ("listens", "accept")] {
        let task = named(&tasks, name).unwrap();
        assert!(place(task, "born") && place(task, "awaits"), "{task}");
        let is_known =
            task["waits"].as_array().unwrap().iter().any(|w| w["operation"] == operation);
        // It may be on its way just now.
        assert!(is_known || task["state"] != "waiting", "{task}");
        assert!(task["polls"].as_u64() > Some(0), "{task}");
    }
    let ps = running.said_well(&["ps"]);
    for part in ["on served", "main", "ticks", "listens", "doomed", "as of"] {
        assert!(ps.contains(part), "{part}: {ps}");
    }
    let tree = running.json(&["tree"]);
    let depth = |name: &str| {
        let rows = tree["loops"][0]["tree"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap()["depth"].clone()
    };
    assert_eq!(["main", "ticks", "listens", "doomed"].map(depth), [0, 1, 1, 1]);
    let sources = running.json(&["res"])["loops"][0]["sources"].clone();
    let listener = sources.as_array().unwrap().iter().find(|source| source["kind"] == "listener");
    let waiter = &listener.unwrap()["waiters"][0];
    assert_eq!(waiter["task"], named(&tasks, "listens").unwrap()["id"], "{sources}");
    assert!(running.said_well(&["where"]).contains("on served"));
    let ticks = running.said_well(&["where", "ticks"]);
    assert!(ticks.contains("`ticks`") && ticks.contains("spawned at"), "{ticks}");
    // A screen on a pipe is of two looks: one has no loads.
    let top = running.said_well(&["top"]);
    let ticks = top.lines().find(|line| line.contains("  ticks  ")).expect("a row");
    assert!(ticks.contains("%  "), "{top}");
    assert_eq!(running.said_well(&["url"]), format!("{}\n", running.inspector.url()));
}

#[test]
fn a_loop_that_is_busy_is_caught_at_what_it_runs() {
    let running = Running::start(false);
    let is_seen = |_: &i32| {
        let told = running.said_well(&["where", "--fresh", "1000"]);
        told.contains("runs task") && told.contains("`busy` (phase run), spawned at")
    };
    assert!((0..10).filter(is_seen).count() == 0, "nobody is");
    running.busy.store(true, Ordering::Relaxed);
    // Between two of its runs it is not, for some microseconds of some milliseconds.
    assert!((0..20).filter(is_seen).count() > 5);
}

#[test]
fn what_was_is_told_from_the_recording() {
    let running = Running::start(false);
    let why = running.said_well(&["why", "ticks"]);
    assert!(why.contains("why it ran last:") && why.contains("timer of"), "{why}");
    assert!(running.said_well(&["why", "doomed"]).contains("why it does not run now:"));
    let wakes = running.said_well(&["wakes", "ticks"]);
    assert!(wakes.contains("timer of") && wakes.contains("LAST BY"), "{wakes}");
    let story = running.said_well(&["story", "5"]);
    assert!(story.contains("turn ") && story.contains("`ticks`"), "{story}");
    let turns = running.said_well(&["turns", "5"]);
    assert_eq!(turns.lines().count(), 7, "a head, a title and five: {turns}");
    let slow = running.said_well(&["slow", "3"]);
    assert!(slow.contains("the 3 longest runs") && slow.lines().count() == 5, "{slow}");

    let file = running.file("trace.json");
    let told = running.said_well(&["trace", &file]);
    assert!(told.starts_with(&format!("{file}: ")) && told.contains(" events over "), "{told}");
    let trace: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert!(trace["traceEvents"].as_array().unwrap().len() > 20);
}

#[test]
fn a_recording_is_made_of_what_happens_from_then_on() {
    let running = Running::start(true);
    let records = || {
        let ps = running.json(&["ps", "--fresh", "1000"]);
        ps["loops"][0]["recorded"]["on"].clone()
    };
    let off = running.said_well(&["record", "off"]);
    assert_eq!(off, format!("loop {} does not record\n", running.number));
    assert_eq!(records(), false);
    // Whatever is told of it says so, and that its last turn was cut.
    for line in [&["why", "ticks"][..], &["wakes", "ticks"], &["turns"], &["story"]] {
        let told = running.said_well(line);
        assert!(told.contains("recording has been off since turn "), "{line:?}: {told}");
    }
    let story = running.json(&["story", "1"])["loops"][0].clone();
    let last = story["turns"][0].clone();
    assert_eq!(story["recording"]["turn"], last["turn"], "{story}");
    assert_ne!(last["sentences"].as_array().unwrap().last().unwrap(), "nothing was ready.");
    // There is a history, and it ends here.
    let ended = end_of(&running.slices("before.json"));
    let told = running.said_well(&["record", "200ms", &running.file("recorded.json")]);
    assert!(told.contains(" events over ") && !told.contains("lost"), "{told}");
    assert_eq!(records(), false, "it is as it was before");
    let recorded = slices(&running.file("recorded.json"));
    assert!(recorded.len() > 20);
    assert!(recorded.iter().all(|slice| slice.0 >= ended), "{ended}: {recorded:?}");
    // The whole ring has both.
    let all = running.slices("all.json");
    assert!(all.iter().any(|slice| slice.0 < ended) && all.len() > recorded.len());
    let on = running.said_well(&["record", "on"]);
    assert_eq!(on, format!("loop {} records\n", running.number));
    assert_eq!(records(), true);
    // What is under way when it begins is told when it is over, and began before.
    let ended = end_of(&running.slices("before.json"));
    running.said_well(&["record", "200ms", &running.file("recorded.json")]);
    let recorded = slices(&running.file("recorded.json"));
    assert!(recorded.iter().all(|slice| slice.1 > ended), "{ended}: {recorded:?}");
    assert_eq!(records(), true, "it is as it was before");
    fails(&running.run(&["record", "1ms", &running.file("no/such/folder")]), 2, "no/such");
}

#[test]
fn a_task_is_cancelled_and_the_end_of_main_is_told_to_the_program() {
    let mut running = Running::start(true);
    let said = running.said_well(&["cancel", "doomed"]);
    assert!(said.contains("`doomed` is cancelled when its loop comes to it"), "{said}");
    let began = Instant::now();
    while named(&running.tasks(), "doomed").is_some_and(|task| task["state"] == "waiting") {
        assert!(began.elapsed() < PATIENCE, "it lives on");
    }
    fails(&running.run(&["cancel", "nobody"]), 1, "no task `nobody`");
    running.said_well(&["cancel", "main"]);
    let ended = running.thread.take().unwrap().join().unwrap();
    assert!(matches!(ended, Err(RunError::Cancelled)), "{ended:?}");
}

#[test]
fn who_may_not_is_told_so() {
    let running = Running::start(false);
    for line in [&["cancel", "doomed"][..], &["record", "on"], &["pause"], &["step"], &["resume"]] {
        fails(&running.run(line), 4, "control was refused (405)");
    }
    let wrong = format!("http://{}/#wrong", running.inspector.address());
    fails(&run(&mut terminal(&["-p", &wrong, "ps"])), 4, "the token was refused (401)");
    running.inspector.stop();
    fails(&running.run(&["ps"]), 3, "");
}

#[cfg(unix)]
#[test]
fn a_process_is_found_by_its_number() {
    let running = Running::start(false);
    let pid = std::process::id().to_string();
    let mut found = terminal(&[&pid, "--loop", &running.number, "ps"]);
    let said = run(found.env("XDG_RUNTIME_DIR", &running.folder));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("listens"), "{}", said.out);
}
