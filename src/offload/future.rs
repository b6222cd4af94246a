//! `Offload`: the result of a job, as a future.

use std::{
    borrow::Cow,
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use super::{
    OffloadError,
    job::{JobFor, lost},
    pool::Pool,
};
use crate::{current, waits::Listed};

/// A job of a pool; see [`offload`](crate::offload()).
///
/// Any task of any loop may await it, and a thread that polls futures by other means.
///
/// # Cancel safety
/// Awaiting it by reference loses nothing. Dropping it gives the job up: one that no thread has
/// come to yet never runs, and its closure is dropped here; one that runs goes on, and its result
/// is dropped on its thread.
#[must_use = "a job that is dropped is given up: await it, or `detach` it"]
pub struct Offload<T> {
    job: Arc<dyn JobFor<T>>,
    /// A pool lives as long as somebody waits for one of its jobs.
    pool: Pool,
    listed: Listed,
    is_detached: bool,
}

impl<T: Send + 'static> Offload<T> {
    pub(super) fn new(job: Arc<dyn JobFor<T>>, pool: Pool) -> Offload<T> {
        Offload { job, pool, listed: Listed::default(), is_detached: false }
    }

    /// Gives the job a name, for every view and report; the first one stays.
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Offload<T> {
        self.job.ticket().name.set(name.into()).ok();
        self
    }

    /// Lets it run, though nobody waits for it. Its result is dropped; a panic of it is told to the
    /// log. It holds no pool and no loop: one that hasn't begun when the time of their end is up
    /// never does, and is told of there.
    ///
    /// ```
    /// let (says, hears) = std::sync::mpsc::channel();
    /// let event_loop = glassloop::EventLoop::new()?;
    /// event_loop.block_on(async move {
    ///     glassloop::offload(move || says.send("done")).detach();
    /// })?;
    /// assert_eq!(hears.recv(), Ok("done"));
    /// # Ok::<(), glassloop::RunError>(())
    /// ```
    pub fn detach(mut self) {
        self.is_detached = true;
    }

    /// Whether its result is there, so that the next poll is ready.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.job.ticket().result.is_resolved()
    }
}

impl<T: Send + 'static> Future for Offload<T> {
    type Output = Result<T, OffloadError>;

    /// # Panics
    /// When polled again after it was ready.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = Location::caller();
        let ticket = self.job.ticket();
        ticket.hold(current::get().as_ref().map(|core| &core.shared));
        if let Poll::Ready(result) = ticket.result.poll(cx, "a job") {
            ticket.note.set(None);
            ticket.let_go();
            return Poll::Ready(result);
        }
        ticket.note.wait("offload", place);
        let Offload { listed, job, .. } = &mut *self;
        listed.here(|| job.clone());
        Poll::Pending
    }
}

impl<T> Drop for Offload<T> {
    fn drop(&mut self) {
        let ticket = self.job.ticket();
        ticket.note.set(None);
        if !self.is_detached {
            self.pool.give_up(&*self.job);
        }
        if let Some(result) = ticket.result.abandon() {
            lost(result, &self.job.name());
        }
        ticket.let_go();
    }
}

impl<T> fmt::Debug for Offload<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offload").field("job", &self.job.waits_for()).finish_non_exhaustive()
    }
}
