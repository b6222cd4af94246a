//! `Lines`: what a loop's program has logged lately.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    sync::Arc,
};

use glassloop_executor::Entry;

/// A line of the log, with who wrote it and when.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// Its number, counted from 0.
    pub number: u64,
    /// How important it is.
    pub level: log::Level,
    /// Which part of the program it is of.
    pub target: String,
    /// What it says: its first 300 characters.
    pub text: String,
    /// The task or callback that wrote it; [`Entry::NOTHING`] outside of any.
    pub item: Entry,
    /// The turn in which that was, or before which.
    pub turn: u64,
    /// When, in nanoseconds since the clock's origin.
    pub at_ns: u64,
}

impl LogLine {
    /// Its number as an event has it, in [`Note::Logged`](crate::Note::Logged): the low half. Of
    /// two lines for which that is the same one is kept no longer.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the low half of the number")]
    pub fn event_number(&self) -> u32 {
        self.number as u32
    }
}

/// So much is kept of a line.
const CHARACTERS_MAX: usize = 300;

/// The last lines of a loop's log, and the number of its next span.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    last: RefCell<VecDeque<Arc<LogLine>>>,
    written: Cell<u64>,
    spans: Cell<u64>,
}

impl Lines {
    /// Keeps a line; of more than `max` the last ones. Its number, as an event has it.
    pub(super) fn push(&self, mut line: LogLine, max: usize) -> u32 {
        line.number = self.written.replace(self.written.get() + 1);
        let number = line.event_number();
        if let Some((end, _)) = line.text.char_indices().nth(CHARACTERS_MAX) {
            line.text.truncate(end);
        }
        let mut last = self.last.borrow_mut();
        while last.len() >= max.max(1) {
            last.pop_front();
        }
        if max > 0 {
            last.push_back(Arc::new(line));
        }
        number
    }

    /// Those that are kept, oldest first.
    pub(crate) fn last(&self) -> Vec<Arc<LogLine>> {
        self.last.borrow().iter().cloned().collect()
    }

    /// The number of a new span.
    pub(super) fn next_span(&self) -> u64 {
        self.spans.replace(self.spans.get() + 1)
    }
}
