//! `GuestTick`: what a guest's host is given, to be run on its thread.

use std::{fmt, sync::Arc, time::Duration};

use super::{here, passage::Passage};

/// A while of a guest's life: to be [run](GuestTick::run) on the thread of its loop, soon.
///
/// # Drop
/// A host that lets go of it without running it has gone, or will not come: the guest ends
/// [`Abandoned`](super::GuestEnd::Abandoned).
#[must_use = "a tick that is dropped ends its guest"]
pub struct GuestTick {
    passage: Option<Arc<Passage>>,
}

impl GuestTick {
    pub(super) fn new(passage: &Arc<Passage>) -> GuestTick {
        GuestTick { passage: Some(Arc::clone(passage)) }
    }

    /// Runs turns of the loop for about as long as `budget`, as [`EventLoop::pump`] does:
    /// [`Duration::ZERO`] is exactly one turn. What is left comes with the next tick, which is
    /// posted before this returns.
    ///
    /// On another thread than the loop's it ends the guest, as if it had been dropped. When the
    /// guest has ended nothing happens.
    ///
    /// [`EventLoop::pump`]: crate::EventLoop::pump
    pub fn run(self, budget: Duration) {
        let Some(passage) = &self.passage else { return };
        let guest = here().filter(|inner| Arc::ptr_eq(&inner.passage, passage));
        match guest {
            Some(guest) => guest.run(self, budget),
            None => passage.abandon("a tick was run on another thread than the loop's"),
        }
    }

    /// It has done what it was for.
    pub(super) fn spend(mut self) {
        self.passage = None;
    }
}

impl Drop for GuestTick {
    fn drop(&mut self) {
        if let Some(passage) = self.passage.take() {
            passage.abandon("its host let go of a tick without running it");
        }
    }
}

impl fmt::Debug for GuestTick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuestTick")
    }
}
