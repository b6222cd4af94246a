//! With an alarm a wait ends at the deadline of the next timer, however long its timeout, and the
//! OS is told of a deadline once. Without one nothing of that happens.
//!
//! Asked of the OS's own clocks, so nothing here asks how late a wait was; only that it wasn't the
//! timeout that ended it.

#![cfg(test)]

mod common;

use std::time::Duration;

use common::{Count, Harness};
use glassloop_reactor::{
    Clock, Counts, Events, NEVER, Options, PollerKind, Precision, TimerId, Waiter, nanoseconds,
};

const MS: Duration = Duration::from_millis(1);
/// A timeout that is no deadline.
const FAR: Duration = Duration::from_secs(20);
const HOUR: Duration = Duration::from_secs(3_600);

/// Whether this build has alarms.
const ALARMS: bool =
    cfg!(all(feature = "os-time", any(target_os = "linux", target_os = "android")));

fn harness(clock: Clock, precision: Precision) -> Harness {
    Harness::new(Options { clock, precision, ..Options::default() })
}

fn arm(harness: &Harness, after: Duration) -> (TimerId, u64) {
    let deadline = harness.reactor.deadline_after(after);
    let (_, waker) = Count::waker();
    let place = std::panic::Location::caller();
    let waiter = Waiter { waker, owner: 0, operation: "test", place };
    (harness.reactor.arm(deadline, waiter), deadline)
}

fn wait(harness: &Harness, timeout: Duration) -> Counts {
    let mut events = Events::new();
    harness.reactor.wait(Some(timeout), &mut events).unwrap();
    assert!(events.is_empty(), "an alarm is no event");
    harness.reactor.counts()
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no timer descriptors")]
#[cfg_attr(
    not(all(feature = "os-time", any(target_os = "linux", target_os = "android"))),
    ignore = "there are no alarms here"
)]
fn an_alarm_ends_a_wait_whose_timeout_is_far_away() {
    for (clock, precision) in
        [(Clock::System, Precision::Precise), (Clock::Boot, Precision::Coarse)]
    {
        let harness = harness(clock, precision);
        for _ in 0..20 {
            let (_, deadline) = arm(&harness, MS / 4);
            wait(&harness, FAR);
            let now = harness.reactor.now();
            assert!(now >= deadline, "never early");
            assert!(now < deadline + nanoseconds(FAR / 2), "the timeout ended it, not the alarm");
            assert_eq!(harness.turn(Duration::ZERO), 1, "the timer is due");
        }
        let counts = harness.reactor.counts();
        assert_eq!(counts.alarms_set, 20, "one for each deadline");
        assert_eq!(counts.wake_calls, 0, "nobody asked the OS for a wake");
    }
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no timer descriptors")]
fn the_os_is_told_of_a_deadline_when_it_changes_and_not_before() {
    let harness = harness(Clock::System, Precision::Precise);
    let told = |counts: Counts| counts.alarms_set;
    let expect = |times: u64| if ALARMS { times } else { 0 };
    assert_eq!(told(wait(&harness, MS)), 0, "without a timer there is nothing to tell");
    let (hour, _) = arm(&harness, HOUR);
    assert_eq!(told(wait(&harness, Duration::ZERO)), 0, "it doesn't block");
    assert_eq!(told(wait(&harness, MS)), expect(1));
    assert_eq!(told(wait(&harness, MS)), expect(1), "the same");
    arm(&harness, 2 * HOUR);
    assert_eq!(told(wait(&harness, MS)), expect(1), "a later one is not the next");
    let (nearer, _) = arm(&harness, HOUR / 2);
    assert_eq!(told(wait(&harness, MS)), expect(2));
    drop(harness.reactor.disarm(nearer));
    assert_eq!(told(wait(&harness, MS)), expect(3));
    drop(harness.reactor.disarm(hour));
    assert_eq!(told(wait(&harness, MS)), expect(4));
    harness.reactor.notifier().notify();
    let counts = wait(&harness, MS);
    assert_eq!(told(counts), expect(4), "a wake came first, and it doesn't block");
    assert_eq!((counts.waits, counts.blocked, counts.wake_calls), (9, 7, 0));
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no timer descriptors")]
fn an_alarm_that_nobody_heard_is_taken_back_with_its_timer() {
    let harness = harness(Clock::System, Precision::Precise);
    let (timer, deadline) = arm(&harness, 5 * MS);
    // It ends by its timeout, with the alarm set.
    wait(&harness, MS);
    while harness.reactor.read_clock() < deadline + nanoseconds(MS) {
        std::hint::spin_loop();
    }
    drop(harness.reactor.disarm(timer));
    let began = harness.reactor.read_clock();
    wait(&harness, 5 * MS);
    let took = harness.reactor.now() - began;
    assert!(took >= nanoseconds(5 * MS), "a stale alarm ended it after {took} ns");
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no timer descriptors")]
fn a_deadline_past_every_calendar_is_one_that_the_os_takes() {
    let harness = harness(Clock::System, Precision::Precise);
    for after in [Duration::from_secs(60 * 86_400), Duration::from_nanos(NEVER - (1 << 60))] {
        let (timer, _) = arm(&harness, after);
        let began = harness.reactor.read_clock();
        wait(&harness, MS);
        assert!(harness.reactor.now() >= began + nanoseconds(MS), "it was waited for");
        assert!(harness.reactor.disarm(timer).is_some());
    }
}

#[test]
fn a_coarse_reactor_one_without_descriptors_and_one_whose_clock_is_moved_set_no_alarm() {
    let manual = || Clock::Manual(glassloop_reactor::ManualClock::new());
    for (clock, precision, poller) in [
        (Clock::System, Precision::Coarse, PollerKind::Mio),
        (Clock::System, Precision::Precise, PollerKind::TimersOnly),
        (Clock::Boot, Precision::Precise, PollerKind::TimersOnly),
        (manual(), Precision::Precise, PollerKind::Mio),
    ] {
        let harness = Harness::new(Options { clock, precision, poller, ..Options::default() });
        arm(&harness, HOUR);
        let counts = wait(&harness, MS);
        assert_eq!((counts.blocked, counts.alarms_set), (1, 0));
    }
}
