//! Batches: the binary messages in which an inspector pushes the events of a loop, taken apart.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use glassloop::Event;

const HEAD: usize = 32;

/// One message.
pub(crate) struct Batch {
    /// The loop's number.
    pub(crate) number: u64,
    /// How many were lost before the first event.
    pub(crate) lost: u64,
    pub(crate) first: u64,
    /// The turn that the loop was in.
    pub(crate) turn: u64,
    events: Vec<Event>,
}

impl Batch {
    pub(crate) fn read(bytes: &[u8]) -> Batch {
        assert_eq!(&bytes[..4], b"GLG1");
        let word = |at: usize| u64::from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
        let [first, lost] =
            [8, 16].map(|at| f64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as u64);
        let events = bytes[HEAD..].chunks_exact(8 * Event::WORDS);
        assert!(events.remainder().is_empty());
        let event = |bytes: &[u8]| {
            let word = |at: usize| u64::from_le_bytes(bytes[at * 8..][..8].try_into().unwrap());
            Event::from_words([0, 1, 2, 3].map(word)).unwrap()
        };
        let turn = word(24) | word(28) << 32;
        Batch { number: word(4), lost, first, turn, events: events.map(event).collect() }
    }

    /// The events with their numbers.
    pub(crate) fn events(self) -> impl Iterator<Item = (u64, Event)> {
        (self.first..).zip(self.events)
    }
}
