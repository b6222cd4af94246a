//! The close info: how and why a connection ended.
//!
//! Promises one answer to "who closed this, with which code, and what made it happen", the same
//! from every handle. It is plain data and holds no connection.

use std::{fmt, io};

use tungstenite::Utf8Bytes;

/// The close codes this crate sends by itself (RFC 6455, section 7.4.1). Applications have 3000
/// to 4999 to themselves.
pub mod code {
    /// The purpose of the connection has been fulfilled.
    pub const NORMAL: u16 = 1000;
    /// This side is going away: its last handle was dropped.
    pub const AWAY: u16 = 1001;
    /// The peer broke the protocol.
    pub const PROTOCOL: u16 = 1002;
    /// The peer's Close frame held no code. Never sent.
    pub const NONE: u16 = 1005;
    /// There was no Close frame. Never sent.
    pub const ABNORMAL: u16 = 1006;
    /// A text message was not UTF-8.
    pub const NOT_UTF8: u16 = 1007;
    /// A limit of ours was passed that no other code names.
    pub const POLICY: u16 = 1008;
    /// A frame or message was too big.
    pub const TOO_BIG: u16 = 1009;
    /// This side could not go on.
    pub const INTERNAL: u16 = 1011;
    /// Try again later: the peer reads slower than it is written to.
    pub const TRY_AGAIN: u16 = 1013;
}

/// The bytes of a close reason: a control frame carries 125, and two of them are the code.
pub(crate) const REASON_BYTES_MAX: usize = 123;

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The end this handle belongs to.
    Us,
    /// The other end.
    Peer,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseInfo {
    /// The code of the Close frame that came first; 1005 if it held none, 1006 if there was none.
    /// Ours, of two that cross, as when the program closes in the turn in which the peer's is read.
    pub code: u16,
    /// The reason beside that code, often empty.
    pub reason: Utf8Bytes,
    /// Who began the end.
    pub side: Side,
    /// What made it happen.
    pub cause: Cause,
    /// Our own stall, if the loop stood still just before: the fault may be ours. Told of an end
    /// that came from the peer, or from its silence.
    pub stall: Option<StallNote>,
}

/// What made a connection end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Our Close is on its way, the answer is not here yet.
    Closing,
    /// One side asked, the other agreed: both Close frames were exchanged.
    Handshake,
    /// The peer broke the protocol or passed a limit; the text says what was expected.
    Violation(String),
    /// The peer stayed silent past the heartbeat's patience.
    HeartbeatLost,
    /// The peer read nothing of what waited for it, for longer than the limit.
    WriteStalled,
    /// The close handshake took longer than its deadline.
    CloseTimeout,
    /// The peer read too slowly for its policy, [`Overflow::Close`](crate::Overflow::Close).
    Overflow,
    /// The byte stream ended without a Close frame.
    Reset,
    /// The socket failed.
    Io(io::ErrorKind),
    /// The driver was dropped before the connection was over, so nobody could go on.
    DriverDropped,
}

/// A stall of this loop, as the loop reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StallNote {
    /// What held the loop.
    pub label: String,
    /// For how long.
    pub millis: u64,
}

impl CloseInfo {
    /// True if both sides exchanged Close frames, whatever their code.
    pub fn is_clean(&self) -> bool {
        self.cause == Cause::Handshake
    }
}

impl fmt::Display for CloseInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Us => "us",
            Side::Peer => "the peer",
        };
        write!(f, "closed by {side} with {}", self.code)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", self.reason)?;
        }
        write!(f, ": {}", self.cause)?;
        if let Some(StallNote { label, millis }) = &self.stall {
            write!(f, "; before it our own loop stood still for {millis} ms in {label}")?;
            f.write_str(match self.cause {
                Cause::HeartbeatLost => ", so the peer may have answered in time",
                _ => ", so the peer may have timed us out",
            })?;
        }
        Ok(())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Closing => f.write_str("our Close is on its way"),
            Cause::Handshake => f.write_str("both sides agreed"),
            Cause::Violation(what) => f.write_str(what),
            Cause::HeartbeatLost => f.write_str("expected a sign of life, came silence"),
            Cause::WriteStalled => {
                f.write_str("expected a peer that reads, came a full socket for too long")
            }
            Cause::CloseTimeout => f.write_str("expected the peer's Close, came none in time"),
            Cause::Overflow => {
                f.write_str("expected a reader that keeps up, came more than may wait to be sent")
            }
            Cause::Reset => f.write_str("expected a Close frame, came the end of the stream"),
            Cause::Io(kind) => write!(f, "expected a working socket, came: {kind}"),
            Cause::DriverDropped => {
                f.write_str("expected the driver to run to its end, came its drop")
            }
        }
    }
}
