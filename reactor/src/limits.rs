//! `Limits`: every bound of the reactor, with its default and why.

/// The bounds of a reactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events taken from the OS in one wait; the rest is there in the next. 1,024: one system call
    /// for a thousand sockets, and a first batch of 12 KiB.
    pub events_per_wait_max: usize,
    /// Sources registered at once; past it a registration is an error. 1,048,576, which is also
    /// all that a token has room for where a word has 32 bits.
    pub sources_max: usize,
    /// Operations (a read, a write, an accept, a tick) that one poll may do before it is made to
    /// yield; one that moves more than 8 KiB counts as one for each 8 KiB. 8: some 20 microseconds
    /// of system calls, so that who asks for little waits for a hundred who ask for much about
    /// 2 ms. Yielding costs 20 ns, a thousandth of that.
    pub operations_per_poll_max: u32,
    /// Bytes on their way in one direction of a memory socket. 65,536, as a pipe of Linux.
    pub memory_pipe_bytes_max: usize,
    /// The longest that a listener rests, in milliseconds, once there is no descriptor or no memory
    /// for a connection; the first rest is 1, each further one twice as long. 50: twenty tries a
    /// second cost nothing, and a descriptor that was freed is used a twentieth of a second later.
    pub accept_rest_ms_max: u64,
    /// Names that wait to be looked up; past it a lookup is an error. 256.
    pub lookups_max: usize,
    /// Addresses of one host that are tried. 16: four seconds of staggers, and sixteen sockets.
    pub connect_addresses_max: usize,
    /// How long after one address of a host the next one is tried, in milliseconds. 250, as RFC
    /// 8305 recommends.
    pub connect_stagger_ms: u64,
    /// Connections of a script that wait to be accepted by one listener; a further peer waits its
    /// turn, a further socket of ours is refused. 128, as the backlog of many systems.
    pub backlog_connections_max: usize,
    /// Bytes of lines and of what peers have read that the transcript of a script keeps; what comes
    /// later is counted. 16 MiB: a long test.
    pub transcript_bytes_max: usize,
    /// The longest wait, in milliseconds, once the OS has refused to wake the loop. 100: what
    /// another thread leaves is late then, but never lost.
    pub wait_after_failed_wake_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            events_per_wait_max: 1_024,
            sources_max: 1 << 20,
            operations_per_poll_max: 8,
            memory_pipe_bytes_max: 64 * 1_024,
            accept_rest_ms_max: 50,
            lookups_max: 256,
            connect_addresses_max: 16,
            connect_stagger_ms: 250,
            backlog_connections_max: 128,
            transcript_bytes_max: 16 << 20,
            wait_after_failed_wake_ms_max: 100,
        }
    }
}
