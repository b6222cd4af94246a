//! What can go wrong, as values: `JoinError` for a task, `Refused` for a call.
//!
//! A refusal hands back what was refused, so nothing is lost.

use std::fmt;

use crate::caught::Panic;

/// Why a task has no result.
#[non_exhaustive]
pub enum JoinError {
    /// It was aborted, or its loop ended.
    Cancelled,
    /// It panicked; the payload is the panic's.
    Panicked(Panic),
    /// It was never taken in: the loop had `tasks_max` tasks, or was closed.
    Refused,
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JoinError::Cancelled => f.write_str("Cancelled"),
            JoinError::Panicked(panic) => f.debug_tuple("Panicked").field(panic).finish(),
            JoinError::Refused => f.write_str("Refused"),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JoinError::Cancelled => f.write_str("the task was cancelled before it had a result"),
            JoinError::Panicked(panic) => write!(f, "the task panicked: {panic}"),
            JoinError::Refused => {
                f.write_str("the task was refused: its loop was closed or had tasks_max tasks")
            }
        }
    }
}

impl std::error::Error for JoinError {}

/// A call that was not accepted, with the closure handed back.
#[non_exhaustive]
pub enum Refused<F> {
    /// The loop was closed, or has ended.
    Closed(F),
    /// As many calls wait as the limit allows; try again later.
    Full(F),
}

impl<F> Refused<F> {
    /// The closure that was refused.
    pub fn into_inner(self) -> F {
        match self {
            Refused::Closed(f) | Refused::Full(f) => f,
        }
    }

    /// The same refusal with another value in it.
    pub fn map<G>(self, change: impl FnOnce(F) -> G) -> Refused<G> {
        match self {
            Refused::Closed(f) => Refused::Closed(change(f)),
            Refused::Full(f) => Refused::Full(change(f)),
        }
    }
}

impl<F> fmt::Debug for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refused::Closed(_) => "Closed(..)",
            Refused::Full(_) => "Full(..)",
        })
    }
}

impl<F> fmt::Display for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refused::Closed(_) => "refused: the loop is closed",
            Refused::Full(_) => "refused: as many calls wait as the limit allows",
        })
    }
}

impl<F> std::error::Error for Refused<F> {}
