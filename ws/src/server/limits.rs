//! The limits of a server: every bound of what happens before a WebSocket stands.
//!
//! Promises that each place, head, body and wait of the server ends at a field below. What bounds
//! a WebSocket once it stands is in `Limits`.

use crate::http::RequestLimits;

/// How much of everything the clients of a server may take. Units are part of the names; a number
/// of milliseconds of `u64::MAX` means "never".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerLimits {
    /// Connections at once, pages and WebSockets together (10,000). One more is told 503.
    pub connections_max: usize,
    /// Connections at once of one address (256); of IPv6, of one network of 64 bits, for that is
    /// what one client has. Behind a proxy every client has the proxy's address: raise it there.
    pub connections_per_address_max: usize,
    /// Connections that are told 503 at once (64), each for `linger_ms_max`; they are beside those
    /// above. Further ones are dropped without a word.
    pub turned_away_at_once_max: usize,
    /// Connections accepted in one poll of [`Serving`](crate::Serving) (16); the reactor's
    /// `operations_per_poll_max` may end a poll before. What lies beyond waits for the next turn,
    /// so that a storm of clients can't hold the loop.
    pub accepts_per_turn_max: usize,
    /// Accepts of one listener that may fail in a row (16): so a system may tell of clients that
    /// went away in the backlog. Past it the listener rests after each failure, until an accept
    /// succeeds. A lack of descriptors is no failure: the listener waits it out by itself.
    pub accept_failures_in_a_row_max: usize,
    /// The longest rest of such a listener (1 s). The first is of 1 ms, the next one twice as long,
    /// and so on.
    pub accept_rest_ms_max: u64,
    /// Bytes of a request's head (8 KiB). Past it the answer is 431.
    pub head_bytes_max: usize,
    /// Header lines of a head (64). Past it the answer is 431.
    pub head_lines_max: usize,
    /// Bytes of a request's body (64 KiB). Past it the answer is 413.
    pub body_bytes_max: usize,
    /// The time for a whole request, head and body (10 s), from the accept on for the first of a
    /// connection, with its TLS handshake if there is one, else from its first byte. It is one
    /// deadline for all of it: a client that sends a byte a second doesn't earn more. Past it the
    /// answer is 408, or none if no byte came, and the socket is dropped: what comes in that moment
    /// is reset.
    pub request_ms_max: u64,
    /// The time that a client may take to read an answer (30 s); and before that, once more, the
    /// time that a route may take to make one that is waited for
    /// ([`Server::get_async`](crate::Server::get_async)). Such a request may so take 60 s.
    pub answer_ms_max: u64,
    /// Silence between two requests of a connection (5 s). Then it is ended, and keeps its place
    /// until its client has ended it, too: up to `linger_ms_max` longer.
    pub keep_alive_ms_max: u64,
    /// How long a stop leaves an idle connection open (250 ms, at most half of its patience): what
    /// its client asks by then is answered, and the answer says `Connection: close`. An end at once
    /// would cross what is on its way.
    pub stop_idle_ms_max: u64,
    /// Requests of one connection (1,000); the last answer says `Connection: close`.
    pub requests_per_connection_max: usize,
    /// The time between our end, behind the last answer or of an idle connection, and the client's
    /// own (1 s); then the socket is dropped.
    /// The other way round, the time that a route still has to make an answer when the client has
    /// ended.
    pub linger_ms_max: u64,
    /// Peers that a `StopReport` lists by address (100); further ones are counted.
    pub reported_peers_max: usize,
}

impl Default for ServerLimits {
    fn default() -> ServerLimits {
        ServerLimits {
            connections_max: 10_000,
            connections_per_address_max: 256,
            turned_away_at_once_max: 64,
            accepts_per_turn_max: 16,
            accept_failures_in_a_row_max: 16,
            accept_rest_ms_max: 1_000,
            head_bytes_max: 8 * 1024,
            head_lines_max: 64,
            body_bytes_max: 64 * 1024,
            request_ms_max: 10_000,
            answer_ms_max: 30_000,
            keep_alive_ms_max: 5_000,
            stop_idle_ms_max: 250,
            requests_per_connection_max: 1_000,
            linger_ms_max: 1_000,
            reported_peers_max: 100,
        }
    }
}

impl ServerLimits {
    /// Those of them that bound a request.
    pub(crate) fn of_requests(&self) -> RequestLimits {
        RequestLimits {
            head_bytes_max: self.head_bytes_max,
            head_lines_max: self.head_lines_max,
            body_bytes_max: self.body_bytes_max,
            request_ms_max: self.request_ms_max,
            keep_alive_ms_max: self.keep_alive_ms_max,
        }
    }

    /// The same limits with every zero that would stop all progress raised to one.
    pub(crate) fn sane(mut self) -> ServerLimits {
        self.accepts_per_turn_max = self.accepts_per_turn_max.max(1);
        self.requests_per_connection_max = self.requests_per_connection_max.max(1);
        self
    }
}
