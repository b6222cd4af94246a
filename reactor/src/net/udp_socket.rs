//! `UdpSocket`: datagrams over IP.
//!
//! Here is what only UDP has: addresses, a look at what comes next, options. Sending and receiving
//! are those of every [`DatagramSocket`].

use std::{
    future::Future,
    io,
    net::{self, SocketAddr},
    task::{Context, Poll},
};

use super::datagrams::{DatagramSocket, Datagrams};
use crate::{
    reactor::Reactor,
    readiness::{Direction, Interest},
    registered::Registered,
    source::Peer,
};

/// A UDP socket. See [`DatagramSocket`] for how it sends and receives.
///
/// ```
/// # use glassloop_reactor::{Options, Reactor, net::UdpSocket};
/// # fn main() -> std::io::Result<()> {
/// # let reactor = Reactor::new(Options::default())?;
/// # let _entered = reactor.enter();
/// let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// let echo = async move {
///     let mut buffer = [0; 1_500];
///     let (bytes, from) = socket.recv_from(&mut buffer).await?;
///     socket.send_to(&buffer[..bytes], from).await
/// };
/// # drop(echo);
/// # Ok(())
/// # }
/// ```
pub type UdpSocket = DatagramSocket<mio::net::UdpSocket>;

impl UdpSocket {
    /// A socket at an address. Port 0 lets the OS choose one; `local_addr` tells which.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
        let reactor = Reactor::expect_current("bind")?;
        reactor.expect_descriptors()?;
        let socket = mio::net::UdpSocket::bind(address)?;
        Registered::with_reactor(&reactor, socket, Interest::Both).map(DatagramSocket::new)
    }

    /// Takes over a socket of the standard library, which it makes nonblocking.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn from_std(socket: net::UdpSocket) -> io::Result<UdpSocket> {
        socket.set_nonblocking(true)?;
        let socket = mio::net::UdpSocket::from_std(socket);
        Registered::new(socket, Interest::Both).map(DatagramSocket::new)
    }

    /// Gives the socket to the standard library, nonblocking as it is.
    #[must_use]
    pub fn into_std(self) -> net::UdpSocket {
        self.inner.into_inner().into()
    }

    /// Connects it: `send` goes to this address, and only what comes from there is received. No
    /// packet is sent, so it never waits.
    ///
    /// # Errors
    /// The OS's.
    pub fn connect(&self, address: SocketAddr) -> io::Result<()> {
        self.inner.get_ref().connect(address)?;
        self.inner.set_peer(Peer::Address(address));
        Ok(())
    }

    /// As `recv_from`, but the datagram stays where it is, to be received.
    ///
    /// # Cancel safety
    /// Dropping the future loses no datagram.
    #[track_caller]
    pub fn peek_from<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + 'a {
        self.inner.io(Direction::Read, "peek_from", |socket| socket.peek_from(buffer))
    }

    /// As `poll_recv_from`, but the datagram stays where it is.
    #[track_caller]
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let wait = self.inner.wait(Direction::Read, "peek_from");
        self.inner.poll_io(cx, wait, |socket| socket.peek_from(buffer))
    }

    /// The address of this end.
    ///
    /// # Errors
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.get_ref().local_addr()
    }

    /// The address to which it is connected.
    ///
    /// # Errors
    /// `NotConnected` if it isn't.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.get_ref().peer_addr()
    }

    /// How many hops a datagram may take.
    ///
    /// # Errors
    /// The OS's.
    pub fn set_ttl(&self, hops: u32) -> io::Result<()> {
        self.inner.get_ref().set_ttl(hops)
    }

    /// Whether it may send to broadcast addresses.
    ///
    /// # Errors
    /// The OS's.
    pub fn set_broadcast(&self, on: bool) -> io::Result<()> {
        self.inner.get_ref().set_broadcast(on)
    }
}

impl Datagrams for mio::net::UdpSocket {
    type Address = SocketAddr;
    type To<'a> = SocketAddr;

    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        mio::net::UdpSocket::recv(self, buffer)
    }

    fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        mio::net::UdpSocket::recv_from(self, buffer)
    }

    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        mio::net::UdpSocket::send(self, bytes)
    }

    fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        mio::net::UdpSocket::send_to(self, bytes, to)
    }
}
