//! `Readiness`: what a source can do without waiting, as far as we were told.
//!
//! It promises two things. A direction that was told ready stays ready until an operation proves
//! it is not. And what was told *closed*, *in error* or *urgent* is remembered for ever, because
//! nobody says it twice. It is a belief, not a fact: an operation may still find nothing to do.

use std::{fmt, ops::BitOr};

/// One of the two ways through a source. A listener accepts in the direction `Read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Bytes, or connections, that come in.
    Read,
    /// Bytes that go out.
    Write,
}

/// Which directions of a source the OS watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interest {
    /// Only what comes in: listeners.
    Read,
    /// Only what goes out.
    Write,
    /// Both, as for streams.
    Both,
}

/// A set of flags: two directions ready, two directions closed, one error, one for urgent data.
///
/// ```
/// use glassloop_reactor::{Direction, Readiness};
///
/// let last_bytes = Readiness::READABLE.union(Readiness::READ_CLOSED);
/// assert!(last_bytes.is_ready(Direction::Read), "there is something to read");
/// assert!(last_bytes.has_ended(Direction::Read), "and nothing will follow it");
/// assert!(!last_bytes.is_ready(Direction::Write));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Readiness(u8);

impl Readiness {
    /// Nothing known.
    pub const NONE: Readiness = Readiness(0);
    /// A read should not block.
    pub const READABLE: Readiness = Readiness(1);
    /// A write should not block.
    pub const WRITABLE: Readiness = Readiness(2);
    /// No more will come in after what is there.
    pub const READ_CLOSED: Readiness = Readiness(4);
    /// No more can go out.
    pub const WRITE_CLOSED: Readiness = Readiness(8);
    /// The source has failed; the next operation says how.
    pub const ERROR: Readiness = Readiness(16);
    /// Urgent data came, of which Linux tells: a read ends there, though more is behind it. It
    /// isn't told any more once somebody has taken that data himself (`MSG_OOB`).
    pub const URGENT: Readiness = Readiness(32);

    const NAMES: [(Readiness, &'static str); 6] = [
        (Readiness::READABLE, "READABLE"),
        (Readiness::WRITABLE, "WRITABLE"),
        (Readiness::READ_CLOSED, "READ_CLOSED"),
        (Readiness::WRITE_CLOSED, "WRITE_CLOSED"),
        (Readiness::ERROR, "ERROR"),
        (Readiness::URGENT, "URGENT"),
    ];

    /// Whether all flags of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Readiness) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no flag is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The flags of both.
    #[must_use]
    pub const fn union(self, other: Readiness) -> Readiness {
        Readiness(self.0 | other.0)
    }

    /// Whether an operation in this direction is worth trying.
    #[must_use]
    pub const fn is_ready(self, direction: Direction) -> bool {
        self.contains(Readiness::ready(direction))
    }

    /// Whether this direction was ever told closed or in error.
    ///
    /// The last bytes and the end may arrive in one edge. Whoever then takes a short read for
    /// "empty, wait for the next edge" waits for ever: there is no next edge.
    #[must_use]
    pub const fn has_ended(self, direction: Direction) -> bool {
        let closed = match direction {
            Direction::Read => Readiness::READ_CLOSED,
            Direction::Write => Readiness::WRITE_CLOSED,
        };
        self.0 & (closed.0 | Readiness::ERROR.0) != 0
    }

    /// Adds what an event told. A direction that was closed, or that failed, is ready as well: the
    /// operation returns at once, with the end or the error.
    pub(crate) fn add(&mut self, told: Readiness) {
        self.0 |= told.0;
        for direction in [Direction::Read, Direction::Write] {
            if told.has_ended(direction) {
                self.0 |= Readiness::ready(direction).0;
            }
        }
    }

    /// An operation found the direction not ready. The others stay: they are history, not
    /// readiness.
    pub(crate) fn clear(&mut self, direction: Direction) {
        self.0 &= !Readiness::ready(direction).0;
    }

    /// The flags of this without those of `other`.
    pub(crate) const fn without(self, other: Readiness) -> Readiness {
        Readiness(self.0 & !other.0)
    }

    pub(crate) const fn ready(direction: Direction) -> Readiness {
        match direction {
            Direction::Read => Readiness::READABLE,
            Direction::Write => Readiness::WRITABLE,
        }
    }
}

impl BitOr for Readiness {
    type Output = Readiness;

    fn bitor(self, other: Readiness) -> Readiness {
        self.union(other)
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = Readiness::NAMES.iter().filter(|(flag, _)| self.contains(*flag));
        let names: Vec<&str> = set.map(|(_, name)| *name).collect();
        f.write_str(if names.is_empty() { "NONE" } else { "" })?;
        f.write_str(&names.join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_direction_is_ready_and_stays_remembered() {
        let mut readiness = Readiness::NONE;
        readiness.add(Readiness::READ_CLOSED);
        assert!(readiness.is_ready(Direction::Read) && !readiness.is_ready(Direction::Write));
        readiness.clear(Direction::Read);
        assert!(!readiness.is_ready(Direction::Read), "an operation's word is the last");
        assert!(readiness.has_ended(Direction::Read) && !readiness.has_ended(Direction::Write));
    }

    #[test]
    fn an_error_ends_both_directions() {
        let mut readiness = Readiness::NONE;
        readiness.add(Readiness::ERROR);
        for direction in [Direction::Read, Direction::Write] {
            assert!(readiness.is_ready(direction) && readiness.has_ended(direction));
        }
    }

    #[test]
    fn flags_are_shown_by_name() {
        assert_eq!(format!("{:?}", Readiness::NONE), "NONE");
        let both = Readiness::READABLE | Readiness::ERROR;
        assert_eq!(format!("{both:?}"), "READABLE|ERROR");
    }
}
