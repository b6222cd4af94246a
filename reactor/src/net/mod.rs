//! Sockets, pipes and names.
//!
//! A TCP stream is the same type whether the OS holds its bytes or this program does, so that what
//! is built on it can be tested without a network. A name is looked up on a thread of its own,
//! which starts with the first one; the loop never waits for it.

mod byte_stream;
mod connect;
mod connect_host;
mod datagrams;
mod duplex;
#[cfg(feature = "futures-io")]
mod futures_io;
mod kernel;
mod lookup;
mod memory;
pub(crate) mod names;
mod patience;
mod pieces;
mod race;
mod scripted;
mod socket;
mod stream_listener;
mod tcp_listener;
mod tcp_stream;
mod udp_socket;
#[cfg(unix)]
mod unix;

pub use byte_stream::{ByteStream, ReadBytes, WriteBytes};
pub use connect::Connect;
pub use connect_host::ConnectHost;
pub use datagrams::{DatagramSocket, Datagrams};
pub use duplex::duplex;
pub use lookup::{Lookup, lookup};
pub(crate) use memory::PipeEnd;
pub use names::LookupView;
pub(crate) use scripted::{ScriptedListener, ScriptedStream};
pub use stream_listener::{AcceptStreams, StreamListener};
pub use tcp_listener::TcpListener;
pub use tcp_stream::TcpStream;
pub use udp_socket::UdpSocket;
#[cfg(unix)]
pub use unix::{
    FdSource, PipeReader, PipeWriter, UnixConnect, UnixDatagram, UnixListener, UnixStream, pipe,
};
