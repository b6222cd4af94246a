//! `Stride`: how many items run between two readings of the clock.
//!
//! A reading costs about 20 ns, as much as an item. So the clock is read every `stride` items:
//! the stride doubles, to 32, while one takes under 100 us, and falls to 1 when one takes longer.
//! It lasts from turn to turn, so that turns of one item don't pay a reading each. Which items they
//! were is kept, so that a stall has names.

use std::cell::Cell;

use glassloop_executor::Entry;

const STRIDE_MAX: u32 = 32;
const SLOW_NS: u64 = 100_000;

/// When the clock is next read, and what it said last.
#[derive(Debug)]
pub(crate) struct Stride {
    length: Cell<u32>,
    longest: Cell<u32>,
    /// Items since the last reading.
    items: Cell<u32>,
    read_at: Cell<u64>,
    /// The items since the last reading; beyond them, older ones.
    // COST: 3.7 instructions an item, of 330 for a poll that yields.
    ran: [Cell<u64>; STRIDE_MAX as usize],
}

/// What lay between two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) took_ns: u64,
    pub(crate) items: u32,
}

impl Stride {
    pub(crate) fn new() -> Stride {
        let ran = [const { Cell::new(0) }; STRIDE_MAX as usize];
        let longest = Cell::new(STRIDE_MAX);
        Stride { length: Cell::new(1), longest, items: Cell::new(0), read_at: Cell::new(0), ran }
    }

    /// The clock was read between items: the stretch begins there.
    #[inline]
    pub(crate) fn begin(&self, now: u64) {
        self.read_at.set(now);
        self.items.set(0);
    }

    /// While `always`, the clock is read after each item: whoever waits for the loop has said for
    /// how long.
    pub(crate) fn read_always(&self, always: bool) {
        self.longest.set(if always { 1 } else { STRIDE_MAX });
        self.length.set(1);
    }

    /// What the clock said last.
    #[inline]
    pub(crate) fn read_at(&self) -> u64 {
        self.read_at.get()
    }

    /// Whether any item ran since the last reading.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.items.get() > 0
    }

    /// One more item ran. Whether the clock is to be read.
    #[inline]
    pub(crate) fn step(&self, entry: Entry) -> bool {
        let items = self.items.get() + 1;
        if let Some(ran) = self.ran.get(self.items.get() as usize) {
            ran.set(entry.to_bits());
        }
        self.items.set(items);
        items >= self.length.get()
    }

    /// The first items of a stretch that has just ended, each once.
    pub(crate) fn ran(&self, stretch: Stretch) -> Vec<Entry> {
        let mut ran = Vec::new();
        for entry in self.ran.iter().take(stretch.items as usize).map(Cell::get) {
            if !ran.contains(&Entry::from_bits(entry)) {
                ran.push(Entry::from_bits(entry));
            }
        }
        ran
    }

    /// The clock was read: the stride is over.
    pub(crate) fn end(&self, now: u64) -> Stretch {
        let items = self.items.replace(0);
        let took_ns = now.saturating_sub(self.read_at.replace(now));
        let slow = took_ns > SLOW_NS;
        self.length.set(if slow { 1 } else { (self.length.get() * 2).min(self.longest.get()) });
        Stretch { took_ns, items }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stride_doubles_while_items_are_quick_and_falls_to_one_when_they_are_not() {
        let stride = Stride::new();
        let step = |now| stride.step(Entry::NOTHING).then(|| stride.end(now));
        let readings: Vec<_> = (1..=128).filter(|_| step(0).is_some()).collect();
        assert_eq!(readings, [1, 3, 7, 15, 31, 63, 95, 127]);
        let slow = SLOW_NS + 1;
        let stretch = std::iter::repeat_with(|| step(slow)).flatten().next();
        assert_eq!(stretch, Some(Stretch { took_ns: slow, items: 32 }), "127 + 1 + 31");
        assert_eq!(step(slow), Some(Stretch { took_ns: 0, items: 1 }), "timed by itself");
    }
}
