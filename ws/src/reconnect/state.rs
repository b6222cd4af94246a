//! The state: how a reconnecting client stands to its server, as data that a UI can show.
//!
//! Promises that each state says what it waits for, and that its text reads as a line of a log.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::progress::ConnectStage;

/// How a [`Reconnecting`](crate::Reconnecting) client stands to its server.
///
/// ```text
/// Idle --> Resolving, Connecting, Securing, Upgrading, Resubscribing --> Open --> Closing
///              ^                        |                                  |         |
///              |                        v                                  |         |
///              +-------------------- Waiting <-----------------------------+---------+
/// ```
///
/// `Over` follows any of them. An attempt passes through those that it needs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum ReconnectState {
    /// Its driver was not polled yet.
    #[default]
    Idle,
    /// Looking up the addresses of the server's name. Not for an IP address.
    Resolving,
    /// Trying the addresses; for a dialer of your own, whatever it does.
    Connecting,
    /// Agreeing on keys, over `wss://`.
    Securing,
    /// Asking for the WebSocket.
    Upgrading,
    /// The connection stands, the resubscribe hook is at work, and what is buffered waits for it.
    Resubscribing,
    /// Messages go both ways.
    Open,
    /// One side has begun to close.
    Closing,
    /// There is no connection; the next attempt comes later.
    #[non_exhaustive]
    Waiting {
        /// When it comes.
        until: Instant,
        /// How long that was, counted from when the wait began.
        delay: Duration,
        /// Failures in a row.
        failures: u32,
        /// The last of them.
        why: Arc<Error>,
    },
    /// It won't come back.
    #[non_exhaustive]
    Over {
        /// What made it give up; `None` if the program wanted it to end.
        why: Option<Arc<Error>>,
    },
}

impl ReconnectState {
    /// True while messages go both ways.
    pub fn is_open(&self) -> bool {
        matches!(self, ReconnectState::Open)
    }

    /// True once it won't come back.
    pub fn is_over(&self) -> bool {
        matches!(self, ReconnectState::Over { .. })
    }

    /// The state of an attempt in this stage.
    pub(crate) fn of(stage: ConnectStage) -> ReconnectState {
        match stage {
            ConnectStage::Resolve => ReconnectState::Resolving,
            ConnectStage::Connect => ReconnectState::Connecting,
            ConnectStage::Tls => ReconnectState::Securing,
            ConnectStage::Upgrade => ReconnectState::Upgrading,
        }
    }

    /// True if going from one to the other is no change.
    pub(crate) fn is_like(&self, other: &ReconnectState) -> bool {
        !matches!(self, ReconnectState::Waiting { .. })
            && std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for ReconnectState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReconnectState::Idle => "idle",
            ReconnectState::Resolving => "resolving",
            ReconnectState::Connecting => "connecting",
            ReconnectState::Securing => "securing",
            ReconnectState::Upgrading => "upgrading",
            ReconnectState::Resubscribing => "resubscribing",
            ReconnectState::Open => "open",
            ReconnectState::Closing => "closing",
            ReconnectState::Waiting { delay, failures, why, .. } => {
                let (seconds, tenths) = (delay.as_secs(), delay.subsec_millis() / 100);
                return write!(f, "waiting {seconds}.{tenths} s after failure {failures}: {why}");
            }
            ReconnectState::Over { why: Some(why) } => return write!(f, "over: {why}"),
            ReconnectState::Over { why: None } => "over",
        })
    }
}
