//! `ServerLimits`: how much a server keeps and takes of each connection, with the defaults and why.

use crate::socketio::PacketLimits;
use crate::socketio::namespaces::limits::Limits;

/// The bounds of a server. Start from `ServerLimits::default()` and change what you must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerLimits {
    /// The bounds of a packet that is read: with its attachments 4 MiB, which a client may send
    /// slowly.
    pub packet: PacketLimits,
    /// Each client is pinged so often (25 s), as servers in JavaScript do: more seldom than what
    /// proxies and NATs forget.
    pub ping_interval_ms: u64,
    /// So much longer a client may be silent (20 s), counted from the last byte that came; then it
    /// is given up. JavaScript's timers end at 24 days, and so do these two: at 12 days each.
    pub ping_timeout_ms: u64,
    /// The longest message of a client's, which clients are told (1,000,000 bytes). One that sends
    /// a longer one is closed with 1009.
    pub payload_bytes_max: usize,
    /// A connection that is in no namespace is closed after this time (45 s).
    pub connect_ms_max: u64,
    /// Namespaces that a connection may be in, with those it has left and that the program still
    /// serves (16). Who wants one more is refused.
    pub namespaces_per_connection_max: usize,
    /// What a client shows to be let into a namespace, as JSON (64 KiB).
    pub credentials_bytes_max: usize,
    /// Rooms that a socket may be in, beside its own (1,024).
    pub rooms_per_socket_max: usize,
    /// The name of a room (1,024 bytes).
    pub room_bytes_max: usize,
    /// Events for one socket that wait for room on its connection (10,000). Past it an event is
    /// refused; who is sent it with others misses it, and
    /// [`Published::full`](crate::Published::full) counts that. And its connection is read no more:
    /// who asks and never reads the answers isn't heard. Of answers twice as much may wait.
    pub buffered_events_max: usize,
    /// The same in bytes (4 MiB). A single event that is longer is taken when nothing else waits.
    pub buffered_bytes_max: usize,
    /// Events of one socket that nobody took (1,024). At this mark the connection isn't read any
    /// more, for none of its namespaces, and TCP slows the client down; below half of it, it is
    /// read again.
    pub received_events_max: usize,
    /// The same in bytes (1 MiB).
    pub received_bytes_max: usize,
}

impl Default for ServerLimits {
    fn default() -> ServerLimits {
        ServerLimits {
            packet: PacketLimits { packet_bytes_max: 4 << 20, ..PacketLimits::default() },
            ping_interval_ms: 25_000,
            ping_timeout_ms: 20_000,
            payload_bytes_max: 1_000_000,
            connect_ms_max: 45_000,
            namespaces_per_connection_max: 16,
            credentials_bytes_max: 64 << 10,
            rooms_per_socket_max: 1_024,
            room_bytes_max: 1_024,
            buffered_events_max: 10_000,
            buffered_bytes_max: 4 << 20,
            received_events_max: 1_024,
            received_bytes_max: 1 << 20,
        }
    }
}

/// Half of what JavaScript's timers take.
const PING_MS_MAX: u64 = (i32::MAX / 2) as u64;

impl ServerLimits {
    /// The same limits with every zero that would stop all progress raised to one.
    pub(super) fn sane(mut self) -> ServerLimits {
        self.ping_interval_ms = self.ping_interval_ms.clamp(1, PING_MS_MAX);
        self.ping_timeout_ms = self.ping_timeout_ms.min(PING_MS_MAX);
        for limit in [
            &mut self.payload_bytes_max,
            &mut self.buffered_events_max,
            &mut self.received_events_max,
            &mut self.received_bytes_max,
        ] {
            *limit = (*limit).max(1);
        }
        self
    }

    /// The silence after which a client is given up.
    pub(super) fn silence_ms_max(&self) -> u64 {
        self.ping_interval_ms.saturating_add(self.ping_timeout_ms)
    }

    /// Those of them that bound what a namespace keeps.
    pub(super) fn of_namespaces(&self) -> Limits {
        Limits {
            packet: self.packet,
            buffered_events_max: self.buffered_events_max,
            buffered_bytes_max: self.buffered_bytes_max,
            received_events_max: self.received_events_max,
            received_bytes_max: self.received_bytes_max,
            // A client is let in before it says more.
            early_events_max: 0,
        }
    }
}
