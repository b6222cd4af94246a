//! Operations on sources: whether one is worth trying, and how often one was.

use super::SourceTable;
use crate::{readiness::Direction, source::SourceId};

/// How often operations on sources were tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Operations {
    /// Of sources that the OS watches: a system call each.
    pub(crate) kernel: u64,
    /// Of all.
    pub(crate) all: u64,
    /// Of all, those for which the source wasn't ready.
    pub(crate) in_vain: u64,
}

impl SourceTable {
    /// Whether an operation on a source is worth trying; then it is tried, and counted.
    #[inline]
    pub(crate) fn begin_operation(&mut self, id: SourceId, direction: Direction) -> bool {
        let Some(entry) = self.get_mut(id) else { return false };
        let begins = entry.asks(direction);
        entry.operations += u64::from(begins);
        let from_kernel = begins && entry.from_kernel;
        self.operations.all += u64::from(begins);
        self.operations.kernel += u64::from(from_kernel);
        begins
    }

    /// An operation that was begun is not tried after all.
    pub(crate) fn take_operation_back(&mut self, id: SourceId) {
        let Some(entry) = self.get_mut(id) else { return };
        entry.operations -= 1;
        let from_kernel = entry.from_kernel;
        self.operations.all -= 1;
        self.operations.kernel -= u64::from(from_kernel);
    }

    /// It said WouldBlock; by the system's own number for that, or by another.
    pub(crate) fn note_would_block(&mut self, id: SourceId, direction: Direction, system: bool) {
        let Some(entry) = self.get_mut(id) else { return };
        entry.in_vain += 1;
        if !entry.may_be_cut_off(direction) {
            entry.readiness.clear(direction);
            entry.doubt(direction, system);
        }
        self.operations.in_vain += 1;
    }
}
