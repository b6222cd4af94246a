//! `Drain`: what a host is given when it is kicked.

use std::{fmt, sync::Arc, time::Duration};

use glassloop_executor::quietly;

use super::{HostError, inner::Inner};

/// What a drain has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Jobs, or steps of jobs, that were run.
    pub ran: usize,
    /// Jobs wait. A host that is kicked has been kicked for them already.
    pub more: bool,
}

/// What a host is given when it is kicked: to be [run](Drain::run) on its own thread, soon.
///
/// # Drop
/// A host that lets go of it without running it has gone, or will not come: every job that waits
/// resolves with [`HostError::HostGone`], and what was deferred is dropped. One that keeps it for
/// good is not kicked again: calls then end by their timeout, and the queue fills up.
#[must_use = "a drain that is dropped tells everybody that the host has gone"]
pub struct Drain {
    inner: Option<Arc<Inner>>,
    number: u64,
}

impl Drain {
    pub(super) fn new(inner: &Arc<Inner>, number: u64) -> Drain {
        Drain { inner: Some(Arc::clone(inner)), number }
    }

    /// Runs jobs on this thread, which is the host's, for about as long as `budget`. As
    /// [`HostQueue::drain`](super::HostQueue::drain).
    ///
    /// On a thread that is not [the only one](super::HostQueueBuilder::for_this_thread) that may,
    /// it does as if it had been dropped.
    pub fn run(mut self, budget: Duration) -> Drained {
        match self.inner.take_if(|inner| !inner.is_wrong_thread()) {
            Some(inner) => {
                inner.end_kick(self.number);
                inner.drain(budget, || false)
            }
            None => Drained { ran: 0, more: false },
        }
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else { return };
        if !inner.end_kick(self.number) {
            return;
        }
        let lost = inner.refuse_all(|| HostError::HostGone);
        if lost > 0 {
            quietly(|| log::warn!("the host let go of a kick; {lost} job(s) for it were lost"));
        }
    }
}

impl fmt::Debug for Drain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Drain")
    }
}
