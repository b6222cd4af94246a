//! `HostError`: why a host call has no value.

use std::fmt;

use glassloop_executor::Panic;

/// Why a call into the host has no value.
#[non_exhaustive]
pub enum HostError {
    /// It panicked on the host's thread; this is what the panic carried.
    Panicked(Panic),
    /// It was cancelled before it ran, or between two of its steps.
    Cancelled,
    /// The host let go of what it was asked to run.
    HostGone,
    /// The queue was closed.
    Closed,
    /// As many jobs waited as the queue's limit allows.
    Full,
    /// Waiting for it here would never end: this is the host's own thread, or a loop's in its turn.
    WouldDeadlock,
    /// It was not done in the time it was given. If it had not begun it never will; what ran by
    /// then goes on, and its result is dropped.
    TimedOut,
}

impl fmt::Debug for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HostError::Panicked(panic) => {
                return f.debug_tuple("Panicked").field(panic).finish();
            }
            HostError::Cancelled => "Cancelled",
            HostError::HostGone => "HostGone",
            HostError::Closed => "Closed",
            HostError::Full => "Full",
            HostError::WouldDeadlock => "WouldDeadlock",
            HostError::TimedOut => "TimedOut",
        })
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::Panicked(panic) => write!(f, "the host call panicked: {panic}"),
            HostError::Cancelled => f.write_str("the host call was cancelled"),
            HostError::HostGone => {
                f.write_str("the host let go of the call without running it: it quits, or is gone")
            }
            HostError::Closed => f.write_str("the host queue is closed"),
            HostError::Full => {
                f.write_str("the host queue is full: as many jobs wait as its limit allows")
            }
            HostError::WouldDeadlock => f.write_str(
                "waiting for a host call here would never end: on the host's thread drain the \
                 queue meanwhile (`HostQueue::block_on`), in a task await it",
            ),
            HostError::TimedOut => f.write_str(
                "the host call was not done in the time it was given; unless it runs by now it \
                 never will",
            ),
        }
    }
}

impl std::error::Error for HostError {}
