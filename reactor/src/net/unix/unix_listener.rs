//! `UnixListener`: a path at which connections are accepted.
//!
//! Here is what only it has: its path, which it doesn't remove. It accepts as every
//! [`StreamListener`] does.

use std::{
    io,
    os::unix::net::{self, SocketAddr},
    path::Path,
};

use crate::{
    net::stream_listener::{AcceptStreams, StreamListener},
    reactor::Reactor,
    readiness::Interest,
    registered::Registered,
};

/// A Unix socket that accepts connections. See [`StreamListener`] for how it does.
pub type UnixListener = StreamListener<mio::net::UnixListener>;

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
        Registered::with_reactor(&reactor, listener, Interest::Read).map(StreamListener::new)
    }

    /// Takes over a listener of the standard library, which it makes nonblocking.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn from_std(listener: net::UnixListener) -> io::Result<UnixListener> {
        listener.set_nonblocking(true)?;
        let listener = mio::net::UnixListener::from_std(listener);
        Registered::new(listener, Interest::Read).map(StreamListener::new)
    }

    /// Gives the listener to the standard library, nonblocking as it is.
    #[must_use]
    pub fn into_std(self) -> net::UnixListener {
        self.inner.into_inner().into()
    }
}

impl AcceptStreams for mio::net::UnixListener {
    type Stream = mio::net::UnixStream;
    type Address = SocketAddr;

    fn accept(&self) -> io::Result<(mio::net::UnixStream, SocketAddr)> {
        mio::net::UnixListener::accept(self)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        mio::net::UnixListener::local_addr(self)
    }
}
