//! `Shared`: the part of a loop that other threads may touch.
//!
//! The inbox, the wake word, the now-record, the ring and the snapshots that it publishes. It
//! outlives the loop in every `Remote` and `Watch`, and then says that it is closed.

use std::{
    sync::{Arc, OnceLock, atomic::AtomicUsize},
    thread::ThreadId,
    time::Duration,
};

use glassloop_executor::{Executor, Inbox, Sites, UnhandledCount};
use glassloop_reactor::{Clock, Notifier, Reactor, WeakManualClock, nanoseconds};

use crate::{
    LoopName,
    gate::{Gate, Order},
    now_record::NowRecord,
    published::Published,
    ring::Ring,
};

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
    /// Its clock, if that can be moved.
    pub(crate) clock: Option<WeakManualClock>,
    /// Who stops it.
    pub(crate) gate: Gate,
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
        snapshot_every: Option<Duration>,
        executor: &Executor,
        reactor: &Reactor,
    ) -> Shared {
        Shared {
            name,
            published: Published::new(snapshot_every.map(nanoseconds)),
            clock: match reactor.clock() {
                Clock::Manual(clock) => Some(clock.downgrade()),
                Clock::System | Clock::Boot => None,
            },
            gate: Gate::default(),
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

    /// Gives an order to the loop; see `gate.rs`.
    pub(crate) fn order(&self, order: Order) {
        self.gate.give(order, || self.notifier.notify());
    }

    /// Whoever ends the loop is not held up by who has stopped it.
    pub(crate) fn open_gate(&self, for_good: bool) {
        self.gate.open(for_good, || self.notifier.notify());
    }

    pub(crate) fn is_loop_thread(&self) -> bool {
        std::thread::current().id() == self.thread
    }
}
