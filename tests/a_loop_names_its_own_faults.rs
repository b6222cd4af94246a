//! What a lint has found is told to everybody who could want to know, counted, and bounded; it ends
//! a run only where that was asked for. Which lint finds what is in `lints/`.
#![cfg(test)]
#![cfg(feature = "observe")]

#[path = "common/stepper.rs"]
mod stepper;

use std::{
    cell::Cell,
    future::{Future, pending, poll_fn},
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use glassloop::{
    Clock, Entry, EventLoop, Happening, Kind, Limits, Lint, LoopThread, ManualClock, PollerKind,
    RunError, StepTo, sleep, spawn, yield_now,
};
use stepper::pump;

const SECOND: Duration = Duration::from_secs(1);

/// A task that forgets its waker, in a line of its own each time.
#[track_caller]
fn forgets(event_loop: &EventLoop) -> glassloop::TaskId {
    let task = event_loop.spawn(pending::<()>());
    let id = task.id();
    task.detach();
    id
}

type Kept = Rc<Cell<Option<Waker>>>;

/// Waits for ever, and leaves its waker in a cell.
fn keeps(kept: &Kept) -> impl Future<Output = ()> + use<> {
    let kept = Rc::clone(kept);
    poll_fn(move |cx| {
        kept.set(Some(cx.waker().clone()));
        Poll::Pending
    })
}

#[test]
fn nobody_looks_for_faults_unasked_and_nothing_of_the_past_is_told() {
    let event_loop = EventLoop::test();
    forgets(&event_loop);
    event_loop.block_on(async { sleep(SECOND).await }).unwrap();
    assert!(event_loop.findings().is_empty() && event_loop.snapshot().lint.is_none());
    event_loop.lint(true);
    event_loop.lint(false);
    forgets(&event_loop);
    event_loop.block_on(async { sleep(SECOND).await }).unwrap();
    let line = event_loop.snapshot().lint.expect("it was on");
    assert_eq!((line.on, line.since_ns, line.findings.len()), (false, 1_000_000_000, 0));
}

#[test]
fn a_finding_ends_a_run_only_if_it_is_denied_and_the_loop_can_be_run_again() {
    let event_loop = EventLoop::test();
    event_loop.deny([Lint::SlowPoll, Lint::ForgottenWaker]);
    event_loop.spawn(async { panic!("a lint that is not denied") }).detach();
    event_loop.block_on(async { yield_now().await }).unwrap_err(); // but a failure of a test loop
    let task = forgets(&event_loop);
    let ended = event_loop.block_on(async { sleep(SECOND).await });
    match ended {
        Err(RunError::Found(found)) => {
            assert_eq!((found.lint, found.task), (Lint::ForgottenWaker, task));
            let told = RunError::Found(found).to_string();
            assert!(told.contains("denied") && told.contains("forgotten-waker"), "{told}");
        }
        other => panic!("{other:?}"),
    }
    event_loop.block_on(async { sleep(SECOND).await }).unwrap();
    let lints: Vec<_> = event_loop.findings().iter().map(|finding| finding.lint).collect();
    assert_eq!(lints, [Lint::DroppedFailure, Lint::ForgottenWaker]);
}

#[test]
fn what_is_found_only_when_the_run_is_over_ends_it_all_the_same() {
    let event_loop = EventLoop::test();
    event_loop.deny(Lint::ALL);
    let kept = Kept::default();
    event_loop.spawn(keeps(&kept)).detach();
    let ended = event_loop.block_on(async move {
        yield_now().await;
        drop(kept.take());
    });
    assert!(matches!(ended, Err(RunError::Found(found)) if found.lint == Lint::LostWake));
}

#[test]
fn a_run_that_is_stopped_ends_by_what_is_found_then() {
    let event_loop = EventLoop::test();
    event_loop.deny([Lint::LostWake]);
    let waker = Kept::default();
    event_loop.spawn(keeps(&waker)).detach();
    event_loop
        .spawn(async move {
            sleep(Duration::from_millis(10)).await; // behind the first look
            drop(waker.take());
            glassloop::stop();
        })
        .detach();
    let ended = event_loop.run();
    assert!(matches!(ended, Err(RunError::Found(found)) if found.lint == Lint::LostWake));
    event_loop.block_on(async { yield_now().await }).unwrap();
}

#[test]
fn a_finding_is_in_the_recording_the_snapshot_and_the_watch() {
    let event_loop = EventLoop::test();
    event_loop.lint(true);
    let task = forgets(&event_loop);
    event_loop.block_on(async { sleep(SECOND).await }).unwrap();
    let watch = event_loop.watch();
    let events = watch.events(0).events;
    let at = events.iter().position(|event| matches!(event.what, Happening::Found(..)));
    let at = at.expect("it was recorded");
    let item = Entry::new(Kind::Task, task.index, task.generation);
    assert_eq!(events[at].what, Happening::Found(Lint::ForgottenWaker, item));
    assert!(
        matches!(events[at - 1].what, Happening::Ran(ran, ..) if ran == item),
        "behind the poll that it is about"
    );
    let line = event_loop.snapshot().lint.expect("the lints are on");
    assert_eq!((line.on, line.more, &line.findings), (true, 0, &event_loop.findings()));
    event_loop.close(Duration::ZERO);
    let last = watch.snapshot().expect("the last one").lint.clone().expect("the lints are on");
    let lints: Vec<_> = last.findings.iter().map(|finding| finding.lint).collect();
    assert_eq!(lints, [Lint::ForgottenWaker, Lint::LeakAtClose], "what was found at its end, too");
}

#[test]
fn another_thread_may_have_a_loop_look_for_faults() {
    let thread = LoopThread::start("looked into").unwrap();
    let remote = thread.remote();
    let of_thread = |watch: &glassloop::Watch| watch.name().thread == "looked into";
    let watch = glassloop::loops().into_iter().find(of_thread).expect("a loop");
    watch.lint(true);
    let on = watch.look(60 * SECOND).and_then(|seen| seen.snapshot.lint.clone());
    assert!(on.is_some_and(|line| line.on));
    let forgets = || async {
        spawn(pending::<()>()).detach();
        yield_now().await;
    };
    remote.spawn(forgets).wait(60 * SECOND).unwrap();
    let line = watch.look(60 * SECOND).and_then(|seen| seen.snapshot.lint.clone()).unwrap();
    assert_eq!(line.findings[0].lint, Lint::ForgottenWaker);
    drop(thread);
}

#[test]
fn findings_are_counted_and_bounded() {
    let mut limits = Limits::default();
    limits.lint.findings_max = 1;
    let event_loop =
        EventLoop::builder().poller(PollerKind::TimersOnly).limits(limits).build().unwrap();
    event_loop.lint(true);
    for _ in 0..3 {
        forgets(&event_loop);
    }
    forgets(&event_loop);
    event_loop.block_on(yields()).unwrap();
    let line = event_loop.snapshot().lint.expect("the lints are on");
    let times: Vec<_> = line.findings.iter().map(|finding| finding.times).collect();
    assert_eq!((times, line.more), (vec![3], 1), "one place three times, and another");
}

async fn yields() {
    yield_now().await;
}

#[test]
fn a_loop_can_be_stepped_to_what_a_lint_finds() {
    let event_loop = EventLoop::builder().poller(PollerKind::TimersOnly).build().unwrap();
    event_loop.lint(true);
    let watch = event_loop.watch();
    let ran = Rc::new(Cell::new(0));
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            let ran = Rc::clone(&ran);
            let task: std::pin::Pin<Box<dyn Future<Output = ()>>> = match number {
                2 => Box::pin(pending()),
                4 => Box::pin(async { panic!("a failure that nobody hears of") }),
                _ => Box::pin(async move { ran.set(ran.get() + 1) }),
            };
            let task = event_loop.spawn(task);
            let id = task.id();
            task.detach();
            id
        })
        .collect();
    let next = |to| {
        watch.step(to);
        pump(&event_loop);
        let stopped = watch.stopped(Duration::ZERO).expect("it has come there");
        assert_eq!(stopped.by, Some(to));
        stopped.next.map(Entry::task_id)
    };
    assert_eq!(next(StepTo::Lint(None)), Some(tasks[3]), "behind the one that forgot its waker");
    assert_eq!(ran.get(), 2);
    assert_eq!(next(StepTo::Lint(Some(Lint::DroppedFailure))), Some(tasks[5]));
    watch.step(StepTo::Lint(Some(Lint::SlowTurn)));
    pump(&event_loop);
    assert_eq!((watch.stopped(Duration::ZERO), ran.get()), (None, 4), "that one never comes");
    watch.resume();
}

