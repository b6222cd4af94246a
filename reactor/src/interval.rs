//! `Interval`: ticks at a period, and what becomes of those that were missed.
//!
//! It promises that no tick is early and that ticks don't drift, except where asked to. It queues
//! no ticks: what was missed is worked out when the next one is taken.

use std::{
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::{
    clock::nanoseconds,
    sleep::{Sleep, current},
};

/// What becomes of the ticks that nobody took in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTicks {
    /// They are left out: the next tick is the next multiple of the period that lies ahead.
    #[default]
    Skip,
    /// They come at once, one after the other, until the interval has caught up.
    Burst,
    /// They move the others: the next tick is a whole period after the late one was taken.
    Delay,
}

/// Ticks at a period. The first tick comes one period from this call.
///
/// A period of zero counts as one of a nanosecond.
///
/// # Panics
/// If the thread has no current event loop.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    let reactor = current("interval");
    let period = nanoseconds(period).max(1);
    let first = reactor.read_clock().saturating_add(period);
    Interval { sleep: Sleep::at(reactor, first), period, missed: MissedTicks::default() }
}

/// Ticks at a period. Made by [`interval`]. Dropping it disarms its timer.
pub struct Interval {
    sleep: Sleep,
    /// INVARIANT: not zero, so that it can divide.
    period: u64,
    missed: MissedTicks,
}

impl Interval {
    /// The same interval, with another answer to missed ticks.
    #[must_use]
    pub fn missed_ticks(mut self, missed: MissedTicks) -> Interval {
        self.missed = missed;
        self
    }

    /// Its period.
    #[must_use]
    pub fn period(&self) -> Duration {
        Duration::from_nanos(self.period)
    }

    /// Waits for the next tick and gives the instant at which it was due.
    ///
    /// # Cancel safety
    /// A tick is taken when this is ready, not before: dropping it loses none.
    pub fn tick(&mut self) -> Tick<'_> {
        Tick { interval: self }
    }

    /// Takes the next tick, or waits for it.
    #[track_caller]
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        if self.sleep.poll_as(cx, "interval").is_pending() {
            return Poll::Pending;
        }
        let reactor = self.sleep.reactor();
        if !reactor.spend_operation() {
            // A burst is as endless as a busy socket: it yields to others in between.
            reactor.note_place(self.sleep.place(Location::caller()));
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let (due, now) = (self.sleep.deadline_ns(), reactor.now());
        let tick = reactor.clock().instant(due);
        self.sleep.set_deadline(next(self.missed, due, now, self.period));
        Poll::Ready(tick)
    }
}

/// The tick after the one that was due at `due` and is taken at `now`.
fn next(missed: MissedTicks, due: u64, now: u64, period: u64) -> u64 {
    match missed {
        MissedTicks::Burst => due.saturating_add(period),
        MissedTicks::Delay => now.saturating_add(period),
        MissedTicks::Skip => {
            let periods = now.saturating_sub(due) / period + 1;
            due.saturating_add(period.saturating_mul(periods))
        }
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval")
            .field("period", &self.period())
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}

/// The next tick of an interval, as a future. Made by [`Interval::tick`].
///
/// # Cancel safety
/// Dropping it loses no tick: the next one asked for is the same.
#[derive(Debug)]
#[must_use = "a tick is taken when it is awaited"]
pub struct Tick<'a> {
    interval: &'a mut Interval,
}

impl Future for Tick<'_> {
    type Output = Instant;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        self.interval.poll_tick(cx)
    }
}

impl Drop for Tick<'_> {
    /// Nobody waits any more: the timer goes, the tick stays due.
    fn drop(&mut self) {
        self.interval.sleep.disarm();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_in_time_is_followed_by_the_next_period_whatever_the_answer() {
        for missed in [MissedTicks::Skip, MissedTicks::Burst] {
            assert_eq!(next(missed, 100, 109, 10), 110);
        }
        assert_eq!(next(MissedTicks::Delay, 100, 109, 10), 119);
    }

    #[test]
    fn a_late_tick_is_followed_by_what_was_asked_for() {
        assert_eq!(next(MissedTicks::Skip, 100, 135, 10), 140);
        assert_eq!(next(MissedTicks::Burst, 100, 135, 10), 110);
        assert_eq!(next(MissedTicks::Delay, 100, 135, 10), 145);
        assert_eq!(next(MissedTicks::Skip, 100, 130, 10), 140, "it lies ahead, not here");
    }

    #[test]
    fn the_end_of_time_is_no_overflow() {
        for missed in [MissedTicks::Skip, MissedTicks::Burst, MissedTicks::Delay] {
            assert_eq!(next(missed, u64::MAX - 1, u64::MAX - 1, u64::MAX), u64::MAX);
        }
    }
}
