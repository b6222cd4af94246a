//! What is believed of a source's readiness, and what makes it doubtful.

use std::io;

use super::Registered;
use crate::{
    readiness::{Direction, Readiness},
    source::Source,
    source_entry::Entry,
};

/// FACT (epoll, kqueue): when a stream takes fewer bytes than it was offered it is full, and the
/// next edge will come; the write that would say WouldBlock can be spared. Other pollers tell again
/// only after that was tried.
const SHORT_WRITE_MEANS_FULL: bool = cfg!(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "ios",
    target_os = "linux",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd",
));

/// FACT (all): a read of TCP ends at urgent data, though more is behind it, and no edge tells of
/// what is left. epoll says that there is some (`EPOLLPRI`), until somebody takes it; so without it
/// a short read proves that nothing is left. Where nobody says so, it proves nothing.
const SHORT_READ_MEANS_EMPTY: bool = cfg!(any(target_os = "android", target_os = "linux"));

/// Whether a short read or write of this source proves that it is empty or full.
fn is_proof(entry: &Entry, direction: Direction) -> bool {
    match direction {
        Direction::Read => {
            (SHORT_READ_MEANS_EMPTY || !entry.from_kernel)
                && entry.is_empty_after_short_read
                && !entry.readiness.contains(Readiness::URGENT)
        }
        Direction::Write => SHORT_WRITE_MEANS_FULL || !entry.from_kernel,
    }
}

impl<S: Source> Registered<S> {
    /// Whether an operation is worth trying; somebody wants to know.
    #[inline]
    pub(super) fn asks(&self, direction: Direction) -> bool {
        self.reactor.with_sources(|sources| {
            sources.get_mut(self.id).is_some_and(|entry| entry.asks(direction))
        })
    }

    /// As `asks`, for who tries an operation if it is: that is counted.
    // COST: counted in the look that is taken anyway. In one of its own it took 42 instructions.
    #[inline]
    pub(super) fn begins(&self, direction: Direction) -> bool {
        self.reactor.with_sources(|sources| sources.begin_operation(self.id, direction))
    }

    /// It was not tried after all.
    #[cold]
    pub(super) fn put_off(&self, direction: Direction) {
        self.reactor.with_sources(|sources| sources.take_operation_back(self.id));
        if direction == Direction::Read {
            self.put_off_read();
        }
    }

    /// A stream moved fewer bytes than offered: it is not ready any more.
    ///
    /// Unless it was told closed or in error in that direction: those bytes may be the last, and
    /// their edge was the end's edge too. Nor if it moved none: that *is* the end. Nor where a read
    /// may be short though more is there.
    pub(super) fn clear_if_short(&self, direction: Direction, offered: usize, moved: usize) {
        if moved == 0 || moved >= offered {
            return;
        }
        self.reactor.with_sources(|sources| {
            if let Some(entry) = sources.get_mut(self.id)
                && is_proof(entry, direction)
                && !entry.readiness.has_ended(direction)
            {
                entry.readiness.clear(direction);
            }
        });
    }

    /// The source said WouldBlock; or somebody in its place, who doesn't know the system's number
    /// for that.
    pub(super) fn clear(&self, direction: Direction, error: &io::Error) {
        let is_of_system = error.raw_os_error().is_some();
        let id = self.id;
        self.reactor.with_sources(|sources| sources.note_would_block(id, direction, is_of_system));
    }
}
