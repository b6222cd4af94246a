//! WebSocket: the servers, each alone in its process, and the one client that asks them all.
//!
//! The servers are whole programs that end with their process. The client speaks just enough of the
//! protocol to be cheap: its frames are made beforehand, and what comes back is counted in bytes.

pub mod client;
mod connection;
pub mod frames;
mod latency;
mod peers;
pub mod probe;
pub mod server;
