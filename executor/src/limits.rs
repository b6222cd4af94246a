//! `Limits`: every bound of the executor, with its default and why.

use crate::id::INDEX_MAX;

/// The bounds of an executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tasks alive at once; past it `spawn` gives a handle that is already refused. 4,194,304:
    /// about half a gigabyte of the smallest tasks. Never above 2^24 - 1, the room of an entry.
    pub tasks_max: usize,
    /// Callbacks that wait at once (`call_soon`, `call_later`, `call_at`). 1,048,576.
    pub callbacks_max: usize,
    /// Calls that other threads have left and that have not run yet. 65,536: a thread that
    /// outruns the loop is told so after some megabytes, not after some gigabytes.
    pub deferred_max: usize,
    /// Entries taken from other threads in one turn, the rest stays for the next. 4,096: as many
    /// as one run phase runs, so that a flood can't pile up between the inbox and the batch.
    pub taken_per_turn_max: usize,
    /// Microtasks that wait at once. 65,536.
    pub microtasks_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            tasks_max: 1 << 22,
            callbacks_max: 1 << 20,
            deferred_max: 1 << 16,
            taken_per_turn_max: 4_096,
            microtasks_max: 1 << 16,
        }
    }
}

impl Limits {
    /// Keeps every table within the room of an entry.
    pub(crate) fn clamped(mut self) -> Limits {
        self.tasks_max = self.tasks_max.min(INDEX_MAX as usize);
        self.callbacks_max = self.callbacks_max.min(INDEX_MAX as usize);
        self
    }
}
