//! `TcpStream`: a connected TCP stream, of the OS or in memory.
//!
//! Here is what only TCP has: connecting, addresses, options. Its bytes are those of every
//! [`ByteStream`].

use std::{
    io::{self, IoSlice, Write},
    net::{self, Shutdown, SocketAddr},
};

use super::{
    byte_stream::{ByteStream, ReadBytes, WriteBytes},
    connect::{Connect, ConnectStream},
    connect_host::ConnectHost,
    pieces::write_each,
    socket::{Socket, connected},
};
use crate::{
    reactor::Reactor, readiness::Interest, registered::Registered, source::Peer, waiter::Place,
};

/// A connected TCP stream, of the OS or in memory. See [`ByteStream`] for its bytes.
pub type TcpStream = ByteStream<Socket>;

impl TcpStream {
    /// Connects to an address, on the loop that is current when the future is first polled.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Connect {
        Connect::new(address)
    }

    /// Looks a host up and connects to the first of its addresses that answers.
    ///
    /// As RFC 8305 has it: the addresses are tried one after the other, families in turns, each
    /// `Limits::connect_stagger_ms` after the one before or as soon as one has failed; the first
    /// to connect wins. At most `Limits::connect_addresses_max` are tried. It has no deadline; a
    /// `timeout` around it has.
    ///
    /// # Errors
    /// That of the [`lookup`](super::lookup()), or one that names every address and what became
    /// of it.
    ///
    /// # Cancel safety
    /// Dropping the future closes the sockets that are under way.
    #[track_caller]
    pub fn connect_host(host: impl Into<String>, port: u16) -> ConnectHost {
        ConnectHost::new(host.into(), port)
    }

    /// Connects to the first of some addresses that answers, as
    /// [`connect_host`](TcpStream::connect_host) does.
    ///
    /// # Errors
    /// One that names every address and what became of it.
    ///
    /// # Cancel safety
    /// Dropping the future closes the sockets that are under way.
    #[track_caller]
    pub fn connect_any(addresses: Vec<SocketAddr>) -> ConnectHost {
        ConnectHost::known(addresses)
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
            Socket::Memory(_) | Socket::Scripted(_) => {
                Err(super::socket::not_in_memory("into_std"))
            }
        }
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
    /// `Unsupported` for a stream of [`duplex`](super::duplex), which has none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.get_ref().peer_addr()
    }

    /// The address of this end.
    ///
    /// # Errors
    /// `Unsupported` for a stream of [`duplex`](super::duplex), which has none.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.get_ref().local_addr()
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
}

impl ConnectStream for Socket {
    type To = SocketAddr;

    fn begin(to: &SocketAddr, place: Place) -> io::Result<Registered<Socket>> {
        let reactor = Reactor::expect_current("connect")?;
        let socket = match reactor.connect_on_stage(*to) {
            Some(stream) => Socket::Scripted(stream),
            None => {
                // Asked first, lest a packet be sent for a socket that nobody can watch.
                reactor.expect_descriptors()?;
                Socket::Kernel(mio::net::TcpStream::connect(*to)?)
            }
        };
        let socket = Registered::born_at(&reactor, socket, Interest::Both, place)?;
        socket.get_ref().set_id(socket.id());
        Ok(socket)
    }

    fn outcome(&self) -> io::Result<Option<Peer>> {
        let peer = match self {
            Socket::Scripted(stream) => stream.outcome(),
            _ => connected(self.kernel("connect")?.take_error(), || self.peer_addr()),
        };
        peer.map(|peer| Some(Peer::Address(peer)))
    }
}

impl ReadBytes for Socket {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Socket::read(self, buffer)
    }
}

impl WriteBytes for Socket {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Socket::write(self, bytes)
    }

    fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Socket::Kernel(stream) => Write::write_vectored(&mut &*stream, pieces),
            _ => write_each(pieces, |piece| self.write(piece)),
        }
    }

    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}
