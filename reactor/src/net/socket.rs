//! `Socket`: a connected stream, of the OS or in memory.
//!
//! It promises the same results either way, and `Unsupported` with a reason where memory has no
//! answer. It waits for nothing.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr},
};

use super::memory::PipeEnd;
use crate::source::Source;

/// A connected stream.
#[derive(Debug)]
pub enum Socket {
    /// The OS holds its bytes.
    Kernel(mio::net::TcpStream),
    /// This program does.
    Memory(PipeEnd),
}

impl Socket {
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Kernel(stream) => (&*stream).read(buffer),
            Socket::Memory(end) => end.read(buffer),
        }
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Kernel(stream) => (&*stream).write(bytes),
            Socket::Memory(end) => end.write(bytes),
        }
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Socket::Kernel(stream) => stream.shutdown(how),
            Socket::Memory(end) => {
                end.shutdown(how);
                Ok(())
            }
        }
    }

    /// The OS's socket, for what only that one has.
    pub(crate) fn kernel(&self, wanted: &str) -> io::Result<&mio::net::TcpStream> {
        match self {
            Socket::Kernel(stream) => Ok(stream),
            Socket::Memory(_) => Err(not_in_memory(wanted)),
        }
    }

    pub(crate) fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.kernel("peer_addr")?.peer_addr()
    }
}

/// Why a memory socket can't do what was wanted of it.
pub(crate) fn not_in_memory(wanted: &str) -> io::Error {
    let text = format!("{wanted}: expected a socket of the OS, came one in memory (net::duplex)");
    io::Error::new(io::ErrorKind::Unsupported, text)
}

impl Source for Socket {
    fn kind(&self) -> &'static str {
        match self {
            Socket::Kernel(_) => "tcp",
            Socket::Memory(_) => "memory",
        }
    }

    fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
        match self {
            Socket::Kernel(stream) => Some(stream),
            Socket::Memory(_) => None,
        }
    }

    fn descriptor(&self) -> Option<i32> {
        match self {
            #[cfg(unix)]
            Socket::Kernel(stream) => Some(std::os::fd::AsRawFd::as_raw_fd(stream)),
            #[cfg(not(unix))]
            Socket::Kernel(_) => None,
            Socket::Memory(_) => None,
        }
    }
}
