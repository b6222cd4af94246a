//! One armed timer: its name, its deadline, and where it waits.
//!
//! It promises that a name is not reused while anybody can remember it: 2^32 armings lie between.
//! It does not move between the places; the queue keeps `Place` true.

use slab::Slab;

use super::due::Item;

/// Names one arming. It is never mistaken for another one until 2^32 more timers were armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerId {
    index: u32,
    generation: u32,
}

/// What the queue's table holds.
pub(super) struct Entry<W> {
    pub(super) at: u64,
    /// Position in the order of arming. Its low half is the generation of the timer's id.
    pub(super) sequence: u64,
    pub(super) place: Place,
    pub(super) payload: W,
}

/// Where a timer waits.
pub(super) enum Place {
    /// INVARIANT: the wheel's bucket holds this entry's index at this offset.
    Wheel { bucket: u16, offset: u32 },
    /// INVARIANT: the due list holds one item with this entry's index and sequence.
    Due,
    /// Nowhere: the deadline is `NEVER`.
    Never,
}

impl TimerId {
    /// The name of the arming with this sequence number, whose entry lies at `index`.
    pub(super) fn new(index: usize, sequence: u64) -> Self {
        TimerId {
            index: u32::try_from(index).expect("2^32 timers would need 128 GiB"),
            generation: generation_of(sequence),
        }
    }

    pub(super) fn index(self) -> u32 {
        self.index
    }

    /// The entry of this name, if it is still armed.
    #[inline]
    pub(super) fn find<W>(self, entries: &Slab<Entry<W>>) -> Option<&Entry<W>> {
        let entry = entries.get(self.index as usize)?;
        (generation_of(entry.sequence) == self.generation).then_some(entry)
    }
}

impl<W> Entry<W> {
    /// What the due list keeps of the entry that lies at `index`.
    pub(super) fn item(&self, index: u32) -> Item {
        Item::new(self.at, self.sequence, index)
    }
}

/// Whether the timer of an item is still armed.
pub(super) fn is_live<W>(entries: &Slab<Entry<W>>, item: &Item) -> bool {
    let entry = entries.get(item.index as usize);
    entry.is_some_and(|entry| entry.sequence == item.sequence)
}

fn generation_of(sequence: u64) -> u32 {
    (sequence & 0xFFFF_FFFF) as u32
}

#[cfg(test)]
mod tests {
    use std::mem;

    use super::*;

    /// What `Slab` makes of an entry.
    #[expect(dead_code, reason = "only its size is asked for")]
    enum Slot<W> {
        Vacant(usize),
        Armed(Entry<W>),
    }

    #[test]
    fn a_timer_takes_24_bytes_beside_its_payload() {
        assert_eq!(mem::size_of::<Slot<()>>(), 24);
        assert_eq!(mem::size_of::<Slot<u64>>(), 32);
        assert_eq!(mem::size_of::<Slot<[u64; 6]>>(), 72);
        assert_eq!(mem::size_of::<Item>(), 24);
        assert_eq!(mem::size_of::<TimerId>(), 8);
    }
}
