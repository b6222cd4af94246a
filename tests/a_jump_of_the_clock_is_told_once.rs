//! A clock that jumps by a month: every due timer fires once, in order; intervals tick as they were
//! told to; then whoever listens hears of the gap, once.
//!
//! Runs under Miri.
#![cfg(test)]

#[path = "common/effects.rs"]
mod effects;

use std::{
    cell::{Cell, RefCell},
    panic::resume_unwind,
    rc::Rc,
    time::Duration,
};

use effects::Effects;
use glassloop::{
    Clock, EventLoop, Limits, ManualClock, MissedTicks, OnResume, PollerKind, Refused, on_resume,
};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const NOTHING: [&str; 0] = [];

/// A loop whose clock stands at zero until it is moved.
fn quiet_loop(limits: Limits) -> (Rc<EventLoop>, ManualClock) {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).limits(limits);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    (Rc::new(event_loop), clock)
}

/// One wait, which moving the clock has ended, and one turn.
fn turn(event_loop: &EventLoop, clock: &ManualClock) {
    clock.advance(Duration::ZERO);
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
}

fn later(event_loop: &EventLoop, effects: &Effects, delay: Duration, name: &'static str) {
    let effects = effects.clone();
    event_loop.call_later(delay, move || effects.note(name)).unwrap();
}

/// A task that notes each tick by the number of periods since the origin.
fn ticker(event_loop: &EventLoop, effects: &Effects, period: Duration, missed: MissedTicks) {
    let effects = effects.clone();
    let origin = event_loop.enter(|| glassloop::sleep(Duration::ZERO).deadline());
    let ticks = event_loop.enter(|| glassloop::interval(period));
    let task = async move {
        let mut ticks = ticks.missed_ticks(missed);
        loop {
            let at = ticks.tick().await.duration_since(origin);
            effects.note(format!("{missed:?} {}", at.as_secs_f64() / period.as_secs_f64()));
        }
    };
    event_loop.spawn(task).detach();
}

fn listen(event_loop: &EventLoop, effects: &Effects, name: &'static str) -> OnResume {
    let effects = effects.clone();
    event_loop.on_resume(move |gap| effects.note(format!("{name} {gap:?}"))).unwrap()
}

#[test]
fn a_month_fires_all_that_is_due_once_and_in_order_and_is_told_last() {
    let mut limits = Limits::default();
    // A burst of thirty ticks in one poll.
    limits.reactor.operations_per_poll_max = 32;
    let (event_loop, clock) = quiet_loop(limits);
    let effects = Effects::default();
    listen(&event_loop, &effects, "gap");
    later(&event_loop, &effects, 31 * DAY, "31 days");
    later(&event_loop, &effects, 29 * DAY, "29 days");
    later(&event_loop, &effects, 2 * DAY, "2 days");
    for missed in [MissedTicks::Skip, MissedTicks::Burst, MissedTicks::Delay] {
        ticker(&event_loop, &effects, DAY, missed);
    }
    later(&event_loop, &effects, HOUR, "an hour");
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), NOTHING);

    clock.suspend(30 * DAY);
    turn(&event_loop, &clock);
    let mut written = vec!["an hour".to_owned(), "Skip 1".to_owned()];
    written.extend((1..=30).map(|day| format!("Burst {day}")));
    written.extend(["Delay 1", "2 days", "29 days", "gap 2592000s"].map(str::to_owned));
    assert_eq!(effects.take(), written, "in one turn");
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), NOTHING, "once");

    clock.advance(DAY);
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), ["31 days", "Skip 31", "Burst 31", "Delay 31"]);
}

#[test]
fn a_late_turn_is_no_gap_and_intervals_tick_as_they_were_told_to() {
    let (event_loop, clock) = quiet_loop(Limits::default());
    let effects = Effects::default();
    listen(&event_loop, &effects, "gap");
    for missed in [MissedTicks::Skip, MissedTicks::Burst, MissedTicks::Delay] {
        ticker(&event_loop, &effects, SECOND, missed);
    }
    turn(&event_loop, &clock);
    clock.advance(3_500 * MS);
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), ["Skip 1", "Burst 1", "Burst 2", "Burst 3", "Delay 1"]);
    clock.advance(500 * MS);
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), ["Skip 4", "Burst 4"]);
    clock.advance(500 * MS);
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), ["Delay 4.5"]);
    clock.advance(500 * MS);
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), ["Skip 5", "Burst 5"]);
}

#[test]
fn a_gap_is_told_if_it_is_longer_than_the_limit_and_to_who_listened_before_it() {
    let (event_loop, clock) = quiet_loop(Limits { gap_ms_min: 500, ..Limits::default() });
    let effects = Effects::default();
    listen(&event_loop, &effects, "first");
    turn(&event_loop, &clock);
    for _ in 0..3 {
        clock.suspend(500 * MS);
        turn(&event_loop, &clock);
    }
    assert_eq!(effects.take(), NOTHING, "short ones don't add up over several waits");
    clock.suspend(250 * MS);
    clock.suspend(251 * MS);
    listen(&event_loop, &effects, "too late");
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), ["first 501ms"]);
    clock.suspend(2 * SECOND);
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), ["first 2s", "too late 2s"]);
}

