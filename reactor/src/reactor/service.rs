//! What the reactor does for the sources and leaves of this crate.
//!
//! It promises that registering leaves nothing behind when it fails, and that work which the loop's
//! own thread adds outside a turn is not overlooked. None of it is public.

use std::io;

use crate::{
    net::names::Names,
    poller::{PollerKind, interest_of},
    reactor::Reactor,
    readiness::{Interest, Readiness},
    source::{Source, SourceId},
    source_table::{Description, SourceTable},
    timers::{TimerId, Timers},
    waiter::{Place, Waiter},
};

/// What one operation of a poll's budget pays for.
const BYTES_PER_OPERATION: usize = 8 * 1_024;

impl Reactor {
    /// Lends the table of sources to code of this crate, which must call nobody meanwhile.
    pub(crate) fn with_sources<T>(&self, use_it: impl FnOnce(&mut SourceTable) -> T) -> T {
        use_it(&mut self.sources.borrow_mut())
    }

    /// An error that says what to do, if this reactor can't watch what the OS has.
    pub(crate) fn expect_descriptors(&self) -> io::Result<&mio::Registry> {
        self.registry.as_ref().ok_or_else(|| {
            let kind =
                if self.stage.is_some() { PollerKind::Scripted } else { PollerKind::TimersOnly };
            let text = format!(
                "register: expected a poller with descriptors, came PollerKind::{kind:?}: \
                 use net::duplex(), or build the loop with PollerKind::Mio"
            );
            io::Error::new(io::ErrorKind::Unsupported, text)
        })
    }

    /// Gives a source its slot and, if it has a part for that, has the OS watch it.
    pub(crate) fn register(
        &self,
        source: &mut dyn Source,
        interest: Interest,
        born: Place,
    ) -> io::Result<SourceId> {
        let description = Description {
            interest,
            kind: source.kind(),
            from_kernel: source.kernel().is_some(),
            is_empty_after_short_read: source.is_empty_after_short_read(),
            descriptor: source.descriptor(),
            born,
        };
        let id = self.with_sources(|sources| sources.insert(description))?;
        let Some(kernel) = source.kernel() else { return Ok(id) };
        let registered = self
            .expect_descriptors()
            .and_then(|registry| registry.register(kernel, id.token(), interest_of(interest)));
        if registered.is_err() {
            // Nobody can wait for it yet.
            self.chores.set(true);
            self.with_sources(|sources| sources.retire(id));
        }
        registered.map(|()| id)
    }

    /// Has the OS forget a source, then takes it out of the table.
    ///
    /// FACT (epoll): what is watched is the open file behind a descriptor. If the program holds a
    /// duplicate, closing ours ends nothing: the OS must be told before.
    pub(crate) fn deregister(&self, source: &mut dyn Source, id: SourceId) {
        let forgotten = match (source.kernel(), &self.registry) {
            (Some(kernel), Some(registry)) => registry.deregister(kernel),
            _ => Ok(()),
        };
        // Dropped and told here, after the borrow: a waker's drop and a logger may be anything.
        self.chores.set(true);
        let waiters = self.with_sources(|sources| sources.retire(id));
        drop(waiters);
        if let Err(error) = forgotten {
            log::debug!("source {id}: the OS had forgotten it already: {error}");
        }
    }

    /// Tells that a memory socket is ready, as the OS would tell of one of its own.
    pub(crate) fn raise(&self, id: SourceId, told: Readiness) {
        self.chores.set(true);
        if self.with_sources(|sources| sources.raise(id, told)) {
            self.rouse();
        }
    }

    /// Arms a timer: its waker is woken in phase `timers` of the first turn at or after `at`.
    #[inline]
    pub fn arm(&self, at: u64, waiter: Waiter) -> TimerId {
        let id = self.timers.borrow_mut().arm(at, waiter);
        if at < self.deadline_given.get() {
            self.rouse();
        }
        id
    }

    /// Disarms a timer. Its waiter, for the caller to drop, unless it has fired.
    #[inline]
    pub fn disarm(&self, timer: TimerId) -> Option<Waiter> {
        self.timers.borrow_mut().cancel(timer)
    }

    /// Lends the timers to code of this crate, which must call nobody meanwhile.
    #[inline]
    pub(crate) fn with_timers<T>(&self, use_it: impl FnOnce(&mut Timers<Waiter>) -> T) -> T {
        use_it(&mut self.timers.borrow_mut())
    }

    /// Lends the names to code of this crate, which must call nobody meanwhile.
    pub(crate) fn with_names<T>(&self, use_it: impl FnOnce(&mut Names) -> T) -> T {
        use_it(&mut self.names.borrow_mut())
    }

    /// Work was added by the loop's own thread. In a turn that is seen anyway; while the loop is
    /// with its host, or a helper waits for it, it must be called. Not for what a script does: the
    /// loop is in its wait then, and the host's code must not find the stage borrowed.
    // COST: one relaxed load in a turn.
    pub(super) fn rouse(&self) {
        if self.notifier.is_armed() && !self.is_playing() {
            self.notifier.notify();
        }
    }

    /// Takes one operation from the budget of the poll under way. False if it is spent.
    pub(crate) fn spend_operation(&self) -> bool {
        let left = self.operations_left.get();
        self.operations_left.set(left.saturating_sub(1));
        left > 0
    }

    /// Whether the poll under way, or the last one, has tried an operation.
    #[must_use]
    pub fn has_operated(&self) -> bool {
        self.operations_left.get() < self.limits.operations_per_poll_max
    }

    /// Somebody sleeps for so long, from now on.
    pub(crate) fn note_sleep(&self, sleeps_ns: u64) {
        self.last_sleep.set(Some(sleeps_ns));
    }

    /// For how long somebody went to sleep last, since this was last asked.
    pub fn take_last_sleep(&self) -> Option<u64> {
        self.last_sleep.take()
    }

    /// An operation that was one moved so many bytes: many are worth several.
    pub(crate) fn spend_bytes(&self, moved: usize) {
        let more = u32::try_from(moved.saturating_sub(1) / BYTES_PER_OPERATION).unwrap_or(u32::MAX);
        self.operations_left.set(self.operations_left.get().saturating_sub(more));
    }

    /// A leaf returns Pending here. For leaves of other crates too, which wait for no source of
    /// ours: the place is then all that is known of their wait.
    pub fn note_place(&self, place: Place) {
        self.last_place.set(Some(place));
    }
}
