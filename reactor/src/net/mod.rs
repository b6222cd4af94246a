//! Sockets: TCP streams and listeners, and pairs of streams that live in memory.
//!
//! A stream is the same type whether the OS holds its bytes or this program does, so that what is
//! built on it can be tested without a network. Names are not resolved here, addresses only.

mod connect;
mod duplex;
#[cfg(feature = "futures-io")]
mod futures_io;
mod memory;
mod socket;
mod tcp_listener;
mod tcp_stream;

pub use connect::Connect;
pub use duplex::duplex;
pub use tcp_listener::TcpListener;
pub use tcp_stream::TcpStream;
