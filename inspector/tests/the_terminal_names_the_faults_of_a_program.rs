//! `glassloop lint`: what a loop has found to be a fault in its program, with an exit code for who
//! wants none of it, and the step to the next one.
//!
//! The program and its inspector live in the test's own process, the terminal in another.

#![cfg(test)]

#[path = "common/canned.rs"]
mod canned;
#[path = "common/running.rs"]
mod running;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use canned::{run, terminal};
use glassloop::{LoopThread, sleep};
use glassloop_inspector::Builder;
use running::{PATIENCE, Running, fails};
use serde_json::Value;

/// What one inspector wants of new loops, it wants of those of the other test, too.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn a_program_that_takes_no_orders_is_offered_none() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let said = Running::start(false).said_well(&["lint"]);
    assert!(
        said.contains("nobody looks for faults (a program started with GLASSLOOP_LINT=1"),
        "{said}"
    );
    assert!(!said.contains("lint on"), "{said}");
}

#[test]
fn what_a_loop_has_found_is_told_with_its_reason_and_may_fail_a_build() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let running = Running::start(true);
    let said = running.said_well(&["lint"]);
    assert!(said.contains("nobody looks for faults (`glassloop lint on` does"), "{said}");
    let unasked = running.run(&["lint", "--deny", "all"]);
    assert_eq!(unasked.code, Some(1), "what nobody looked for is not absent: {}", unasked.err);
    running.said_well(&["lint", "on"]);
    let began = Instant::now();
    let lost = loop {
        let told = running.json(&["lint", "--fresh", "1000"]);
        let findings = told["loops"][0]["lint"]["findings"].as_array().cloned().unwrap_or_default();
        if let Some(lost) = findings.into_iter().find(|it| it["lint"] == "lost-wake") {
            break lost;
        }
        assert!(began.elapsed() < PATIENCE, "{told}");
    };
    assert!(lost["subject"].as_str().unwrap().contains("`doomed`"), "{lost}");
    let said = running.said_well(&["lint"]);
    for words in [
        "lost-wake: task #",
        "running.rs:",
        "nobody holds its waker any more",
        "Whoever takes a waker wakes it",
        "see examples/ch04_a_waker_is_a_note.rs",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let denied = running.run(&["lint", "--deny", "busy-loop,lost-wake"]);
    assert_eq!(denied.code, Some(5), "{}", denied.err);
    assert!(
        denied.err.contains("expected none of what is denied, came lost-wake"),
        "{}",
        denied.err
    );
    assert!(denied.out.contains("lost-wake: task #"), "what was found is shown as well");
    running.said_well(&["lint", "--deny", "leak-at-close"]);
    // It sleeps time and again, and is later each time: another one holds the loop.
    running.busy.store(true, SeqCst);
    let stepped = running.json(&["step", "lint", "timer-drift"]);
    assert_eq!(stepped["pace"]["ordered"], true, "{stepped}");
    let stopped = loop {
        let pace = &running.json(&["ps"])["loops"][0]["pace"];
        if pace["stopped"]["by"].is_string() {
            break pace["stopped"].clone();
        }
        assert!(began.elapsed() < PATIENCE, "{pace}");
    };
    assert_eq!(stopped["by"], "lint timer-drift");
    running.said_well(&["resume"]);
    running.said_well(&["lint", "off"]);
    fails(&running.run(&["step", "lint", "storm"]), 2, "expected `to` to be");
}

#[test]
fn an_inspector_has_every_loop_look_for_faults_that_it_is_told_to() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = std::env::temp_dir().join(format!("glassloop-lints-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let inspector = Builder::new().folder(folder.join("glassloop")).lint(true).start().unwrap();
    let thread = LoopThread::start("faulty").unwrap();
    let (done, ends) = (Arc::new(AtomicBool::new(false)), Duration::from_millis(1));
    let over = Arc::clone(&done);
    let mut call = thread.remote().spawn(move || async move {
        glassloop::spawn(async { panic!("nobody hears this") }).named("loner").detach();
        while !over.load(SeqCst) {
            sleep(ends).await;
        }
    });
    let find = || -> Option<Value> {
        let said = run(&mut terminal(&["-p", inspector.url(), "lint", "--json"]));
        let told: Value = serde_json::from_str(&said.out).unwrap();
        let loops = told["loops"].as_array()?.iter();
        let of = loops.into_iter().find(|of| of["loop"]["thread"] == "faulty")?;
        let findings = of["lint"]["findings"].as_array()?;
        findings.iter().find(|found| found["lint"] == "dropped-failure").cloned()
    };
    let began = Instant::now();
    let found = loop {
        if let Some(found) = find() {
            break found;
        }
        assert!(began.elapsed() < PATIENCE, "nothing was found");
    };
    assert!(found["subject"].as_str().unwrap().contains("`loner`"), "{found}");
    done.store(true, SeqCst);
    call.wait(PATIENCE).unwrap();
    drop((thread, inspector));
    std::fs::remove_dir_all(folder).unwrap();
}
