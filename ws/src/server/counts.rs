//! The counts: what a server has done so far.
//!
//! Promises to count exactly, from the start. It is plain data.

/// What a server has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerCounts {
    /// Connections that got a place.
    pub admitted: u64,
    /// Connections that found no place and were told 503, or dropped.
    pub turned_away: u64,
    /// Requests that came whole.
    pub requests: u64,
    /// Requests that could not be read: 400, 413, 431.
    pub refused: u64,
    /// Connections ended for a request, or a TLS handshake, that did not come whole in time.
    pub late: u64,
    /// Idle connections on which something still came after the server had ended them. Its client
    /// sees an end without an answer, and may ask once more on another connection.
    pub missed: u64,
    /// Connections whose TLS handshake failed.
    pub tls_failed: u64,
    /// WebSockets opened.
    pub upgrades: u64,
    /// Accepts that failed.
    pub accept_errors: u64,
}
