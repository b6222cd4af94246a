//! `Published`: the last snapshot of a loop, for any thread to read, and who asked for the next.
//!
//! The loop looks at one word a turn: when it is to publish next, by its own clock. Whoever wants a
//! fresh snapshot sets that to "now" and wakes the loop; what was asked a thousand times before the
//! loop came to it is published once. The lock is held for an exchange of pointers.

use std::{
    mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::Snapshot;

/// What a loop publishes by itself takes one part in so many of its time, at most.
const REST: u64 = 20;

/// Nobody wants one.
const NEVER: u64 = u64::MAX;

/// A snapshot as another thread gets it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen {
    /// The state of the loop, as it was.
    pub snapshot: Arc<Snapshot>,
    /// How long ago that was, by the operating system's clock.
    pub age: Duration,
    /// The loop made it because it was asked just now. If not, the loop had no turn in the time
    /// that it was given: it hangs, or nobody runs it.
    pub fresh: bool,
}

/// What a watch wants of the loop: to record, to look for faults, or not to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) record: Option<bool>,
    pub(crate) lint: Option<bool>,
}

#[derive(Debug, Default)]
struct Latest {
    snapshot: Option<(Arc<Snapshot>, Instant)>,
    /// The how many-th that one is.
    number: u64,
    /// How many were begun. INVARIANT: `due_ns` changes under the same lock.
    begun: u64,
    /// How often a fresh one was asked for, and how often since the last one was begun.
    looks: u64,
    asked: u64,
    wish: Wish,
    /// There will be no other.
    ended: bool,
}

/// Where a loop leaves its snapshots.
#[derive(Debug)]
pub(crate) struct Published {
    /// When the loop is to publish next, in its clock's nanoseconds.
    due_ns: AtomicU64,
    /// How often it is to publish by itself.
    every_ns: AtomicU64,
    latest: Mutex<Latest>,
    news: Condvar,
}

impl Published {
    pub(crate) fn new(every_ns: Option<u64>) -> Published {
        Published {
            due_ns: AtomicU64::new(every_ns.map_or(NEVER, |_| 0)),
            every_ns: AtomicU64::new(every_ns.unwrap_or(NEVER)),
            latest: Mutex::default(),
            news: Condvar::new(),
        }
    }

    /// Whether the loop is to publish now.
    // COST: a load and a compare, once a turn.
    #[inline]
    pub(crate) fn is_due(&self, now_ns: u64) -> bool {
        now_ns >= self.due_ns.load(Ordering::Relaxed) && now_ns != NEVER
    }

    /// Leaves a snapshot. Who asked meanwhile gets the next. `make` is told what a watch wants. How
    /// many had asked.
    pub(crate) fn publish(
        &self,
        clock: impl Fn() -> u64,
        make: impl FnOnce(Wish) -> Snapshot,
    ) -> u64 {
        let began = clock();
        let next = began.saturating_add(self.every_ns.load(Ordering::Relaxed));
        let (number, wish, asked) = {
            // Before it is made: who asks from here on may know of what it will not hold.
            let mut latest = self.latest();
            self.due_ns.store(next, Ordering::Relaxed);
            latest.begun += 1;
            (latest.begun, mem::take(&mut latest.wish), mem::take(&mut latest.asked))
        };
        let snapshot = Arc::new(make(wish));
        let rested = began.saturating_add(clock().saturating_sub(began).saturating_mul(REST));
        let mut latest = self.latest();
        // Unless somebody has asked meanwhile.
        if self.due_ns.load(Ordering::Relaxed) == next {
            self.due_ns.store(next.max(rested), Ordering::Relaxed);
        }
        latest.number = number;
        let before = latest.snapshot.replace((snapshot, Instant::now()));
        drop(latest);
        self.news.notify_all();
        // It may be the last handle to a big one.
        drop(before);
        asked
    }

    /// Has the loop publish at least this often from now on, by its own clock.
    pub(crate) fn at_least_every(&self, every_ns: u64) {
        let latest = self.latest();
        if self.every_ns.fetch_min(every_ns, Ordering::Relaxed) > every_ns {
            self.due_ns.store(0, Ordering::Relaxed);
        }
        drop(latest);
    }

    /// Wants something switched, in the turn that `wake` brings.
    pub(crate) fn want(&self, wish: Wish, wake: impl FnOnce()) {
        let mut latest = self.latest();
        latest.wish.record = wish.record.or(latest.wish.record);
        latest.wish.lint = wish.lint.or(latest.wish.lint);
        self.due_ns.store(0, Ordering::Relaxed);
        drop(latest);
        wake();
    }

    /// The loop has ended: nobody waits for another one. It may leave what it was at its end.
    pub(crate) fn end(&self, last: Option<Snapshot>) {
        let mut latest = self.latest();
        latest.ended = true;
        let before = last.and_then(|last| {
            latest.begun += 1;
            latest.number = latest.begun;
            latest.snapshot.replace((Arc::new(last), Instant::now()))
        });
        drop(latest);
        self.news.notify_all();
        drop(before);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.latest().ended
    }

    /// The last one.
    pub(crate) fn seen(&self) -> Option<Seen> {
        seen(&self.latest(), false)
    }

    /// Asks for a fresh one by `wake`. The number of the last one that is none.
    pub(crate) fn ask(&self, wake: impl FnOnce()) -> u64 {
        let begun = {
            let mut latest = self.latest();
            self.due_ns.store(0, Ordering::Relaxed);
            latest.looks += 1;
            latest.asked += 1;
            latest.begun
        };
        wake();
        begun
    }

    /// Waits for one after number `begun`, at most `timeout`; else the last one.
    pub(crate) fn wait(&self, begun: u64, timeout: Duration) -> Option<Seen> {
        let waits = |latest: &mut Latest| latest.number <= begun && !latest.ended;
        let waited = self.news.wait_timeout_while(self.latest(), timeout, waits);
        let (latest, _) = waited.unwrap_or_else(PoisonError::into_inner);
        seen(&latest, latest.number > begun)
    }

    /// How often a fresh one was asked for.
    pub(crate) fn looks(&self) -> u64 {
        self.latest().looks
    }

    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seen(latest: &Latest, fresh: bool) -> Option<Seen> {
    let (snapshot, at) = latest.snapshot.as_ref()?;
    Some(Seen { snapshot: Arc::clone(snapshot), age: at.elapsed(), fresh })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::EventLoop;

    #[test]
    fn what_a_loop_publishes_by_itself_takes_a_twentieth_of_its_time_and_who_asks_is_not_put_off() {
        let event_loop = EventLoop::test();
        let published = Published::new(Some(100));
        let now = Cell::new(0);
        let takes = |nanos| {
            published.publish(
                || now.get(),
                |_| {
                    now.set(now.get() + nanos);
                    event_loop.snapshot()
                },
            )
        };
        takes(2);
        assert!(!published.is_due(99) && published.is_due(100));
        now.set(1_000);
        takes(50);
        assert!(!published.is_due(1_999) && published.is_due(2_000));
        assert_eq!(published.ask(|| ()), 2);
        assert!(published.is_due(1_050), "somebody asked");
        assert_eq!(takes(0), 1);
    }
}
