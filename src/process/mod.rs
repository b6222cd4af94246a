//! Processes: started, spoken to, waited for and ended without holding the loop. Feature `process`,
//! on Unix.
//!
//! No child is ever left a zombie: what is dropped before it was waited for is waited for by a
//! thread, one for each such child, which ends with it. No handler for
//! SIGCHLD is installed: on Linux the end of a child is readiness of a descriptor, elsewhere a
//! thread for each child waits for it.
//!
//! Starting a process is a call of the standard library and takes the loop's thread some hundred
//! microseconds. A process whose SIGCHLD is ignored, by itself or by whoever started it, can't wait
//! for its children: their numbers are another's as soon as they end.

mod child;
mod command;
mod exit;
mod held;
mod output;
#[cfg(feature = "process-pool")]
mod pool;
mod reaper;

#[cfg(feature = "process-pool")]
pub use self::pool::{ProcessCall, ProcessError, ProcessPool, ProcessPoolLimits, Worker, worker};
pub use self::{child::Child, command::Command};
