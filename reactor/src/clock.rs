//! `Clock`: where time comes from, as nanoseconds since an origin.
//!
//! It promises that time never runs backwards and that no sum overflows: what is too far away is
//! the end of time. It arms no timer and decides nothing.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use crate::{manual_clock::ManualClock, os_time::boot_time};

/// How far an `Instant` lies ahead that stands for "never", where the OS can't name a later one.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// The clock of a loop.
///
/// ```
/// use std::time::Duration;
/// use glassloop_reactor::{Clock, ManualClock, nanoseconds};
///
/// let manual = ManualClock::new();
/// let clock = Clock::Manual(manual.clone());
/// let deadline = clock.instant(clock.now()) + Duration::from_secs(2);
/// manual.advance(Duration::from_secs(1));
/// assert_eq!(clock.since_origin(deadline) - clock.now(), nanoseconds(Duration::from_secs(1)));
/// ```
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The OS's monotonic clock. All loops of a process count from one origin. It stands still
    /// while the machine is suspended, but on Windows, where it goes on.
    #[default]
    System,
    /// A clock that stands still until somebody moves it.
    Manual(ManualClock),
    /// As `System`, but time suspended counts: what became due meanwhile is due at once when the
    /// machine resumes. On Linux, Android and Apple's systems; elsewhere, and without feature
    /// `os-time`, it is `System`.
    ///
    /// On Linux a wait under way ends when the machine resumes past its deadline. Elsewhere, and
    /// without descriptors, it may go on for what was left of it, and due timers fire then.
    Boot,
}

impl Clock {
    /// The time, in nanoseconds since the origin.
    // COST: one reading of the OS's clock, about 20 ns; a manual clock costs a load.
    #[must_use]
    #[inline]
    pub fn now(&self) -> u64 {
        match self {
            Clock::System => system_now(),
            Clock::Manual(clock) => clock.now(),
            Clock::Boot => boot_now().unwrap_or_else(system_now),
        }
    }

    /// How long the machine was suspended, in nanoseconds since some moment: compare two of them.
    /// Time that a manual clock was told of by [`ManualClock::suspend`] counts there. It is never
    /// too much (on Apple's systems a little, where only one of two clocks follows the rate of the
    /// wall clock), and stands still where the OS doesn't tell.
    // COST: two readings of the OS's clocks.
    #[must_use]
    pub fn suspended(&self) -> u64 {
        match self {
            Clock::Manual(clock) => clock.suspended(),
            // In this order: if the thread is held up between the two it looks like less.
            Clock::System | Clock::Boot => {
                boot_now().map_or(0, |boot| boot.saturating_sub(system_now()))
            }
        }
    }

    /// Nanoseconds from the origin to an instant; 0 for one before it.
    ///
    /// An `Instant` knows of no time suspended: on [`Clock::Boot`] it is as far away from now as
    /// it is for the OS.
    #[must_use]
    pub fn since_origin(&self, instant: Instant) -> u64 {
        if let Clock::Boot = self {
            // In this order, so that a deadline may become later and never earlier.
            let now = Instant::now();
            let ago = nanoseconds(now.saturating_duration_since(instant));
            let ahead = nanoseconds(instant.saturating_duration_since(now));
            return self.now().saturating_sub(ago).saturating_add(ahead);
        }
        nanoseconds(instant.saturating_duration_since(self.origin()))
    }

    /// The instant that lies so many nanoseconds after the origin, or one some thirty years ahead
    /// if the OS can't name it.
    #[must_use]
    pub fn instant(&self, at: u64) -> Instant {
        if let Clock::Boot = self {
            let boot = self.now();
            let now = Instant::now();
            let ago = Duration::from_nanos(boot.saturating_sub(at));
            let ahead = Duration::from_nanos(at.saturating_sub(boot));
            let instant = now.checked_sub(ago).unwrap_or(now);
            return instant.checked_add(ahead).unwrap_or_else(|| now + FAR);
        }
        let origin = self.origin();
        origin.checked_add(Duration::from_nanos(at)).unwrap_or_else(|| origin + FAR)
    }

    #[inline]
    fn origin(&self) -> Instant {
        match self {
            Clock::System | Clock::Boot => system_origin(),
            Clock::Manual(clock) => clock.origin(),
        }
    }
}

#[inline]
fn system_origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(Instant::now)
}

#[inline]
fn system_now() -> u64 {
    nanoseconds(Instant::now().saturating_duration_since(system_origin()))
}

/// As `system_now`, and time suspended since it was first asked for included.
#[inline]
fn boot_now() -> Option<u64> {
    static ORIGIN: OnceLock<Option<(Duration, u64)>> = OnceLock::new();
    // The system's clock second: this one is ahead of it, by next to nothing, and never behind.
    let first = || boot_time().map(|boot| (boot, system_now()));
    let (boot, system) = (*ORIGIN.get_or_init(first))?;
    boot_time().map(|now| nanoseconds(now.saturating_sub(boot)).saturating_add(system))
}

/// A duration in nanoseconds, at most `u64::MAX`, which is some 584 years.
#[must_use]
pub fn nanoseconds(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(u64::from(duration.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_far_is_the_end_of_time() {
        let clock = ManualClock::new();
        clock.advance(Duration::from_secs(1));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), u64::MAX);
        for clock in [Clock::Manual(clock), Clock::System, Clock::Boot] {
            assert!(clock.instant(u64::MAX) > Instant::now(), "{clock:?}");
        }
    }

    #[test]
    fn an_instant_before_the_origin_is_the_origin() {
        let before = Instant::now();
        let clock = Clock::Manual(ManualClock::new());
        assert_eq!(clock.since_origin(before), 0);
        assert_eq!(clock.since_origin(clock.instant(5_000)), 5_000);
    }

    #[test]
    fn the_clocks_of_the_os_never_run_backwards() {
        for clock in [Clock::System, Clock::Boot] {
            let first = clock.now();
            assert!(clock.now() >= first, "{clock:?}");
        }
    }

    #[test]
    fn an_instant_is_as_far_away_on_the_boot_clock_as_it_is_for_the_os() {
        let hour = Duration::from_secs(3_600);
        let clock = Clock::Boot;
        let (before, at) = (clock.now(), clock.since_origin(Instant::now() + hour));
        let after = clock.now();
        assert!(at >= before + nanoseconds(hour), "never early");
        // Less what passed between two readings, each deadline comes back as it was.
        assert!(at <= after + nanoseconds(hour));
        let ahead = clock.instant(at).saturating_duration_since(Instant::now());
        assert!(ahead <= hour && ahead > hour / 2, "{ahead:?}");
    }

    #[test]
    fn time_suspended_is_never_overstated() {
        // Nobody suspends the machine for a second between two readings.
        for clock in [Clock::System, Clock::Boot] {
            let (first, second) = (clock.suspended(), clock.suspended());
            assert!(second.saturating_sub(first) < 1_000_000_000, "{first} {second}");
        }
        assert_eq!(Clock::Manual(ManualClock::new()).suspended(), 0);
    }
}
