//! asyncio: loops, which is current, and how they run and end.

use std::{cell::Cell, future::pending, io::ErrorKind, rc::Rc, thread};

use glassloop::{
    EventLoop, JoinError, Limits, Lint, LintLimits, PollerKind, RunError, TaskState,
    net::TcpListener, sleep, spawn, stop, yield_now,
};

use crate::{MS, SECOND, complaint, effects::Effects, quiet_loop};

#[test]
fn asyncio_get_event_loop_never_makes_one_by_the_way() {
    let told = complaint(|| spawn(async {}).detach());
    assert!(told.starts_with("`spawn` needs a current event loop and thread `bare` has none"));
    // In a task nobody asks for it: it is the one that runs the task.
    let sum = EventLoop::test().block_on(async { spawn(async { 3 }).await.unwrap() });
    assert_eq!(sum.unwrap(), 3);
}

#[test]
fn asyncio_new_event_loop_gives_loops_that_share_nothing() {
    let (ours, theirs) = (EventLoop::test(), EventLoop::test());
    let (one, other) = (ours.spawn(async {}), theirs.spawn(async {}));
    ours.run().unwrap();
    assert!(one.is_finished() && !other.is_finished());
    let polls = |event_loop: &EventLoop| event_loop.snapshot().executor.polls;
    assert_eq!((polls(&ours), polls(&theirs)), (1, 0));
}

#[test]
fn asyncio_set_event_loop_is_a_closure_that_ends() {
    let (outer, inner) = (EventLoop::test(), EventLoop::test());
    outer.enter(|| {
        inner.enter(|| spawn(async {}).detach());
        spawn(async {}).detach();
        spawn(async {}).detach();
    });
    assert_eq!((outer.snapshot().tasks.len(), inner.snapshot().tasks.len()), (2, 1));
}

#[test]
fn asyncio_get_running_loop_fails_with_what_became_of_the_loop() {
    let told = complaint(|| {
        drop(EventLoop::test());
        spawn(async {}).detach();
    });
    let made = format!("The last loop of this thread was made at {}", file!());
    assert!(told.contains(&made) && told.contains("and ended at"), "{told}");
}

#[test]
fn asyncio_run_closes_what_it_made() {
    let held = Rc::new(());
    let kept = Rc::clone(&held);
    let main = async move {
        spawn(async move {
            let _kept = kept;
            pending::<()>().await;
        })
        .detach();
        yield_now().await;
        7
    };
    assert_eq!(glassloop::run(main).unwrap(), 7);
    assert_eq!(Rc::strong_count(&held), 1, "the task that was left is dropped");
}

#[test]
fn asyncio_run_until_complete_leaves_the_others_where_they_are() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let notes = effects.clone();
    let other = event_loop.spawn(async move {
        notes.note("asks");
        sleep(SECOND).await;
        notes.note("hears");
    });
    assert_eq!(event_loop.block_on(async { "first" }).unwrap(), "first");
    assert_eq!(effects.take(), ["asks"]);
    assert!(!other.is_finished());
    event_loop.block_on(async { sleep(2 * SECOND).await }).unwrap();
    assert_eq!(effects.take(), ["hears"]);
}

#[test]
fn asyncio_run_forever_ends_when_nothing_is_left_that_could_run() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.run().unwrap(); // asyncio's would wait for ever
    let (remote, effects) = (event_loop.remote(), Effects::default());
    let notes = effects.clone();
    // Whoever holds a `Remote` may still leave a call.
    let thread = thread::spawn(move || remote.defer(move || notes.note("called")).is_ok());
    event_loop.run().unwrap();
    assert!(thread.join().unwrap());
    assert_eq!(effects.take(), ["called"]);
    // What nobody can wake any more is no reason to wait.
    let stuck = event_loop.spawn(pending::<()>()).named("forgotten");
    let Err(RunError::Deadlock(told)) = event_loop.run() else { panic!("nobody can wake it") };
    assert!(told.to_string().contains("`forgotten`"), "{told}");
    drop(stuck);
}

#[test]
fn asyncio_stop_lets_the_turn_end_and_destroys_nothing() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let [first, second, third] = [0; 3].map(|_| effects.clone());
    event_loop
        .call_soon(move || {
            first.note("stop");
            stop();
        })
        .unwrap();
    event_loop.call_soon(move || second.note("the same turn")).unwrap();
    event_loop
        .spawn(async move {
            yield_now().await;
            third.note("the next run");
        })
        .detach();
    event_loop.run().unwrap();
    assert_eq!(effects.take(), ["stop", "the same turn"]);
    event_loop.run().unwrap();
    assert_eq!(effects.take(), ["the next run"]);
    // Of a run for a result it is an error: the result is not there.
    let stopped = event_loop.block_on(async {
        stop();
        pending::<()>().await;
    });
    assert!(matches!(stopped, Err(RunError::Stopped)));
}

