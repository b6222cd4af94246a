//! The timer queue: deadlines with payloads, cancelled far more often than they fire.
//!
//! It promises that nothing fires early, that equal deadlines fire in the order in which they were
//! armed, and that a timer that fired or was cancelled leaves nothing behind that could pile up.
//! It reads no clock, wakes nobody and drops no payload: it is told the time, and hands back what
//! it was given.
//!
//! A timer waits in one of three places. Most wait in the *wheel*, which sorts by coarse ticks of
//! about a millisecond and costs the same however many there are. Those whose tick has come wait
//! in the *due* list, which orders by the exact nanosecond. Those armed for [`NEVER`] wait nowhere.

use std::fmt;
use std::mem;

use slab::Slab;

use due::{Due, Item};
use entry::{Entry, Place, is_live};
use wheel::Wheel;

pub use entry::TimerId;

mod due;
mod entry;
mod wheel;

/// The deadline that never comes. A timer armed for it can be read and cancelled, nothing more.
pub const NEVER: u64 = u64::MAX;

/// A tick is 2^20 ns, about a millisecond. A finer one would only cascade more often: what is due
/// inside a tick is ordered by the nanosecond in any case.
const TICK_BITS: u32 = 20;

/// How many timers' room an empty queue keeps, lest small programs allocate again and again.
const ENTRIES_KEPT: usize = 1024;

/// So many entries are read in one go when the wheel turns: their cache misses then overlap, and
/// firing a million timers takes 70 ns each instead of 145.
const READ_AHEAD: usize = 32;

/// Up to this many timers of the wheel's first bucket are read to answer `next_deadline` exactly.
const READ_EXACTLY_MAX: usize = 16;

/// A queue of timers. Times are nanoseconds since the origin of whatever clock the caller reads.
///
/// An empty queue owns no memory before its first timer is armed. Each timer takes 24 bytes beside
/// its payload and 4 in a bucket of the wheel. Buckets give memory back as they empty; the table
/// of the timers themselves does so when the last one is gone.
///
/// ```
/// # use glassloop_reactor::Timers;
/// let mut timers = Timers::new(0);
/// timers.arm(2_000, "later");
/// let dropped = timers.arm(1_500, "not at all");
/// timers.arm(1_000, "soon");
/// assert_eq!(timers.cancel(dropped), Some("not at all"));
///
/// let mut fired = Vec::new();
/// assert_eq!(timers.expire(1_999, |at, what| fired.push((at, what))), 1);
/// assert_eq!(timers.expire(2_000, |at, what| fired.push((at, what))), 1);
/// assert_eq!(fired, [(1_000, "soon"), (2_000, "later")]);
/// ```
pub struct Timers<W> {
    entries: Slab<Entry<W>>,
    wheel: Wheel,
    due: Due,
    /// How many timers were ever armed: the sequence number of the next one.
    armed: u64,
    /// Scratch of `advance`, empty between two calls.
    reached: Vec<u32>,
}

impl<W> Timers<W> {
    /// An empty queue that begins at the time `now`.
    #[must_use]
    pub fn new(now: u64) -> Self {
        Timers {
            entries: Slab::new(),
            wheel: Wheel::new(tick_of(now)),
            due: Due::default(),
            armed: 0,
            reached: Vec::new(),
        }
    }

    /// Arms a timer for the deadline `at`, which may have passed already; for [`NEVER`] it only
    /// keeps the payload.
    ///
    /// # Panics
    /// If 2^32 timers are armed at once.
    // COST: O(1), and O(log n) among those due if the deadline's tick has begun.
    #[inline]
    pub fn arm(&mut self, at: u64, payload: W) -> TimerId {
        let sequence = self.armed;
        self.armed += 1;
        let vacant = self.entries.vacant_entry();
        let id = TimerId::new(vacant.key(), sequence);
        let (tick, index) = (tick_of(at), id.index());
        let place = if at == NEVER {
            Place::Never
        } else if tick <= self.wheel.tick() {
            self.due.insert(Item::new(at, sequence, index));
            Place::Due
        } else {
            self.wheel.insert(tick, index)
        };
        vacant.insert(Entry { at, sequence, place, payload });
        id
    }

    /// Disarms a timer and hands its payload back, for the caller to drop where it can be dropped.
    /// None if it fired or was cancelled before.
    // COST: O(1) in the wheel. Among those due, O(1) amortised over the cancels, see `Due`.
    #[inline]
    pub fn cancel(&mut self, id: TimerId) -> Option<W> {
        id.find(&self.entries)?;
        let entry = self.entries.remove(id.index() as usize);
        match entry.place {
            Place::Wheel { bucket, offset } => {
                if let Some(moved) = self.wheel.remove(bucket, offset) {
                    self.entries[moved as usize].place = Place::Wheel { bucket, offset };
                }
            }
            Place::Due => self.due.forget_one(|item| is_live(&self.entries, item)),
            Place::Never => {}
        }
        self.trim();
        Some(entry.payload)
    }

    /// The payload of an armed timer.
    #[must_use]
    pub fn get(&self, id: TimerId) -> Option<&W> {
        id.find(&self.entries).map(|entry| &entry.payload)
    }

    /// The payload of an armed timer, to be changed.
    #[must_use]
    pub fn get_mut(&mut self, id: TimerId) -> Option<&mut W> {
        id.find(&self.entries)?;
        self.entries.get_mut(id.index() as usize).map(|entry| &mut entry.payload)
    }

    /// The deadline of an armed timer.
    #[must_use]
    pub fn deadline(&self, id: TimerId) -> Option<u64> {
        id.find(&self.entries).map(|entry| entry.at)
    }

