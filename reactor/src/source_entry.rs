//! `Entry`: one registered source, with its readiness and those who wait for it.
//!
//! It promises nothing by itself: the table that holds it does, and keeps its counts.

use crate::{
    readiness::{Direction, Interest, Readiness},
    seat::Seat,
    source::Peer,
    waiter::{Place, Waiter},
};

/// So many times in a row a read has to say WouldBlock once urgent data came.
const CUT_OFF_MAX: u8 = 4;

/// One registered source.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) generation: u32,
    pub(crate) kind: &'static str,
    pub(crate) interest: Interest,
    /// Whether the OS tells its readiness, or another part of the program.
    pub(crate) from_kernel: bool,
    /// Whether a short read has emptied it, unless urgent data came.
    pub(crate) is_empty_after_short_read: bool,
    pub(crate) descriptor: Option<i32>,
    /// Where it was registered.
    pub(crate) born: Place,
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
    /// Somebody has asked, ever, whether there is something to read.
    pub(crate) heard: bool,
    /// Reads in a row that said WouldBlock since urgent data came.
    pub(crate) cut_off: u8,
    /// How often an operation on it was tried, and how often it wasn't ready for that after all.
    pub(crate) operations: u64,
    pub(crate) in_vain: u64,
    /// The directions that were given up by a WouldBlock which wasn't the system's own.
    pub(crate) doubted: Readiness,
    /// How often that was so.
    pub(crate) doubts: u32,
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
    /// Whether an operation is worth trying; somebody wants to know.
    #[inline]
    pub(crate) fn asks(&mut self, direction: Direction) -> bool {
        self.heard |= direction == Direction::Read;
        self.readiness.is_ready(direction)
    }

    /// Whether WouldBlock may not be true, so that the operation is to be tried again.
    ///
    /// FACT (Linux): at urgent data a read says WouldBlock if a signal is pending, though more is
    /// behind it, and no edge tells of that. The signal is handled before the next read; that one
    /// meets another seldom, and several hardly ever.
    pub(crate) fn may_be_cut_off(&mut self, direction: Direction) -> bool {
        if direction == Direction::Write || !self.readiness.contains(Readiness::URGENT) {
            return false;
        }
        self.cut_off = (self.cut_off + 1) % CUT_OFF_MAX;
        self.cut_off > 0
    }

    /// A direction was given up as not ready, by the system or by somebody else.
    pub(crate) fn doubt(&mut self, direction: Direction, by_system: bool) {
        let flag = Readiness::ready(direction);
        // Only Unix has a number for it.
        let is_doubtful = cfg!(unix) && self.from_kernel && !by_system;
        self.doubts = self.doubts.wrapping_add(u32::from(is_doubtful));
        self.doubted = match is_doubtful {
            true => self.doubted | flag,
            false => self.doubted.without(flag),
        };
    }

    /// Takes out whoever waits there. The table's counts are the caller's to keep.
    pub(crate) fn take(&mut self, seat: Seat) -> Option<Waiter> {
        self.seats[seat as usize].take().map(|waiting| waiting.waiter)
    }
}
