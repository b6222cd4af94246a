//! `TcpListener`: an address at which connections are accepted.
//!
//! It promises that no connection is forgotten: one that can't be accepted for want of descriptors
//! or memory is an error now, and is there at the next call. It accepts nothing by itself, and
//! limits nothing but the OS's backlog.

use std::{
    future::Future,
    io,
    net::{self, SocketAddr},
    panic::Location,
    task::{Context, Poll, ready},
};

use super::{socket::Socket, tcp_stream::TcpStream};
use crate::{
    operation::Operation,
    reactor::Reactor,
    readiness::{Direction, Interest},
    registered::{Registered, Wait},
    source::{Peer, Source, SourceId},
    waiter::place_of,
};

/// A socket that accepts connections. Dropping it refuses those nobody accepted.
#[derive(Debug)]
pub struct TcpListener {
    inner: Registered<Listener>,
}

/// What listens.
#[derive(Debug)]
enum Listener {
    /// The OS.
    Kernel(mio::net::TcpListener),
}

impl TcpListener {
    /// Listens at an address. Port 0 lets the OS choose one; `local_addr` tells which.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
        let reactor = Reactor::expect_current("bind")?;
        reactor.expect_descriptors()?;
        let listener = Listener::Kernel(mio::net::TcpListener::bind(address)?);
        let inner = Registered::with_reactor(&reactor, listener, Interest::Read)?;
        Ok(TcpListener { inner })
    }

    /// Takes over a listener of the standard library, which it makes nonblocking.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn from_std(listener: net::TcpListener) -> io::Result<TcpListener> {
        listener.set_nonblocking(true)?;
        let listener = Listener::Kernel(mio::net::TcpListener::from_std(listener));
        Ok(TcpListener { inner: Registered::new(listener, Interest::Read)? })
    }

    /// Accepts a connection, and says from where it came.
    ///
    /// # Errors
    /// The OS's. After one that says the process has no descriptor or no memory left, the
    /// connection still waits: accept again later, best after a short sleep. After one that says
    /// the loop has no room for one more source, the connection was closed.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection.
    #[track_caller]
    pub fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + '_ {
        let accept = |cx: &mut Context<'_>, wait| self.poll_accept_for(cx, wait);
        Operation::new(&self.inner, Direction::Read, "accept", Location::caller(), accept)
    }

    /// Accepts a connection, or waits for one.
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let place = place_of(Location::caller(), self.inner.born());
        let wait = Wait { direction: Direction::Read, operation: "accept", place };
        self.poll_accept_for(cx, wait)
    }

    /// The address at which it listens.
    ///
    /// # Errors
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self.inner.get_ref() {
            Listener::Kernel(listener) => listener.local_addr(),
        }
    }

    /// The id of this listener in its reactor.
    #[must_use]
    pub fn id(&self) -> SourceId {
        self.inner.id()
    }

    fn poll_accept_for(
        &self,
        cx: &mut Context<'_>,
        wait: Wait,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let (socket, from) = ready!(self.inner.poll_io(cx, wait, Listener::accept))?;
        let reactor = self.inner.reactor();
        let stream = Registered::born_at(reactor, socket, Interest::Both, wait.place)?;
        stream.set_peer(Peer::Address(from));
        Poll::Ready(Ok((TcpStream::new(stream), from)))
    }
}

impl Listener {
    /// FACT (epoll, edge-triggered): when accept fails because the process is out of descriptors,
    /// the connection stays in the backlog and no further edge tells of it. Readiness is cleared
    /// by WouldBlock alone, so the next accept tries again without waiting for an edge.
    fn accept(&self) -> io::Result<(Socket, SocketAddr)> {
        let Listener::Kernel(listener) = self;
        match listener.accept() {
            Ok((stream, from)) => Ok((Socket::Kernel(stream), from)),
            // The peer hung up in the backlog: nobody's error, and there may be more behind it.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {
                Err(io::ErrorKind::Interrupted.into())
            }
            Err(error) => Err(error),
        }
    }
}

impl Source for Listener {
    fn kind(&self) -> &'static str {
        "listener"
    }

    fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
        match self {
            Listener::Kernel(listener) => Some(listener),
        }
    }

    fn descriptor(&self) -> Option<i32> {
        match self {
            #[cfg(unix)]
            Listener::Kernel(listener) => Some(std::os::fd::AsRawFd::as_raw_fd(listener)),
            #[cfg(not(unix))]
            Listener::Kernel(_) => None,
        }
    }
}
