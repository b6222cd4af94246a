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
    /// yield. 32: some 50 microseconds of system calls, so that who asks for little waits for a
    /// hundred who ask for much about 5 ms. Yielding costs 20 ns, a thousandth of that.
    pub operations_per_poll_max: u32,
    /// Bytes on their way in one direction of a memory socket. 65,536, as a pipe of Linux.
    pub memory_pipe_bytes_max: usize,
    /// The longest wait, in milliseconds, once the OS has refused to wake the loop. 100: what
    /// another thread leaves is late then, but never lost.
    pub wait_after_failed_wake_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            events_per_wait_max: 1_024,
            sources_max: 1 << 20,
            operations_per_poll_max: 32,
            memory_pipe_bytes_max: 64 * 1_024,
            wait_after_failed_wake_ms_max: 100,
        }
    }
}
