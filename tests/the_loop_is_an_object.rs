//! A loop is a value: made, entered, run, stopped, run again; several live side by side.
//!
//! What it leaves behind when it ends is the matter of `a_loop_says_what_it_leaves.rs`.
#![cfg(test)]

use std::{
    cell::{Cell, RefCell},
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use glassloop::{EventLoop, JoinError, RunError};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_hundred_loops_in_a_hundred_threads_share_nothing() {
    let threads: Vec<_> = (0..100u64)
        .map(|n| {
            thread::spawn(move || {
                let event_loop = EventLoop::new().unwrap();
                let sum = event_loop.block_on(async move {
                    let tasks: Vec<_> =
                        (0..n).map(|k| glassloop::spawn(async move { k })).collect();
                    let mut sum = 0;
                    for task in tasks {
                        sum += task.await.unwrap();
                    }
                    sum
                });
                let spawned = event_loop.snapshot().executor.spawned;
                assert!(event_loop.close(Duration::ZERO).is_clean());
                (sum.unwrap(), spawned)
            })
        })
        .collect();
    for (n, thread) in (0..100u64).zip(threads) {
        assert_eq!(thread.join().unwrap(), (n * n.saturating_sub(1) / 2, n + 1));
    }
}

#[test]
fn several_loops_of_one_thread_take_turns_and_one_at_a_time_is_current() {
    let (a, b) = (EventLoop::test(), EventLoop::test());
    let tasks = || (a.snapshot().tasks.len(), b.snapshot().tasks.len());
    a.enter(|| {
        glassloop::spawn(async {}).detach();
        b.enter(|| glassloop::spawn(async {}).detach());
        assert_eq!(tasks(), (1, 1));
        // Back in the outer one.
        glassloop::spawn(async {}).detach();
        a.enter(|| glassloop::spawn(async {}).detach());
    });
    assert_eq!(tasks(), (3, 1));
    b.run().unwrap();
    assert_eq!(tasks(), (3, 0));
    a.run().unwrap();
    // A panic in `enter` leaves it all the same.
    let entered = AssertUnwindSafe(|| a.enter(|| panic!("out")));
    assert!(catch_unwind(entered).is_err());
    assert!(catch_unwind(|| glassloop::spawn(async {}).detach()).is_err(), "none is current");
}

#[test]
fn a_task_of_one_loop_is_woken_by_a_turn_of_another() {
    let (a, b) = (EventLoop::test(), EventLoop::test());
    let token = glassloop::CancelToken::new();
    let waits = a.spawn(token.cancelled());
    assert!(matches!(a.block_on(async { glassloop::stop() }), Ok(())));
    b.block_on(async move { token.cancel() }).unwrap();
    a.run().unwrap();
    assert!(waits.is_finished());
}

/// What a free function says outside of a loop.
fn complaint(ask: impl FnOnce() + Send + 'static) -> String {
    let payload = catch_unwind(AssertUnwindSafe(ask)).unwrap_err();
    payload.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn outside_of_a_loop_the_panic_says_which_thread_and_what_to_do() {
    let named = thread::Builder::new().name("painter".to_owned());
    let thread = named.spawn(|| {
        let never_had_one = complaint(|| glassloop::spawn(async {}).detach());
        let (event_loop, made) = (EventLoop::test(), line!());
        let ended = line!() + 1;
        event_loop.close(Duration::ZERO);
        (never_had_one, complaint(|| glassloop::stop()), made, ended)
    });
    let (never_had_one, had_one, made, ended) = thread.unwrap().join().unwrap();
    for part in ["`spawn`", "thread `painter`", "`EventLoop::block_on`", "`Remote`"] {
        assert!(never_had_one.contains(part), "{never_had_one}");
    }
    assert!(!never_had_one.contains("last loop"), "{never_had_one}");
    let file = file!();
    let past = format!("last loop of this thread was made at {file}:{made}:");
    assert!(had_one.contains("`stop`") && had_one.contains(&past), "{had_one}");
    assert!(had_one.contains(&format!("and ended at {file}:{ended}:")), "{had_one}");
}

#[test]
fn every_free_function_complains_outside_of_a_loop() {
    let naps = [
        complaint(|| drop(glassloop::sleep(SECOND))),
        complaint(|| drop(glassloop::timeout(SECOND, async {}))),
        complaint(|| drop(glassloop::call_soon(|| ()))),
        complaint(|| drop(glassloop::call_later(SECOND, || ()))),
        complaint(|| drop(glassloop::call_at(Instant::now(), || ()))),
        complaint(|| drop(glassloop::queue_microtask(|| ()))),
        complaint(|| drop(glassloop::remote())),
        complaint(|| drop(glassloop::snapshot())),
    ];
    let here = thread::current().name().unwrap().to_owned();
    for said in naps {
        assert!(said.contains(&format!("thread `{here}`")) && said.contains("enter"), "{said}");
    }
}

#[test]
fn a_loop_runs_stops_and_runs_again() {
    let event_loop = EventLoop::test();
    let count = Rc::new(Cell::new(0));
    let counter = Rc::clone(&count);
    let task = event_loop.spawn(async move {
        loop {
            glassloop::sleep(SECOND).await;
            counter.set(counter.get() + 1);
            glassloop::stop();
        }
    });
    for runs in 1..=3 {
        event_loop.run().unwrap();
        assert_eq!((count.get(), event_loop.snapshot().now_ns), (runs, runs * 1_000_000_000));
    }
    // Stopped before it has a result, the main task lives on.
    assert!(matches!(event_loop.block_on(pending::<()>()), Err(RunError::Stopped)));
    assert_eq!(event_loop.snapshot().tasks.len(), 2);
    assert_eq!(event_loop.block_on(async { 5 }).unwrap(), 5);
    // A stop before a run ends its first turn.
    event_loop.stop();
    event_loop.run().unwrap();
    assert_eq!(count.get(), 4);
    assert!(!task.is_finished());
    assert_eq!(event_loop.close(Duration::ZERO).tasks.len(), 2);
}

#[test]
fn a_run_with_nothing_to_do_is_over_at_once() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.run().unwrap();
    assert_eq!(event_loop.snapshot().turn, 0);
}

#[test]
fn a_panic_of_the_main_future_goes_on_in_the_caller_and_the_loop_can_be_used_again() {
    let event_loop = EventLoop::test();
    let main = AssertUnwindSafe(|| event_loop.block_on(async { panic!("out of ideas") }));
    let payload = catch_unwind(main).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"out of ideas"));
    assert_eq!(event_loop.block_on(async { 1 }).unwrap(), 1);
}

