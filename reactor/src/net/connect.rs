//! `Connect`: a connection to an address under way, as a future.
//!
//! It promises a stream that is connected, or the reason why not. It has no deadline; a `timeout`
//! around it has. Dropping it closes the socket.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{socket::Socket, tcp_stream::TcpStream};
use crate::{
    reactor::Reactor,
    readiness::{Direction, Interest},
    registered::{Registered, Wait},
    source::Peer,
    waiter::{Place, place_of},
};

/// A connection under way. Made by [`TcpStream::connect`].
///
/// # Cancel safety
/// Dropping it closes the socket.
#[derive(Debug)]
#[must_use = "a connection is begun when it is awaited"]
pub struct Connect {
    address: SocketAddr,
    socket: Option<Registered<Socket>>,
    born: Place,
}

impl Connect {
    #[track_caller]
    pub(crate) fn new(address: SocketAddr) -> Connect {
        Connect::born_at(address, Location::caller())
    }

    /// As `new`, on behalf of another place.
    pub(crate) fn born_at(address: SocketAddr, born: Place) -> Connect {
        Connect { address, socket: None, born }
    }

    /// Begins: the socket exists and is registered, and the first packet is on its way.
    fn begin(&self, place: Place) -> io::Result<Registered<Socket>> {
        let reactor = Reactor::expect_current("connect")?;
        let socket = match reactor.connect_on_stage(self.address) {
            Some(stream) => Socket::Scripted(stream),
            None => {
                // Asked first, lest a packet be sent for a socket that nobody can watch.
                reactor.expect_descriptors()?;
                Socket::Kernel(mio::net::TcpStream::connect(self.address)?)
            }
        };
        let socket = Registered::born_at(&reactor, socket, Interest::Both, place)?;
        socket.get_ref().set_id(socket.id());
        Ok(socket)
    }
}

impl Future for Connect {
    type Output = io::Result<TcpStream>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = place_of(Location::caller(), self.born);
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => self.begin(place)?,
        };
        let wait = Wait { direction: Direction::Write, operation: "connect", place };
        let socket = self.socket.insert(socket);
        let peer = ready!(socket.poll_io(cx, wait, Socket::outcome))?;
        let socket = self.socket.take().expect("it was put there a moment ago");
        socket.set_peer(Peer::Address(peer));
        Poll::Ready(Ok(TcpStream::new(socket)))
    }
}
