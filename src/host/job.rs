//! A job: what the host's thread is to run, with the place where its result goes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use glassloop_executor::{Payload, caught, drop_caught, drop_payload, message, quietly};

use super::{HostError, cell::Cell, inner::Tally};

/// What lies in the queue.
pub(super) trait Job: Send {
    /// Runs it, or a step of it: on the host's thread, with nothing locked. Given back if there are
    /// more steps.
    fn run(self: Box<Self>, tally: &Tally<'_>) -> Option<Box<dyn Job>>;

    /// It will never run, or never again; who waits for it is told why.
    fn refuse(self: Box<Self>, why: HostError);

    /// Whether nobody wants it any more.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// Whether it runs step by step.
    fn is_in_steps(&self) -> bool {
        false
    }

    /// It waits again, for its next step.
    fn pause(&self) {}
}

/// How a job has ended that the host came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Done,
    Panicked,
    /// Nobody wanted it any more.
    Cancelled,
}

impl Ended {
    pub(super) const KINDS: usize = 3;
}

/// How a chunked call goes on; see [`HostQueue::call_chunked`](super::HostQueue::call_chunked).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk<T> {
    /// There is more to do: the next step comes with the host's next drain.
    More,
    /// This is the result.
    Done(T),
}

/// What a job that runs is told of who asked for it.
#[derive(Debug, Default)]
pub struct JobContext {
    cancelled: AtomicBool,
}

impl JobContext {
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// Whether nobody wants the result any more: a long job looks now and then, and leaves off.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }
}

/// Without a result.
pub(super) struct Deferred<F>(pub(super) F);

impl<F: FnOnce() + Send> Job for Deferred<F> {
    fn run(self: Box<Self>, tally: &Tally<'_>) -> Option<Box<dyn Job>> {
        match caught(self.0) {
            Ok(()) => tally.count(Ended::Done),
            Err(payload) => {
                tally.count(Ended::Panicked);
                let what = message(payload.as_ref());
                quietly(|| log::error!("a call deferred to the host panicked: {what}"));
                drop_payload(payload);
            }
        }
        None
    }

    fn refuse(self: Box<Self>, _why: HostError) {
        drop_caught(self).unwrap_or_else(drop_payload);
    }
}

/// With a result.
pub(super) struct Once<F, T> {
    pub(super) f: F,
    pub(super) cell: Arc<Cell<T>>,
}

impl<F, T> Job for Once<F, T>
where
    F: FnOnce(&JobContext) -> T + Send,
    T: Send,
{
    fn run(self: Box<Self>, tally: &Tally<'_>) -> Option<Box<dyn Job>> {
        if !self.cell.begin() {
            tally.count(Ended::Cancelled);
            self.refuse(HostError::Cancelled);
            return None;
        }
        let Once { f, cell } = *self;
        end(&cell, caught(|| f(&cell.context)), tally);
        None
    }

    fn refuse(self: Box<Self>, why: HostError) {
        let Once { f, cell } = *self;
        drop_caught(f).unwrap_or_else(drop_payload);
        cell.resolve(Err(why));
    }
}

/// With a result, in steps.
pub(super) struct Chunked<F, T> {
    pub(super) step: F,
    pub(super) cell: Arc<Cell<T>>,
}

impl<F, T> Job for Chunked<F, T>
where
    F: FnMut(&JobContext) -> Chunk<T> + Send + 'static,
    T: Send + 'static,
{
    fn run(mut self: Box<Self>, tally: &Tally<'_>) -> Option<Box<dyn Job>> {
        if !self.cell.begin() {
            tally.count(Ended::Cancelled);
            self.refuse(HostError::Cancelled);
            return None;
        }
        let Chunked { step, cell } = &mut *self;
        let result = match caught(|| step(&cell.context)) {
            Ok(Chunk::More) => return Some(self),
            Ok(Chunk::Done(value)) => Ok(value),
            Err(payload) => Err(payload),
        };
        let Chunked { step, cell } = *self;
        // What it captured goes first: whoever sees the result sees that done.
        drop_caught(step).unwrap_or_else(drop_payload);
        end(&cell, result, tally);
        None
    }

    fn refuse(self: Box<Self>, why: HostError) {
        let Chunked { step, cell } = *self;
        drop_caught(step).unwrap_or_else(drop_payload);
        cell.resolve(Err(why));
    }

    fn is_cancelled(&self) -> bool {
        self.cell.context.is_cancelled()
    }

    fn is_in_steps(&self) -> bool {
        true
    }

    fn pause(&self) {
        self.cell.pause();
    }
}

/// Counted first: whoever sees the result sees it counted.
fn end<T>(cell: &Cell<T>, result: Result<T, Payload>, tally: &Tally<'_>) {
    tally.count(if result.is_ok() { Ended::Done } else { Ended::Panicked });
    cell.resolve(result.map_err(|payload| HostError::Panicked(payload.into())));
}