#[test]
fn a_detached_panic_fails_the_run_of_a_loop_for_tests() {
    let event_loop = EventLoop::test();
    let line = line!() + 1;
    event_loop.spawn(async { panic!("nobody looks") }).named("careless").detach();
    let failed = event_loop.block_on(pending::<()>());
    let Err(RunError::Failed(what)) = failed else { panic!("expected a failure, came {failed:?}") };
    assert!(what.contains("nobody looks"), "{what}");
    assert!(what.contains("`careless`"), "{what}");
    assert!(what.contains(&format!("{}:{line}:", file!())), "{what}");
    // Who holds the handle is told, and nobody else.
    let task = event_loop.spawn(async { panic!("somebody looks") });
    let told = event_loop.block_on(task).unwrap();
    assert!(matches!(told, Err(JoinError::Panicked(_))));
    event_loop.close(Duration::ZERO);
}

thread_local! {
    static KEPT: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
}

#[test]
fn a_loop_in_a_thread_local_ends_with_its_thread() {
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let thread = thread::spawn(move || {
        let event_loop = EventLoop::new().unwrap();
        let stream = event_loop.enter(glassloop::net::duplex).unwrap();
        let task = async move {
            let _held = held;
            let nap = glassloop::sleep(SECOND);
            stream.0.read(&mut [0]).await.unwrap();
            nap.await;
        };
        event_loop.spawn(task).detach();
        KEPT.set(Some(event_loop));
    });
    thread.join().expect("the thread ends in peace");
    assert_eq!(Arc::strong_count(&alive), 1, "and drops what the loop held");
}
