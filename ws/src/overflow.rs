//! The overflow: what becomes of a message when too much waits to be sent.
//!
//! Promises one choice a connection and one answer a message. It is plain data: `sending` does
//! what it says.

use crate::message::Message;

/// What a connection does with a message while more than high water waits to be sent.
///
/// Nobody is called slow unheard: before a policy drops or closes, and before a hub passes a
/// member over, what waits is offered to the socket once more. A hub, which can't wait, fills a
/// member that has the policy `Wait` up to the hard cap.
///
/// | policy | `send` | `try_send` | a hub's `publish` |
/// |---|---|---|---|
/// | `Wait` | waits for low water | `Full` until low water | at the cap passes it over: `full` |
/// | `DropNewest` | is ready, the message is gone | `Full` | passes it over: `dropped` |
/// | `DropOldest` | is ready | `Buffered` | `buffered` |
/// | `Close` | `Error::Closed` | `Closed` | `closed` |
///
/// What a policy drops is counted in [`Counts::messages_dropped`](crate::Counts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The sender waits. Nothing is lost.
    #[default]
    Wait,
    /// The new message is dropped: what was said first is worth most.
    DropNewest,
    /// The oldest messages that have not begun to leave are dropped until the new one fits: the
    /// latest is worth most. A message for which the hard cap has no room even then waits as under
    /// `Wait`.
    DropOldest,
    /// The peer is too slow to be served: what has not begun to leave is dropped, and the
    /// connection is closed with 1013 and [`Cause::Overflow`](crate::Cause::Overflow).
    Close,
}

/// What became of a message that was not to wait.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the message may have come back"]
#[non_exhaustive]
pub enum TrySend {
    /// It has left, or leaves with this turn's write.
    Sent,
    /// It was taken, but the socket is behind: so many bytes wait in all.
    Buffered(usize),
    /// Too much waits to be sent; here is the message back.
    Full(Message),
    /// The connection is closing or over; here is the message back.
    Closed(Message),
}

impl TrySend {
    /// True if the message was taken, to leave now or later.
    pub fn is_taken(&self) -> bool {
        matches!(self, TrySend::Sent | TrySend::Buffered(_))
    }
}
