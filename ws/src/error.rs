//! The errors of this crate: what was expected, and what came instead.
//!
//! Promises that every public function fails with this one type, and that each message names both
//! sides of the surprise. It holds no connection and no message.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use tungstenite::Bytes;

use crate::close::{CloseInfo, REASON_BYTES_MAX, Side};
use crate::progress::ConnectStage;

/// Close codes of a peer that would send them again: an extension that we don't have, and the two
/// registered ones for who isn't let in (unauthorized, forbidden).
const FATAL_CODES: [u16; 3] = [1010, 3000, 3003];

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
        /// The address as given, without a user and a password.
        came: String,
    },
    /// The host is a name for which no address was found.
    Unresolvable {
        /// The host as given.
        host: String,
        /// Why not.
        why: io::Error,
    },
    /// The server answered the upgrade, but not with 101. Redirects are not followed.
    Refused {
        /// The status of its answer.
        status: u16,
        /// The words beside the status.
        reason: String,
        /// The beginning of what it said further, `Limits::refusal_bytes_max` (4 KiB) at most:
        /// what came of it in time. [`body_text`](Error::body_text) has it as text.
        body: Bytes,
        /// When to come again, by its `Retry-After` line: any length of time that it likes.
        retry_after: Option<Duration>,
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
    /// A stage on the way to a connection took longer than its deadline, or all of them together.
    HandshakeTimeout {
        /// The stage that was under way.
        stage: ConnectStage,
        /// The deadline that passed: that of the stage, or `Limits::handshake_ms_max` for all.
        millis: u64,
    },
    /// The peer did not answer a ping in time, though it sent other things: the connection stands.
    PongTimeout {
        /// How long it was waited for.
        millis: u64,
    },
    /// TLS with the peer came to nothing.
    #[cfg(feature = "tls")]
    Tls {
        /// Which of the usual mistakes it was.
        fault: crate::tls::TlsFault,
        /// What the peer, or what we were given, must have.
        expected: String,
        /// What it had.
        came: String,
    },
    /// `close` was given a code or a reason that must not be sent.
    InvalidClose {
        /// The code as given: 1000 to 1003, 1007 to 1013 and 3000 to 4999 may be sent.
        code: u16,
        /// The bytes of the reason as given: at most 123 fit.
        reason_bytes: usize,
    },
    /// A header line that a response or a client's request can't have.
    InvalidHeader {
        /// What such a line must be.
        expected: &'static str,
        /// The name as given, or what is wrong with the value: it may be a secret, and isn't shown.
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
    /// A resubscribe hook took longer than its deadline.
    ResubscribeTimeout {
        /// The deadline that passed, `ReconnectLimits::resubscribe_ms_max`.
        millis: u64,
    },
    /// A reconnecting client has failed as often, or for as long, as its limits allow.
    GaveUp {
        /// Failures in a row.
        failures: u32,
        /// How long the outage had lasted.
        millis: u64,
        /// What it failed with last.
        last: Arc<Error>,
    },
    /// A reconnecting client is over, and this is why.
    Over(Arc<Error>),
    /// The program has disconnected its reconnecting client.
    Disconnected,
}

impl Error {
    /// Whether to try the same connection again later would be pointless: the same would come.
    ///
    /// | error | fatal |
    /// |---|---|
    /// | mistakes of the program: `InvalidUrl`, `InvalidHeader`, and the like | yes |
    /// | `Refused` with 4xx | yes, but for 408 and 429 |
    /// | `Refused` with any other status: a server that starts, a page of a network's door | no |
    /// | `BadUpgrade` with 101: a wrong key, or a subprotocol that wasn't offered | yes |
    /// | `BadUpgrade` with 0: no HTTP, or too long a head; the port may be another's for now | no |
    /// | `Unresolvable`, `Io`, `HandshakeTimeout`, `PongTimeout`, `ResubscribeTimeout` | no |
    /// | `Tls`: a certificate that isn't believed, ours or theirs | yes |
    /// | `Tls` with `TlsFault::Protocol`: no TLS, or a peer that gave up | no |
    /// | `Closed` by the peer with 1010, 3000 (unauthorized) or 3003 (forbidden) | yes |
    /// | `Closed` in any other way | no |
    /// | `GaveUp`, `Over`, `Disconnected`: the reconnecting client has ended | yes |
    pub fn is_fatal(&self) -> bool {
        match self {
            Error::InvalidUrl { .. }
            | Error::InvalidHeader { .. }
            | Error::InvalidRoute { .. }
            | Error::InvalidClose { .. } => true,
            Error::Refused { status, .. } => {
                (400..500).contains(status) && !matches!(status, 408 | 429)
            }
            Error::BadUpgrade { status, .. } => *status != 0,
            Error::Io(_)
            | Error::Unresolvable { .. }
            | Error::HandshakeTimeout { .. }
            | Error::PongTimeout { .. }
            | Error::ResubscribeTimeout { .. } => false,
            #[cfg(feature = "tls")]
            Error::Tls { fault, .. } => fault.is_fatal(),
            Error::Closed(info) => info.side == Side::Peer && FATAL_CODES.contains(&info.code),
            Error::GaveUp { .. } | Error::Over(_) | Error::Disconnected => true,
        }
    }

    /// When a server that refused asks us to come again, if it does: any length of time that it
    /// likes. A date is counted from the answer's own `Date`, so no clock of ours matters; without
    /// one it is ignored, as are dates that aren't written as HTTP wants.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What a server that refused said beside the status, if anything; bytes that are not UTF-8
    /// are replaced.
    pub fn body_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Error::Refused { body, .. } if !body.is_empty() => Some(String::from_utf8_lossy(body)),
            _ => None,
        }
    }
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
            Error::Refused { status, reason, .. } => {
                write!(f, "expected status 101, came {status} {reason}")
            }
            Error::BadUpgrade { expected, came, .. } => {
                write!(f, "expected {expected}, came {came:?}")
            }
            Error::HandshakeTimeout { stage, millis } => {
                write!(f, "expected a connection within {millis} ms, came the deadline in {stage}")
            }
            Error::PongTimeout { millis } => {
                write!(f, "expected a pong within {millis} ms, came none from a peer that lives")
            }
            #[cfg(feature = "tls")]
            Error::Tls { expected, came, .. } => write!(f, "TLS: expected {expected}, came {came}"),
            Error::InvalidClose { code, reason_bytes } => write!(
                f,
                "expected a close code that may be sent and at most {REASON_BYTES_MAX} bytes of \
                 reason, came {code} and {reason_bytes} bytes"
            ),
            Error::Closed(info) => write!(f, "expected an open connection, came one {info}"),
            Error::ResubscribeTimeout { millis } => {
                write!(f, "expected the hook to end within {millis} ms, came the deadline")
            }
            Error::GaveUp { failures, millis, last } => write!(
                f,
                "expected a connection, came {failures} failures in {millis} ms, lastly: {last}"
            ),
            Error::Over(why) => write!(f, "expected a client that comes back, came its end: {why}"),
            Error::Disconnected => {
                f.write_str("expected a client that comes back, came one that was disconnected")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io(error) | Error::Unresolvable { why: error, .. } => Some(error),
            Error::GaveUp { last: error, .. } | Error::Over(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        #[cfg(feature = "tls")]
        if let Some(error) = crate::tls::tls_error(&error) {
            return error;
        }
        Error::Io(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_come_again_is_fatal() {
        let refused = |status| Error::Refused {
            status,
            reason: String::new(),
            body: Bytes::new(),
            retry_after: None,
        };
        let fatal: Vec<u16> = (200..600).filter(|&status| refused(status).is_fatal()).collect();
        let expected: Vec<u16> = (400..500).filter(|status| ![408, 429].contains(status)).collect();
        assert_eq!(fatal, expected);
        let bad = |status| Error::BadUpgrade { status, expected: "", came: String::new() };
        assert!(bad(101).is_fatal() && !bad(0).is_fatal());
        assert!(Error::InvalidUrl { expected: "", came: String::new() }.is_fatal());
        let stage = ConnectStage::Tls;
        assert!(!Error::HandshakeTimeout { stage, millis: 1 }.is_fatal());
        assert!(!Error::from(io::Error::from(io::ErrorKind::ConnectionRefused)).is_fatal());
    }
}
