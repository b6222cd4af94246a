//! User code never runs under a borrow: a waker, a logger, an observer, a corked writer and a
//! payload's drop may spawn, defer, look and drop sockets, or panic, in every phase of the turn.
//!
//! A borrow of ours that lived meanwhile would show as a `BorrowError` among the failures, or as
//! the end of the process. The clone of a waker is foreign code too; without `unsafe` nobody can
//! write one that does anything, so only wakes and drops stand here.

#![cfg(test)]

mod common;

use std::{
    cell::{Cell, RefCell},
    future::pending,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use common::{
    mischief::{self, Deed, Watcher, Writer},
    panic_quietly, poll_fn,
};
use glassloop::{
    CancelToken, Clock, EventLoop, Limits, ManualClock, Observer, Phase, PollerKind, net,
};
use glassloop_reactor::{Flush, Reactor};

/// Every failure that nobody handled, in full.
type Failures = Rc<RefCell<Vec<String>>>;

/// A loop that keeps its failures, and how much mischief this thread may commit on it.
fn bad_loop(budget: u32) -> (EventLoop, Failures) {
    let failures = Failures::default();
    let kept = Rc::clone(&failures);
    let limits = Limits { suspected_after_ms: 0, microtasks_warned_at: 2, ..Limits::default() };
    let event_loop = EventLoop::builder()
        .clock(Clock::Manual(ManualClock::new().with_autojump()))
        .poller(PollerKind::TimersOnly)
        .limits(limits)
        .on_unhandled(move |failure| kept.borrow_mut().push(failure.to_string()));
    mischief::forget();
    mischief::allow(budget);
    (event_loop.build().unwrap(), failures)
}

/// Runs the loop and checks that it is as good as new.
fn run(event_loop: &EventLoop, failures: &Failures) {
    event_loop.block_on(async { glassloop::sleep(Duration::from_secs(60)).await }).unwrap();
    mischief::allow(0);
    let value = event_loop.block_on(async {
        let (here, there) = net::duplex().unwrap();
        let task = glassloop::spawn(async move {
            let mut buffer = [0; 4];
            let read = there.read(&mut buffer).await.unwrap();
            buffer[..read].to_vec()
        });
        glassloop::yield_now().await;
        here.write_all(b"good").await.unwrap();
        task.await.unwrap()
    });
    assert_eq!(value.unwrap(), b"good");
    let failures = failures.borrow();
    let borrowed: Vec<_> = failures.iter().filter(|failure| failure.contains("already")).collect();
    assert!(borrowed.is_empty(), "{borrowed:?}");
}

/// Polls a future once with a foreign waker, and says that it waits.
fn poll_badly<F: Future>(future: Pin<&mut F>, deed: Deed) {
    assert!(future.poll(&mut Context::from_waker(&mischief::waker(deed))).is_pending());
}

/// Waits for `future` with foreign wakers, two of which it replaces, and is woken by the last.
async fn wait_badly(future: impl Future, deed: Deed) {
    let mut future = pin!(future);
    for _ in 0..3 {
        poll_badly(future.as_mut(), deed);
    }
    // Nobody wakes this task: it stays, and the future with it, until the loop ends.
    pending::<()>().await;
}

/// Puts a foreign waker wherever one can be stored, on behalf of tasks that hold on to it, and lets
/// all of them be woken.
fn store_wakers(deed: Deed) {
    let (here, there) = net::duplex().unwrap();
    glassloop::spawn(wait_badly(async move { there.read(&mut [0; 1]).await }, deed)).detach();
    glassloop::spawn(wait_badly(glassloop::sleep(Duration::from_secs(1)), deed)).detach();
    let joined = glassloop::spawn(glassloop::sleep(Duration::from_secs(2)));
    glassloop::spawn(wait_badly(joined, deed)).detach();
    let call = glassloop::remote().call(|| ());
    glassloop::spawn(wait_badly(call, deed)).detach();
    let token = CancelToken::new();
    glassloop::spawn(wait_badly(token.cancelled(), deed)).detach();
    glassloop::spawn(async move {
        glassloop::sleep(Duration::from_secs(3)).await;
        here.write_all(b"x").await.unwrap();
        token.cancel();
    })
    .detach();
}

#[test]
fn of_a_waker() {
    for deed in [Deed::Commit, Deed::Panic] {
        let (event_loop, failures) = bad_loop(100);
        event_loop.observe(Rc::new(Watcher(None)));
        event_loop.enter(|| store_wakers(deed));
        run(&event_loop, &failures);
        let who = if deed == Deed::Commit { "waker" } else { "payload" };
        assert_eq!(mischief::done(who, Phase::Io), 1, "{deed:?}");
        assert_eq!(mischief::done(who, Phase::Timers), 1, "{deed:?}");
        assert_eq!(mischief::done(who, Phase::Run), 3, "join, call, token: {deed:?}");
        // Five futures replaced two wakers each, by polls in phase `run`.
        assert!(mischief::done("waker's drop", Phase::Run) >= 10, "{deed:?}");
        let told = if deed == Deed::Commit { 0 } else { 5 };
        assert_eq!(failures.borrow().len(), told, "{deed:?}: {failures:?}");
    }
}

#[test]
fn of_a_waker_that_is_dropped_with_what_it_waits_in() {
    let (event_loop, failures) = bad_loop(100);
    let drops = Rc::new(Cell::new(0));
    let count = Rc::clone(&drops);
    let dropped = event_loop.spawn(async move {
        let (_here, there) = net::duplex().unwrap();
        let mut read = Box::pin(async move { there.read(&mut [0; 1]).await });
        poll_badly(read.as_mut(), Deed::Commit);
        drop(read);
        let mut sleep = Box::pin(glassloop::sleep(Duration::from_secs(1)));
        poll_badly(sleep.as_mut(), Deed::Commit);
        drop(sleep);
        let mut join = Box::pin(glassloop::spawn(pending::<()>()));
        poll_badly(join.as_mut(), Deed::Commit);
        drop(join);
        let mut call = Box::pin(glassloop::remote().call(|| ()));
        poll_badly(call.as_mut(), Deed::Commit);
        drop(call);
        let token = CancelToken::new();
        let mut cancelled = Box::pin(token.cancelled());
        poll_badly(cancelled.as_mut(), Deed::Commit);
        drop(cancelled);
        count.set(mischief::budget());
    });
    run(&event_loop, &failures);
    assert!(dropped.is_finished());
    assert_eq!(drops.get(), 100 - 5, "five wakers were dropped by then");
    assert_eq!(failures.borrow().len(), 0);
}

#[test]
fn of_a_corked_writer() {
    for deed in [Deed::Commit, Deed::Panic] {
        let (event_loop, failures) = bad_loop(100);
        event_loop.observe(Rc::new(Watcher(None)));
        let writer: Rc<dyn Flush> = Rc::new(Writer(deed));
        let weak = Rc::downgrade(&writer);
        event_loop.enter(|| Reactor::current().unwrap().at_turn_end(weak));
        run(&event_loop, &failures);
        let who = if deed == Deed::Commit { "writer" } else { "payload" };
        assert_eq!(mischief::done(who, Phase::Flush), 1, "{deed:?}");
        assert_eq!(failures.borrow().len(), usize::from(deed == Deed::Panic));
    }
}

#[test]
fn of_an_observer() {
    for deed in [Deed::Commit, Deed::Panic] {
        let (event_loop, failures) = bad_loop(400);
        // The second one is told whatever the first one does.
        event_loop.observe(Rc::new(Watcher(Some(deed))));
        event_loop.observe(Rc::new(Watcher(Some(Deed::Commit))));
        run(&event_loop, &failures);
        for phase in Phase::ALL {
            assert!(mischief::done("observer", phase) >= 1, "{deed:?} in {phase}");
            let by_payload = mischief::done("payload", phase);
            assert_eq!(by_payload >= 1, deed == Deed::Panic, "{deed:?} in {phase}");
        }
        assert_eq!(failures.borrow().is_empty(), deed == Deed::Commit);
    }
}

#[test]
fn of_an_observer_that_takes_itself_off_and_is_dropped_by_that() {
    struct Once(RefCell<Option<Rc<dyn Observer>>>, Rc<EventLoop>);
    impl Observer for Once {
        fn phase_began(&self, _: Phase, _: u64) {
            let Some(own) = self.0.take() else { return };
            self.1.unobserve(&own);
        }
    }
    impl Drop for Once {
        fn drop(&mut self) {
            mischief::commit("observer's drop");
            panic_quietly("in the drop of an observer");
        }
    }
    let (event_loop, failures) = bad_loop(10);
    let event_loop = Rc::new(event_loop);
    let once = Rc::new(Once(RefCell::default(), Rc::clone(&event_loop)));
    once.0.replace(Some(Rc::clone(&once) as Rc<dyn Observer>));
    event_loop.observe(once);
    run(&event_loop, &failures);
    assert_eq!(failures.borrow().len(), 1, "{failures:?}");
}

/// Makes the loop log in as many places as a turn has.
fn make_it_log(event_loop: &EventLoop) {
    event_loop.spawn(async { panic_quietly("for the log") }).detach();
    for _ in 0..10 {
        event_loop.queue_microtask(|| ()).unwrap();
    }
    event_loop.enter(|| store_wakers(Deed::Panic));
}

#[test]
fn of_a_logger() {
    for deed in [Deed::Commit, Deed::Panic] {
        // No `on_unhandled`: failures go to the log.
        let event_loop = EventLoop::builder()
            .clock(Clock::Manual(ManualClock::new().with_autojump()))
            .poller(PollerKind::TimersOnly)
            .limits(Limits { microtasks_warned_at: 2, ..Limits::default() })
            .build();
        let event_loop = event_loop.unwrap();
        mischief::forget();
        mischief::allow(100);
        mischief::log_with(Some(deed));
        event_loop.observe(Rc::new(Watcher(None)));
        make_it_log(&event_loop);
        run(&event_loop, &Failures::default());
        let who = if deed == Deed::Commit { "logger" } else { "payload" };
        for phase in [Phase::Io, Phase::Timers, Phase::Run] {
            assert!(mischief::done(who, phase) >= 1, "{deed:?} in {phase}");
        }
        // The last word: what was left, told by the drop of the loop.
        mischief::allow(100);
        drop(event_loop);
        assert!(mischief::budget() < 100, "{deed:?}: a loop dropped with work left says so");
        mischief::log_with(None);
    }
}

#[test]
fn of_the_hook_for_failures() {
    for deed in [Deed::Commit, Deed::Panic] {
        let event_loop = EventLoop::builder()
            .clock(Clock::Manual(ManualClock::new().with_autojump()))
            .poller(PollerKind::TimersOnly)
            .on_unhandled(move |_| deed.run("hook"))
            .build();
        let event_loop = event_loop.unwrap();
        mischief::forget();
        mischief::allow(400);
        event_loop.observe(Rc::new(Watcher(Some(Deed::Panic))));
        make_it_log(&event_loop);
        run(&event_loop, &Failures::default());
        let who = if deed == Deed::Commit { "hook" } else { "payload" };
        for phase in Phase::ALL {
            assert!(mischief::done(who, phase) >= 1, "{deed:?} in {phase}");
        }
    }
}

/// Three tasks wait; the waker of the first one panics. All are woken by the same phase.
fn the_others_run_in_that_turn<F: Future + 'static>(
    event_loop: &EventLoop,
    failures: &Failures,
    futures: [F; 3],
    wake: impl FnOnce(),
) {
    let polls = Rc::new(RefCell::new([0; 3]));
    for (at, future) in futures.into_iter().enumerate() {
        let polls = Rc::clone(&polls);
        let mut future = Box::pin(future);
        let task = event_loop.spawn(poll_fn(move |_, cx| {
            polls.borrow_mut()[at] += 1;
            if at == 0 {
                poll_badly(future.as_mut(), Deed::Panic);
                return Poll::Pending;
            }
            future.as_mut().poll(cx).map(drop)
        }));
        task.detach();
    }
    common::turn(event_loop);
    assert_eq!(*polls.borrow(), [1, 1, 1]);
    wake();
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
    assert_eq!(*polls.borrow(), [1, 2, 2], "in that turn");
    let failures = failures.borrow();
    assert_eq!(failures.len(), 1);
    assert!(failures[0].starts_with("a waker panicked"), "{failures:?}");
}

