//! `ProcessPoolLimits`: the bounds of a pool of processes, with their defaults and why.

use std::thread;

/// The bounds of a [`ProcessPool`](super::ProcessPool). Start from `ProcessPoolLimits::default()`
/// and change what you must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessPoolLimits {
    /// Workers at once. As many as there are processors: what doesn't compute needs no process.
    pub workers_max: usize,
    /// Jobs that wait for a worker: none is idle. 65,536.
    pub jobs_max: usize,
    /// The longest message, either way. 16 MiB.
    pub message_bytes_max: usize,
    /// How long a worker may take from its start to its first word. 10,000.
    pub start_ms_max: u64,
    /// How long a worker may take for a job before it is killed. For ever, unless you say. One that
    /// falls silent has a second more to end by itself.
    pub job_ms_max: u64,
}

impl Default for ProcessPoolLimits {
    fn default() -> ProcessPoolLimits {
        ProcessPoolLimits {
            workers_max: thread::available_parallelism().map_or(1, std::num::NonZero::get),
            jobs_max: 1 << 16,
            message_bytes_max: 16 << 20,
            start_ms_max: 10_000,
            job_ms_max: u64::MAX,
        }
    }
}
