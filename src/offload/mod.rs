//! Offloading: work that would block the loop runs on a thread of a pool, and its result is
//! awaited.
//!
//! A loop has a pool of its own, which begins with the first job; a [`Pool`] may also stand by
//! itself and serve several loops. No thread starts before there is a job, and none outlives its
//! pool but one that a job holds.

mod crew;
mod error;
mod future;
mod job;
mod line;
mod pool;
mod worker;

pub use self::{
    error::OffloadError,
    future::Offload,
    line::{JobLine, JobState, PoolReport},
    pool::{Pool, PoolLimits, offload},
};
