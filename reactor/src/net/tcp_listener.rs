//! `TcpListener`: an address at which connections are accepted.
//!
//! It promises that no connection is forgotten: one that can't be accepted for want of descriptors
//! or memory stays where it is, and is tried again soon. It accepts nothing by itself, and limits
//! nothing but the OS's backlog.

use std::{
    future::Future,
    io,
    net::{self, SocketAddr},
    panic::Location,
    task::{Context, Poll, ready},
};

use super::{
    patience::Patience, scripted::ScriptedListener, socket::Socket, tcp_stream::TcpStream,
};
use crate::{
    operation::Operation,
    reactor::Reactor,
    readiness::{Direction, Interest},
    registered::{Registered, Wait},
    sleep::Sleep,
    source::{Peer, Source, SourceId},
};

/// A socket that accepts connections. Dropping it refuses those nobody accepted.
#[derive(Debug)]
pub struct TcpListener {
    inner: Registered<Listener>,
    patience: Patience,
}

/// What listens.
#[derive(Debug)]
enum Listener {
    /// The OS.
    Kernel(mio::net::TcpListener),
    /// This program; the peers are those of a script.
    Scripted(ScriptedListener),
}

impl TcpListener {
    /// Listens at an address. Port 0 lets the OS choose one; `local_addr` tells which.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
        let reactor = Reactor::expect_current("bind")?;
        let listener = match reactor.bind_on_stage(address)? {
            Some(listener) => Listener::Scripted(listener),
            None => {
                reactor.expect_descriptors()?;
                Listener::Kernel(mio::net::TcpListener::bind(address)?)
            }
        };
        let inner = Registered::with_reactor(&reactor, listener, Interest::Read)?;
        if let Listener::Scripted(listener) = inner.get_ref() {
            listener.set_id(inner.id());
        }
        Ok(TcpListener { inner, patience: Patience::default() })
    }

    /// Takes over a listener of the standard library, which it makes nonblocking.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn from_std(listener: net::TcpListener) -> io::Result<TcpListener> {
        listener.set_nonblocking(true)?;
        let listener = Listener::Kernel(mio::net::TcpListener::from_std(listener));
        let inner = Registered::new(listener, Interest::Read)?;
        Ok(TcpListener { inner, patience: Patience::default() })
    }

    /// Accepts a connection, and says from where it came.
    ///
    /// # Errors
    /// The OS's; but that the process has no descriptor or no memory left is none: the connection
    /// waits in the backlog, and is tried again at most `Limits::accept_rest_ms_max` later. After
    /// one that says the loop has no room for one more source, the connection was closed.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection.
    #[track_caller]
    pub fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + '_ {
        let mut pause = None;
        let accept = move |cx: &mut Context<'_>, wait| self.poll_accept_for(cx, wait, &mut pause);
        Operation::new(&self.inner, Direction::Read, "accept", Location::caller(), accept)
    }

    /// Accepts a connection, or waits for one.
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let wait = self.inner.wait(Direction::Read, "accept");
        self.patience.with_pause(|pause| self.poll_accept_for(cx, wait, pause))
    }

    /// The address at which it listens.
    ///
    /// # Errors
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self.inner.get_ref() {
            Listener::Kernel(listener) => listener.local_addr(),
            Listener::Scripted(listener) => Ok(listener.local_addr()),
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
        pause: &mut Option<Sleep>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        // Registered afterwards: what fails there is no lack that waiting would mend.
        let (socket, from) =
            ready!(self.patience.poll_accept(&self.inner, cx, wait, pause, Listener::accept))?;
        let reactor = self.inner.reactor();
        let stream = Registered::born_at(reactor, socket, Interest::Both, wait.place)?;
        stream.get_ref().set_id(stream.id());
        stream.set_peer(Peer::Address(from));
        Poll::Ready(Ok((TcpStream::new(stream), from)))
    }
}

impl Listener {
    /// FACT (epoll, edge-triggered): when accept fails because the process is out of descriptors,
    /// the connection stays in the backlog and no further edge tells of it. Readiness is cleared
    /// by WouldBlock alone, so the next accept tries again without waiting for an edge.
    fn accept(&self) -> io::Result<(Socket, SocketAddr)> {
        match self {
            Listener::Kernel(listener) => {
                listener.accept().map(|(stream, from)| (Socket::Kernel(stream), from))
            }
            Listener::Scripted(listener) => {
                listener.accept().map(|(stream, from)| (Socket::Scripted(stream), from))
            }
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
            Listener::Scripted(_) => None,
        }
    }

    fn descriptor(&self) -> Option<i32> {
        match self {
            #[cfg(unix)]
            Listener::Kernel(listener) => Some(std::os::fd::AsRawFd::as_raw_fd(listener)),
            #[cfg(not(unix))]
            Listener::Kernel(_) => None,
            Listener::Scripted(_) => None,
        }
    }
}
