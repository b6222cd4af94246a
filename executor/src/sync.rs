//! The atomics, the channel and the thread-locals that cross threads, or loom's stand-ins.
//!
//! Under `--cfg loom` the shipped files run inside loom's models, which try every order that the
//! memory model allows (and whose threads share one thread of the system, so that thread-locals
//! must be loom's too). Nothing else in this crate is touched by a second thread.

#[cfg(not(loom))]
pub(crate) use std::{
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread::yield_now,
    thread_local,
};

#[cfg(loom)]
pub(crate) use loom::{
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread::yield_now,
};

/// Loom's thread-locals, told in the words of the standard library's.
#[cfg(loom)]
macro_rules! loom_thread_local {
    ($($(#[$attr:meta])* static $name:ident: $type:ty = const { $init:expr };)*) => {
        loom::thread_local! { $($(#[$attr])* static $name: $type = $init;)* }
    };
}
#[cfg(loom)]
pub(crate) use loom_thread_local as thread_local;
