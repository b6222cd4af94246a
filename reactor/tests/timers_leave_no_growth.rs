//! Memory of the timer queue: it follows the number of armed timers, not the number of armings.
//!
//! What is cancelled or fired leaves nothing that piles up, and a crowd that has gone gives back
//! what it took.
//! Order and time are the matter of `timers_match_a_sorted_model.rs`.
#![cfg(test)]

#[path = "common/spans.rs"]
mod spans;

use std::rc::Rc;

use glassloop_reactor::{NEVER, Timers};
use spans::{MS, SECOND, TICK, YEAR, scattered, shrunk};

/// Arms and cancels `count` timers in all, with others resident and with several in flight.
fn cancelled_timers_leave_no_growth(count: usize) {
    for (resident, in_flight) in [(0, 1), (1, 1), (100, 10), (1000, 1000)] {
        // Nearer than a tick they wait in the due list, further in the wheel, which then turns.
        for (spread, pace) in [(1000, 0), (30 * MS, 0), (30 * SECOND, 0), (30 * SECOND, MS)] {
            let mut timers = Timers::new(0);
            for n in 0..resident {
                timers.arm(1 + scattered(n, 90 * SECOND), 0);
            }
            timers.arm(1, 0);
            let worst = worst_bytes(&mut timers, count / 16, in_flight, spread, pace);
            // The wheel's buckets with what each keeps, the due list's reserve, and the timers.
            let bound = 11_000 + 452 * 128 + 3 * 1024 * 24 + (resident + in_flight + 9) * 160;
            assert!(worst <= bound, "{worst} bytes are more than {bound}");
            assert!(timers.len() <= resident + 1);
        }
    }
}

/// Keeps `in_flight` timers armed, each cancelled and armed anew in its turn, `count` times in all,
/// while time goes on by `pace` now and then. Returns the most memory the queue took.
fn worst_bytes(
    timers: &mut Timers<usize>,
    count: usize,
    in_flight: usize,
    spread: u64,
    pace: u64,
) -> usize {
    let (mut now, mut worst) = (0, 0);
    let mut flying = Vec::new();
    for turn in 0..count {
        if flying.len() == in_flight {
            let id = flying.swap_remove(turn % in_flight);
            assert!(timers.cancel(id).is_some());
        }
        let at = now + 10 + 1000 * pace + scattered(turn, spread);
        flying.push(timers.arm(at, turn));
        if turn % 64 == 0 {
            worst = worst.max(timers.bytes());
            now += pace;
            timers.expire(now, |_, _| ());
        }
    }
    for id in flying {
        assert!(timers.cancel(id).is_some());
    }
    worst
}

#[test]
fn a_hundred_thousand_cancelled_timers_leave_no_growth() {
    cancelled_timers_leave_no_growth(shrunk(100_000));
}

#[test]
#[ignore = "ten million timers: part of the full run"]
fn full_ten_million_cancelled_timers_leave_no_growth() {
    cancelled_timers_leave_no_growth(10_000_000);
}

#[test]
fn a_crowd_that_has_gone_gives_its_memory_back() {
    assert_eq!(Timers::<u64>::new(0).bytes(), 0, "an unused queue owns nothing");
    let count = shrunk(100_000);
    for at in [0, 3 * TICK, 3 * SECOND] {
        let mut timers = Timers::new(0);
        let ids: Vec<_> = (0..count).map(|payload| timers.arm(at, payload)).collect();
        assert!(timers.bytes() >= count * 36);
        for id in ids {
            assert!(timers.cancel(id).is_some());
        }
        let after_cancelling = timers.bytes();
        for payload in 0..count {
            timers.arm(at, payload);
        }
        assert_eq!(timers.expire(at, |_, _| ()), count);
        for bytes in [after_cancelling, timers.bytes()] {
            assert!(bytes <= 100 * 1024, "{bytes} bytes are left of {count} timers at {at}");
        }
    }
}

#[test]
fn payloads_are_handed_back_or_dropped_with_the_queue() {
    let payload = Rc::new(());
    let mut timers = Timers::new(0);
    let mut ids = Vec::new();
    for at in [0, 5, TICK, SECOND, YEAR, NEVER] {
        ids.push(timers.arm(at, Rc::clone(&payload)));
        timers.arm(at, Rc::clone(&payload));
    }
    let mut back: Vec<_> = ids.into_iter().filter_map(|id| timers.cancel(id)).collect();
    assert_eq!(timers.expire(2 * SECOND, |_, payload| back.push(payload)), 4);
    assert_eq!((back.len(), Rc::strong_count(&payload)), (10, 13));
    drop(timers);
    assert_eq!(Rc::strong_count(&payload), 11);
}
