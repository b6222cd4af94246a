//! `Flow`: time that goes on by itself, so many times as fast as the system's.

use std::time::{Duration, Instant};

use crate::clock::nanoseconds;

/// It was `from` at `since`.
#[derive(Clone, Copy)]
pub(super) struct Flow {
    pub(super) rate: f64,
    from: u64,
    since: Instant,
}

impl Flow {
    /// It flows from here on, by a rate above zero.
    pub(super) fn from(from: u64, rate: f64) -> Flow {
        Flow { rate, from, since: Instant::now() }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a clock that flows is as exact as its rate; what is too far is the end of time"
    )]
    pub(super) fn now(self) -> u64 {
        let passed = nanoseconds(self.since.elapsed()) as f64 * self.rate;
        self.from.saturating_add(passed as u64)
    }

    /// How long the system's clock takes for so many nanoseconds of this one.
    pub(super) fn time_for(self, left: u64) -> Duration {
        let left = Duration::from_nanos(left).as_secs_f64() / self.rate;
        // Rounded up: who looks too early looks again.
        let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
        left.saturating_add(Duration::from_nanos(1))
    }
}