    /// Takes out every timer whose deadline is at or before `now` and hands it to `fired`, deadline
    /// and payload, by deadline and, where deadlines are equal, in the order of arming. Returns how
    /// many.
    ///
    /// A `now` before an earlier one is allowed; what is due then is decided by the new one.
    pub fn expire(&mut self, now: u64, mut fired: impl FnMut(u64, W)) -> usize {
        let mut count = self.fire(now, &mut fired);
        if tick_of(now) > self.wheel.tick() {
            debug_assert!(self.due.is_empty(), "what an earlier tick left is due now");
            self.advance(tick_of(now));
            count += self.fire(now, &mut fired);
        }
        self.trim();
        count
    }

    /// A time at which to call [`expire`](Self::expire) next: never later than the earliest
    /// deadline, and later than the `now` of the last `expire` unless what was armed since is due
    /// already. None if nothing can fire.
    ///
    /// It is the earliest deadline itself if that one's tick has begun or if few timers share its
    /// bucket of the wheel. Otherwise it is the bucket's beginning: the caller wakes once for
    /// nothing, and finds a finer bucket the next time. That happens at most once for each of the
    /// wheel's eight levels, and not at all while few timers are armed.
    // COST: O(1).
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        if let Some(item) = self.due.first() {
            return Some(item.at);
        }
        let (bucket, tick) = self.wheel.first()?;
        if bucket.len() > READ_EXACTLY_MAX {
            return Some(tick << TICK_BITS);
        }
        self.earliest_of(bucket)
    }

    /// The earliest deadline itself. None if nothing can fire.
    // COST: O(timers in the wheel's first bucket), which may be all of them.
    #[must_use]
    pub fn earliest(&self) -> Option<u64> {
        if let Some(item) = self.due.first() {
            return Some(item.at);
        }
        let (bucket, _) = self.wheel.first()?;
        self.earliest_of(bucket)
    }

    /// How many timers are armed, those for [`NEVER`] among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no timer is armed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Shows every armed timer with its deadline, in no particular order.
    pub fn for_each(&self, mut f: impl FnMut(TimerId, u64, &W)) {
        for (index, entry) in &self.entries {
            let id = TimerId::new(index, entry.sequence);
            f(id, entry.at, &entry.payload);
        }
    }

    /// How many bytes of heap memory the queue holds at this moment, used or kept in reserve.
    // COST: O(buckets of the wheel), a few hundred.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * mem::size_of::<Entry<W>>()
            + self.wheel.bytes()
            + self.due.bytes()
            + self.reached.capacity() * mem::size_of::<u32>()
    }

    fn earliest_of(&self, bucket: &[u32]) -> Option<u64> {
        bucket.iter().map(|&index| self.entries[index as usize].at).min()
    }

    /// Turns the wheel to `tick`: what it held up to there becomes due, what lay in the same
    /// bucket but later moves to a finer one.
    fn advance(&mut self, tick: u64) {
        let mut reached = mem::take(&mut self.reached);
        self.wheel.turn_to(tick, &mut reached);
        for indices in reached.chunks(READ_AHEAD) {
            let mut items = [Item::default(); READ_AHEAD];
            for (item, &index) in items.iter_mut().zip(indices) {
                *item = self.entries[index as usize].item(index);
            }
            for &item in &items[..indices.len()] {
                let place = if tick_of(item.at) <= tick {
                    self.due.append(item);
                    Place::Due
                } else {
                    self.wheel.insert(tick_of(item.at), item.index)
                };
                self.entries[item.index as usize].place = place;
            }
        }
        self.due.sort();
        reached.clear();
        wheel::trim(&mut reached);
        self.reached = reached;
    }

    /// Moves out what the due list holds up to `now`.
    fn fire(&mut self, now: u64, fired: &mut impl FnMut(u64, W)) -> usize {
        let mut count = 0;
        while let Some(item) = self.due.take_until(now) {
            let entry = self.entries.remove(item.index as usize);
            debug_assert!(entry.at <= now && entry.sequence == item.sequence);
            fired(entry.at, entry.payload);
            count += 1;
            self.due.skip_forgotten(|item| is_live(&self.entries, item));
        }
        count
    }

    /// Gives the table's memory back once nothing is left of a crowd.
    #[inline]
    fn trim(&mut self) {
        if self.entries.is_empty() && self.entries.capacity() > ENTRIES_KEPT {
            self.entries = Slab::new();
        }
    }
}

impl<W> fmt::Debug for Timers<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers")
            .field("len", &self.len())
            .field("next_deadline", &self.next_deadline())
            .finish_non_exhaustive()
    }
}

fn tick_of(at: u64) -> u64 {
    at >> TICK_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_repeats_after_two_to_the_32_armings_and_not_before() {
        let mut timers = Timers::new(0);
        let first = timers.arm(NEVER, ());
        assert_eq!(timers.cancel(first), Some(()));
        timers.armed = u64::from(u32::MAX);
        let last = timers.arm(NEVER, ());
        assert_ne!(last, first);
        assert_eq!(timers.cancel(first), None);
        assert_eq!(timers.cancel(last), Some(()));
        assert_eq!(timers.arm(NEVER, ()), first);
    }

    #[test]
    fn equal_deadlines_keep_their_order_when_the_generation_wraps() {
        let mut timers = Timers::new(0);
        let mut fired = Vec::new();
        for (round, at) in [0, 5 << TICK_BITS, 1 << 50].into_iter().enumerate() {
            timers.armed = u64::from(u32::MAX) * (round as u64 + 1) - 2;
            for payload in 0..6 {
                timers.arm(at, payload);
            }
            fired.clear();
            timers.expire(at, |_, payload| fired.push(payload));
            assert_eq!(fired, [0, 1, 2, 3, 4, 5]);
        }
    }
}
