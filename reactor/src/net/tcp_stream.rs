//! `TcpStream`: a connected stream of bytes, of the OS or in memory.
//!
//! It promises one read for each edge that brings bytes, and that no single poll does more
//! operations than its budget. It buffers nothing: what is read goes to the caller's buffer, what
//! is written goes to the socket.

use std::{
    future::Future,
    io,
    net::{self, Shutdown, SocketAddr},
    panic::Location,
    rc::Rc,
    task::{Context, Poll, ready},
};

use super::{connect::Connect, socket::Socket};
use crate::{
    operation::Operation,
    reactor::Reactor,
    readiness::{Direction, Interest},
    registered::{Registered, Wait},
    source::{Peer, SourceId},
    waiter::{Place, place_of},
};

/// A connected stream of bytes.
///
/// All methods take `&self`; one task may read while another writes. Two tasks that read from the
/// same stream share one place to wait: only the later one is woken.
///
/// Dropping it closes the connection: in order, if everything that came was read, otherwise with
/// a reset. What the OS has taken to write is still sent, as far as the peer lets it.
#[derive(Debug)]
pub struct TcpStream {
    inner: Registered<Socket>,
}

impl TcpStream {
    pub(crate) fn new(inner: Registered<Socket>) -> TcpStream {
        TcpStream { inner }
    }

