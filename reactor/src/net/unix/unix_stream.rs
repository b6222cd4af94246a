//! `UnixStream`: a connected stream between processes of one machine.
//!
//! Here is what only it has: connecting to a path, pairs. Its bytes are those of every
//! [`ByteStream`].

use std::{
    io::{self, IoSlice, Read, Write},
    net::Shutdown,
    os::unix::net,
    path::{Path, PathBuf},
};

use crate::{
    net::{
        byte_stream::{ByteStream, ReadBytes, WriteBytes},
        connect::{Connect, ConnectStream},
        socket::connected,
    },
    reactor::Reactor,
    readiness::Interest,
    registered::Registered,
    source::Peer,
    waiter::Place,
};

/// A connected Unix stream. See [`ByteStream`] for its bytes.
pub type UnixStream = ByteStream<mio::net::UnixStream>;

/// A connection to a path under way. Made by [`UnixStream::connect`]. It needs no deadline where
/// connecting to a path never waits, as on Linux.
///
/// # Cancel safety
/// Dropping it gives the connection up.
pub type UnixConnect = Connect<mio::net::UnixStream>;

impl UnixStream {
    /// Connects to the listener at a path, on the loop that is current when the future is first
    /// polled.
    ///
    /// # Errors
    /// The OS's. On Linux, WouldBlock says that the listener's backlog is full: nothing tells when
    /// it isn't any more.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    #[track_caller]
    pub fn connect(path: impl AsRef<Path>) -> UnixConnect {
        Connect::new(path.as_ref().to_owned())
    }

    /// Two streams connected with each other, without a path.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (here, there) = net::UnixStream::pair()?;
        Ok((UnixStream::from_std(here)?, UnixStream::from_std(there)?))
    }

    /// Takes over a connected stream of the standard library, which it makes nonblocking.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn from_std(stream: net::UnixStream) -> io::Result<UnixStream> {
        stream.set_nonblocking(true)?;
        let stream = mio::net::UnixStream::from_std(stream);
        Registered::new(stream, Interest::Both).map(UnixStream::new)
    }

    /// Gives the stream to the standard library, nonblocking as it is.
    #[must_use]
    pub fn into_std(self) -> net::UnixStream {
        self.inner.into_inner().into()
    }

    /// Ends one direction or both. It never waits.
    ///
    /// # Errors
    /// The OS's, for one that `NotConnected` means that the peer has ended it already.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.get_ref().shutdown(how)
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// The OS's.
    pub fn peer_addr(&self) -> io::Result<net::SocketAddr> {
        self.inner.get_ref().peer_addr()
    }

    /// The address of this end.
    ///
    /// # Errors
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<net::SocketAddr> {
        self.inner.get_ref().local_addr()
    }
}

impl ConnectStream for mio::net::UnixStream {
    type To = PathBuf;

    fn begin(to: &PathBuf, place: Place) -> io::Result<Registered<mio::net::UnixStream>> {
        let reactor = Reactor::expect_current("connect")?;
        reactor.expect_descriptors()?;
        let socket = mio::net::UnixStream::connect(to)?;
        Registered::born_at(&reactor, socket, Interest::Both, place)
    }

    fn outcome(&self) -> io::Result<Option<Peer>> {
        connected(self.take_error(), || self.peer_addr().map(|_| None))
    }
}

impl ReadBytes for mio::net::UnixStream {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Read::read(&mut &*self, buffer)
    }
}

impl WriteBytes for mio::net::UnixStream {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(&mut &*self, bytes)
    }

    fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        Write::write_vectored(&mut &*self, pieces)
    }

    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}
