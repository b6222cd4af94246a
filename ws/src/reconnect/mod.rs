//! Reconnecting: a client that comes back by itself, and says why it was away.
//!
//! `builder` makes it, `handle` is what the program holds, `driver` does the work: one attempt, one
//! connection, one wait after the other. `shared` lies between the two, with the `send_buffer`;
//! `backoff` says how long to wait, `state` what a UI shows.

mod backoff;
mod builder;
mod driver;
mod handle;
mod limits;
mod receiving;
mod send_buffer;
mod shared;
mod state;
mod unread;

#[cfg(feature = "socketio")]
pub(crate) use builder::Judge;
pub use builder::{Attempt, Opened, Reconnect};
pub use driver::ReconnectDriver;
pub use handle::{ReconnectCounts, Reconnecting};
pub use limits::ReconnectLimits;
pub use state::ReconnectState;
