//! `Flush`: corked writers, which write once at the end of a turn, and the line they stand in.
//!
//! It promises to call them in the order they came, and to forget those that are gone. Who calls
//! them, and how many in a turn, is the loop's affair.

use std::{
    collections::VecDeque,
    fmt,
    rc::{Rc, Weak},
};

/// A writer that gathers what it is given and writes it once a turn.
pub trait Flush {
    /// Writes what was gathered. Called in the phase `flush`, while no table of ours is borrowed.
    fn flush(self: Rc<Self>);
}

/// The writers that asked to be called, in order.
///
/// Its length is bounded by the number of writers: one that stands in line already must not stand
/// in it again, which each knows of itself.
#[derive(Default)]
pub(crate) struct FlushLine {
    line: VecDeque<Weak<dyn Flush>>,
}

impl FlushLine {
    pub(crate) fn push(&mut self, writer: Weak<dyn Flush>) {
        self.line.push_back(writer);
    }

    /// Moves the first `max` writers that are still alive to `out`.
    pub(crate) fn take(&mut self, max: usize, out: &mut Vec<Rc<dyn Flush>>) {
        let full = out.len().saturating_add(max);
        while out.len() < full {
            let Some(writer) = self.line.pop_front() else { return };
            out.extend(writer.upgrade());
        }
    }

    /// Puts writers back to the front, in their order.
    pub(crate) fn put_back(&mut self, writers: Vec<Weak<dyn Flush>>) {
        for writer in writers.into_iter().rev() {
            self.line.push_front(writer);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }
}

impl fmt::Debug for FlushLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlushLine").field("len", &self.line.len()).finish()
    }
}
