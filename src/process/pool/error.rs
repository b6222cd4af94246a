//! `ProcessError`: why a job of a worker process has no result.

use std::{fmt, io, process::ExitStatus, time::Duration};

/// Why a job of a [`ProcessPool`](super::ProcessPool) has no result. The first field is the name of
/// the job.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProcessError {
    /// It panicked in its worker, with this text. The worker goes on.
    Panicked(String, String),
    /// The worker knows no such job, but these. It goes on.
    Unknown(String, Vec<String>),
    /// The arguments could not be written as JSON, or are not what the worker's job takes. It goes
    /// on.
    Arguments(String, String),
    /// The result is not of the type that was asked for. The worker goes on.
    Answer(String, String),
    /// The worker ended before it had answered; so.
    Died(String, ExitStatus),
    /// What came from the worker was no answer; it was killed. This is what was expected, and what
    /// came.
    Nonsense(String, String),
    /// It took longer than the pool's limit, which is this; the worker was killed.
    TimedOut(String, Duration),
    /// No worker could be started, or it was of no use before its first job.
    NotStarted(String, io::Error),
    /// As many jobs waited as the pool's limit allows.
    Full(String),
    /// The pool, or its loop, ended before the job had.
    Closed(String),
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ProcessError as Error;
        match self {
            Error::Panicked(job, text) => write!(f, "job `{job}` panicked in its worker: {text}"),
            Error::Unknown(job, known) => {
                write!(f, "expected one of the worker's jobs ({}), came `{job}`", known.join(", "))
            }
            Error::Arguments(job, text) => write!(f, "the arguments of job `{job}`: {text}"),
            Error::Answer(job, text) => write!(f, "the result of job `{job}`: {text}"),
            Error::Died(job, how) => {
                write!(f, "the worker that had job `{job}` ended before it answered: {how}")
            }
            Error::Nonsense(job, what) => {
                write!(f, "the worker that had job `{job}` talked nonsense and was killed: {what}")
            }
            Error::TimedOut(job, time) => {
                write!(f, "job `{job}` had no result within {time:?}; its worker was killed")
            }
            Error::NotStarted(job, error) => {
                write!(f, "no worker could be started for job `{job}`: {error}")
            }
            Error::Full(job) => {
                write!(f, "job `{job}` was refused: as many wait as the pool's limit allows")
            }
            Error::Closed(job) => write!(f, "the pool ended before job `{job}` did"),
        }
    }
}

impl std::error::Error for ProcessError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ProcessError::NotStarted(_, error) => Some(error),
            _ => None,
        }
    }
}
