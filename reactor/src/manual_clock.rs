//! `ManualClock`: a clock that stands still until it is moved, by a test or by its loop.
//!
//! It promises that every loop that uses it is woken when it moves. It arms no timer, and moves
//! only forwards.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::Waker,
    time::{Duration, Instant},
};

use crate::clock::nanoseconds;

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
/// same.jump_to(1_000);
/// assert_eq!(clock.now(), 60_000_000_000, "never backwards");
/// assert_eq!((clock.handles(), clock.autojump()), (1, false));
/// ```
pub struct ManualClock {
    shared: Arc<Shared>,
}

struct Shared {
    origin: Instant,
    now: AtomicU64,
    /// So much of `now` was time suspended.
    suspended: AtomicU64,
    autojump: AtomicBool,
    /// How many `ManualClock`s are this clock. Counted here, since the count of the `Arc` falls
    /// only after a handle's own drop: too late for a loop that is told of it and looks.
    handles: AtomicUsize,
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
                suspended: AtomicU64::new(0),
                autojump: AtomicBool::new(false),
                handles: AtomicUsize::new(1),
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
        add(&self.shared.now, by);
        self.wake_loops();
    }

    /// As [`advance`](ManualClock::advance), as if the machine had been suspended meanwhile: on
    /// a clock that counts such time, as [`Clock::Boot`](crate::Clock::Boot) does.
    ///
    /// ```
    /// use std::time::Duration;
    /// use glassloop_reactor::ManualClock;
    ///
    /// let clock = ManualClock::new();
    /// clock.advance(Duration::from_secs(1));
    /// clock.suspend(Duration::from_secs(60));
    /// assert_eq!((clock.now(), clock.suspended()), (61_000_000_000, 60_000_000_000));
    /// ```
    pub fn suspend(&self, by: Duration) {
        // First: who sees the new time must see how it came about.
        add(&self.shared.suspended, by);
        self.advance(by);
    }

    /// How much of the time was suspended, in nanoseconds.
    #[must_use]
    pub fn suspended(&self) -> u64 {
        self.shared.suspended.load(Ordering::Acquire)
    }

    /// The instant at which it was made.
    pub(crate) fn origin(&self) -> Instant {
        self.shared.origin
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
        self.shared.handles.load(Ordering::Acquire) - 1
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

impl Clone for ManualClock {
    fn clone(&self) -> ManualClock {
        self.shared.handles.fetch_add(1, Ordering::Relaxed);
        ManualClock { shared: Arc::clone(&self.shared) }
    }
}

impl Drop for ManualClock {
    /// If the only handle left is a loop's own, that loop is brought back: nobody will move its
    /// clock any more, and its timers may be no way out.
    fn drop(&mut self) {
        if self.shared.handles.fetch_sub(1, Ordering::AcqRel) == 2 {
            self.wake_loops();
        }
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

/// Adds to a time, up to its end.
fn add(time: &AtomicU64, by: Duration) {
    let by = nanoseconds(by);
    // The closure never says no.
    time.fetch_update(Ordering::AcqRel, Ordering::Acquire, |time| Some(time.saturating_add(by)))
        .ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_knows_how_many_could_move_it() {
        let clock = ManualClock::new();
        assert_eq!(clock.handles(), 0);
        let other = clock.clone();
        assert_eq!(clock.handles(), 1);
        drop(other);
        assert_eq!(clock.handles(), 0);
    }
}
