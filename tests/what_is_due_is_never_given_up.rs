//! What is due, or may yet be moved, is a way out: no loop with a timer or a frame that has come is
//! called stuck, is over, or passes it over.
//!
//! Runs under Miri.
#![cfg(test)]

use std::{
    cell::{Cell, RefCell},
    future::pending,
    rc::Rc,
    thread,
    time::Duration,
};

use glassloop::{
    Clock, EventLoop, Limits, ManualClock, Observer, PollerKind, RunPolicy, call_soon, net,
    on_resume, request_idle, request_render, sleep, spawn, yield_now,
};

const MS: Duration = Duration::from_millis(1);

/// A loop on a clock that nobody else holds, and whose frames follow one another at once.
fn alone(clock: ManualClock) -> EventLoop {
    // A small ring: to fill a large one takes Miri a minute.
    let limits = Limits { ring_events_max: 64, ..Limits::default() };
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).limits(limits);
    builder.clock(Clock::Manual(clock)).render_interval(Duration::ZERO).build().unwrap()
}

#[test]
fn a_timer_that_is_due_on_a_clock_that_stands_still_fires() {
    let slept = alone(ManualClock::new()).block_on(async {
        let stuck = spawn(pending::<()>());
        yield_now().await;
        sleep(Duration::ZERO).await;
        drop(stuck);
    });
    slept.unwrap();
    let (event_loop, called) = (alone(ManualClock::new()), Rc::new(Cell::new(false)));
    let told = Rc::clone(&called);
    event_loop.call_later(Duration::ZERO, move || told.set(true)).unwrap();
    event_loop.run().unwrap();
    assert!(called.get(), "`run` is not over before it");
}

#[test]
fn a_frame_that_is_due_is_drawn_before_the_loop_is_over() {
    let (event_loop, drawn) = (alone(ManualClock::new()), Rc::new(Cell::new(0)));
    let (first, second) = (Rc::clone(&drawn), Rc::clone(&drawn));
    event_loop
        .request_render(move |_| {
            first.set(1);
            request_render(move |_| second.set(2)).unwrap();
        })
        .unwrap();
    event_loop.run().unwrap();
    assert_eq!(drawn.get(), 2);
}

/// A task that asks for a frame and goes on: when it is drawn, watched or not.
fn frame_among_turns(watched: bool) -> Vec<&'static str> {
    let (event_loop, log) = (alone(ManualClock::new()), Rc::new(RefCell::new(Vec::new())));
    event_loop.record(watched);
    let kept = Rc::clone(&log);
    let ran = event_loop.block_on(async move {
        let frame = Rc::clone(&kept);
        request_render(move |_| frame.borrow_mut().push("frame")).unwrap();
        for _ in 0..3 {
            yield_now().await;
            kept.borrow_mut().push("turn");
        }
    });
    ran.unwrap();
    log.take()
}

#[test]
fn a_frame_is_drawn_in_its_turn_whether_or_not_somebody_looks() {
    assert_eq!(frame_among_turns(false), ["frame", "turn", "turn", "turn"]);
    assert_eq!(frame_among_turns(true), frame_among_turns(false));
}

#[test]
fn a_policy_counts_from_the_next_turn_on_also_among_turns_without_a_wait() {
    let event_loop = Rc::new(alone(ManualClock::new()));
    let log = Rc::new(RefCell::new(Vec::new()));
    let (inner, kept) = (Rc::clone(&event_loop), Rc::clone(&log));
    let ran = event_loop.block_on(async move {
        inner.set_policy(RunPolicy::One);
        yield_now().await;
        for name in ["a", "b"] {
            let log = Rc::clone(&kept);
            call_soon(move || log.borrow_mut().push((name, glassloop::snapshot().turn))).unwrap();
        }
        yield_now().await;
    });
    ran.unwrap();
    let log = log.take();
    assert_eq!(log[1].1, log[0].1 + 1, "one item a turn: {log:?}");
}

fn ask_again(asked: Rc<Cell<u32>>) {
    asked.set(asked.get() + 1);
    request_idle(move |_| ask_again(asked)).unwrap();
}

#[test]
fn idle_callbacks_that_ask_again_let_a_clock_jump_and_a_loop_close() {
    let event_loop = EventLoop::test();
    let asked = Rc::new(Cell::new(0));
    let asks = Rc::clone(&asked);
    event_loop
        .block_on(async move {
            request_idle(move |_| ask_again(asks)).unwrap();
            for _ in 0..5 {
                sleep(MS).await;
            }
        })
        .unwrap();
    assert!((1..=20).contains(&asked.get()), "{} times", asked.get());
    let report = event_loop.close(Duration::from_secs(60));
    assert_eq!(report.callbacks, 1, "the one that asked last: {report}");
}

#[test]
fn who_may_suspend_the_clock_may_end_a_wait() {
    let clock = ManualClock::new();
    let event_loop = alone(clock.clone());
    let (told, heard) = std::sync::mpsc::channel();
    let other = thread::spawn(move || {
        heard.recv().unwrap();
        clock.suspend(Duration::from_secs(3_600));
    });
    let read = event_loop.block_on(async move {
        let (near, far) = net::duplex().unwrap();
        let far = Cell::new(Some(far));
        on_resume(move |_| drop(far.take())).unwrap();
        told.send(()).unwrap();
        near.read(&mut [0]).await.unwrap()
    });
    assert_eq!(read.unwrap(), 0, "its far end was let go of");
    other.join().unwrap();
}

/// Suspends the clock, and lets go of it, where the loop has looked at its clock for this turn and
/// has still to take the news of it off the wake word.
struct SuspendAfterTheWait(Cell<Option<ManualClock>>);

impl Observer for SuspendAfterTheWait {
    fn wait_ended(&self, _: usize) {
        if let Some(clock) = self.0.take() {
            clock.suspend(Duration::from_secs(3_600));
        }
    }
}

#[test]
fn a_clock_suspended_just_after_the_loop_looked_is_seen_before_it_gives_up() {
    let clock = ManualClock::new();
    let event_loop = alone(clock.clone());
    let suspend = Rc::new(SuspendAfterTheWait(Cell::new(None)));
    event_loop.observe(Rc::<SuspendAfterTheWait>::clone(&suspend));
    let read = event_loop.block_on(async move {
        let (near, far) = net::duplex().unwrap();
        let far = Cell::new(Some(far));
        on_resume(move |_| drop(far.take())).unwrap();
        suspend.0.set(Some(clock));
        yield_now().await;
        near.read(&mut [0]).await.unwrap()
    });
    assert_eq!(read.unwrap(), 0, "its far end was let go of");
}
