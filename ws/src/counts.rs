//! The counts: what one connection has done so far.
//!
//! Promises exact numbers from the first byte on, for tests, inspectors and the curious.

/// Plain numbers, read with `WebSocket::counts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Reads of the socket that brought bytes.
    pub reads: u64,
    /// Bytes they brought, the handshake not included.
    pub bytes_read: u64,
    /// Frame heads seen in those bytes.
    pub frames_read: u64,
    /// Whole messages among them.
    pub messages_received: u64,
    /// Writes of which the socket took something.
    pub writes: u64,
    /// Bytes it took, the handshake not included; over TLS those of whole records, decrypted.
    pub bytes_written: u64,
    /// Messages encoded to their end.
    pub messages_sent: u64,
    /// Messages that the policy for a slow reader gave up.
    pub messages_dropped: u64,
    /// The most bytes that were encoded and had not left: high water and one frame, however long
    /// a message is and however slow its reader.
    pub encoded_bytes_most: u64,
}