#[test]
fn a_listener_may_do_anything_with_the_loop_that_calls_it() {
    let (event_loop, clock) = quiet_loop(Limits::default());
    let effects = Effects::default();
    let itself = Rc::new(RefCell::new(None::<OnResume>));
    let (log, own, its_loop) = (effects.clone(), Rc::clone(&itself), Rc::downgrade(&event_loop));
    let its_clock = clock.clone();
    let handle = event_loop.on_resume(move |gap| {
        log.note(format!("once {gap:?}"));
        let own = own.take().unwrap();
        assert!(own.cancel() && !own.cancel());
        let next = log.clone();
        on_resume(move |gap| next.note(format!("next {gap:?}"))).unwrap();
        glassloop::spawn(async {}).detach();
        assert_eq!(its_loop.upgrade().unwrap().snapshot().tasks.len(), 1);
        its_clock.suspend(HOUR);
    });
    itself.replace(Some(handle.unwrap()));
    drop(itself);
    clock.suspend(DAY);
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), ["once 86400s"]);
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), ["next 3600s"]);
}

#[test]
fn a_listener_that_panics_is_reported_and_the_others_are_told() {
    let told = Rc::new(Cell::new(0));
    let count = Rc::clone(&told);
    let clock = ManualClock::new();
    let event_loop = EventLoop::builder()
        .poller(PollerKind::TimersOnly)
        .clock(Clock::Manual(clock.clone()))
        .on_unhandled(move |_| count.set(count.get() + 1))
        .build()
        .unwrap();
    let effects = Effects::default();
    event_loop.on_resume(|_| resume_unwind(Box::new("quietly"))).unwrap();
    listen(&event_loop, &effects, "other");
    for _ in 0..2 {
        clock.suspend(DAY);
        turn(&event_loop, &clock);
    }
    assert_eq!(told.get(), 2, "it goes on listening");
    assert_eq!(effects.take(), ["other 86400s", "other 86400s"]);
}

#[test]
fn a_listener_that_was_taken_back_or_whose_loop_is_closed_is_dropped() {
    let limits = Limits { resume_listeners_max: 2, ..Limits::default() };
    let (event_loop, clock) = quiet_loop(limits);
    let kept = Rc::new(());
    let hold = || {
        let kept = Rc::clone(&kept);
        move |_: Duration| assert_eq!(Rc::strong_count(&kept), 0, "never told")
    };
    let handle = event_loop.on_resume(hold()).unwrap();
    event_loop.on_resume(hold()).unwrap();
    let refused = event_loop.on_resume(hold());
    assert!(matches!(refused, Err(Refused::Full(_))));
    drop(refused);
    assert!(handle.cancel() && !handle.cancel());
    assert_eq!(Rc::strong_count(&kept), 2, "its closure is gone at once");
    clock.suspend(DAY);
    event_loop.close(Duration::ZERO);
    assert_eq!(Rc::strong_count(&kept), 1, "the close lets go of the others");
    assert!(matches!(event_loop.on_resume(hold()), Err(Refused::Closed(_))));
}

#[test]
fn a_listener_that_was_taken_back_before_its_item_ran_is_told_nothing() {
    let (event_loop, clock) = quiet_loop(Limits::default());
    let effects = Effects::default();
    let listener = listen(&event_loop, &effects, "taken back");
    clock.suspend(DAY);
    let events = event_loop.wait().unwrap();
    assert!(listener.cancel());
    event_loop.turn(events).unwrap();
    assert_eq!(effects.take(), NOTHING);
}

#[test]
fn a_gap_that_met_a_full_table_of_callbacks_is_told_whole_when_there_is_room() {
    let mut limits = Limits::default();
    limits.executor.callbacks_max = 1;
    let (event_loop, clock) = quiet_loop(limits);
    let effects = Effects::default();
    listen(&event_loop, &effects, "gap");
    let occupant = event_loop.call_later(Duration::MAX, || ()).unwrap();
    for _ in 0..2 {
        clock.suspend(DAY);
        turn(&event_loop, &clock);
    }
    assert_eq!(effects.take(), NOTHING);
    assert!(occupant.cancel());
    turn(&event_loop, &clock);
    assert_eq!(effects.take(), ["gap 172800s"]);
}

#[test]
fn listening_keeps_no_loop_running_and_the_clocks_of_the_os_tell_of_no_gap_that_was_none() {
    for clock in [Clock::System, Clock::Boot] {
        let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
        let event_loop = builder.clock(clock).build().unwrap();
        let effects = Effects::default();
        listen(&event_loop, &effects, "gap");
        event_loop.spawn(async { glassloop::sleep(MS).await }).detach();
        event_loop.run().unwrap();
        assert_eq!(effects.take(), NOTHING);
    }
}
