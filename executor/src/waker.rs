//! `TaskWaker`: a note saying whom to ask, and nothing more.
//!
//! It holds an entry and the way to the inbox; never a future. Dropping or using it on any thread
//! at any time is harmless. It decides between the two ways of waking: straight into the ready
//! queue when its own loop is in a turn on this thread, else through the inbox.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed, fence},
};

use futures_task::ArcWake;

use crate::{
    current,
    id::Entry,
    inbox::Inbox,
    sync::{AtomicBool, Ordering},
};

/// What a `Waker` of ours points to.
#[derive(Debug)]
pub(crate) struct TaskWaker {
    inbox: Arc<Inbox>,
    /// Whom to wake. Changes only while nobody else holds this waker.
    entry: AtomicU64,
    /// A wake of another thread lies in the inbox: one more would say nothing new.
    remote: AtomicBool,
}

impl TaskWaker {
    pub(crate) fn new(inbox: Arc<Inbox>, entry: Entry) -> Arc<TaskWaker> {
        let entry = AtomicU64::new(entry.to_bits());
        Arc::new(TaskWaker { inbox, entry, remote: AtomicBool::new(false) })
    }

    /// Whether no clone of it is held anywhere.
    ///
    /// The count is a relaxed load: the fence makes what the last clone's holder did come before
    /// the reuse.
    pub(crate) fn is_unique(self: &Arc<Self>) -> bool {
        let unique = Arc::strong_count(self) == 1;
        fence(Ordering::Acquire);
        unique
    }

    /// Gives it to another entry. Only while it is unique: a wake still in the inbox carries its
    /// entry by value, so it can't reach the new one.
    pub(crate) fn stamp(self: &Arc<Self>, entry: Entry) {
        debug_assert_eq!(Arc::strong_count(self), 1);
        self.entry.store(entry.to_bits(), Relaxed);
        self.remote.store(false, Ordering::Relaxed);
    }

    /// The loop takes this waker's entry out of the inbox: the next remote wake leaves a new one.
    ///
    /// A swap, not a store: it must see what the sender wrote before its own, failed, swap.
    pub(crate) fn taken(&self) {
        self.remote.swap(false, Ordering::AcqRel);
    }
}

impl ArcWake for TaskWaker {
    fn wake_by_ref(waker: &Arc<TaskWaker>) {
        let entry = Entry::from_bits(waker.entry.load(Relaxed));
        if current::wake_here(&waker.inbox, entry) {
            return;
        }
        if !waker.remote.swap(true, Ordering::AcqRel) {
            waker.inbox.wake(entry);
        }
    }
}
