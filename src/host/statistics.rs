//! `HostStatistics`: how a host serves its queue.

use std::time::Duration;

/// Of so many jobs that began last the wait is kept.
const WAITS_KEPT: usize = 1_024;

/// How a host serves its queue, since the queue was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostStatistics {
    /// Jobs that wait now.
    pub queued: usize,
    /// How long the oldest of them has waited.
    pub oldest_wait: Duration,
    /// How long 95 of a hundred waited at most, of the last 1,024 that began.
    pub waited_p95: Duration,
    /// Jobs that ran to their end.
    pub ran: u64,
    /// Jobs that panicked.
    pub panicked: u64,
    /// Jobs that were cancelled before they ran, or between two steps.
    pub cancelled: u64,
    /// Jobs for which the host did not come in time.
    pub timed_out: u64,
    /// Calls that ran for so long that the log was told.
    pub slow: u64,
    /// Jobs that the host let go of, or that the end of the queue met.
    pub lost: u64,
    /// Jobs that were refused: the queue was full or closed.
    pub refused: u64,
    /// How often the host was asked to drain.
    pub kicks: u64,
    /// How often it did.
    pub drains: u64,
}

/// The waits of the jobs that began last, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Waited {
    micros: Vec<u32>,
    next: usize,
}

impl Waited {
    pub(super) fn add(&mut self, waited: Duration) {
        let micros = u32::try_from(waited.as_micros()).unwrap_or(u32::MAX);
        match self.micros.get_mut(self.next) {
            Some(oldest) => *oldest = micros,
            None => self.micros.push(micros),
        }
        self.next = (self.next + 1) % WAITS_KEPT;
    }

    pub(super) fn p95(&self) -> Duration {
        let mut kept = self.micros.clone();
        let at = (kept.len() * 95).div_ceil(100).saturating_sub(1);
        // Asked for under the queue's lock: no more is sorted than it takes.
        let micros = if kept.is_empty() { 0 } else { *kept.select_nth_unstable(at).1 };
        Duration::from_micros(micros.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_last_thousand_waits_ninety_five_of_a_hundred_are_no_longer() {
        let mut waited = Waited::default();
        assert_eq!(waited.p95(), Duration::ZERO);
        waited.add(Duration::from_micros(7));
        assert_eq!(waited.p95(), Duration::from_micros(7));
        for micros in 1..=10_000 {
            waited.add(Duration::from_micros(micros));
        }
        // 8,977 to 10,000 are kept; the 973rd of them.
        assert_eq!(waited.p95(), Duration::from_micros(8_976 + 973));
    }
}
