//! `Clock`: where time comes from, as nanoseconds since an origin.
//!
//! It promises that time never runs backwards and that no sum overflows: what is too far away is
//! the end of time. It arms no timer and decides nothing.

use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Waker,
    time::{Duration, Instant},
};

/// How far an `Instant` lies ahead that stands for "never", where the OS can't name a later one.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// The clock of a loop.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The OS's monotonic clock. All loops of a process count from one origin.
    #[default]
    System,
    /// A clock that stands still until somebody moves it.
    Manual(ManualClock),
}

impl Clock {
    /// The time, in nanoseconds since the origin.
    // COST: one reading of the OS's clock, about 20 ns; a manual clock costs a load.
    #[must_use]
    #[inline]
    pub fn now(&self) -> u64 {
        match self {
            Clock::System => nanoseconds(Instant::now().saturating_duration_since(self.origin())),
            Clock::Manual(clock) => clock.now(),
        }
    }

    /// Nanoseconds from the origin to an instant; 0 for one before it.
    #[must_use]
    pub fn since_origin(&self, instant: Instant) -> u64 {
        nanoseconds(instant.saturating_duration_since(self.origin()))
    }

    /// The instant that lies so many nanoseconds after the origin, or one some thirty years ahead
    /// if the OS can't name it.
    #[must_use]
    pub fn instant(&self, at: u64) -> Instant {
        let origin = self.origin();
        origin.checked_add(Duration::from_nanos(at)).unwrap_or_else(|| origin + FAR)
    }

    #[inline]
    fn origin(&self) -> Instant {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        match self {
            Clock::System => *ORIGIN.get_or_init(Instant::now),
            Clock::Manual(clock) => clock.shared.origin,
        }
    }
}

/// A duration in nanoseconds, at most `u64::MAX`, which is some 584 years.
#[must_use]
pub fn nanoseconds(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(u64::from(duration.subsec_nanos()))
}

/// A clock that moves when it is told to. Clones are the same clock, on whatever thread.
///
/// ```
/// use std::time::Duration;
/// use glassloop_reactor::ManualClock;
///
/// let clock = ManualClock::new();
/// let same = clock.clone();
/// same.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), 60_000_000_000);
/// ```
#[derive(Clone)]
pub struct ManualClock {
    shared: Arc<Shared>,
}

struct Shared {
    origin: Instant,
    now: AtomicU64,
    autojump: AtomicBool,
    /// The loops that use the clock, to be woken when it moves.
    loops: Mutex<Vec<Waker>>,
}

impl ManualClock {
    /// A clock that stands at its origin, which is this moment.
    #[must_use]
    pub fn new() -> ManualClock {
        ManualClock {
            shared: Arc::new(Shared {
                origin: Instant::now(),
                now: AtomicU64::new(0),
                autojump: AtomicBool::new(false),
                loops: Mutex::new(Vec::new()),
            }),
        }
    }

    /// The same clock, which its loop moves to the next deadline whenever nothing else can happen.
    #[must_use]
    pub fn with_autojump(self) -> ManualClock {
        self.shared.autojump.store(true, Ordering::Relaxed);
        self
    }

    /// Whether the loop may move the clock by itself.
    #[must_use]
    pub fn autojump(&self) -> bool {
        self.shared.autojump.load(Ordering::Relaxed)
    }

    /// The time, in nanoseconds since the origin.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.shared.now.load(Ordering::Acquire)
    }

    /// Moves the clock and wakes the loops that use it. Timers that have become due fire in their
    /// next turn, in order.
    pub fn advance(&self, by: Duration) {
        let by = nanoseconds(by);
        let moved = |now: u64| Some(now.saturating_add(by));
        // The closure never says no.
        self.shared.now.fetch_update(Ordering::AcqRel, Ordering::Acquire, moved).ok();
        self.wake_loops();
    }

    fn wake_loops(&self) {
        // Cloned out: waking is not ours, and must not find the list locked.
        let loops = self.loops().clone();
        for waker in loops {
            waker.wake();
        }
    }

    /// Moves the clock to a time, if it lies ahead: for a loop that jumps, and is awake then. If
    /// other loops use the clock too, all of them are woken.
    pub fn jump_to(&self, at: u64) {
        self.shared.now.fetch_max(at, Ordering::AcqRel);
        if self.loops().len() > 1 {
            self.wake_loops();
        }
    }

    /// How many handles of this clock exist beside this one. A loop that asks its own, and hears
    /// 0, knows that nobody else can ever move it.
    #[must_use]
    pub fn handles(&self) -> usize {
        Arc::strong_count(&self.shared) - 1
    }

    pub(crate) fn add_loop(&self, waker: Waker) {
        self.loops().push(waker);
    }

    pub(crate) fn remove_loop(&self, waker: &Waker) {
        let mut loops = self.loops();
        let removed = loops.iter().position(|other| other.will_wake(waker));
        let removed = removed.map(|index| loops.swap_remove(index));
        drop(loops);
        drop(removed);
    }

    fn loops(&self) -> std::sync::MutexGuard<'_, Vec<Waker>> {
        self.shared.loops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> ManualClock {
        ManualClock::new()
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock")
            .field("now", &self.now())
            .field("autojump", &self.autojump())
            .field("handles", &self.handles())
            .finish_non_exhaustive()
    }
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
        let clock = Clock::Manual(clock);
        assert!(clock.instant(u64::MAX) > Instant::now());
    }

    #[test]
    fn an_instant_before_the_origin_is_the_origin() {
        let before = Instant::now();
        let clock = Clock::Manual(ManualClock::new());
        assert_eq!(clock.since_origin(before), 0);
        assert_eq!(clock.since_origin(clock.instant(5_000)), 5_000);
    }

    #[test]
    fn a_clock_knows_how_many_could_move_it() {
        let clock = ManualClock::new();
        assert_eq!(clock.handles(), 0);
        let other = clock.clone();
        assert_eq!(clock.handles(), 1);
        drop(other);
        assert_eq!(clock.handles(), 0);
    }

    #[test]
    fn the_system_clock_never_runs_backwards() {
        let clock = Clock::System;
        let first = clock.now();
        assert!(clock.now() >= first);
    }
}
