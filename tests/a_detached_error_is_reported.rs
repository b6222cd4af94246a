//! A detached error is reported: `or_report` tells the task's name and place of birth, whenever
//! the error comes, and fails a test's run.
//!
//! Runs under Miri.

#![cfg(test)]

mod common;

use std::{cell::RefCell, fmt, future::pending, rc::Rc};

use common::{panic_quietly, settle};
use glassloop::{Builder, EventLoop, Failure, Limits, RunError, spawn};

/// Every failure in full, how it failed, and the line where what failed was born.
type Told = Rc<RefCell<Vec<(String, Failure, Option<u32>)>>>;

fn telling(builder: Builder) -> (EventLoop, Told) {
    let told = Told::default();
    let kept = Rc::clone(&told);
    let builder = builder.on_unhandled(move |unhandled| {
        let line = unhandled.place.location().map(|place| place.line());
        kept.borrow_mut().push((unhandled.to_string(), unhandled.failure, line));
    });
    (builder.build().unwrap(), told)
}

#[test]
fn it_is_told_with_the_name_and_the_place_of_the_task() {
    let (event_loop, told) = telling(EventLoop::builder());
    let line = line!() + 1;
    let task = event_loop.spawn(async { Err::<(), _>("no disk") });
    let id = task.id();
    task.named("writer").or_report();
    settle(&event_loop);
    let (text, failure, born) = told.borrow()[0].clone();
    let expected = format!("the detached task {id} `writer` failed: no disk (born at {}:", file!());
    assert!(text.starts_with(&expected), "{text}");
    assert_eq!((failure, born), (Failure::Error, Some(line)));
    assert_eq!(told.borrow().len(), 1);
}

#[test]
fn an_error_that_is_there_already_is_told_at_once() {
    let (event_loop, told) = telling(EventLoop::builder());
    let task = event_loop.spawn(async { Err::<(), _>("early") });
    settle(&event_loop);
    assert!(task.is_finished() && told.borrow().is_empty());
    task.or_report();
    assert!(told.borrow()[0].0.contains("failed: early"), "{told:?}");
    assert_eq!(event_loop.snapshot().tasks.len(), 0);
}

#[test]
fn success_and_abortion_are_no_errors_and_a_panic_is_told_as_one() {
    let (event_loop, told) = telling(EventLoop::builder());
    event_loop.spawn(async { Ok::<_, String>(1) }).or_report();
    let aborted = event_loop.spawn(pending::<Result<(), String>>());
    aborted.abort();
    aborted.or_report();
    event_loop.spawn(async { Err::<(), _>("nobody asked") }).detach();
    settle(&event_loop);
    assert_eq!(told.borrow().len(), 0);
    event_loop.spawn(async { panic_quietly::<_>("ouch") as Result<(), String> }).or_report();
    settle(&event_loop);
    assert_eq!(told.borrow()[0].1, Failure::Panicked);
    assert_eq!(told.borrow().len(), 1);
}

#[test]
fn a_task_in_the_same_slot_is_not_told_of() {
    let (event_loop, told) = telling(EventLoop::builder());
    event_loop.spawn(async { Err::<(), _>(1) }).or_report();
    settle(&event_loop);
    event_loop.spawn(async { Err::<(), _>(2) }).detach();
    settle(&event_loop);
    assert_eq!(told.borrow().len(), 1, "{told:?}");
}

#[test]
fn a_refused_task_is_told_of() {
    let mut limits = Limits::default();
    limits.executor.tasks_max = 0;
    let (event_loop, told) = telling(EventLoop::builder().limits(limits));
    event_loop.spawn(async { Ok::<(), String>(()) }).or_report();
    assert!(told.borrow()[0].0.contains("refused"), "{told:?}");
}

#[test]
fn an_error_whose_text_panics_is_told_all_the_same() {
    struct Mute;
    impl fmt::Display for Mute {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic_quietly("no words")
        }
    }
    let (event_loop, told) = telling(EventLoop::builder());
    event_loop.spawn(async { Err::<(), _>(Mute) }).or_report();
    settle(&event_loop);
    assert!(told.borrow()[0].0.contains("panicked: no words"), "{told:?}");
}

#[test]
fn it_fails_the_run_of_a_test() {
    let ran = EventLoop::test().block_on(async {
        spawn(async { Err::<(), _>("no disk") }).named("writer").or_report();
        pending::<()>().await
    });
    let Err(RunError::Failed(text)) = ran else { panic!("{ran:?}") };
    assert!(text.contains("`writer` failed: no disk"), "{text}");
}
