//! `UnixListener`: a path at which connections are accepted.
//!
//! It promises what [`TcpListener`](crate::net::TcpListener) does: none is forgotten, and a lack of
//! descriptors is waited out. It doesn't remove its path.

use std::{
    future::Future,
    io,
    os::unix::net::{self, SocketAddr},
    panic::Location,
    path::Path,
    task::{Context, Poll, ready},
};

use super::unix_stream::UnixStream;
use crate::{
    net::patience::Patience,
    operation::Operation,
    reactor::Reactor,
    readiness::{Direction, Interest},
    registered::{Registered, Wait},
    sleep::Sleep,
    source::SourceId,
};

/// A Unix socket that accepts connections. Dropping it refuses those nobody accepted.
#[derive(Debug)]
pub struct UnixListener {
    inner: Registered<mio::net::UnixListener>,
    patience: Patience,
}

impl UnixListener {
    /// Listens at a path, which must not exist and is not removed afterwards.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixListener> {
        let reactor = Reactor::expect_current("bind")?;
        reactor.expect_descriptors()?;
        let listener = mio::net::UnixListener::bind(path)?;
        let inner = Registered::with_reactor(&reactor, listener, Interest::Read)?;
        Ok(UnixListener { inner, patience: Patience::default() })
    }

    /// Takes over a listener of the standard library, which it makes nonblocking.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn from_std(listener: net::UnixListener) -> io::Result<UnixListener> {
        listener.set_nonblocking(true)?;
        let listener = mio::net::UnixListener::from_std(listener);
        let inner = Registered::new(listener, Interest::Read)?;
        Ok(UnixListener { inner, patience: Patience::default() })
    }

    /// Gives the listener to the standard library, nonblocking as it is.
    #[must_use]
    pub fn into_std(self) -> net::UnixListener {
        self.inner.into_inner().into()
    }

    /// Accepts a connection, and says from where it came.
    ///
    /// # Errors
    /// As [`TcpListener::accept`](crate::net::TcpListener::accept).
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection.
    #[track_caller]
    pub fn accept(&self) -> impl Future<Output = io::Result<(UnixStream, SocketAddr)>> + '_ {
        let mut pause = None;
        let accept = move |cx: &mut Context<'_>, wait| self.poll_accept_for(cx, wait, &mut pause);
        Operation::new(&self.inner, Direction::Read, "accept", Location::caller(), accept)
    }

    /// Accepts a connection, or waits for one.
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let wait = self.inner.wait(Direction::Read, "accept");
        self.patience.with_pause(|pause| self.poll_accept_for(cx, wait, pause))
    }

    /// The path at which it listens.
    ///
    /// # Errors
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.get_ref().local_addr()
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
    ) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let accept = |listener: &mio::net::UnixListener| listener.accept();
        let (stream, from) =
            ready!(self.patience.poll_accept(&self.inner, cx, wait, pause, accept))?;
        let reactor = self.inner.reactor();
        let inner = Registered::born_at(reactor, stream, Interest::Both, wait.place)?;
        Poll::Ready(Ok((UnixStream::new(inner), from)))
    }
}
