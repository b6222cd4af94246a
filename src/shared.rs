//! `Shared`: the part of a loop that other threads may touch.
//!
//! The inbox, the wake word, the now-record, the ring and the last published snapshot. It outlives
//! the loop in every `Remote` and `Watch`, and then says that it is closed.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError, atomic::AtomicUsize},
    thread::ThreadId,
};

use glassloop_executor::{Inbox, Sites};
use glassloop_reactor::Notifier;

use crate::{LoopName, Snapshot, now_record::NowRecord, ring::Ring};

/// What a loop shares with other threads.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: LoopName,
    /// It is in debug mode.
    pub(crate) debug: bool,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) notifier: Arc<Notifier>,
    pub(crate) sites: Arc<Sites>,
    pub(crate) now: NowRecord,
    /// Made when recording is first switched on.
    pub(crate) ring: OnceLock<Ring>,
    /// The last snapshot that was published.
    snapshot: Mutex<Option<Arc<Snapshot>>>,
    /// How many `Remote`s there are.
    pub(crate) remotes: AtomicUsize,
    /// The loop's thread.
    pub(crate) thread: ThreadId,
}

impl Shared {
    pub(crate) fn new(
        name: LoopName,
        debug: bool,
        (inbox, notifier, sites): (Arc<Inbox>, Arc<Notifier>, Arc<Sites>),
    ) -> Shared {
        Shared {
            name,
            debug,
            inbox,
            notifier,
            sites,
            now: NowRecord::default(),
            ring: OnceLock::new(),
            snapshot: Mutex::default(),
            remotes: AtomicUsize::new(0),
            thread: std::thread::current().id(),
        }
    }

    pub(crate) fn publish(&self, snapshot: Snapshot) {
        let mut latest = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        let before = latest.replace(Arc::new(snapshot));
        drop(latest);
        drop(before);
    }

    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn is_loop_thread(&self) -> bool {
        std::thread::current().id() == self.thread
    }
}
