//! `OffloadError`: why a job has no value.

use std::{fmt, io};

use glassloop_executor::Panic;

/// Why a job that was offloaded has no value.
#[non_exhaustive]
pub enum OffloadError {
    /// It panicked on its thread; this is what the panic carried.
    Panicked(Panic),
    /// The pool was closed, or ended with its loop, before a thread came to it.
    Closed,
    /// As many jobs waited as [`PoolLimits::jobs_max`](crate::PoolLimits::jobs_max) allows.
    Full,
    /// The pool had no thread, and the operating system gave it none.
    NoThread(io::Error),
}

impl fmt::Debug for OffloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OffloadError::Panicked(panic) => f.debug_tuple("Panicked").field(panic).finish(),
            OffloadError::Closed => f.write_str("Closed"),
            OffloadError::Full => f.write_str("Full"),
            OffloadError::NoThread(error) => f.debug_tuple("NoThread").field(error).finish(),
        }
    }
}

impl fmt::Display for OffloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OffloadError::Panicked(panic) => write!(f, "the job panicked: {panic}"),
            OffloadError::Closed => {
                f.write_str("the pool was closed before a thread of it came to the job")
            }
            OffloadError::Full => {
                f.write_str("the job was refused: as many wait as the pool's limit allows")
            }
            OffloadError::NoThread(error) => {
                write!(f, "expected a thread for the job, came none: {error}")
            }
        }
    }
}

impl std::error::Error for OffloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            OffloadError::NoThread(error) => Some(error),
            _ => None,
        }
    }
}

impl From<OffloadError> for io::Error {
    fn from(error: OffloadError) -> io::Error {
        match error {
            OffloadError::NoThread(error) => error,
            other => io::Error::other(other),
        }
    }
}
