//! `Entry`: one registered source, with its readiness and those who wait for it.
//!
//! It promises nothing by itself: the table that holds it does, and keeps its counts.

use crate::{
    readiness::{Interest, Readiness},
    seat::Seat,
    source::Peer,
    waiter::Waiter,
};

/// One registered source.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) generation: u32,
    pub(crate) kind: &'static str,
    pub(crate) interest: Interest,
    /// Whether the OS tells its readiness, or another part of the program.
    pub(crate) from_kernel: bool,
    pub(crate) descriptor: Option<i32>,
    pub(crate) peer: Option<Peer>,
    pub(crate) readiness: Readiness,
    /// Told by another part of the program, delivered in the next phase `io`.
    /// INVARIANT: not empty exactly if the table's list `raised` holds this source.
    pub(crate) raised: Readiness,
    /// Whether the one who waits to read was woken in this turn, and a stand-in was not.
    /// INVARIANT: true exactly if the table's list `unclaimed` holds this source.
    pub(crate) unclaimed: bool,
    /// Whether a reader has yielded in this turn: it is awake, and reads on in the next.
    pub(crate) goes_on: bool,
    pub(crate) seats: [Option<Waiting>; Seat::ALL.len()],
    pub(crate) retired: bool,
}

/// A waiter in its seat.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) waiter: Waiter,
    /// Which storing this was, so that a leaf that is dropped takes out its own waiter only.
    pub(crate) ticket: u32,
}

impl Entry {
    /// Takes out whoever waits there. The table's counts are the caller's to keep.
    pub(crate) fn take(&mut self, seat: Seat) -> Option<Waiter> {
        self.seats[seat as usize].take().map(|waiting| waiting.waiter)
    }
}
