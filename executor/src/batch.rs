//! `Batch`: the entries that one run phase runs, taken out of the ready queue.
//!
//! The queue is two vectors that change places: one that is being run, one that fills meanwhile. An
//! entry that a run phase doesn't come to keeps its place at the front.

use crate::{executor::Executor, id::Entry};

/// The entries that one run phase runs, and how far it has got: see [`Executor::take_batch`].
#[derive(Debug, Default)]
pub struct Batch {
    entries: Vec<Entry>,
    at: usize,
}

impl Batch {
    #[inline]
    fn left(&self) -> usize {
        self.entries.len() - self.at
    }
}

impl Executor {
    /// Phase `run` begins: the batch is what the last phase left of its own, or else everything
    /// that is ready now.
    pub fn take_batch(&self) -> Batch {
        let mut batch = self.batch.take();
        self.fill(&mut batch);
        batch
    }

    /// If the batch is through, everything that became ready meanwhile is the next one. Whether it
    /// has anything.
    #[inline]
    pub fn fill(&self, batch: &mut Batch) -> bool {
        if batch.left() > 0 {
            return true;
        }
        batch.entries.clear();
        batch.at = 0;
        std::mem::swap(&mut batch.entries, &mut *self.ready.borrow_mut());
        self.counters.ready_depth(batch.entries.len());
        !batch.entries.is_empty()
    }

    /// The next entry of the batch. One that isn't asked for keeps its place at the front.
    #[inline]
    pub fn next_item(&self, batch: &mut Batch) -> Option<Entry> {
        let entry = batch.entries.get(batch.at).copied()?;
        batch.at += 1;
        self.batch_left.set(batch.left());
        Some(entry)
    }

    /// What [`next_item`](Self::next_item) would give.
    #[must_use]
    pub fn peek(&self, batch: &Batch) -> Option<Entry> {
        batch.entries.get(batch.at).copied()
    }

    /// What runs first in the next batch, between two run phases.
    #[must_use]
    pub fn first_ready(&self) -> Option<Entry> {
        let batch = self.batch.take();
        let next = self.peek(&batch);
        self.batch.set(batch);
        next.or_else(|| self.ready.borrow().first().copied())
    }

    /// Phase `run` ends: what is left of the batch comes first in the next one, and the places of
    /// the calls that ran are free for others.
    pub fn end_batch(&self, batch: Batch) {
        self.batch_left.set(batch.left());
        self.batch.set(batch);
        self.inbox().release(self.calls_run.take());
    }

    /// Whether anything is ready to run.
    #[must_use]
    #[inline]
    pub fn has_ready(&self) -> bool {
        self.batch_left.get() > 0 || !self.ready.borrow().is_empty() || self.has_microtasks()
    }

    /// Entries in the ready queue.
    #[must_use]
    pub fn ready_len(&self) -> usize {
        self.batch_left.get() + self.ready.borrow().len()
    }
}