#[test]
fn of_three_wakers_of_an_io_batch_the_first_panics_and_the_other_tasks_run_in_that_turn() {
    let (event_loop, failures) = bad_loop(0);
    let pairs = event_loop.enter(|| [0; 3].map(|_| net::duplex().unwrap()));
    let (mut near, mut reads) = (Vec::new(), Vec::new());
    for (here, there) in pairs {
        near.push(here);
        reads.push(async move { there.read(&mut [0; 1]).await.unwrap() });
    }
    let Ok(reads) = <[_; 3]>::try_from(reads) else { panic!("three") };
    the_others_run_in_that_turn(&event_loop, &failures, reads, || {
        for stream in &near {
            let mut cx = Context::from_waker(std::task::Waker::noop());
            assert!(stream.poll_write(&mut cx, b"x").is_ready());
        }
    });
}

#[test]
fn of_three_wakers_of_timers_the_first_panics_and_the_other_tasks_run_in_that_turn() {
    let clock = ManualClock::new();
    let (_, failures) = bad_loop(0);
    let kept = Rc::clone(&failures);
    let event_loop = EventLoop::builder()
        .clock(Clock::Manual(clock.clone()))
        .poller(PollerKind::TimersOnly)
        .on_unhandled(move |failure| kept.borrow_mut().push(failure.to_string()))
        .build();
    let event_loop = event_loop.unwrap();
    let second = Duration::from_secs(1);
    let sleeps = event_loop.enter(|| [0; 3].map(|_| glassloop::sleep(second)));
    the_others_run_in_that_turn(&event_loop, &failures, sleeps, || clock.advance(second));
}
