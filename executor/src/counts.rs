//! `Counters`: what the executor has done, exact from the start.
//!
//! Plain cells of the loop's thread; a copy of them is `Counts`. They hold no times.

use std::cell::Cell;

/// Where a wake comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The operating system said that a source is ready.
    Io = 0,
    /// A timer was due.
    Timer = 1,
    /// Another thread, through the inbox.
    Thread = 2,
    /// A task or callback of this loop.
    Task = 3,
    /// The task itself, while it was polled.
    Itself = 4,
    /// Code outside of a turn.
    Host = 5,
}

impl Cause {
    /// Every cause, in the order of [`Counts::wakes`].
    pub const ALL: [Cause; 6] =
        [Cause::Io, Cause::Timer, Cause::Thread, Cause::Task, Cause::Itself, Cause::Host];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Cause::Io => "io",
            Cause::Timer => "timer",
            Cause::Thread => "thread",
            Cause::Task => "task",
            Cause::Itself => "itself",
            Cause::Host => "host",
        }
    }
}

/// What an executor has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Tasks spawned.
    pub spawned: u64,
    /// Polls of tasks.
    pub polls: u64,
    /// Tasks that ended with a result.
    pub finished: u64,
    /// Tasks that ended with a panic.
    pub panicked: u64,
    /// Tasks that ended aborted.
    pub cancelled: u64,
    /// Callbacks called, those of `call_soon` and of timers alike.
    pub callbacks: u64,
    /// Calls of other threads that were run.
    pub calls: u64,
    /// Microtasks run.
    pub microtasks: u64,
    /// Entries that came up for something that was gone already.
    pub stale: u64,
    /// Wakes by [`Cause`], in the order of [`Cause::ALL`].
    pub wakes: [u64; 6],
    /// The longest the ready queue was when a batch began.
    pub ready_depth_max: u64,
    /// Failures that went to the hook for unhandled ones.
    pub unhandled: u64,
}

#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) polls: Cell<u64>,
    pub(crate) finished: Cell<u64>,
    pub(crate) panicked: Cell<u64>,
    pub(crate) cancelled: Cell<u64>,
    pub(crate) callbacks: Cell<u64>,
    pub(crate) calls: Cell<u64>,
    pub(crate) microtasks: Cell<u64>,
    pub(crate) stale: Cell<u64>,
    wakes: [Cell<u64>; 6],
    ready_depth_max: Cell<usize>,
    cause: Cell<Cause>,
}

impl Default for Counters {
    fn default() -> Counters {
        Counters {
            polls: Cell::default(),
            finished: Cell::default(),
            panicked: Cell::default(),
            cancelled: Cell::default(),
            callbacks: Cell::default(),
            calls: Cell::default(),
            microtasks: Cell::default(),
            stale: Cell::default(),
            wakes: Default::default(),
            ready_depth_max: Cell::default(),
            cause: Cell::new(Cause::Host),
        }
    }
}

/// One more.
#[inline]
pub(crate) fn count(cell: &Cell<u64>) {
    cell.set(cell.get() + 1);
}

impl Counters {
    pub(crate) fn set_cause(&self, cause: Cause) {
        self.cause.set(cause);
    }

    #[inline]
    pub(crate) fn woken(&self, itself: bool) {
        let cause = if itself { Cause::Itself } else { self.cause.get() };
        count(&self.wakes[cause as usize]);
    }

    #[inline]
    pub(crate) fn ready_depth(&self, depth: usize) {
        if depth > self.ready_depth_max.get() {
            self.ready_depth_max.set(depth);
        }
    }

    pub(crate) fn copy(&self, spawned: u64, unhandled: u64) -> Counts {
        Counts {
            spawned,
            polls: self.polls.get(),
            finished: self.finished.get(),
            panicked: self.panicked.get(),
            cancelled: self.cancelled.get(),
            callbacks: self.callbacks.get(),
            calls: self.calls.get(),
            microtasks: self.microtasks.get(),
            stale: self.stale.get(),
            wakes: std::array::from_fn(|cause| self.wakes[cause].get()),
            ready_depth_max: self.ready_depth_max.get() as u64,
            unhandled,
        }
    }
}
