//! The rate limit: how many of something may happen in a second.
//!
//! Promises that no second, wherever it is laid, holds more than the limit. It reads no clock: the
//! time comes with the question.

use std::{collections::VecDeque, time::Duration};

const SPAN: Duration = Duration::from_secs(1);

/// The times of the last ones that were let pass.
#[derive(Debug)]
pub(crate) struct RateLimit {
    per_second_max: usize,
    passed: VecDeque<Duration>,
}

impl RateLimit {
    pub(crate) fn new(per_second_max: usize) -> RateLimit {
        RateLimit { per_second_max, passed: VecDeque::with_capacity(per_second_max) }
    }

    /// Lets one pass at `now`, counted from anywhere, or says how long it is until one may.
    pub(crate) fn pass(&mut self, now: Duration) -> Result<(), Duration> {
        if self.passed.len() == self.per_second_max {
            let Some(oldest) = self.passed.front() else { return Err(SPAN) };
            let left = oldest.saturating_add(SPAN).saturating_sub(now);
            if !left.is_zero() {
                return Err(left);
            }
            self.passed.pop_front();
        }
        self.passed.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(limit: &mut RateLimit, tries: usize, at_ms: u64) -> usize {
        (0..tries).filter(|_| limit.pass(Duration::from_millis(at_ms)).is_ok()).count()
    }

    #[test]
    fn of_a_thousand_at_once_ten_pass_and_ten_more_a_second_later() {
        let mut limit = RateLimit::new(10);
        assert_eq!(passed(&mut limit, 1_000, 0), 10);
        assert_eq!(limit.pass(Duration::from_millis(300)), Err(Duration::from_millis(700)));
        assert_eq!(passed(&mut limit, 1_000, 999), 0);
        assert_eq!(passed(&mut limit, 1_000, 1_000), 10);
        assert_eq!(passed(&mut limit, 1_000, 60_000), 10, "what was not used is not saved up");
    }

    #[test]
    fn no_second_holds_more_than_the_limit_wherever_it_is_laid() {
        let mut limit = RateLimit::new(10);
        let times: Vec<u64> = (0..10_000).filter(|at| passed(&mut limit, 1, *at) == 1).collect();
        for (at, time) in times.iter().enumerate() {
            let within = times[at..].iter().take_while(|other| **other < time + 1_000).count();
            assert!(within <= 10, "{within} in the second from {time} ms on");
        }
        assert_eq!(times.len(), 100, "and none is kept out for longer than it must");
    }

    #[test]
    fn a_limit_of_none_lets_none_pass() {
        assert_eq!(RateLimit::new(0).pass(Duration::MAX), Err(SPAN));
    }
}
