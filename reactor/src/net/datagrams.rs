//! `DatagramSocket`: a socket whose bytes come and go in datagrams. UDP and Unix datagrams are
//! kinds of it.
//!
//! It promises that readiness is cleared by WouldBlock alone: a datagram shorter than the buffer
//! says nothing about the next one. It keeps no datagram, and doesn't promise what the network
//! doesn't: order, arrival, once.

use std::{
    fmt,
    future::Future,
    io,
    rc::Rc,
    task::{Context, Poll},
};

use crate::{
    reactor::Reactor,
    readiness::Direction,
    registered::Registered,
    source::{Source, SourceId},
};

/// A source that sends and receives datagrams.
pub trait Datagrams: Source {
    /// From where one came.
    type Address;
    /// Where one goes.
    type To<'a>: Copy + 'a;

    /// Receives a datagram. What the buffer has no room for is lost; on Windows that is an error.
    ///
    /// # Errors
    /// WouldBlock if none is there; else the OS's.
    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// As `recv`, and says from where it came.
    ///
    /// # Errors
    /// As `recv`.
    fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, Self::Address)>;

    /// Sends a datagram to where the socket is connected.
    ///
    /// # Errors
    /// WouldBlock if there is no room; else the OS's.
    fn send(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Sends a datagram somewhere.
    ///
    /// # Errors
    /// As `send`.
    fn send_to(&self, bytes: &[u8], to: Self::To<'_>) -> io::Result<usize>;
}

/// A socket that sends and receives datagrams, over a source of the kind `S`.
///
/// All methods take `&self`; one task may receive while another sends. A datagram arrives whole
/// or not at all; one that is longer than the buffer is cut, and its rest is lost (on Windows it is
/// an error). One of no bytes is a datagram as well.
pub struct DatagramSocket<S: Source> {
    pub(super) inner: Registered<S>,
}

impl<S: Datagrams> DatagramSocket<S> {
    /// A socket over a source that was registered for both directions.
    #[must_use]
    pub fn new(inner: Registered<S>) -> DatagramSocket<S> {
        DatagramSocket { inner }
    }

    /// Receives the next datagram: how many bytes it had.
    ///
    /// # Errors
    /// The OS's. On a connected UDP socket, `ConnectionRefused` says that nobody listens there; on
    /// Windows it is `ConnectionReset`.
    ///
    /// # Cancel safety
    /// Dropping the future loses no datagram.
    #[track_caller]
    pub fn recv<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + 'a {
        self.inner.io(Direction::Read, "recv", |socket| socket.recv(buffer))
    }

    /// Receives the next datagram: how many bytes it had, and from where it came.
    ///
    /// # Errors
    /// The OS's. On Windows `ConnectionReset` says that nobody listened where this socket has sent
    /// something, which is no reason to stop receiving.
    ///
    /// # Cancel safety
    /// Dropping the future loses no datagram.
    #[track_caller]
    pub fn recv_from<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl Future<Output = io::Result<(usize, S::Address)>> + 'a {
        self.inner.io(Direction::Read, "recv_from", |socket| socket.recv_from(buffer))
    }

    /// Sends a datagram to where the socket is connected.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready sends nothing.
    #[track_caller]
    pub fn send<'a>(&'a self, bytes: &'a [u8]) -> impl Future<Output = io::Result<usize>> + 'a {
        self.inner.io(Direction::Write, "send", |socket| socket.send(bytes))
    }

    /// Sends a datagram somewhere.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready sends nothing.
    #[track_caller]
    pub fn send_to<'a>(
        &'a self,
        bytes: &'a [u8],
        to: S::To<'a>,
    ) -> impl Future<Output = io::Result<usize>> + 'a {
        self.inner.io(Direction::Write, "send_to", move |socket| socket.send_to(bytes, to))
    }

    /// Receives a datagram, or waits for one.
    #[track_caller]
    pub fn poll_recv(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let wait = self.inner.wait(Direction::Read, "recv");
        self.inner.poll_io(cx, wait, |socket| socket.recv(buffer))
    }

    /// Receives a datagram with its sender, or waits for one.
    #[track_caller]
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, S::Address)>> {
        let wait = self.inner.wait(Direction::Read, "recv_from");
        self.inner.poll_io(cx, wait, |socket| socket.recv_from(buffer))
    }

    /// Sends a datagram to where the socket is connected, or waits for room.
    #[track_caller]
    pub fn poll_send(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wait = self.inner.wait(Direction::Write, "send");
        self.inner.poll_io(cx, wait, |socket| socket.send(bytes))
    }

    /// Sends a datagram somewhere, or waits for room.
    #[track_caller]
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        to: S::To<'_>,
    ) -> Poll<io::Result<usize>> {
        let wait = self.inner.wait(Direction::Write, "send_to");
        self.inner.poll_io(cx, wait, |socket| socket.send_to(bytes, to))
    }

    /// The id of this socket in its reactor.
    #[must_use]
    pub fn id(&self) -> SourceId {
        self.inner.id()
    }

    /// The reactor that watches it.
    #[must_use]
    pub fn reactor(&self) -> &Rc<Reactor> {
        self.inner.reactor()
    }
}

#[cfg(unix)]
impl<S: Source + std::os::fd::AsFd> std::os::fd::AsFd for DatagramSocket<S> {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.inner.get_ref().as_fd()
    }
}

impl<S: Source> fmt::Debug for DatagramSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatagramSocket").field(&self.inner).finish()
    }
}
