//! `Step`: one thing that a peer of a script does, as data.
//!
//! A list of them is a peer's whole life. What a step does not name does not happen: a peer reads
//! only when it is told to, and one that has nothing left to do stays connected, in silence.

use std::{ptr, time::Duration};

/// One thing that a peer does, or that befalls our socket of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Lets so much time pass, by the loop's clock. Before a connection's first step of another
    /// kind it delays the connection itself.
    After(Duration),
    /// Sends bytes, as fast as our side makes room for them.
    Send(Vec<u8>),
    /// Sends bytes in pieces of 1 to `chunk_bytes_max`, by the seed, each in an edge of its own.
    SendInChunks {
        /// What is sent.
        bytes: Vec<u8>,
        /// The longest piece, 1 at least.
        chunk_bytes_max: usize,
    },
    /// Reads until so many more bytes have come, or the end.
    ReadUntil(usize),
    /// Reads until these bytes have come, and nothing behind them; or the end.
    ReadPast(Vec<u8>),
    /// Reads whatever comes in so much time.
    ReadFor(Duration),
    /// Reads until the end has come.
    ReadToEnd,
    /// Sends what a function makes of the bytes read since the last such answer: for what can't be
    /// known before, like the proof that a request was read.
    Answer(Answer),
    /// Sends no more, and says so. It may still read.
    HalfClose,
    /// Is gone with a bang: our side is told once, after the last byte. Ends the peer's life.
    Reset,
    /// Is gone: in order if it has read all that came, otherwise as `Reset`. Ends its life.
    Close,
    /// From now on each read of ours gives 1 to `bytes_max` bytes, by the seed; what is left comes
    /// in a further edge. `usize::MAX` ends that.
    ShortReads {
        /// The most that one read gives, 1 at least.
        bytes_max: usize,
    },
    /// From now on each write of ours takes 1 to `bytes_max` bytes, by the seed; that there is
    /// room left comes in a further edge. `usize::MAX` ends that.
    ShortWrites {
        /// The most that one write takes, 1 at least.
        bytes_max: usize,
    },
    /// Our socket is told ready for no reason, and its next operation says `WouldBlock`. If there
    /// is something to do for it after all, a further edge tells so.
    WouldBlockOnce,
    /// The next operation of our socket is interrupted by a signal.
    Interrupted,
    /// From now on one in `one_in` operations of our socket, by the seed, is interrupted or says
    /// `WouldBlock` without need. 0 ends that, 1 counts as 2.
    Noise {
        /// How seldom it happens.
        one_in: u32,
    },
    /// So many accepts of our listener fail, a connection waiting, because the process has no
    /// descriptor left. Only for a peer that connects; as a first step it befalls its own
    /// connection.
    Emfile {
        /// How often.
        times: u32,
    },
    /// Refuses our connection. Only for a peer that listens, before any step of another kind but
    /// `After`. Ends the peer's life.
    Refuse,
    /// Has our connection time out. As `Refuse`.
    TimeOut,
}

/// What a peer answers to what it has read.
#[derive(Clone, Copy, Debug)]
pub struct Answer(pub fn(&[u8]) -> Vec<u8>);

/// Two are equal if they surely are the same function.
impl PartialEq for Answer {
    fn eq(&self, other: &Answer) -> bool {
        ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for Answer {}

impl Step {
    /// `Answer`, for a plain function.
    #[must_use]
    pub fn answer(answer: fn(&[u8]) -> Vec<u8>) -> Step {
        Step::Answer(Answer(answer))
    }

    /// Whether a later step may look at what is read now.
    pub(crate) fn looks_back(&self) -> bool {
        matches!(self, Step::Answer(_) | Step::ReadPast(_))
    }

    /// `Send`, for whatever can be made bytes.
    #[must_use]
    pub fn send(bytes: impl Into<Vec<u8>>) -> Step {
        Step::Send(bytes.into())
    }

    /// `SendInChunks`, likewise.
    #[must_use]
    pub fn send_in_chunks(bytes: impl Into<Vec<u8>>, chunk_bytes_max: usize) -> Step {
        Step::SendInChunks { bytes: bytes.into(), chunk_bytes_max }
    }

    /// Whether it can happen before there is a connection. Any other step makes one first.
    pub(crate) fn comes_before_the_connection(&self) -> bool {
        matches!(self, Step::After(_) | Step::Emfile { .. } | Step::Refuse | Step::TimeOut)
    }
}
