//! `Shared`: the part of a loop that other threads may touch.
//!
//! The inbox, the wake word, the now-record, the ring and the snapshots that it publishes. It
//! outlives the loop in every `Remote` and `Watch`, and then says that it is closed.

use std::{
    sync::{Arc, OnceLock, atomic::AtomicUsize},
    thread::ThreadId,
};

use glassloop_executor::{Executor, Inbox, Sites, UnhandledCount};
use glassloop_reactor::{Notifier, Reactor};

use crate::{LoopName, now_record::NowRecord, published::Published, ring::Ring};

/// What a loop shares with other threads.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: LoopName,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) notifier: Arc<Notifier>,
    pub(crate) sites: Arc<Sites>,
    pub(crate) now: NowRecord,
    /// Made when recording is first switched on.
    pub(crate) ring: OnceLock<Ring>,
    pub(crate) published: Published,
    /// How many failures there were that nobody handled.
    pub(crate) unhandled: UnhandledCount,
    /// How many `Remote`s there are.
    pub(crate) remotes: AtomicUsize,
    /// The loop's thread.
    pub(crate) thread: ThreadId,
}

impl Shared {
    pub(crate) fn new(
        name: LoopName,
        published: Published,
        executor: &Executor,
        reactor: &Reactor,
    ) -> Shared {
        Shared {
            name,
            published,
            inbox: Arc::clone(executor.inbox()),
            notifier: Arc::clone(reactor.notifier()),
            sites: Arc::clone(executor.sites()),
            now: NowRecord::default(),
            ring: OnceLock::new(),
            unhandled: executor.unhandled(),
            remotes: AtomicUsize::new(0),
            thread: std::thread::current().id(),
        }
    }

    pub(crate) fn is_loop_thread(&self) -> bool {
        std::thread::current().id() == self.thread
    }
}
