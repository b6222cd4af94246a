//! A deadline farther away than any OS waits in one go makes no wait an error and none a spin.
//!
//! How the poller cuts a timeout is shown in its own file.
#![cfg(test)]

use std::{cell::Cell, rc::Rc, thread, time::Duration};

use glassloop::{Clock, EventLoop, ManualClock, PollerKind, Precision, sleep};

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn a_loop_with_a_deadline_in_sixty_days_blocks_until_it_is_called() {
    for (poller, precision, clock) in [
        (PollerKind::Mio, Precision::Coarse, Clock::System),
        (PollerKind::Mio, Precision::Precise, Clock::System),
        (PollerKind::Mio, Precision::Precise, Clock::Boot),
        (PollerKind::TimersOnly, Precision::Coarse, Clock::System),
    ] {
        let builder = EventLoop::builder().poller(poller).clock(clock);
        let event_loop = builder.timeout_precision(precision).build().unwrap();
        for days in [25, 60, 36_500] {
            event_loop.spawn(sleep_for(&event_loop, days * DAY)).detach();
        }
        let remote = event_loop.remote();
        let caller = thread::spawn(move || {
            for call in 1..=10 {
                let called = remote.call(move || {
                    call == 10 && {
                        glassloop::stop();
                        true
                    }
                });
                let mut called = called;
                called.wait(DAY).expect("the loop takes the call");
            }
        });
        event_loop.run().unwrap();
        caller.join().unwrap();
        let counts = event_loop.snapshot().reactor;
        // One for each call, one at the start, and as many again for the ends of their `Call`s.
        assert!(counts.waits <= 2 * 10 + 2, "it spins: {counts:?}");
        assert!(counts.wake_calls <= counts.blocked, "{counts:?}");
        assert_eq!((counts.timers_fired, counts.timers_armed), (0, 3));
        event_loop.close(Duration::ZERO);
    }
}

/// Counted from this call.
fn sleep_for(event_loop: &EventLoop, duration: Duration) -> impl Future<Output = ()> + 'static {
    event_loop.enter(|| sleep(duration))
}

#[test]
fn a_deadline_in_sixty_days_fires_at_its_nanosecond() {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    let fired = Rc::new(Cell::new(false));
    let fire = Rc::clone(&fired);
    event_loop.call_later(60 * DAY, move || fire.set(true)).unwrap();
    for (by, expected) in [
        (25 * DAY, false),
        (35 * DAY - Duration::from_nanos(1), false),
        (Duration::from_nanos(1), true),
    ] {
        clock.advance(by);
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
        assert_eq!(fired.get(), expected, "at {:?}", Duration::from_nanos(clock.now()));
    }
}
