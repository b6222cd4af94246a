//! Sleeps, timeouts and intervals are never early, and leave nothing behind. On a manual clock.

#![cfg(test)]

mod common;

use std::{
    future::{Future, pending, poll_fn, ready},
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use common::{Count, Harness, join};
use glassloop_reactor::{
    Clock, ManualClock, MissedTicks, Options, Reactor, interval, sleep, sleep_until, timeout,
};

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);

#[test]
fn a_sleep_ends_at_its_nanosecond_and_not_before() {
    let (harness, clock) = Harness::manual();
    for duration in [NANOSECOND, SECOND, Duration::from_secs(30 * 86_400)] {
        let (count, waker) = Count::waker();
        let mut cx = Context::from_waker(&waker);
        let mut sleep = pin!(sleep(duration));
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
        clock.advance(duration - NANOSECOND);
        harness.turn(Duration::ZERO);
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
        assert_eq!(count.get(), 0);
        clock.advance(NANOSECOND);
        harness.turn(Duration::ZERO);
        assert_eq!(count.get(), 1);
        assert!(sleep.as_mut().poll(&mut cx).is_ready());
    }
    assert_eq!(harness.reactor.counts().timers_fired, 3);
}

#[test]
fn a_sleep_counts_from_its_call_and_not_from_the_turn() {
    let (harness, clock) = Harness::manual();
    harness.turn(Duration::ZERO);
    // The turn goes on for a second before it sleeps.
    clock.advance(SECOND);
    assert_eq!(harness.reactor.now(), 0);
    let mut sleep = pin!(sleep(SECOND));
    harness.turn(Duration::ZERO);
    assert!(harness.poll_once(&mut sleep).is_pending());
    clock.advance(SECOND);
    harness.turn(Duration::ZERO);
    assert!(harness.poll_once(&mut sleep).is_ready());
}

#[test]
fn a_sleep_of_nothing_ends_in_the_next_turn() {
    let harness = Harness::kernel();
    let turns = harness.turns.get();
    harness.block_on(async { sleep(Duration::ZERO).await });
    assert!(harness.turns.get() > turns);
}

#[test]
fn a_sleep_for_ever_holds_no_waker_and_is_no_deadline() {
    let (harness, clock) = Harness::manual();
    let (count, waker) = Count::waker();
    let mut sleep = pin!(sleep(Duration::MAX));
    assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(std::sync::Arc::strong_count(&count), 2, "ours and the waker's");
    assert_eq!(harness.reactor.next_deadline(), None);
    assert_eq!(harness.reactor.timer_views().len(), 1, "yet it is seen");
    clock.advance(Duration::from_secs(1_000 * 365 * 86_400));
    harness.turn(Duration::ZERO);
    assert_eq!(count.get(), 0);
}

#[test]
fn a_sleep_until_the_past_is_none() {
    let (harness, clock) = Harness::manual();
    let past = harness.reactor.clock().instant(0);
    clock.advance(SECOND);
    harness.turn(Duration::ZERO);
    assert!(harness.poll_once(&mut sleep_until(past)).is_ready());
}

#[test]
fn a_sleep_that_is_dropped_or_over_leaves_no_timer() {
    let (harness, clock) = Harness::manual();
    {
        let mut sleep = pin!(sleep(SECOND));
        assert!(harness.poll_once(&mut sleep).is_pending());
        assert_eq!(harness.reactor.counts().timers_armed, 1);
    }
    assert_eq!(harness.reactor.counts().timers_armed, 0);
    let mut sleep = pin!(sleep(SECOND));
    assert!(harness.poll_once(&mut sleep).is_pending());
    // Polled by chance after its deadline, before the phase `timers`.
    clock.advance(SECOND);
    harness.reactor.wait(Some(Duration::ZERO), &mut glassloop_reactor::Events::new()).unwrap();
    assert!(harness.poll_once(&mut sleep).is_ready());
    assert_eq!(harness.reactor.counts().timers_armed, 0);
}

#[test]
fn a_sleep_that_moves_to_another_task_wakes_that_one() {
    let (harness, clock) = Harness::manual();
    let (first, first_waker) = Count::waker();
    let (second, second_waker) = Count::waker();
    let mut sleep = pin!(sleep(SECOND));
    harness.reactor.set_owner(1);
    assert!(sleep.as_mut().poll(&mut Context::from_waker(&first_waker)).is_pending());
    harness.reactor.set_owner(2);
    assert!(sleep.as_mut().poll(&mut Context::from_waker(&second_waker)).is_pending());
    let views = harness.reactor.timer_views();
    assert_eq!((views.len(), views[0].owner), (1, 2));
    clock.advance(SECOND);
    harness.turn(Duration::ZERO);
    assert_eq!((first.get(), second.get()), (0, 1));
}

