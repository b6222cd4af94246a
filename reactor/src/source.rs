//! `Source`: what can be registered with a reactor, its id, and its view.
//!
//! A source is a socket of ours or anything a program brings: the reactor asks it what it is, and
//! which part of it the OS can watch. It holds no readiness; that lies in the source table.

use std::{fmt, net::SocketAddr};

use crate::{
    readiness::{Direction, Interest, Readiness},
    waiter::Place,
};

/// What a reactor can watch.
///
/// ```no_run
/// use glassloop_reactor::Source;
///
/// /// A socket with something of the program's own beside it.
/// struct Datagrams(mio::net::UdpSocket);
///
/// impl Source for Datagrams {
///     fn kind(&self) -> &'static str {
///         "udp"
///     }
///     fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
///         Some(&mut self.0)
///     }
/// }
/// ```
pub trait Source {
    /// What it is, in a word or two: "tcp", "listener".
    fn kind(&self) -> &'static str;

    /// The part of it that the OS watches. `None`: its readiness comes from elsewhere in the
    /// program. The answer never changes between registration and drop.
    fn kernel(&mut self) -> Option<&mut dyn mio::event::Source>;

    /// Whether a read that gives fewer bytes than it had room for has emptied it, unless urgent
    /// data came. Then the read that would only say WouldBlock is spared.
    ///
    /// So it is with TCP. A Unix stream ends a read behind a message with descriptors, and a pipe
    /// may be one of packets, whatever is left: no edge tells of that. Who takes urgent data from a
    /// TCP socket himself (`MSG_OOB`) before a loop was told of it has to read until WouldBlock.
    fn is_empty_after_short_read(&self) -> bool {
        false
    }

    /// Its number at the OS, to be shown.
    fn descriptor(&self) -> Option<i32> {
        None
    }
}

/// What a source is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peer {
    /// A socket of the OS, here or elsewhere.
    Address(SocketAddr),
    /// The other end of a memory socket, on the same loop.
    Memory(SourceId),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Address(address) => address.fmt(f),
            Peer::Memory(id) => write!(f, "source {id}"),
        }
    }
}

/// Names one registration. An index is used again, a pair of index and generation only after all
/// generations were: 2^32 registrations, or 4,096 where a word has 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceId {
    /// The slot in the source table.
    pub index: u32,
    /// Which registration of that slot.
    pub generation: u32,
}

impl SourceId {
    /// How many bits of a token hold the index, and how many hold the generation.
    const BITS: (u32, u32) = if usize::BITS >= 64 { (32, 32) } else { (20, 12) };
    const INDEX_MASK: u32 = u32::MAX >> (32 - SourceId::BITS.0);
    /// Generations count in these bits and begin anew past them.
    pub(crate) const GENERATION_MASK: u32 = u32::MAX >> (32 - SourceId::BITS.1);
    /// The largest index. Tokens with the one above it are the loop's own.
    pub(crate) const INDEX_MAX: u32 = SourceId::INDEX_MASK - 1;
    /// The token of the loop's waker.
    pub(crate) const WAKE: mio::Token = mio::Token(usize::MAX);
    /// The token of the loop's alarm.
    pub(crate) const ALARM: mio::Token = mio::Token(SourceId::INDEX_MASK as usize);

    /// The token of this source at the OS.
    pub(crate) fn token(self) -> mio::Token {
        let token =
            mio::Token((self.generation as usize) << SourceId::BITS.0 | self.index as usize);
        debug_assert_eq!(SourceId::from_token(token), self, "it fits");
        token
    }

    /// Whether it can name a source: it is not made of one of the loop's own tokens.
    pub(crate) fn is_of_a_source(self) -> bool {
        self.index <= SourceId::INDEX_MAX
    }

    /// The source of a token.
    #[expect(clippy::cast_possible_truncation, reason = "taking a word apart")]
    pub(crate) fn from_token(token: mio::Token) -> SourceId {
        SourceId {
            index: token.0 as u32 & SourceId::INDEX_MASK,
            generation: (token.0 >> SourceId::BITS.0) as u32,
        }
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.index, self.generation)
    }
}

/// A source as it stands, as plain data.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SourceView {
    /// Its id.
    pub id: SourceId,
    /// What it is: "tcp", "listener", "memory".
    pub kind: &'static str,
    /// Which directions of it are watched.
    pub interest: Interest,
    /// Its number at the OS, if it has one.
    pub descriptor: Option<i32>,
    /// Where it was made.
    pub born: Place,
    /// What it is connected to, if that is known.
    pub peer: Option<Peer>,
    /// What it can do without waiting, as far as the reactor was told.
    pub readiness: Readiness,
    /// How often an operation on it was tried: a system call each, of a source of the OS.
    pub operations: u64,
    /// How often it wasn't ready for that, though it had been told so.
    pub in_vain: u64,
    /// Who waits for it: at most one for each direction.
    pub waiters: Vec<WaiterView>,
}

/// One who waits for a source, as plain data.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WaiterView {
    /// What it waits for.
    pub direction: Direction,
    /// What it does: "read", "accept".
    pub operation: &'static str,
    /// Whom the loop was running when it began to wait, 0 for nobody.
    pub owner: u64,
    /// Where it waits.
    pub place: Place,
}

/// One who sleeps, as plain data.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TimerView {
    /// When it is due, in nanoseconds since the clock's origin; `u64::MAX` is never.
    pub at: u64,
    /// What it does: "sleep", "timeout", "interval".
    pub operation: &'static str,
    /// Whom the loop was running when it began to wait, 0 for nobody.
    pub owner: u64,
    /// Where it waits.
    pub place: Place,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_from_its_token() {
        let index = [0, 1, SourceId::INDEX_MAX];
        let generation = [0, 1, SourceId::GENERATION_MASK];
        for id in index.into_iter().flat_map(|index| {
            generation.into_iter().map(move |generation| SourceId { index, generation })
        }) {
            assert_eq!(SourceId::from_token(id.token()), id);
            assert!(id.is_of_a_source());
        }
        for token in [SourceId::WAKE, SourceId::ALARM] {
            assert!(!SourceId::from_token(token).is_of_a_source(), "it is the loop's own");
        }
    }
}
