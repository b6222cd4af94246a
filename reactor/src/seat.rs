//! `Seat`: where somebody may wait for a source.
//!
//! It promises that there is one for each direction, and one behind the reader's.

use crate::readiness::Direction;

/// Where somebody may wait for a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    /// Waits to read, or to accept.
    Reader,
    /// Waits to write.
    Writer,
    /// Waits to read what the reader leaves.
    StandIn,
}

impl Seat {
    pub(crate) const ALL: [Seat; 3] = [Seat::Reader, Seat::Writer, Seat::StandIn];

    pub(crate) fn direction(self) -> Direction {
        match self {
            Seat::Reader | Seat::StandIn => Direction::Read,
            Seat::Writer => Direction::Write,
        }
    }
}

impl From<Direction> for Seat {
    fn from(direction: Direction) -> Seat {
        match direction {
            Direction::Read => Seat::Reader,
            Direction::Write => Seat::Writer,
        }
    }
}
