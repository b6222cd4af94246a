//! `UnixDatagram`: datagrams between processes of one machine.
//!
//! Here is what only it has: paths, pairs. Sending and receiving are those of every
//! [`DatagramSocket`].

use std::{io, os::unix::net, path::Path};

use crate::{
    net::datagrams::{DatagramSocket, Datagrams},
    reactor::Reactor,
    readiness::Interest,
    registered::Registered,
};

/// A Unix datagram socket. See [`DatagramSocket`] for how it sends and receives.
pub type UnixDatagram = DatagramSocket<mio::net::UnixDatagram>;

impl UnixDatagram {
    /// A socket at a path, which must not exist and is not removed afterwards.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixDatagram> {
        let reactor = Reactor::expect_current("bind")?;
        reactor.expect_descriptors()?;
        let socket = mio::net::UnixDatagram::bind(path)?;
        Registered::with_reactor(&reactor, socket, Interest::Both).map(DatagramSocket::new)
    }

    /// A socket without a path: it can send, and receive once it is connected.
    ///
    /// # Errors
    /// As [`bind`](UnixDatagram::bind).
    #[track_caller]
    pub fn unbound() -> io::Result<UnixDatagram> {
        UnixDatagram::from_std(net::UnixDatagram::unbound()?)
    }

    /// Two sockets connected with each other, without a path.
    ///
    /// # Errors
    /// As [`bind`](UnixDatagram::bind).
    #[track_caller]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (here, there) = net::UnixDatagram::pair()?;
        Ok((UnixDatagram::from_std(here)?, UnixDatagram::from_std(there)?))
    }

    /// Takes over a socket of the standard library, which it makes nonblocking.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn from_std(socket: net::UnixDatagram) -> io::Result<UnixDatagram> {
        socket.set_nonblocking(true)?;
        let socket = mio::net::UnixDatagram::from_std(socket);
        Registered::new(socket, Interest::Both).map(DatagramSocket::new)
    }

    /// Gives the socket to the standard library, nonblocking as it is.
    #[must_use]
    pub fn into_std(self) -> net::UnixDatagram {
        self.inner.into_inner().into()
    }

    /// Connects it to the socket at a path. It never waits.
    ///
    /// # Errors
    /// The OS's.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.inner.get_ref().connect(path)
    }

    /// The address of this end.
    ///
    /// # Errors
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<net::SocketAddr> {
        self.inner.get_ref().local_addr()
    }
}

impl Datagrams for mio::net::UnixDatagram {
    type Address = net::SocketAddr;
    type To<'a> = &'a Path;

    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        mio::net::UnixDatagram::recv(self, buffer)
    }

    fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, net::SocketAddr)> {
        mio::net::UnixDatagram::recv_from(self, buffer)
    }

    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        mio::net::UnixDatagram::send(self, bytes)
    }

    fn send_to(&self, bytes: &[u8], to: &Path) -> io::Result<usize> {
        mio::net::UnixDatagram::send_to(self, bytes, to)
    }
}