#[test]
fn asyncio_close_takes_a_deadline_and_says_what_it_dropped() {
    let event_loop = EventLoop::test();
    let waits = event_loop.spawn(pending::<()>()).named("listener");
    let ends = event_loop.spawn(async { sleep(SECOND).await }).named("last words");
    let report = event_loop.close(10 * SECOND);
    assert!(ends.is_finished());
    let left: Vec<_> = report.tasks.iter().map(|task| &*task.name).collect();
    assert_eq!((left, report.tasks_aborted), (vec!["listener"], 1));
    assert!(matches!(event_loop.run(), Err(RunError::Closed)));
    assert!(event_loop.close(SECOND).is_clean(), "a second time there is nothing to do");
    let refused = EventLoop::test().block_on(event_loop.spawn(async {}));
    assert!(matches!(refused, Ok(Err(JoinError::Refused))));
    let cancelled = EventLoop::test().block_on(waits);
    assert!(matches!(cancelled, Ok(Err(JoinError::Cancelled))));
}

#[test]
fn asyncio_selector_event_loop_is_a_poller_of_the_builder() {
    let bound = |poller| {
        let event_loop = EventLoop::builder().poller(poller).build().unwrap();
        let bound = event_loop.enter(|| TcpListener::bind("127.0.0.1:0".parse().unwrap()));
        bound.map(drop).map_err(|error| error.kind())
    };
    assert_eq!(bound(PollerKind::Mio), Ok(()), "the system's sockets");
    assert_eq!(bound(PollerKind::Scripted), Ok(()), "sockets of a script");
    assert_eq!(bound(PollerKind::TimersOnly), Err(ErrorKind::Unsupported), "no descriptors");
}

#[test]
fn asyncio_set_debug_tells_a_wrong_thread_where_the_loops_are() {
    let line = line!() + 1;
    let debugged = EventLoop::builder().debug(true).build().unwrap();
    let told = complaint(|| spawn(async {}).detach());
    assert!(told.contains("Loops that live:"), "{told}");
    assert!(told.contains(&format!("{}:{line}:", file!())), "{told}");
    assert!(debugged.close(SECOND).is_clean());
}

#[test]
fn asyncio_slow_callback_duration_is_a_limit_of_a_lint() {
    let clock = glassloop::ManualClock::new();
    let lint = LintLimits { slow_poll_us_min: 50_000, ..LintLimits::default() };
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    let builder = builder.clock(glassloop::Clock::Manual(clock.clone()));
    let event_loop = builder.limits(Limits { lint, ..Limits::default() }).build().unwrap();
    event_loop.lint(true);
    let found = |event_loop: &EventLoop, takes| {
        let clock = clock.clone();
        event_loop.call_soon(move || clock.advance(takes)).unwrap();
        event_loop.run().unwrap();
        event_loop.findings().iter().filter(|found| found.lint == Lint::SlowPoll).count()
    };
    assert_eq!(found(&event_loop, 49 * MS), 0);
    assert_eq!(found(&event_loop, 51 * MS), 1);
}

#[test]
fn asyncio_set_exception_handler_hears_of_what_nobody_awaits() {
    let effects = Effects::default();
    let notes = effects.clone();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    let builder = builder.on_unhandled(move |failed| notes.note(format_args!("{}", failed.what)));
    let event_loop = builder.build().unwrap();
    let fails = event_loop.spawn(async { panic!("the disk is full") }).named("export");
    fails.detach();
    event_loop.run().unwrap();
    assert_eq!(effects.take(), ["the detached task #0.0 `export`"]);
    // While somebody has its handle it may still be awaited.
    let held = event_loop.spawn(async { panic!("the disk is full") }).named("backup");
    event_loop.run().unwrap();
    assert!(effects.take().is_empty());
    drop(held);
    let told = effects.take();
    assert!(told.len() == 1 && told[0].contains("`backup`"), "{told:?}");
    // Who awaits it is told instead.
    let fails = event_loop.spawn(async { panic!("the disk is full") });
    let told = event_loop.block_on(fails).unwrap();
    assert!(matches!(told, Err(JoinError::Panicked(_))));
    assert!(effects.take().is_empty());
}

#[test]
fn asyncio_all_tasks_is_a_snapshot_that_says_what_each_waits_for() {
    let (event_loop, _clock) = quiet_loop();
    event_loop.spawn(async { sleep(SECOND).await }).named("sleeper").detach();
    let seen = event_loop.block_on(async {
        yield_now().await;
        glassloop::snapshot()
    });
    let seen = seen.unwrap();
    let [sleeper, main] = &seen.tasks[..] else { panic!("two tasks: {seen}") };
    assert_eq!((&*sleeper.name, sleeper.waits[0].operation), ("sleeper", "sleep"));
    assert_eq!((&*main.name, main.state), ("main", TaskState::Running));
}

#[test]
fn asyncio_create_task_runs_first_when_this_one_waits() {
    let polled = Rc::new(Cell::new(false));
    let seen = Rc::clone(&polled);
    EventLoop::test()
        .block_on(async move {
            // As in asyncio, unless its eager tasks are switched on.
            spawn(async move { seen.set(true) }).detach();
            assert!(!polled.get());
            yield_now().await;
            assert!(polled.get());
        })
        .unwrap();
}