    /// Connects to an address, on the loop that is current when the future is first polled.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Connect {
        Connect::new(address)
    }

    /// Takes over a connected stream of the standard library, which it makes nonblocking.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn from_std(stream: net::TcpStream) -> io::Result<TcpStream> {
        stream.set_nonblocking(true)?;
        let peer = stream.peer_addr()?;
        let socket = Socket::Kernel(mio::net::TcpStream::from_std(stream));
        let inner = Registered::new(socket, Interest::Both)?;
        inner.set_peer(Peer::Address(peer));
        Ok(TcpStream::new(inner))
    }

    /// Gives the stream to the standard library, nonblocking as it is.
    ///
    /// # Errors
    /// `Unsupported` for a stream in memory, which is dropped.
    pub fn into_std(self) -> io::Result<net::TcpStream> {
        self.inner.get_ref().kernel("into_std")?;
        match self.inner.into_inner() {
            Socket::Kernel(stream) => Ok(stream.into()),
            Socket::Memory(_) => Err(super::socket::not_in_memory("into_std")),
        }
    }

    // Reading.

    /// Reads what is there, at most what `buffer` has room for. 0 is the end, unless the buffer
    /// was empty.
    ///
    /// # Cancel safety
    /// Dropping the future loses no bytes.
    #[track_caller]
    pub fn read<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + 'a {
        let read = move |cx: &mut Context<'_>, wait| self.poll_read_for(cx, buffer, wait);
        Operation::new(&self.inner, Direction::Read, "read", Location::caller(), read)
    }

    /// Reads until `buffer` is full.
    ///
    /// # Errors
    /// `UnexpectedEof` if the stream ends before.
    ///
    /// # Cancel safety
    /// None: what was read into the buffer by then is forgotten.
    #[track_caller]
    pub fn read_exact<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl Future<Output = io::Result<()>> + 'a {
        let mut filled = 0;
        let read = move |cx: &mut Context<'_>, wait| {
            while filled < buffer.len() {
                match ready!(self.poll_read_for(cx, &mut buffer[filled..], wait))? {
                    0 => return Poll::Ready(Err(ended_early(filled, buffer.len()))),
                    moved => filled += moved,
                }
            }
            Poll::Ready(Ok(()))
        };
        Operation::new(&self.inner, Direction::Read, "read_exact", Location::caller(), read)
    }

    /// Reads, or waits until there is something to read.
    #[track_caller]
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let wait = self.wait(Direction::Read, "read", Location::caller());
        self.poll_read_for(cx, buffer, wait)
    }

    /// Ready once a read is worth trying.
    #[track_caller]
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_ready(cx, self.wait(Direction::Read, "read", Location::caller()))
    }

    /// Reads what is there at this moment.
    ///
    /// # Errors
    /// WouldBlock if nothing is.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let offered = buffer.len();
        self.inner.try_io_stream(Direction::Read, offered, |socket| socket.read(buffer))
    }

    // Writing.

    /// Writes as much of `bytes` as there is room for.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready writes nothing.
    #[track_caller]
    pub fn write<'a>(&'a self, bytes: &'a [u8]) -> impl Future<Output = io::Result<usize>> + 'a {
        let write = move |cx: &mut Context<'_>, wait| self.poll_write_for(cx, bytes, wait);
        Operation::new(&self.inner, Direction::Write, "write", Location::caller(), write)
    }

    /// Writes all of `bytes`.
    ///
    /// # Cancel safety
    /// None: how much was written by then is forgotten.
    #[track_caller]
    pub fn write_all<'a>(&'a self, bytes: &'a [u8]) -> impl Future<Output = io::Result<()>> + 'a {
        let mut left = bytes;
        let write = move |cx: &mut Context<'_>, wait| {
            while !left.is_empty() {
                match ready!(self.poll_write_for(cx, left, wait))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    moved => left = &left[moved..],
                }
            }
            Poll::Ready(Ok(()))
        };
        Operation::new(&self.inner, Direction::Write, "write_all", Location::caller(), write)
    }

    /// Writes, or waits until there is room.
    #[track_caller]
    pub fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wait = self.wait(Direction::Write, "write", Location::caller());
        self.poll_write_for(cx, bytes, wait)
    }

    /// Ready once a write is worth trying.
    #[track_caller]
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_ready(cx, self.wait(Direction::Write, "write", Location::caller()))
    }

    /// Writes what there is room for at this moment.
    ///
    /// # Errors
    /// WouldBlock if there is none.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.try_io_stream(Direction::Write, bytes.len(), |socket| socket.write(bytes))
    }

    // The connection.

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
    /// `Unsupported` for a stream in memory, which has none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.get_ref().peer_addr()
    }

    /// The address of this end.
    ///
    /// # Errors
    /// `Unsupported` for a stream in memory, which has none.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.get_ref().kernel("local_addr")?.local_addr()
    }

    /// Whether small writes are sent at once instead of being gathered by the OS.
    ///
    /// # Errors
    /// `Unsupported` for a stream in memory, which gathers nothing.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.inner.get_ref().kernel("set_nodelay")?.set_nodelay(nodelay)
    }

    /// The descriptor of the socket, to set its options.
    ///
    /// # Errors
    /// `Unsupported` for a stream in memory, which has none.
    #[cfg(unix)]
    pub fn descriptor(&self) -> io::Result<std::os::fd::BorrowedFd<'_>> {
        self.inner.get_ref().kernel("descriptor").map(std::os::fd::AsFd::as_fd)
    }

    /// The id of this stream in its reactor.
    #[must_use]
    pub fn id(&self) -> SourceId {
        self.inner.id()
    }

    /// The reactor that watches it.
    #[must_use]
    pub fn reactor(&self) -> &Rc<Reactor> {
        self.inner.reactor()
    }

    /// Where it was made.
    pub(crate) fn born(&self) -> Place {
        self.inner.born()
    }

    pub(crate) fn poll_read_for(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        wait: Wait,
    ) -> Poll<io::Result<usize>> {
        let offered = buffer.len();
        self.inner.poll_io_stream(cx, wait, offered, |socket| socket.read(buffer))
    }

    pub(crate) fn poll_write_for(
        &self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        wait: Wait,
    ) -> Poll<io::Result<usize>> {
        self.inner.poll_io_stream(cx, wait, bytes.len(), |socket| socket.write(bytes))
    }

    fn wait(&self, direction: Direction, operation: &'static str, polled: Place) -> Wait {
        Wait { direction, operation, place: place_of(polled, self.born()) }
    }
}

fn ended_early(came: usize, expected: usize) -> io::Error {
    let text = format!("read_exact: expected {expected} bytes, came {came} and the end");
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}
