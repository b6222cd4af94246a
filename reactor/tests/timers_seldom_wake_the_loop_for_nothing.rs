//! The deadlines that the timer queue names to whoever waits: never late, and rarely too early.
//!
//! Whoever sleeps until the named deadline and expires, again and again, finds every timer at its
//! very nanosecond, after one idle wait for each level of the wheel at most.
//! What fires, and in which order, is the matter of `timers_match_a_sorted_model.rs`.
#![cfg(test)]

#[path = "common/spans.rs"]
mod spans;

use glassloop_reactor::Timers;
use spans::{MS, SECOND, TICK, YEAR, scattered, shrunk};

/// Steps a queue from one deadline it names to the next until it is empty. Returns how many steps
/// fired nothing.
fn step_to_the_end(timers: &mut Timers<u64>) -> usize {
    let (mut last, mut idle, mut idle_in_a_row) = (None, 0, 0);
    while let Some(next) = timers.next_deadline() {
        assert!(Some(next) > last, "no progress at {next}");
        assert!(Some(next) <= timers.earliest());
        last = Some(next);
        let mut fired = Vec::new();
        if timers.expire(next, |_, payload| fired.push(payload)) == 0 {
            (idle, idle_in_a_row) = (idle + 1, idle_in_a_row + 1);
        } else {
            assert!(fired.iter().all(|&at| at == next), "late or early at {next}");
            idle_in_a_row = 0;
        }
        assert!(idle_in_a_row <= 8, "more than a wait a level before {next}");
    }
    assert!(timers.is_empty());
    idle
}

#[test]
fn the_deadlines_named_lead_to_every_timer_with_one_idle_wait_a_level_at_most() {
    for bound in [100 * MS, 100 * SECOND, 100 * YEAR, u64::MAX] {
        let mut timers = Timers::new(0);
        for n in 0..shrunk(20_000) {
            let at = scattered(n, bound);
            // Some lie at the very beginning of a bucket.
            let at = if n % 4 == 0 { at / (64 * TICK) * (64 * TICK) } else { at };
            timers.arm(at, at);
        }
        let idle = step_to_the_end(&mut timers);
        // As many as there are buckets with more than a few timers.
        assert!(idle <= 2 * 20_000 / 16, "{idle} idle waits up to {bound}");
    }
}

#[test]
fn a_few_timers_never_wake_the_loop_for_nothing() {
    for bound in [MS, SECOND, 1000 * SECOND, 500 * YEAR] {
        let mut timers = Timers::new(scattered(99, bound));
        for n in 0..16 {
            let at = scattered(n, bound);
            timers.arm(at, at);
        }
        assert_eq!(step_to_the_end(&mut timers), 0, "up to {bound}");
    }
}
