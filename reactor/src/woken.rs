//! `Woken`: wakers that a phase moved out of the tables, to be woken once those are released.
//!
//! It promises to keep their order, and, when it was told to trace, what each was woken for. It
//! wakes nobody by itself.

use std::task::Waker;

use crate::{source::SourceId, waiter::Place};

/// What somebody was woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A source became ready.
    Source(SourceId),
    /// A timer was due.
    Timer {
        /// Where it was waited for.
        place: Place,
        /// When it was due, in nanoseconds since the clock's origin.
        at: u64,
    },
}

/// Those whom a phase found to be woken, in order.
///
/// ```
/// use glassloop_reactor::Woken;
///
/// let mut woken = Woken::default();
/// woken.trace(true);
/// assert!(woken.is_empty() && woken.drain().next().is_none());
/// ```
#[derive(Debug, Default)]
pub struct Woken {
    wakers: Vec<Waker>,
    /// In step with `wakers`, while `traced`.
    origins: Vec<Origin>,
    traced: bool,
}

impl Woken {
    /// Whether to note what each is woken for, from now on. It must be empty.
    pub fn trace(&mut self, on: bool) {
        debug_assert!(self.wakers.is_empty(), "the origins are in step with the wakers");
        self.origins.clear();
        self.traced = on;
    }

    /// How many are to be woken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.wakers.len()
    }

    /// Whether nobody is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.wakers.is_empty()
    }

    /// Takes everybody out, in order; with what for, if that was traced.
    pub fn drain(&mut self) -> impl Iterator<Item = (Waker, Option<Origin>)> {
        let mut origins = self.origins.drain(..);
        self.wakers.drain(..).map(move |waker| (waker, origins.next()))
    }

    // COST: a load and a branch for each that is woken, while nothing is traced.
    #[inline]
    pub(crate) fn push(&mut self, waker: Waker, origin: Origin) {
        self.wakers.push(waker);
        if self.traced {
            self.origins.push(origin);
        }
    }
}
