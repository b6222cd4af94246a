//! `ManualClock`: a clock that stands still until it is moved, by a test or by its loop; or flows
//! as fast or as slowly as it is told to.
//!
//! It promises that every loop that uses it is woken when it is moved or told to flow otherwise. It
//! arms no timer, and moves only forwards.

mod flow;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::Waker,
    time::{Duration, Instant},
};

use crate::clock::nanoseconds;
use flow::Flow;

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
    /// How it flows, if it does; and whether, to be asked without a lock.
    flow: Mutex<Option<Flow>>,
    flows: AtomicBool,
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
                flow: Mutex::new(None),
                flows: AtomicBool::new(false),
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

    /// Lets its loop move it by itself, or not any more.
    pub fn set_autojump(&self, on: bool) {
        self.shared.autojump.store(on, Ordering::Relaxed);
        self.wake_loops();
    }

    /// Has it flow by itself from now on, so many times as fast as the system's clock: 1.0 is as
    /// fast, 0.1 a tenth of it, 0.0 has it stand still again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use glassloop_reactor::ManualClock;
    ///
    /// let clock = ManualClock::new();
    /// clock.set_rate(1_000_000.0); // a second in a microsecond
    /// std::thread::sleep(Duration::from_millis(1));
    /// assert!(clock.now() >= 1_000_000_000_000 && clock.rate() == 1_000_000.0);
    /// clock.set_rate(0.0);
    /// assert_eq!(clock.now(), clock.now());
    /// ```
    ///
    /// # Panics
    /// If the rate is negative, infinite, or no number.
    pub fn set_rate(&self, rate: f64) {
        assert!(rate.is_finite() && rate >= 0.0, "expected a rate from 0.0 on, came {rate}");
        let mut flow = self.flow();
        let from = self.settle(&flow);
        *flow = (rate > 0.0).then(|| Flow::from(from, rate));
        self.shared.flows.store(flow.is_some(), Ordering::Release);
        drop(flow);
        self.wake_loops();
    }

    /// How many times as fast as the system's clock it flows; 0.0 while it stands still.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.flow().map_or(0.0, |flow| flow.rate)
    }

    /// How long the system's clock takes until this one says `at`, nanoseconds since its origin.
    /// `None` if it stands still, unless that time has come.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let clock = glassloop_reactor::ManualClock::new();
    /// assert_eq!(clock.time_until(60_000_000_000), None);
    /// clock.set_rate(0.5);
    /// let left = clock.time_until(60_000_000_000).expect("it flows");
    /// assert!(left > Duration::from_secs(100) && left < Duration::from_secs(121));
    /// ```
    #[must_use]
    pub fn time_until(&self, at: u64) -> Option<Duration> {
        let left = at.saturating_sub(self.now());
        if left == 0 {
            return Some(Duration::ZERO);
        }
        self.flow().map(|flow| flow.time_for(left))
    }

    /// The time, in nanoseconds since the origin.
    #[must_use]
    pub fn now(&self) -> u64 {
        if self.shared.flows.load(Ordering::Acquire) {
            return self.settle(&self.flow());
        }
        self.shared.now.load(Ordering::Acquire)
    }

    /// Notes how far it has flowed, and gives the time.
    fn settle(&self, flow: &Option<Flow>) -> u64 {
        let at = flow.map_or(0, Flow::now);
        self.shared.now.fetch_max(at, Ordering::AcqRel).max(at)
    }

    /// It was moved: from here on it flows as before.
    fn reflow(&self, flow: &mut Option<Flow>) {
        let from = self.shared.now.load(Ordering::Acquire);
        if let Some(flow) = flow {
            *flow = Flow::from(from, flow.rate);
        }
    }

    fn flow(&self) -> MutexGuard<'_, Option<Flow>> {
        self.shared.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock and wakes the loops that use it. Timers that have become due fire in their
    /// next turn, in order.
    pub fn advance(&self, by: Duration) {
        let mut flow = self.flow();
        self.settle(&flow);
        add(&self.shared.now, by);
        self.reflow(&mut flow);
        drop(flow);
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
        let mut flow = self.flow();
        let now = self.settle(&flow);
        if at > now {
            self.shared.now.fetch_max(at, Ordering::AcqRel);
            self.reflow(&mut flow);
        }
        drop(flow);
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

    /// A handle that doesn't count as one: a loop that has the only [handle](Self::handles) may
    /// say that its clock stands still for good.
    ///
    /// ```
    /// let clock = glassloop_reactor::ManualClock::new();
    /// let weak = clock.downgrade();
    /// assert_eq!(clock.handles(), 0);
    /// assert!(weak.upgrade().is_some_and(|same| same.handles() == 1));
    /// drop(clock);
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use]
    pub fn downgrade(&self) -> WeakManualClock {
        WeakManualClock { shared: Arc::downgrade(&self.shared) }
    }

    fn loops(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.shared.loops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A handle to a [`ManualClock`] that doesn't count as one.
#[derive(Clone)]
pub struct WeakManualClock {
    shared: Weak<Shared>,
}

impl WeakManualClock {
    /// The clock, if it is still there. From here on it has a handle more.
    #[must_use]
    pub fn upgrade(&self) -> Option<ManualClock> {
        self.shared.upgrade().map(|shared| {
            shared.handles.fetch_add(1, Ordering::Relaxed);
            ManualClock { shared }
        })
    }
}

impl fmt::Debug for WeakManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakManualClock")
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
            .field("rate", &self.rate())
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

    #[test]
    fn a_clock_that_flows_is_moved_and_goes_on_from_there() {
        let (clock, hour) = (ManualClock::new(), 3_600_000_000_000);
        assert_eq!((clock.rate(), clock.time_until(hour)), (0.0, None));
        assert_eq!(clock.time_until(0), Some(Duration::ZERO));
        // So slowly that it doesn't move within a test.
        clock.set_rate(1e-9);
        clock.advance(Duration::from_secs(3_600));
        assert!((hour..hour + 1_000).contains(&clock.now()));
        let left = clock.time_until(2 * hour).unwrap();
        assert!(left > Duration::from_secs(3_599 * 1_000_000_000), "{left:?}");
        clock.jump_to(2 * hour);
        clock.jump_to(hour);
        assert!((2 * hour..2 * hour + 1_000).contains(&clock.now()), "never backwards");
        let far = Duration::MAX;
        clock.advance(far);
        assert_eq!((clock.now(), clock.time_until(u64::MAX)), (u64::MAX, Some(Duration::ZERO)));
        clock.set_rate(1e300);
        assert_eq!(clock.now(), u64::MAX);
        for wrong in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(std::panic::catch_unwind(|| ManualClock::new().set_rate(wrong)).is_err());
        }
    }
}
