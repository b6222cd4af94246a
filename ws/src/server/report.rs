//! The report of a stop: who went, who had to be dropped.
//!
//! Promises that each connection which was there when the stop began is counted once. It is plain
//! data.

use std::fmt;
use std::net::SocketAddr;

/// What became of the connections that were open when a server was told to stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StopReport {
    /// Those that ended as they should: a WebSocket with both Close frames and its future through,
    /// any other after its last answer, or idle, whether or not its client has ended it, too.
    pub closed: usize,
    /// Those that ended in time, but broke: a reset, a protocol error, a peer that never answered.
    pub broken: usize,
    /// Those that were still open at the deadline, and were dropped.
    pub dropped: usize,
    /// Who the dropped were, in the order of their coming: `reported_peers_max` at most.
    pub still_open: Vec<StillOpen>,
}

/// A connection that had to be dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StillOpen {
    /// The address of the other end, if its socket has one.
    pub peer: Option<SocketAddr>,
    /// The path of its route, as it was given; `None` if it was no WebSocket.
    pub route: Option<String>,
}

impl fmt::Display for StopReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StopReport { closed, broken, dropped, still_open } = self;
        write!(f, "{closed} closed, {broken} broken, {dropped} dropped")?;
        for (at, open) in still_open.iter().enumerate() {
            f.write_str(if at == 0 { ": " } else { ", " })?;
            match open.peer {
                Some(peer) => write!(f, "{peer}")?,
                None => f.write_str("a stream without an address")?,
            }
            if let Some(route) = &open.route {
                write!(f, " at {route}")?;
            }
        }
        if *dropped > still_open.len() && !still_open.is_empty() {
            write!(f, " and {} more", dropped - still_open.len())?;
        }
        Ok(())
    }
}
