//! The limits of coming back: how long to wait, how often to try, how much to keep.
//!
//! Promises that a server which comes back isn't met by everybody at once: each delay is drawn
//! from a wide range. It bounds no connection; that is for [`Limits`](crate::Limits).

/// How a [`Reconnecting`](crate::Reconnecting) client comes back. Units are part of the names;
/// `u64::MAX` milliseconds and `u32::MAX` attempts mean "without end".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReconnectLimits {
    /// The shortest delay before an attempt (250 ms).
    pub delay_ms_min: u64,
    /// The longest delay after the first failure (1 s). It doubles with each failure after it.
    pub first_delay_ms_max: u64,
    /// Where the doubling ends (30 s). A delay is drawn evenly from the shortest to the longest of
    /// its failure, after this cap: so a thousand clients of one server come back over 30 s.
    pub delay_ms_max: u64,
    /// How long a connection must have stood for the failures before it to be forgotten (10 s). A
    /// server that takes every connection and drops it meets longer and longer delays.
    pub stable_ms_min: u64,
    /// The most that a server's `Retry-After` makes us wait (10 minutes). A delay as above is added
    /// to it, since the others were told the same.
    pub retry_after_ms_max: u64,
    /// Failures in a row after which the client gives up (no end). A connection that stood for
    /// `stable_ms_min` begins a new row.
    pub failures_max: u32,
    /// The time from the beginning of an outage, or of the client, after which it gives up (no
    /// end). It doesn't wait for an attempt that would come later.
    pub outage_ms_max: u64,
    /// The time that the resubscribe hook may take (10 s). Past it the connection is closed, which
    /// counts as a failure.
    pub resubscribe_ms_max: u64,
    /// Bytes of messages accepted and not yet done with (4 MiB): those that wait for a connection,
    /// those that have not left it, and with acknowledgements those that are not acknowledged. A
    /// single message larger than this is taken when nothing else waits.
    pub buffered_bytes_max: usize,
    /// The same in messages (65,536).
    pub buffered_messages_max: usize,
}

impl Default for ReconnectLimits {
    fn default() -> ReconnectLimits {
        ReconnectLimits {
            delay_ms_min: 250,
            first_delay_ms_max: 1_000,
            delay_ms_max: 30_000,
            stable_ms_min: 10_000,
            retry_after_ms_max: 600_000,
            failures_max: u32::MAX,
            outage_ms_max: u64::MAX,
            resubscribe_ms_max: 10_000,
            buffered_bytes_max: 4 * 1024 * 1024,
            buffered_messages_max: 65_536,
        }
    }
}
