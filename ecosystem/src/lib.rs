//! hyper on a loop of ours: the three things that it asks of a runtime, and a client above them.
//!
//! `Io` has hyper read and write our streams, `LoopTimer` sleep on our clock, `LoopExecutor` spawn
//! on our loop. Nothing of it is `Send`, and nothing needs to be: a connection lives on its loop.

#![forbid(unsafe_code)]

mod client;
mod executor;
mod io;
mod timer;

pub use client::{Answer, Client, ClientError};
pub use executor::LoopExecutor;
pub use io::Io;
pub use timer::LoopTimer;
