//! What can become of an event that is not sent, or not answered.

use std::{fmt, sync::Arc, time::Duration};

use super::state::{ConnectError, Disconnect};
use crate::{Error, socketio::CodecError};

/// Why an event was not taken. Nothing of it was sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EmitError {
    /// Its name means something to Socket.IO itself.
    Reserved(String),
    /// Its arguments can't be written.
    Arguments(CodecError),
    /// More waits already than the client's limits allow. Await
    /// [`room`](crate::socketio::Namespace::room), or drop something.
    Full {
        /// Events that wait.
        events: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// It, or one of its attachments, is longer than the server takes (`maxPayload`): the server
    /// would end the connection.
    TooLong {
        /// Its bytes.
        bytes: usize,
        /// What the server takes.
        bytes_max: u64,
    },
    /// Who asked for this answer has been gone since.
    Gone,
    /// Who was to hear it, a client of a server, has left the namespace.
    Disconnected(Disconnect),
    /// The client is over, and this is what made it give up; `None` if the program wanted it.
    Over(Option<Arc<Error>>),
}

/// Why there is no answer to an event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AckError {
    /// It didn't come in time. If the event had not left by then, it never will.
    TimedOut(Duration),
    /// The namespace was let in no more before the answer was there. The event had left: it may
    /// have arrived or not.
    Disconnected(Disconnect),
    /// The event is longer than the server takes, which was learnt after it was taken: it never
    /// left.
    TooLong {
        /// Its bytes.
        bytes: usize,
        /// What the server takes.
        bytes_max: u64,
    },
    /// It was taken back ([`take_buffered`](crate::socketio::Namespace::take_buffered)): it never
    /// left.
    TakenBack,
    /// The client is over, and this is what made it give up; `None` if the program wanted it.
    Over(Option<Arc<Error>>),
}

/// Why a namespace is not let in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NotConnected {
    /// The server has refused it.
    Refused(ConnectError),
    /// It was shown out, or the program has left.
    Disconnected(Disconnect),
    /// The client is over, and this is what made it give up; `None` if the program wanted it.
    Over(Option<Arc<Error>>),
}

/// Why there is no such namespace of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NamespaceError {
    /// It has no such name.
    Invalid {
        /// What a name is.
        expected: &'static str,
        /// The name as given.
        came: String,
    },
    /// The program has it already: clone its handle, or drop it and its events.
    InUse(String),
}

fn over(why: &Option<Arc<Error>>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("expected a client that comes back, came its end")?;
    why.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
}

fn too_long(bytes: usize, bytes_max: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "expected a message of at most {bytes_max} bytes, came one of {bytes}")
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EmitError::Reserved(name) => {
                write!(f, "expected an event whose name is not reserved, came {name:?}")
            }
            EmitError::Arguments(error) => error.fmt(f),
            EmitError::Full { events, bytes } => {
                write!(f, "expected room for an event, came {events} events of {bytes} bytes")
            }
            EmitError::TooLong { bytes, bytes_max } => too_long(*bytes, *bytes_max, f),
            EmitError::Disconnected(why) => write!(f, "expected a client, came {why}"),
            EmitError::Gone => f.write_str("expected who had asked, came a later connection"),
            EmitError::Over(why) => over(why, f),
        }
    }
}

impl fmt::Display for AckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AckError::TimedOut(after) => {
                write!(f, "expected an answer within {after:?}, came none")
            }
            AckError::Disconnected(why) => write!(f, "expected an answer, came {why}"),
            AckError::TooLong { bytes, bytes_max } => too_long(*bytes, *bytes_max, f),
            AckError::TakenBack => f.write_str("expected an event that leaves, came its recall"),
            AckError::Over(why) => over(why, f),
        }
    }
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotConnected::Refused(why) => why.fmt(f),
            NotConnected::Disconnected(why) => write!(f, "expected to be let in, came {why}"),
            NotConnected::Over(why) => over(why, f),
        }
    }
}

impl fmt::Display for NamespaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NamespaceError::Invalid { expected, came } => {
                write!(f, "expected {expected}, came {came:?}")
            }
            NamespaceError::InUse(name) => {
                write!(f, "expected a namespace that is free, came {name:?} a second time")
            }
        }
    }
}

impl std::error::Error for EmitError {}
impl std::error::Error for AckError {}
impl std::error::Error for NotConnected {}
impl std::error::Error for NamespaceError {}
