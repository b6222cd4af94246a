//! The reactor as it stands: its counts, and views of its sources and timers.
//!
//! They are plain data, made by reading the tables; nobody's code runs meanwhile.

use crate::{
    counts::Counts,
    net::LookupView,
    reactor::Reactor,
    source::{SourceView, TimerView},
};

impl Reactor {
    /// What was counted so far, and what there is at this moment.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let sources = self.sources.borrow();
        let (waiters, kernel_waiters) = sources.waiters();
        let operations = sources.operations();
        Counts {
            wake_calls: self.notifier.wake_calls(),
            host_wakes: self.notifier.host_wakes(),
            timers_armed: self.timers.borrow().len(),
            sources: sources.len(),
            waiters,
            kernel_waiters,
            operations: operations.all,
            kernel_operations: operations.kernel,
            operations_in_vain: operations.in_vain,
            lookups: self.names.borrow().unanswered(),
            ..self.counts.get()
        }
    }

    /// Whether somebody waits for what only the OS or another thread can bring: for a source of the
    /// OS, for a name.
    #[must_use]
    pub fn hears_from_outside(&self) -> bool {
        self.sources.borrow().waiters().1 > 0 || self.names.borrow().unanswered() > 0
    }

    /// How many waits blocked so far, of [`counts`](Reactor::counts).
    #[must_use]
    #[inline]
    pub fn waits_blocked(&self) -> u64 {
        self.counts.get().blocked
    }

    /// Every source as it stands, by index.
    #[must_use]
    pub fn sources(&self) -> Vec<SourceView> {
        self.sources.borrow().views()
    }

    /// Every name that somebody waits for and that another thread looks up.
    #[must_use]
    pub fn lookups(&self) -> Vec<LookupView> {
        self.names.borrow().views().cloned().collect()
    }

    /// How many armed timers hold a waker with this `data`.
    ///
    /// `will_wake` won't do: it compares vtables too, and one type may have several.
    // COST: O(timers).
    #[must_use]
    pub fn timers_that_wake(&self, data: *const ()) -> usize {
        let mut found = 0;
        let timers = self.timers.borrow();
        timers.for_each(|_, _, waiter| found += usize::from(waiter.waker.data() == data));
        found
    }

    /// How many who wait for a source hold a waker with this `data`. As `timers_that_wake`.
    // COST: O(sources).
    #[must_use]
    pub fn sources_that_wake(&self, data: *const ()) -> usize {
        self.sources.borrow().that_wake(data)
    }

    /// Every armed timer, by deadline.
    #[must_use]
    pub fn timer_views(&self) -> Vec<TimerView> {
        let timers = self.timers.borrow();
        let mut views = Vec::with_capacity(timers.len());
        timers.for_each(|_, at, waiter| {
            let (operation, owner, place) = (waiter.operation, waiter.owner, waiter.place);
            views.push(TimerView { at, operation, owner, place });
        });
        views.sort_by_key(|view| view.at);
        views
    }
}
