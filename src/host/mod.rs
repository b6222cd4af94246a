//! Calls into the host: what only its own thread may do, asked for from a loop or any other thread.
//!
//! The jobs lie in a queue of ours, never in the host's: the host is only asked to come and drain
//! it, or comes by itself. So each of them ends, whatever the host does.

mod blocking;
mod call;
mod cell;
mod drain;
mod error;
mod inner;
mod job;
mod ledger;
mod line;
mod queue;
mod statistics;

pub(crate) use self::inner::serves_a_host;
pub use self::{
    call::{HostCall, HostCalling},
    drain::{Drain, Drained},
    error::HostError,
    job::{Chunk, JobContext},
    line::{HostJobLine, HostQueueLine, host_queues},
    queue::{HostLimits, HostQueue, HostQueueBuilder},
    statistics::HostStatistics,
};
