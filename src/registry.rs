//! The registry: everything of a kind in this process that lives, to be found from any thread.
//!
//! A loop enters itself when it is built and leaves when it is dropped; so does a host queue. The
//! registry holds nothing alive, starts nothing, and its lock is held for a few instructions: no
//! loop can wait behind it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread,
};

use glassloop_reactor::os_thread_id;

use crate::{Watch, shared::Shared, snapshot::Place};

/// What tells one loop of a process from another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoopName {
    /// The how many-th loop of the process this is, counted from 1. Never used again.
    pub number: u64,
    /// Where it was made.
    pub made: Place,
    /// The thread it lives on: its name, or its number where it has none.
    pub thread: String,
    /// The operating system's number of that thread, where it has one to give: on Linux and
    /// Android, with feature `os-time`.
    pub thread_id: Option<u32>,
    /// It is part of a tool that looks at loops, and is left out where loops are listed.
    pub internal: bool,
    /// It is in [debug mode](crate::Builder::debug).
    pub debug: bool,
}

/// Weak handles to everything of a kind.
pub(crate) struct Registry<T>(Mutex<Entries<T>>);

struct Entries<T> {
    /// How many there ever were.
    made: u64,
    /// By number.
    live: Vec<(u64, Weak<T>)>,
}

impl<T> Registry<T> {
    pub(crate) const fn new() -> Registry<T> {
        Registry(Mutex::new(Entries { made: 0, live: Vec::new() }))
    }

    fn entries(&self) -> MutexGuard<'_, Entries<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for what is being made: from 1, and never again.
    pub(crate) fn number(&self) -> u64 {
        let mut entries = self.entries();
        entries.made += 1;
        entries.made
    }

    /// Enters what was made under a number. Of two that are made at once the younger may be the
    /// first to come.
    pub(crate) fn enter(&self, number: u64, entry: &Arc<T>) {
        let live = &mut self.entries().live;
        let place = live.partition_point(|(other, _)| *other < number);
        live.insert(place, (number, Arc::downgrade(entry)));
    }

    pub(crate) fn leave(&self, number: u64) {
        self.entries().live.retain(|(other, _)| *other != number);
    }

    /// All that live, oldest first. The last handle to one may be ours: it is dropped by the
    /// caller, outside of the lock.
    pub(crate) fn live(&self) -> Vec<Arc<T>> {
        self.entries().live.iter().filter_map(|(_, entry)| entry.upgrade()).collect()
    }
}

static LOOPS: Registry<Shared> = Registry::new();

/// Every loop of this process that lives, oldest first, [internal](crate::Builder::internal) ones
/// among them. Any thread may ask, and look at each through its [`Watch`].
///
/// ```
/// let event_loop = glassloop::EventLoop::new()?;
/// let here = std::thread::spawn(glassloop::loops).join().unwrap();
/// assert!(here.iter().any(|watch| watch.name() == event_loop.watch().name()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn loops() -> Vec<Watch> {
    live().into_iter().map(Watch::new).collect()
}

/// What every loop shares, oldest first; see [`Registry::live`].
pub(crate) fn live() -> Vec<Arc<Shared>> {
    LOOPS.live()
}

/// The name of a loop that is being built on this thread.
pub(crate) fn name(made: Place, internal: bool, debug: bool) -> LoopName {
    let (number, thread, thread_id) = (LOOPS.number(), thread_name(), os_thread_id());
    LoopName { number, made, thread, thread_id, internal, debug }
}

/// Keeps a loop in the registry until dropped.
#[derive(Debug)]
pub(crate) struct Registration {
    number: u64,
}

/// Enters a loop.
pub(crate) fn enter(shared: &Arc<Shared>) -> Registration {
    let number = shared.name.number;
    LOOPS.enter(number, shared);
    Registration { number }
}

impl Drop for Registration {
    fn drop(&mut self) {
        LOOPS.leave(self.number);
    }
}

/// The name of this thread, or its number where it has none.
pub(crate) fn thread_name() -> String {
    let thread = thread::current();
    thread.name().map_or_else(|| format!("{:?}", thread.id()), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_enters_late_is_listed_by_age() {
        let registry = Registry::new();
        let made: Vec<_> = (0..4).map(|_| Arc::new(registry.number())).collect();
        let listed = || registry.live().iter().map(|number| **number).collect::<Vec<_>>();
        for late in [1, 3, 0, 2] {
            registry.enter(*made[late], &made[late]);
        }
        assert_eq!(listed(), [1, 2, 3, 4]);
        registry.leave(2);
        assert_eq!(listed(), [1, 3, 4]);
    }
}