#[test]
fn equal_deadlines_fire_in_the_order_of_arming() {
    let (harness, clock) = Harness::manual();
    let deadline = harness.reactor.clock().instant(1_000_000_000);
    let order = std::cell::RefCell::new(Vec::new());
    let nap = |name| {
        let order = &order;
        async move {
            sleep_until(deadline).await;
            order.borrow_mut().push(name);
        }
    };
    harness.block_on(join(join(nap(1), nap(2)), nap(3)));
    assert_eq!(*order.borrow(), [1, 2, 3]);
    assert_eq!(clock.now(), 1_000_000_000);
}

#[test]
fn a_future_that_is_ready_at_the_deadline_beats_its_timeout() {
    let (harness, _clock) = Harness::manual();
    let inner = sleep(SECOND);
    assert_eq!(harness.block_on(timeout(SECOND, inner)), Ok(()));
    assert_eq!(harness.block_on(timeout(Duration::ZERO, ready(7))), Ok(7));
}

#[test]
fn a_future_that_is_never_ready_loses_to_its_timeout() {
    let (harness, clock) = Harness::manual();
    let elapsed = harness.block_on(timeout(SECOND, pending::<()>())).unwrap_err();
    assert_eq!(elapsed.after(), SECOND);
    assert_eq!(elapsed.to_string(), "timeout: expected an output within 1s, came none");
    assert_eq!(clock.now(), 1_000_000_000);
    assert_eq!(harness.reactor.counts().timers_armed, 0);
    let (_here, there) = glassloop_reactor::net::duplex().unwrap();
    let read = async { timeout(SECOND, there.read(&mut [0; 8])).await };
    assert!(harness.block_on(read).is_err());
    assert_eq!(harness.reactor.counts().waiters, 0, "the read that lost waits no more");
}

#[test]
fn an_interval_ticks_at_multiples_of_its_period_from_the_first_on() {
    let (harness, clock) = Harness::manual();
    clock.advance(SECOND / 2);
    let mut ticks = interval(SECOND);
    for tick in 1..=100_u64 {
        let at = harness.block_on(ticks.tick());
        let due = 500_000_000 + tick * 1_000_000_000;
        assert_eq!(harness.reactor.clock().since_origin(at), due);
        assert_eq!(clock.now(), due);
    }
}

#[test]
fn missed_ticks_are_left_out_caught_up_or_delayed() {
    for (missed, expected) in [
        (MissedTicks::Skip, [1_000, 4_000, 5_000]),
        (MissedTicks::Burst, [1_000, 2_000, 3_000]),
        (MissedTicks::Delay, [1_000, 4_500, 5_500]),
    ] {
        let (harness, clock) = Harness::manual();
        let mut ticks = interval(SECOND).missed_ticks(missed);
        clock.advance(Duration::from_millis(3_500));
        harness.turn(Duration::ZERO);
        let came = [(); 3].map(|()| {
            let at = harness.block_on(ticks.tick());
            harness.reactor.clock().since_origin(at) / 1_000_000
        });
        assert_eq!(came, expected, "{missed:?}");
    }
}

#[test]
fn a_tick_that_is_not_awaited_to_its_end_is_not_lost() {
    let (harness, _clock) = Harness::manual();
    let mut ticks = interval(SECOND);
    assert!(harness.poll_once(&mut ticks.tick()).is_pending());
    let at = harness.block_on(ticks.tick());
    assert_eq!(harness.reactor.clock().since_origin(at), 1_000_000_000);
}

#[test]
fn moving_the_clock_wakes_the_loop_that_uses_it() {
    let clock = ManualClock::new();
    let reactor = {
        let clock = Clock::Manual(clock.clone());
        Reactor::new(Options { clock, ..Options::default() }).unwrap()
    };
    assert!(reactor.notifier().arm_wait());
    clock.advance(SECOND);
    assert!(reactor.notifier().disarm());
    let Clock::Manual(own) = reactor.clock() else { unreachable!("made so above") };
    assert_eq!(own.handles(), 1, "the test's");
    drop(clock);
    assert_eq!(own.handles(), 0, "nobody can move it any more");
}

#[test]
fn a_sleep_that_is_reset_ends_at_its_new_deadline() {
    let (harness, clock) = Harness::manual();
    let mut nap = sleep(SECOND);
    assert!(harness.poll_once(&mut nap).is_pending());
    nap.reset(harness.reactor.clock().instant(5_000_000_000));
    harness.block_on(poll_fn(|cx: &mut Context<'_>| -> Poll<()> { Pin::new(&mut nap).poll(cx) }));
    assert_eq!(clock.now(), 5_000_000_000);
}
