//! `Counts`: what a reactor has counted, and how much there is of everything.
//!
//! Exact from the start and always on: each is a plain number that only the loop's thread adds to.

/// The counts of a reactor at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Events delivered, stale ones included.
    pub events: u64,
    /// Events for a source that was gone.
    pub stale_events: u64,
    /// Operations on sources that were tried: reads, writes, accepts.
    pub operations: u64,
    /// Those of them on sources that the OS watches: a system call each.
    pub kernel_operations: u64,
    /// Those of all for which the source wasn't ready after all.
    pub operations_in_vain: u64,
    /// Timers that fired.
    pub timers_fired: u64,
    /// Accepts put off for want of a descriptor or of memory.
    pub accepts_put_off: u64,
    /// Calls of `wait`.
    pub waits: u64,
    /// Those of them that could block.
    pub blocked: u64,
    /// Those of them that looked for work for a while before they would have blocked.
    pub spun: u64,
    /// How often the OS was told of another deadline, beside the timeout of a wait.
    pub alarms_set: u64,
    /// Calls of the OS to end a wait.
    pub wake_calls: u64,
    /// Calls of the host's `on_wake`.
    pub host_wakes: u64,
    /// Timers armed now, those that never fire included.
    pub timers_armed: usize,
    /// Sources registered now.
    pub sources: usize,
    /// Directions of sources that hold a waiter now.
    pub waiters: usize,
    /// Those of them that belong to sources which the OS watches.
    pub kernel_waiters: usize,
    /// Names that somebody waits for now, and that another thread has not found yet.
    pub lookups: usize,
}
