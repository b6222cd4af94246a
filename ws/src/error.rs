//! The errors of this crate: what was expected, and what came instead.
//!
//! Promises that every public function fails with this one type, and that each message names both
//! sides of the surprise. It holds no connection and no message.

use std::{fmt, io};

use crate::close::{CloseInfo, REASON_BYTES_MAX};

/// Why a call of this crate did not do what was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The socket failed before the connection stood, or there is no loop on this thread; the
    /// error's text says which.
    Io(io::Error),
    /// The address of the server is not one we can use.
    InvalidUrl {
        /// What such an address must have.
        expected: &'static str,
        /// The address as given.
        came: String,
    },
    /// The host is a name for which no address was found.
    Unresolvable {
        /// The host as given.
        host: String,
        /// Why not.
        why: io::Error,
    },
    /// The server answered the upgrade, but not with 101.
    Refused {
        /// The status of its answer.
        status: u16,
        /// The words beside the status.
        reason: String,
    },
    /// The upgrade was not one: on the server it was answered with `status`, on the client it
    /// came as the response, where `status` is its own.
    BadUpgrade {
        /// The status written (server) or received (client); 0 if there was none to read.
        status: u16,
        /// What the head must have.
        expected: &'static str,
        /// What it had.
        came: String,
    },
    /// The handshake took longer than its deadline.
    HandshakeTimeout {
        /// The deadline that passed.
        millis: u64,
    },
    /// The peer did not answer a ping in time, though it sent other things: the connection stands.
    PongTimeout {
        /// How long it was waited for.
        millis: u64,
    },
    /// `close` was given a code or a reason that must not be sent.
    InvalidClose {
        /// The code as given: 1000 to 1003, 1007 to 1013 and 3000 to 4999 may be sent.
        code: u16,
        /// The bytes of the reason as given: at most 123 fit.
        reason_bytes: usize,
    },
    /// A header line that a response can't have.
    InvalidHeader {
        /// What such a line must be.
        expected: &'static str,
        /// The name or value as given.
        came: String,
    },
    /// A route of a server that can't be served.
    InvalidRoute {
        /// What a route must be.
        expected: &'static str,
        /// What was given.
        came: String,
    },
    /// The connection is closing or over.
    Closed(Box<CloseInfo>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => write!(f, "expected a working socket, came: {error}"),
            Error::InvalidUrl { expected, came }
            | Error::InvalidHeader { expected, came }
            | Error::InvalidRoute { expected, came } => {
                write!(f, "expected {expected}, came {came:?}")
            }
            Error::Unresolvable { host, why } => {
                write!(f, "expected a host with an address, came {host:?}: {why}")
            }
            Error::Refused { status, reason } => {
                write!(f, "expected status 101, came {status} {reason}")
            }
            Error::BadUpgrade { expected, came, .. } => {
                write!(f, "expected {expected}, came {came:?}")
            }
            Error::HandshakeTimeout { millis } => {
                write!(f, "expected the handshake to end within {millis} ms, came the deadline")
            }
            Error::PongTimeout { millis } => {
                write!(f, "expected a pong within {millis} ms, came none from a peer that lives")
            }
            Error::InvalidClose { code, reason_bytes } => write!(
                f,
                "expected a close code that may be sent and at most {REASON_BYTES_MAX} bytes of \
                 reason, came {code} and {reason_bytes} bytes"
            ),
            Error::Closed(info) => write!(f, "expected an open connection, came one {info}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io(error) | Error::Unresolvable { why: error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(error)
    }
}
