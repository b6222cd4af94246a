//! `Limits`: how much is kept of a connection's namespaces.

use crate::socketio::PacketLimits;

/// The bounds of what the namespaces of a connection keep. What each means is said where the
/// program sets it: [`ClientLimits`](crate::socketio::ClientLimits),
/// [`ServerLimits`](crate::socketio::ServerLimits).
#[derive(Clone, Copy, Debug)]
pub(in crate::socketio) struct Limits {
    pub(in crate::socketio) packet: PacketLimits,
    pub(in crate::socketio) buffered_events_max: usize,
    pub(in crate::socketio) buffered_bytes_max: usize,
    pub(in crate::socketio) received_events_max: usize,
    pub(in crate::socketio) received_bytes_max: usize,
    pub(in crate::socketio) early_events_max: usize,
}
