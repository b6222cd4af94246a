//! The due list: timers whose tick has begun, ordered by the exact deadline.
//!
//! It promises the order (deadline, sequence of arming), and that what was cancelled takes no
//! more room than what is left, plus a small constant.
//! It does not own the timers: whether an item is live, its caller says.
//!
//! Two parts, each good at one thing. The *run* is what a turn of the wheel brought, all at once:
//! it is sorted once. The *heap* is what was armed after its tick had begun, one by one.
//! A cancelled timer's item stays where it is, *forgotten*, until it comes up first or until the
//! forgotten outnumber the live; then all of them are purged in one go.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::mem;

/// So many items are kept or forgotten without a thought about memory.
const ITEMS_KEPT: usize = 1024;

/// A timer that is due in this tick or was before. The order of the fields is the order of firing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) at: u64,
    pub(super) sequence: u64,
    pub(super) index: u32,
}

impl Item {
    pub(super) fn new(at: u64, sequence: u64, index: u32) -> Self {
        Item { at, sequence, index }
    }
}

#[derive(Debug, Default)]
pub(super) struct Due {
    /// Latest first, so that the earliest is popped from the end.
    run: Vec<Item>,
    heap: BinaryHeap<Reverse<Item>>,
    /// How many items of both are cancelled. INVARIANT: the first item of all is not.
    forgotten: usize,
}

impl Due {
    /// Adds one item to those that are due.
    // COST: O(log n), O(1) if most of the others are earlier.
    pub(super) fn insert(&mut self, item: Item) {
        self.heap.push(Reverse(item));
    }

    /// Adds one item of a new tick. `sort` must follow before anything else.
    pub(super) fn append(&mut self, item: Item) {
        self.run.push(item);
    }

    /// Orders what was appended.
    // COST: O(n log n) once a tick; O(n) for equal deadlines, which come in the order of arming.
    pub(super) fn sort(&mut self) {
        self.run.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// The earliest item.
    pub(super) fn first(&self) -> Option<&Item> {
        match (self.run.last(), self.heap.peek()) {
            (Some(a), Some(Reverse(b))) => Some(a.min(b)),
            (Some(item), None) | (None, Some(Reverse(item))) => Some(item),
            (None, None) => None,
        }
    }

    /// Takes the earliest item if its deadline is `now` or before. The next one may be a forgotten
    /// one, so `skip_forgotten` must follow.
    pub(super) fn take_until(&mut self, now: u64) -> Option<Item> {
        let first = *self.first()?;
        (first.at <= now).then(|| {
            self.pop(first);
            first
        })
    }

    /// Learns that the timer of one of its items was cancelled.
    // COST: O(1) amortised: a purge of n items follows at least n / 2 cancels.
    pub(super) fn forget_one(&mut self, is_live: impl Fn(&Item) -> bool) {
        self.forgotten += 1;
        self.skip_forgotten(&is_live);
        let live = self.run.len() + self.heap.len() - self.forgotten;
        if self.forgotten > live.max(ITEMS_KEPT) {
            self.run.retain(&is_live);
            self.heap.retain(|Reverse(item)| is_live(item));
            self.forgotten = 0;
            self.trim();
        }
    }

    /// Drops forgotten items until a live one is first.
    pub(super) fn skip_forgotten(&mut self, is_live: impl Fn(&Item) -> bool) {
        while self.forgotten > 0 {
            let Some(&item) = self.first() else { break };
            if is_live(&item) {
                break;
            }
            self.pop(item);
            self.forgotten -= 1;
        }
        self.trim();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.run.is_empty() && self.heap.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        (self.run.capacity() + self.heap.capacity()) * mem::size_of::<Item>()
    }

    /// Removes the item that `first` gave.
    fn pop(&mut self, first: Item) {
        if self.run.last() == Some(&first) {
            self.run.pop();
        } else {
            self.heap.pop();
        }
    }

    /// Gives back what a crowd left, at a quarter of the capacity, like the wheel's buckets.
    fn trim(&mut self) {
        let (run, heap) = (&mut self.run, &mut self.heap);
        if run.capacity() > ITEMS_KEPT && run.len() < run.capacity() / 4 {
            run.shrink_to((2 * run.len()).max(ITEMS_KEPT));
        }
        if heap.capacity() > ITEMS_KEPT && heap.len() < heap.capacity() / 4 {
            heap.shrink_to((2 * heap.len()).max(ITEMS_KEPT));
        }
    }
}
