//! `duplex`: two streams connected with each other, in memory.
//!
//! They behave as a TCP connection does, at once and always in the same way, under every poller.
//! Both belong to the current loop.

use std::io;

use super::{memory::PipeEnd, socket::Socket, tcp_stream::TcpStream};
use crate::{
    reactor::Reactor,
    readiness::Interest,
    registered::Registered,
    source::{Peer, SourceId},
};

/// Two connected streams that live in memory.
///
/// What one writes, up to `Limits::memory_pipe_bytes_max`, the other one reads. Readiness arrives
/// in the next turn, as that of the OS's sockets does.
///
/// # Errors
/// If there is no current event loop, or no room for two more sources.
#[track_caller]
pub fn duplex() -> io::Result<(TcpStream, TcpStream)> {
    let reactor = Reactor::expect_current("net::duplex")?;
    let (here, there) = PipeEnd::pair(&reactor);
    let here = Registered::with_reactor(&reactor, Socket::Memory(here), Interest::Both)?;
    let there = Registered::with_reactor(&reactor, Socket::Memory(there), Interest::Both)?;
    introduce(&here, there.id());
    introduce(&there, here.id());
    Ok((TcpStream::new(here), TcpStream::new(there)))
}

/// Tells one end who it is and who the other one is.
fn introduce(end: &Registered<Socket>, far: SourceId) {
    end.get_ref().set_id(end.id());
    end.set_peer(Peer::Memory(far));
}
