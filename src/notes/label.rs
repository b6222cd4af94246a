//! `Label`: what a mark, a counter or a span is called, as a number.
//!
//! A hash of its text, so that it is the same number in every process; the texts lie in one table
//! of the process, which has one row for each that the program has.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

/// The name of a mark, a counter or a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(u32);

fn table() -> &'static Mutex<HashMap<u32, &'static str>> {
    static TABLE: OnceLock<Mutex<HashMap<u32, &'static str>>> = OnceLock::new();
    TABLE.get_or_init(Mutex::default)
}

impl Label {
    /// The label of a name.
    pub(super) fn of(name: &'static str) -> Label {
        let label = Label(hash(name));
        let mut table = table().lock().unwrap_or_else(PoisonError::into_inner);
        // Of two names with one hash the first is told: one in four thousand millions.
        table.entry(label.0).or_insert(name);
        label
    }

    /// The name itself; `None` if this process has never said it.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        table().lock().unwrap_or_else(PoisonError::into_inner).get(&self.0).copied()
    }

    /// The number, to be kept in a word.
    #[must_use]
    pub fn to_bits(self) -> u32 {
        self.0
    }

    /// The label of a number that [`to_bits`](Label::to_bits) gave.
    ///
    /// ```
    /// use glassloop::Label;
    ///
    /// assert_eq!(Label::from_bits(7).to_bits(), 7);
    /// assert_eq!(Label::from_bits(7).name(), None);
    /// ```
    #[must_use]
    pub fn from_bits(bits: u32) -> Label {
        Label(bits)
    }
}

/// FNV-1a, of 32 bits.
fn hash(name: &str) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    name.bytes().fold(0x811c_9dc5, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_same_number_in_every_process_and_knows_its_name() {
        // Of the algorithm's own list of values.
        assert_eq!(hash("foobar"), 0xbf9c_f968);
        let label = Label::of("foobar");
        assert_eq!((label.to_bits(), label.name()), (0xbf9c_f968, Some("foobar")));
        assert_eq!(label, Label::of("foobar"));
    }
}
