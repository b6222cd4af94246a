//! The table of sources as it stands: views of all, and those that look forgotten.

use super::{Operations, SourceTable};
use crate::{
    readiness::{Direction, Interest, Readiness},
    seat::Seat,
    source::{SourceId, SourceView, WaiterView},
    source_entry::Entry,
};

/// A source that somebody waits for, and that was given up by a WouldBlock which wasn't the OS's.
#[cfg(unix)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doubt {
    pub(crate) source: SourceId,
    pub(crate) descriptor: i32,
    /// Somebody waits to read it; else to write.
    pub(crate) reads: bool,
    /// The how many-th doubt of it this is.
    pub(crate) number: u32,
}

impl SourceTable {
    /// How many sources are registered.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.retired.len()
    }

    /// How often operations were tried so far.
    pub(crate) fn operations(&self) -> Operations {
        self.operations
    }

    /// How many seats hold a waiter, and how many of those are of sources the OS watches.
    pub(crate) fn waiters(&self) -> (usize, usize) {
        (self.waiters, self.kernel_waiters)
    }

    /// How many waiters hold a waker with this `data`.
    pub(crate) fn that_wake(&self, data: *const ()) -> usize {
        let seats = self.entries.iter().flat_map(|(_, entry)| entry.seats.iter().flatten());
        seats.filter(|waiting| waiting.waiter.waker.data() == data).count()
    }

    /// Those that have something to read, and that nobody ever asked.
    pub(crate) fn unheard(&self) -> Vec<SourceId> {
        let silent = |entry: &Entry| {
            entry.readiness.is_ready(Direction::Read)
                && !entry.readiness.contains(Readiness::ERROR)
                && entry.interest != Interest::Write
                && !entry.heard
        };
        let unheard = self.entries.iter().filter(|(_, entry)| !entry.retired && silent(entry));
        unheard.map(|(index, entry)| id_of(index, entry)).collect()
    }

    /// Those that are in doubt, in the direction in which somebody waits.
    #[cfg(unix)]
    pub(crate) fn doubts(&self) -> Vec<Doubt> {
        let doubt = |(index, entry): (usize, &Entry)| {
            let waits = |seat: &Seat| {
                let direction = seat.direction();
                entry.seats[*seat as usize].is_some()
                    && entry.doubted.is_ready(direction)
                    && !(entry.readiness | entry.raised).is_ready(direction)
            };
            let seat = Seat::ALL.into_iter().find(waits).filter(|_| !entry.retired)?;
            let (source, descriptor) = (id_of(index, entry), entry.descriptor?);
            let (reads, number) = (seat.direction() == Direction::Read, entry.doubts);
            Some(Doubt { source, descriptor, reads, number })
        };
        self.entries.iter().filter_map(doubt).collect()
    }

    /// Every source, by index.
    pub(crate) fn views(&self) -> Vec<SourceView> {
        let live = self.entries.iter().filter(|(_, entry)| !entry.retired);
        live.map(|(index, entry)| SourceView {
            id: id_of(index, entry),
            kind: entry.kind,
            interest: entry.interest,
            descriptor: entry.descriptor,
            born: entry.born,
            peer: entry.peer,
            readiness: entry.readiness,
            operations: entry.operations,
            in_vain: entry.in_vain,
            waiters: Seat::ALL
                .into_iter()
                .filter_map(|seat| {
                    let waiter = &entry.seats[seat as usize].as_ref()?.waiter;
                    Some(WaiterView {
                        direction: seat.direction(),
                        operation: waiter.operation,
                        owner: waiter.owner,
                        place: waiter.place,
                    })
                })
                .collect(),
        })
        .collect()
    }
}

/// The id of what lies at an index.
fn id_of(index: usize, entry: &Entry) -> SourceId {
    let index = u32::try_from(index).expect("sources_max is below INDEX_MAX");
    SourceId { index, generation: entry.generation }
}
