//! The atomics and the lock that cross threads, or loom's stand-ins for them.
//!
//! Under `--cfg loom` the shipped wake word and parker run inside loom's models, which try every
//! order that the memory model allows. Counters and the manual clock are not modelled: nothing is
//! decided by them.

#[cfg(not(loom))]
pub(crate) use std::hint::spin_loop;
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Condvar, Mutex, PoisonError,
    atomic::{AtomicU8, Ordering},
};

#[cfg(loom)]
pub(crate) use loom::hint::spin_loop;
#[cfg(loom)]
pub(crate) use loom::sync::{
    Condvar, Mutex,
    atomic::{AtomicU8, Ordering},
};
#[cfg(loom)]
pub(crate) use std::sync::PoisonError;