#[test]
fn nobody_starves_while_the_loop_stands_or_its_host_has_the_thread() {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    event_loop.lint(true);
    event_loop.set_policy(glassloop::RunPolicy::One);
    let pump = || event_loop.pump(Duration::ZERO).map(|_| ()).unwrap();
    for _ in 0..5 {
        event_loop.spawn(async { yield_now().await }).detach();
    }
    pump();
    // A host that comes when it likes.
    clock.advance(SECOND);
    pump();
    event_loop.watch().pause();
    pump();
    clock.advance(SECOND);
    event_loop.watch().resume();
    for _ in 0..20 {
        pump();
    }
    assert_eq!(event_loop.snapshot().executor.finished, 5);
    assert_eq!(event_loop.findings(), []);
}

#[test]
fn a_finding_costs_only_the_run_that_it_was_found_in() {
    let event_loop = EventLoop::test();
    event_loop.deny([Lint::LostWake, Lint::LeakAtClose]);
    let waker = Kept::default();
    let stuck = event_loop.spawn(keeps(&waker));
    event_loop
        .spawn(async move {
            sleep(Duration::from_millis(10)).await;
            drop(waker.take());
        })
        .detach();
    // Nothing can ever wake it: the run ends as a deadlock, and says why.
    let ended = event_loop.run();
    assert!(matches!(&ended, Err(RunError::Found(found)) if found.lint == Lint::LostWake));
    event_loop.block_on(async { yield_now().await }).unwrap();
    drop(stuck);
    assert_eq!(event_loop.close(Duration::ZERO).tasks_aborted, 1);
    assert!(matches!(event_loop.block_on(async {}), Err(RunError::Closed)));
    let lints: Vec<_> = event_loop.findings().iter().map(|finding| finding.lint).collect();
    assert_eq!(lints, [Lint::LostWake, Lint::LeakAtClose]);
}

#[test]
fn a_host_that_pumps_has_no_busy_loop() {
    let clock = ManualClock::new();
    let mut limits = Limits::default();
    limits.lint.busy_turns_min = 50;
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).limits(limits);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    event_loop.lint(true);
    let ticks = event_loop.spawn(async {
        let mut ticks = glassloop::interval(Duration::from_millis(16));
        loop {
            ticks.tick().await;
        }
    });
    for _ in 0..500 {
        event_loop.pump(Duration::ZERO).map(|_| ()).unwrap();
        clock.advance(Duration::from_millis(16));
    }
    assert!(!ticks.is_finished());
    assert_eq!(event_loop.findings(), []);
}
