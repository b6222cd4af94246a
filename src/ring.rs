//! `Ring`: the last events of a loop, written by it and read by any thread.
//!
//! Each slot is five words; the first is a sequence number that is odd while the others change.
//! A reader that sees it change drops what it read and counts it as torn. The writer never waits,
//! never allocates, and overwrites the oldest: how many were lost is known exactly.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use crate::event::Event;

#[derive(Default)]
struct Slot {
    sequence: AtomicU64,
    words: [AtomicU64; Event::WORDS],
}

/// The last events of a loop.
pub struct Ring {
    slots: Box<[Slot]>,
    /// Events written so far.
    written: AtomicU64,
}

/// What a reader got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// Give this to the next read to go on where this one ended.
    pub next: u64,
    /// Events that were overwritten before they were read.
    pub lost: u64,
    /// Events that changed while they were read.
    pub torn: u64,
}

impl Ring {
    pub(crate) fn new(events_max: usize) -> Ring {
        let len = events_max.max(2).next_power_of_two();
        Ring { slots: (0..len).map(|_| Slot::default()).collect(), written: AtomicU64::new(0) }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "masked by the number of slots")]
    fn slot(&self, number: u64) -> &Slot {
        &self.slots[number as usize & (self.slots.len() - 1)]
    }

    /// Writes an event. Only the loop's thread does.
    #[inline(always)]
    pub(crate) fn write(&self, event: Event) {
        let number = self.written.load(Ordering::Relaxed);
        let slot = self.slot(number);
        slot.sequence.store(number * 2 + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        for (word, value) in slot.words.iter().zip(event.pack()) {
            word.store(value, Ordering::Relaxed);
        }
        slot.sequence.store(number * 2 + 2, Ordering::Release);
        self.written.store(number + 1, Ordering::Release);
    }

    /// How many events were written so far.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Reads the events from number `from` on; 0 begins with the oldest that is left.
    #[must_use]
    pub fn read(&self, from: u64) -> Read {
        let written = self.written.load(Ordering::Acquire);
        let oldest = written.saturating_sub(self.slots.len() as u64);
        let start = from.clamp(oldest, written);
        let mut read = Read { next: written, lost: start - from.min(start), ..Read::default() };
        for number in start..written {
            let slot = self.slot(number);
            let before = slot.sequence.load(Ordering::Acquire);
            let words = std::array::from_fn(|word| slot.words[word].load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            let after = slot.sequence.load(Ordering::Relaxed);
            let event =
                Event::unpack(words).filter(|_| before == after && before == number * 2 + 2);
            match event {
                Some(event) => read.events.push(event),
                None => read.torn += 1,
            }
        }
        read
    }
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let written = self.written.load(Ordering::Relaxed);
        f.debug_struct("Ring").field("written", &written).field("room", &self.slots.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Happening, Phase};

    fn event(at_ns: u64) -> Event {
        Event { at_ns, took_ns: at_ns * 3, phase: Phase::Run, what: Happening::Turn(7) }
    }

    #[test]
    fn a_full_ring_loses_the_oldest_and_says_how_many() {
        let ring = Ring::new(4);
        for at in 0..6 {
            ring.write(event(at));
        }
        let read = ring.read(0);
        assert_eq!(read.events, (2..6).map(event).collect::<Vec<_>>());
        assert_eq!((read.lost, read.torn, read.next), (2, 0, 6));
        ring.write(event(6));
        assert_eq!(ring.read(6).events, [event(6)]);
    }

    #[test]
    fn a_reader_on_another_thread_never_sees_half_an_event() {
        let ring = Ring::new(8);
        let rounds = if cfg!(miri) { 200 } else { 200_000 };
        std::thread::scope(|scope| {
            scope.spawn(|| (0..rounds).for_each(|at| ring.write(event(at))));
            let (mut from, mut seen) = (0, 0);
            while from < rounds {
                let read = ring.read(from);
                for event in &read.events {
                    assert_eq!(event.took_ns, event.at_ns * 3, "torn and not noticed");
                }
                seen += read.events.len() as u64 + read.lost + read.torn;
                from = read.next;
            }
            assert_eq!(seen, rounds, "every event is read, lost or torn");
        });
    }
}
