//! The backoff: how long to wait before the next attempt, or whether to give up.
//!
//! Promises that each delay lies within its law, that one seed decides all of them, and that only
//! a connection which stood for a while makes it begin anew. It waits for nothing itself.
//!
//! The law is "full jitter", after the cap: see Marc Brooker, [Exponential Backoff And
//! Jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Jitter of a
//! fraction, or before the cap, leaves many clients on the same instant.

use std::time::Duration;

use glassloop_reactor::{Dice, nanoseconds};

use super::limits::ReconnectLimits;
use crate::time::{deadline, millis_between, nanos};

#[derive(Debug)]
pub(crate) struct Backoff {
    limits: ReconnectLimits,
    dice: Dice,
    failures: u32,
    /// When the present outage began.
    since: u64,
}

/// What a failure leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another attempt, so many nanoseconds later.
    Wait(u64),
    GiveUp,
}

impl Backoff {
    pub(crate) fn new(limits: ReconnectLimits, seed: u64, now: u64) -> Backoff {
        Backoff { limits, dice: Dice::new(seed), failures: 0, since: now }
    }

    /// Failures in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// How long the outage has lasted, in milliseconds.
    pub(crate) fn outage_ms(&self, now: u64) -> u64 {
        millis_between(self.since, now)
    }

    /// A connection that stood for so long has ended.
    pub(crate) fn note_end(&mut self, stood: u64, now: u64) {
        if stood >= nanos(self.limits.stable_ms_min) {
            self.failures = 0;
            self.since = now;
        }
    }

    /// An attempt failed, or a connection ended. The server may have said when to come again.
    pub(crate) fn fail(&mut self, now: u64, retry_after: Option<Duration>) -> Next {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= self.limits.failures_max {
            return Next::GiveUp;
        }
        let doublings = (self.failures - 1).min(63);
        let longest = self.limits.first_delay_ms_max.saturating_mul(1 << doublings);
        let longest = nanos(longest.min(self.limits.delay_ms_max));
        let delay = match retry_after {
            Some(after) => {
                let after = nanoseconds(after).min(nanos(self.limits.retry_after_ms_max));
                let shortest = nanos(self.limits.delay_ms_min);
                after.saturating_add(self.between(0, longest)).max(shortest)
            }
            None => self.between(nanos(self.limits.delay_ms_min), longest),
        };
        let end = deadline(self.since, self.limits.outage_ms_max);
        if now.saturating_add(delay) > end { Next::GiveUp } else { Next::Wait(delay) }
    }

    /// A number from the first to the last; the first, if that is the larger one.
    fn between(&self, first: u64, last: u64) -> u64 {
        let span = u128::from(last.saturating_sub(first)) + 1;
        let offset = (u128::from(self.dice.roll()) * span) >> 64;
        first + u64::try_from(offset).expect("it is less than the span")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn wait(next: Next) -> u64 {
        match next {
            Next::Wait(delay) => delay,
            Next::GiveUp => panic!("expected a delay"),
        }
    }

    #[test]
    fn a_delay_lies_between_the_shortest_and_the_longest_of_its_failure() {
        let (mut least, mut most) = ([u64::MAX; 8], [0; 8]);
        for seed in 0..10_000 {
            let mut backoff = Backoff::new(ReconnectLimits::default(), seed, 0);
            for failure in 0..8 {
                let delay = wait(backoff.fail(0, None));
                least[failure] = least[failure].min(delay);
                most[failure] = most[failure].max(delay);
            }
        }
        let caps = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000].map(|cap| cap * MS);
        for (failure, cap) in caps.into_iter().enumerate() {
            let spread = cap - 250 * MS;
            assert!((250 * MS..250 * MS + spread / 100).contains(&least[failure]), "{failure}");
            assert!((cap - spread / 100..=cap).contains(&most[failure]), "{failure}");
        }
    }

    #[test]
    fn only_a_connection_that_stood_for_a_while_begins_anew() {
        let limits = ReconnectLimits { failures_max: 3, ..ReconnectLimits::default() };
        let mut backoff = Backoff::new(limits, 7, 0);
        for round in 0..3 {
            assert_eq!(backoff.fail(0, None) == Next::GiveUp, round == 2, "{round}");
            backoff.note_end(9_999 * MS, 0);
        }
        backoff.note_end(10_000 * MS, 0);
        assert_eq!(backoff.failures(), 0);
        assert_ne!(backoff.fail(0, None), Next::GiveUp);
    }

    #[test]
    fn what_the_server_asks_for_is_waited_and_then_some_but_not_for_ever() {
        let mut late = 0;
        for seed in 0..1_000 {
            let mut backoff = Backoff::new(ReconnectLimits::default(), seed, 0);
            let delay = wait(backoff.fail(0, Some(Duration::from_secs(5))));
            assert!((5_000 * MS..=6_000 * MS).contains(&delay), "seed {seed}: {delay}");
            late += u32::from(delay > 5_500 * MS);
            let delay = wait(backoff.fail(0, Some(Duration::MAX)));
            assert!((600_000 * MS..=602_000 * MS).contains(&delay), "seed {seed}: {delay}");
        }
        assert!((400..600).contains(&late), "{late} of 1,000 in the later half");
    }

    #[test]
    fn an_outage_that_would_last_too_long_is_given_up_at_once() {
        let limits = ReconnectLimits { outage_ms_max: 60_000, ..ReconnectLimits::default() };
        let mut backoff = Backoff::new(limits, 1, 0);
        let mut now = 0;
        while let Next::Wait(delay) = backoff.fail(now, None) {
            now += delay;
            assert!(now <= 60_000 * MS);
        }
        assert!(now > 30_000 * MS, "{now}");
        // Limits that say nothing sensible do no harm.
        let odd = ReconnectLimits {
            delay_ms_min: u64::MAX,
            first_delay_ms_max: 0,
            delay_ms_max: 0,
            ..ReconnectLimits::default()
        };
        assert_eq!(Backoff::new(odd, 1, 5).fail(5, None), Next::Wait(u64::MAX));
    }
}
