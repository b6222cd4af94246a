//! The limits: every bound of a connection, in one place.
//!
//! Promises that each queue, buffer and wait of this crate ends at a field below. It enforces
//! nothing itself: each limit names the part that does.

use crate::overflow::Overflow;

/// How much of everything one connection may take. Units are part of the names; a number of
/// milliseconds of `u64::MAX` means "never".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes that a turn takes from the peer (64 KiB), whether the driver reads them or a `recv`.
    /// What lies beyond waits for the next turn, and it may be less once the reactor's
    /// `operations_per_poll_max` are spent, so that a peer who never stops sending can't hold the
    /// loop.
    pub read_bytes_per_turn_max: usize,
    /// Fragments of one message (131,072). A message of empty fragments has no size that a byte
    /// limit could catch; past this the connection is closed with 1008. Autobahn's largest case
    /// needs 65,536.
    pub fragments_per_message_max: u32,
    /// Payload of one incoming frame (1 MiB): a head of fourteen bytes makes us reserve this much,
    /// so it is judged before it is believed. Past it the connection is closed with 1009.
    pub frame_bytes_max: usize,
    /// Payload of one incoming message, all its fragments together (4 MiB). Past it: 1009.
    pub message_bytes_max: usize,
    /// Payload of one outgoing frame (64 KiB). A longer message leaves as fragments, which bounds
    /// the encoder's buffer and keeps us below the frame limit of a peer like ourselves.
    pub outgoing_frame_bytes_max: usize,
    /// Bytes of an upgrade's head, request or response (8 KiB). Past it the answer is 431.
    pub head_bytes_max: usize,
    /// Header lines of an upgrade's head (64). Past it the answer is 431.
    pub head_lines_max: usize,
    /// The time for everything before the first frame: connecting, head and answer (10 s), from
    /// the first poll on. It is one deadline for all of it: a peer that sends a byte a second
    /// doesn't earn more. The four below bound the stages of a client, and each ends with this
    /// one, too.
    pub handshake_ms_max: u64,
    /// The time for looking up a name (6 s): the OS's resolver asks its second server after 5.
    pub resolve_ms_max: u64,
    /// The time for reaching one of the addresses, all of them together (6 s): after 1, 3 and 7
    /// seconds the OS repeats what it got no answer to.
    pub connect_ms_max: u64,
    /// The time for the TLS handshake (6 s), of a client or of `accept_tls`. That of a `Server`
    /// lies within the deadline of the first request.
    pub tls_ms_max: u64,
    /// The time for a client's request and the head of the answer (8 s).
    pub upgrade_ms_max: u64,
    /// Bytes of a refusal's body that a client keeps for [`Error::Refused`](crate::Error) (4 KiB).
    /// At the last of them it closes.
    pub refusal_bytes_max: usize,
    /// The time for the body of a refusal, from its head on (1 s), at most what is left of the
    /// upgrade's. Past it the refusal is told with what came: its status is what matters.
    pub refusal_ms_max: u64,
    /// Silence of the peer before we ping it (20 s). Any inbound byte ends the silence.
    pub heartbeat_idle_ms_max: u64,
    /// Silence after that ping before the connection is given up with 1011 (20 s). A link that
    /// dies without a FIN is found out in no other way.
    pub heartbeat_patience_ms_max: u64,
    /// The time in which a socket with bytes waiting takes none of them (60 s). Past it the peer is
    /// given up: one that sends and never reads has a heartbeat, and would be held for ever.
    pub write_stall_ms_max: u64,
    /// A stall of our own loop of this length (1 s) is named beside the end of a connection that
    /// came from the peer just after it: such a peer may have timed us out.
    pub stall_named_ms_min: u64,
    /// The time from our first Close to the end of the socket (5 s). Then it is dropped, whatever
    /// the peer does.
    pub close_ms_max: u64,
    /// Low water of what waits to be sent (64 KiB): a sender that waits goes on below it. Pongs
    /// enter the ring below it, too; above it the newest replaces those before it.
    pub outgoing_low_bytes_max: usize,
    /// High water (256 KiB): above it the policy of [`Config::overflow`] holds; under the default
    /// one `send` waits and `try_send` gives the message back. What has left before the end of a
    /// turn counts until then, for those who wait. One write takes so much, and the frame that
    /// passes it: messages beyond it are not encoded before the socket has taken those before them.
    pub outgoing_high_bytes_max: usize,
    /// The most that may wait to be sent (4 MiB). A single message larger than this is taken when
    /// nothing else waits.
    pub outgoing_bytes_max: usize,
    /// Messages received that wait for `recv` (1,024). At this mark we stop reading the socket, and
    /// TCP tells the peer.
    pub received_messages_max: usize,
    /// Bytes of received messages that wait for `recv` (256 KiB). Reached by a single message, it
    /// holds that one message.
    pub received_bytes_max: usize,
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            read_bytes_per_turn_max: 64 * KIB,
            fragments_per_message_max: 131_072,
            frame_bytes_max: MIB,
            message_bytes_max: 4 * MIB,
            outgoing_frame_bytes_max: 64 * KIB,
            head_bytes_max: 8 * KIB,
            head_lines_max: 64,
            handshake_ms_max: 10_000,
            resolve_ms_max: 6_000,
            connect_ms_max: 6_000,
            tls_ms_max: 6_000,
            upgrade_ms_max: 8_000,
            refusal_bytes_max: 4 * KIB,
            refusal_ms_max: 1_000,
            heartbeat_idle_ms_max: 20_000,
            heartbeat_patience_ms_max: 20_000,
            write_stall_ms_max: 60_000,
            stall_named_ms_min: 1_000,
            close_ms_max: 5_000,
            outgoing_low_bytes_max: 64 * KIB,
            outgoing_high_bytes_max: 256 * KIB,
            outgoing_bytes_max: 4 * MIB,
            received_messages_max: 1_024,
            received_bytes_max: 256 * KIB,
        }
    }
}

impl Limits {
    /// The same limits with every zero that would stop all progress raised to one.
    pub(crate) fn sane(mut self) -> Limits {
        for limit in [
            &mut self.read_bytes_per_turn_max,
            &mut self.outgoing_frame_bytes_max,
            &mut self.outgoing_high_bytes_max,
            &mut self.received_messages_max,
            &mut self.received_bytes_max,
        ] {
            *limit = (*limit).max(1);
        }
        self
    }
}

/// What `connect_with` and `accept_with` are told beside the stream. Start from `default()` and
/// change what you need.
///
/// ```
/// let mut config = glassloop_ws::Config::default();
/// config.limits.message_bytes_max = 16 * 1024 * 1024;
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// The bounds of the connection.
    pub limits: Limits,
    /// What becomes of messages that a slow reader leaves no room for.
    pub overflow: Overflow,
    /// What a client of `wss://` believes and shows; without it, it believes whom the machine does
    /// ([`TlsClient::system_roots`](crate::TlsClient::system_roots)). `ws://` and servers ignore
    /// it.
    #[cfg(feature = "tls")]
    pub tls: Option<crate::tls::TlsClient>,
}
