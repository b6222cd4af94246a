//! `Socket`: a connected stream, of the OS or in memory.
//!
//! It promises the same results either way, and `Unsupported` with a reason where memory has no
//! answer. It waits for nothing.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr},
};

use super::{memory::PipeEnd, scripted::ScriptedStream};
use crate::source::{Source, SourceId};

/// A connected stream.
#[derive(Debug)]
pub enum Socket {
    /// The OS holds its bytes.
    Kernel(mio::net::TcpStream),
    /// This program does.
    Memory(PipeEnd),
    /// This program does, and a script is the peer.
    Scripted(ScriptedStream),
}

impl Socket {
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Kernel(stream) => (&*stream).read(buffer),
            Socket::Memory(end) => end.read(buffer),
            Socket::Scripted(stream) => stream.read(buffer),
        }
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Kernel(stream) => (&*stream).write(bytes),
            Socket::Memory(end) => end.write(bytes),
            Socket::Scripted(stream) => stream.write(bytes),
        }
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Socket::Kernel(stream) => stream.shutdown(how),
            Socket::Memory(end) => {
                end.shutdown(how);
                Ok(())
            }
            Socket::Scripted(stream) => {
                stream.shutdown(how);
                Ok(())
            }
        }
    }

    /// The OS's socket, for what only that one has.
    pub(crate) fn kernel(&self, wanted: &str) -> io::Result<&mio::net::TcpStream> {
        match self {
            Socket::Kernel(stream) => Ok(stream),
            Socket::Memory(_) | Socket::Scripted(_) => Err(not_in_memory(wanted)),
        }
    }

    pub(crate) fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Socket::Scripted(stream) => stream.outcome(),
            _ => self.kernel("peer_addr")?.peer_addr(),
        }
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Socket::Scripted(stream) => Ok(stream.local_addr()),
            _ => self.kernel("local_addr")?.local_addr(),
        }
    }

    /// Says how it is registered, to a socket that this program itself tells ready.
    pub(crate) fn set_id(&self, id: SourceId) {
        match self {
            Socket::Kernel(_) => {}
            Socket::Memory(end) => end.set_id(id),
            Socket::Scripted(stream) => stream.set_id(id),
        }
    }
}

/// The peer of a socket that is said to be writable, or why it has none; WouldBlock if it is not
/// connected yet.
///
/// FACT (all): "writable" means that connecting is over, one way or the other. The error, if there
/// is one, is the socket's; without one it is connected exactly if it has a peer.
pub(crate) fn connected<A>(
    error: io::Result<Option<io::Error>>,
    peer: impl FnOnce() -> io::Result<A>,
) -> io::Result<A> {
    if let Some(error) = error? {
        return Err(error);
    }
    peer().map_err(|error| match error.kind() {
        io::ErrorKind::NotConnected => io::ErrorKind::WouldBlock.into(),
        _ => error,
    })
}

/// Why a memory socket can't do what was wanted of it.
pub(crate) fn not_in_memory(wanted: &str) -> io::Error {
    let text = format!(
        "{wanted}: expected a socket of the OS, came one in memory (net::duplex or a script)"
    );
    io::Error::new(io::ErrorKind::Unsupported, text)
}

impl Source for Socket {
    fn kind(&self) -> &'static str {
        match self {
            Socket::Kernel(_) => "tcp",
            Socket::Memory(_) | Socket::Scripted(_) => "memory",
        }
    }

    fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
        match self {
            Socket::Kernel(stream) => Some(stream),
            Socket::Memory(_) | Socket::Scripted(_) => None,
        }
    }

    fn is_empty_after_short_read(&self) -> bool {
        true
    }

    fn descriptor(&self) -> Option<i32> {
        match self {
            #[cfg(unix)]
            Socket::Kernel(stream) => Some(std::os::fd::AsRawFd::as_raw_fd(stream)),
            #[cfg(not(unix))]
            Socket::Kernel(_) => None,
            Socket::Memory(_) | Socket::Scripted(_) => None,
        }
    }
}
