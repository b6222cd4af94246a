//! `ClientLimits`: how much a client keeps and takes, with the defaults and why.

use crate::{
    ReconnectLimits,
    socketio::{PacketLimits, namespaces::limits::Limits},
};

/// The bounds of a client. Start from `ClientLimits::default()` and change what you must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientLimits {
    /// The bounds of a packet that is read.
    pub packet: PacketLimits,
    /// How it comes back. After a failure it waits half a second to 1.5 s, then up to 5 s at the
    /// most, as clients of Socket.IO do; but the dice are thrown after the cap, so that a thousand
    /// clients don't come back in the same instant.
    pub reconnect: ReconnectLimits,
    /// Events of one namespace that wait for a connection, or for room on it (10,000).
    pub buffered_events_max: usize,
    /// The same in bytes (4 MiB). A single event that is longer is taken when nothing else waits.
    pub buffered_bytes_max: usize,
    /// Events that one namespace has received and nobody took (1,024). At this mark the connection
    /// isn't read any more, for none of its namespaces, and TCP slows the server down; below half
    /// of it, it is read again. Meanwhile the server's pings are not answered.
    pub received_events_max: usize,
    /// The same in bytes (1 MiB).
    pub received_bytes_max: usize,
    /// Events that came before the namespace was let in, and are kept until it is (1,024). What is
    /// beyond that breaks the rules, and ends the connection.
    pub early_events_max: usize,
    /// The time in which the server is to say hello once the WebSocket stands (8 s).
    pub hello_ms_max: u64,
    /// How much longer than it has promised the server may be silent (1 s): a ping may be late.
    pub ping_slack_ms: u64,
}

impl Default for ClientLimits {
    fn default() -> ClientLimits {
        ClientLimits {
            packet: PacketLimits::default(),
            reconnect: ReconnectLimits {
                delay_ms_min: 500,
                first_delay_ms_max: 1_500,
                delay_ms_max: 5_000,
                ..ReconnectLimits::default()
            },
            buffered_events_max: 10_000,
            buffered_bytes_max: 4 << 20,
            received_events_max: 1_024,
            received_bytes_max: 1 << 20,
            early_events_max: 1_024,
            hello_ms_max: 8_000,
            ping_slack_ms: 1_000,
        }
    }
}

impl ClientLimits {
    /// Those of them that bound what namespaces keep.
    pub(super) fn of_namespaces(&self) -> Limits {
        Limits {
            packet: self.packet,
            buffered_events_max: self.buffered_events_max,
            buffered_bytes_max: self.buffered_bytes_max,
            received_events_max: self.received_events_max,
            received_bytes_max: self.received_bytes_max,
            early_events_max: self.early_events_max,
        }
    }
}
