//! No timer fires before its whole time has passed since it was asked for, and due ones in order.
//!
//! The first part watches the real clock, where the loop is late by then; the second moves a clock
//! of its own and asks for the exact turn. Both on every poller.
#![cfg(test)]

#[path = "common/effects.rs"]
mod effects;
#[path = "common/pollers.rs"]
mod pollers;

use std::{
    cell::{Cell, RefCell},
    future::pending,
    rc::Rc,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use effects::Effects;
use glassloop::{Builder, Clock, EventLoop, ManualClock};
use pollers::for_each_poller;

const RUNS: usize = 50;
const MS: Duration = Duration::from_millis(1);
const NAP: Duration = Duration::from_millis(10);
const NOTHING: [&str; 0] = [];

/// Holds the loop, so that its `now` is long past when the timer is asked for.
fn hold_the_loop() -> Instant {
    thread::sleep(8 * MS);
    Instant::now()
}

#[track_caller]
fn expect_all_late_enough(slept: &[Duration], runs: usize) {
    assert_eq!(slept.len(), runs);
    let early: Vec<_> = slept.iter().filter(|slept| **slept < NAP).collect();
    assert!(early.is_empty(), "{} of {runs} were early: {early:?}", early.len());
}

#[test]
fn a_task_that_blocked_sleeps_its_whole_time_50_of_50() {
    for_each_poller(|builder| {
        let event_loop = builder.build().unwrap();
        let slept = Rc::new(RefCell::new(Vec::new()));
        for _ in 0..RUNS {
            let [naps, calls, timeouts] = [(); 3].map(|()| Rc::clone(&slept));
            let task = async move {
                let asked = hold_the_loop();
                let call = move || calls.borrow_mut().push(asked.elapsed());
                glassloop::call_later(NAP, call).unwrap();
                let patience = glassloop::timeout(NAP, pending::<()>());
                let patient = async move {
                    patience.await.unwrap_err();
                    timeouts.borrow_mut().push(asked.elapsed());
                };
                glassloop::spawn(patient).detach();
                glassloop::sleep(NAP).await;
                naps.borrow_mut().push(asked.elapsed());
            };
            event_loop.spawn(task).detach();
        }
        event_loop.run().unwrap();
        expect_all_late_enough(&slept.borrow(), 3 * RUNS);
    });
}

#[test]
fn a_deadline_armed_by_a_deferred_call_waits_its_whole_time_50_of_50() {
    for_each_poller(|builder| {
        let event_loop = builder.build().unwrap();
        let slept = Arc::new(Mutex::new(Vec::new()));
        let (remote, results) = (event_loop.remote(), Arc::clone(&slept));
        thread::spawn(move || {
            for _ in 0..RUNS {
                let results = Arc::clone(&results);
                let arm = move || {
                    let asked = hold_the_loop();
                    let note = move || results.lock().unwrap().push(asked.elapsed());
                    glassloop::call_later(NAP, note).unwrap();
                };
                remote.defer(arm).unwrap();
            }
        });
        event_loop.run().unwrap();
        expect_all_late_enough(&slept.lock().unwrap(), RUNS);
    });
}

/// A loop whose clock stands at zero until it is moved.
fn quiet_loop(builder: Builder) -> (EventLoop, ManualClock) {
    let clock = ManualClock::new();
    (builder.clock(Clock::Manual(clock.clone())).build().unwrap(), clock)
}

/// Moves the clock and makes one turn.
fn turn_after(event_loop: &EventLoop, clock: &ManualClock, by: Duration) {
    clock.advance(by);
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
}

/// Asks for a call that notes its name.
fn later(event_loop: &EventLoop, effects: &Effects, delay: Duration, name: &'static str) {
    let effects = effects.clone();
    event_loop.call_later(delay, move || effects.note(name)).unwrap();
}

#[test]
fn a_timer_fires_at_its_nanosecond_and_not_one_before() {
    for_each_poller(|builder| {
        let (event_loop, clock) = quiet_loop(builder);
        let effects = Effects::default();
        later(&event_loop, &effects, NAP, "due");
        turn_after(&event_loop, &clock, NAP - Duration::from_nanos(1));
        assert_eq!(effects.take(), NOTHING);
        turn_after(&event_loop, &clock, Duration::from_nanos(1));
        assert_eq!(effects.take(), ["due"]);
    });
}

#[test]
fn due_timers_fire_by_deadline_and_equal_ones_in_the_order_of_asking() {
    for_each_poller(|builder| {
        let (event_loop, clock) = quiet_loop(builder);
        let effects = Effects::default();
        later(&event_loop, &effects, 3 * MS, "3 ms");
        later(&event_loop, &effects, 2 * MS, "2 ms, first");
        let sleeper = effects.clone();
        let nap = async move {
            glassloop::sleep(2 * MS).await;
            sleeper.note("2 ms, second");
        };
        event_loop.spawn(nap).detach();
        turn_after(&event_loop, &clock, Duration::ZERO);
        later(&event_loop, &effects, 2 * MS, "2 ms, third");
        // Asked for later, but due at the same nanosecond: behind the others.
        turn_after(&event_loop, &clock, MS);
        later(&event_loop, &effects, MS, "2 ms, fourth");
        later(&event_loop, &effects, Duration::from_secs(3600), "an hour");
        later(&event_loop, &effects, Duration::ZERO, "at once");
        assert_eq!(effects.take(), NOTHING);
        turn_after(&event_loop, &clock, Duration::from_secs(7200));
        let written = [
            "at once",
            "2 ms, first",
            "2 ms, second",
            "2 ms, third",
            "2 ms, fourth",
            "3 ms",
            "an hour",
        ];
        assert_eq!(effects.take(), written, "all of them in one turn");
    });
}

#[test]
fn for_ever_is_a_time_like_any_other() {
    for_each_poller(|builder| {
        let (event_loop, clock) = quiet_loop(builder);
        let effects = Effects::default();
        later(&event_loop, &effects, Duration::MAX, "never");
        let far = Instant::now() + Duration::from_secs(10 * 365 * 24 * 3600);
        let log = effects.clone();
        event_loop.call_at(far, move || log.note("in ten years")).unwrap();
        let sleepers = effects.clone();
        let nap = async move {
            let nap = glassloop::timeout(Duration::MAX, glassloop::sleep(Duration::MAX));
            sleepers.note(format!("{:?}", nap.await));
        };
        event_loop.spawn(nap).detach();
        turn_after(&event_loop, &clock, Duration::ZERO);
        turn_after(&event_loop, &clock, Duration::from_secs(20 * 365 * 24 * 3600));
        assert_eq!(effects.take(), ["in ten years"]);
        turn_after(&event_loop, &clock, Duration::MAX);
        turn_after(&event_loop, &clock, Duration::MAX);
        assert_eq!(effects.take(), NOTHING, "the end of time is not for ever");
        event_loop.close(Duration::ZERO);
    });
}

#[test]
fn a_timer_of_zero_waits_for_the_next_turn() {
    for_each_poller(|builder| {
        let (event_loop, clock) = quiet_loop(builder);
        let effects = Effects::default();
        let log = effects.clone();
        let task = async move {
            let soon = log.clone();
            glassloop::call_later(Duration::ZERO, move || soon.note("called")).unwrap();
            log.note("before");
            glassloop::sleep(Duration::ZERO).await;
            log.note("slept");
        };
        event_loop.spawn(task).detach();
        turn_after(&event_loop, &clock, Duration::ZERO);
        assert_eq!(effects.take(), ["before"]);
        turn_after(&event_loop, &clock, Duration::ZERO);
        assert_eq!(effects.take(), ["called", "slept"]);
    });
}

#[test]
fn a_time_that_has_passed_is_due_in_the_next_turn() {
    for_each_poller(|builder| {
        let (event_loop, clock) = quiet_loop(builder);
        let effects = Effects::default();
        clock.advance(NAP);
        let log = effects.clone();
        let task = async move {
            let past = glassloop::sleep(Duration::ZERO).deadline() - 5 * MS;
            let call = log.clone();
            glassloop::call_at(past, move || call.note("called")).unwrap();
            glassloop::sleep_until(past).await;
            log.note("no sleep at all");
        };
        event_loop.spawn(task).detach();
        turn_after(&event_loop, &clock, Duration::ZERO);
        assert_eq!(effects.take(), ["no sleep at all"]);
        turn_after(&event_loop, &clock, Duration::ZERO);
        assert_eq!(effects.take(), ["called"]);
    });
}

#[test]
fn a_cancelled_callback_is_not_called_and_leaves_no_timer() {
    for_each_poller(|builder| {
        let (event_loop, clock) = quiet_loop(builder);
        let held = Rc::new(Cell::new(0));
        let count = || {
            let held = Rc::clone(&held);
            move || held.set(held.get() + 1)
        };
        let soon = event_loop.call_soon(count()).unwrap();
        let later = event_loop.call_later(MS, count()).unwrap();
        let never = event_loop.call_later(Duration::MAX, count()).unwrap();
        // Due at the same time, and called first: it takes back one that has fired already.
        let (victim, killed) = (Rc::new(RefCell::new(None::<glassloop::Callback>)), Rc::default());
        let (target, result): (_, Rc<Cell<bool>>) = (Rc::clone(&victim), Rc::clone(&killed));
        let kill = move || result.set(target.take().unwrap().cancel());
        event_loop.call_later(MS, kill).unwrap();
        victim.replace(Some(event_loop.call_later(MS, count()).unwrap()));
        assert_eq!(event_loop.snapshot().reactor.timers_armed, 4);

        for callback in [&soon, &later, &never] {
            assert!(callback.is_pending());
            assert!(callback.cancel(), "it was still to be called");
            assert!(!callback.cancel(), "once");
            assert!(!callback.is_pending());
        }
        assert_eq!(event_loop.snapshot().reactor.timers_armed, 2);
        assert_eq!(Rc::strong_count(&held), 2, "their closures are gone at once");
        turn_after(&event_loop, &clock, MS);
        assert!(killed.get());
        assert_eq!((held.get(), Rc::strong_count(&held)), (0, 1));
        assert_eq!(event_loop.snapshot().reactor.timers_armed, 0);
        assert!(event_loop.close(Duration::ZERO).is_clean());
    });
}

#[test]
fn a_callback_that_was_called_can_no_longer_be_cancelled() {
    for_each_poller(|builder| {
        let (event_loop, clock) = quiet_loop(builder);
        let effects = Effects::default();
        let log = effects.clone();
        let callback = event_loop.call_later(MS, move || log.note("called")).unwrap();
        turn_after(&event_loop, &clock, MS);
        assert_eq!(effects.take(), ["called"]);
        assert!(!callback.is_pending() && !callback.cancel());
    });
}

#[test]
fn what_a_timer_arms_waits_for_a_later_turn() {
    for_each_poller(|builder| {
        let (event_loop, clock) = quiet_loop(builder);
        let effects = Effects::default();
        let log = effects.clone();
        let again = move || {
            log.note("first");
            let next = log.clone();
            glassloop::call_later(Duration::ZERO, move || next.note("second")).unwrap();
        };
        event_loop.call_later(MS, again).unwrap();
        turn_after(&event_loop, &clock, 5 * MS);
        assert_eq!(effects.take(), ["first"]);
        turn_after(&event_loop, &clock, Duration::ZERO);
        assert_eq!(effects.take(), ["second"]);
    });
}
