//! `TcpListener`: an address at which connections are accepted, of the OS or on a stage.
//!
//! Here is what only TCP has: addresses, and peers that a script plays. It accepts as every
//! [`StreamListener`] does.

use std::{
    io,
    net::{self, SocketAddr},
};

use super::{
    scripted::ScriptedListener,
    socket::Socket,
    stream_listener::{AcceptStreams, StreamListener},
};
use crate::{
    reactor::Reactor,
    readiness::Interest,
    registered::Registered,
    source::{Peer, Source},
};

/// A socket that accepts connections. See [`StreamListener`] for how it does.
pub type TcpListener = StreamListener<Listener>;

/// What listens.
#[derive(Debug)]
pub enum Listener {
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
        Ok(StreamListener::new(inner))
    }

    /// Takes over a listener of the standard library, which it makes nonblocking.
    ///
    /// # Errors
    /// The OS's; or that there is no current event loop, or that it has no descriptors.
    #[track_caller]
    pub fn from_std(listener: net::TcpListener) -> io::Result<TcpListener> {
        listener.set_nonblocking(true)?;
        let listener = Listener::Kernel(mio::net::TcpListener::from_std(listener));
        Registered::new(listener, Interest::Read).map(StreamListener::new)
    }
}

impl AcceptStreams for Listener {
    type Stream = Socket;
    type Address = SocketAddr;

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

    fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Listener::Kernel(listener) => listener.local_addr(),
            Listener::Scripted(listener) => Ok(listener.local_addr()),
        }
    }

    fn introduce(stream: &Registered<Socket>, from: &SocketAddr) {
        stream.get_ref().set_id(stream.id());
        stream.set_peer(Peer::Address(*from));
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
