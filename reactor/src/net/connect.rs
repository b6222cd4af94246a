//! `Connect`: a connection to an address or a path under way, as a future.
//!
//! It promises a stream that is connected, or the reason why not. It has no deadline; a `timeout`
//! around it has. Dropping it closes the socket.

use std::{
    future::Future,
    io,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{byte_stream::ByteStream, socket::Socket};
use crate::{
    readiness::Direction,
    registered::{Registered, Wait},
    source::{Peer, Source},
    waiter::{Place, place_of},
};

/// A socket that can be connected.
pub trait ConnectStream: Source + Sized {
    /// To what.
    type To;

    /// Begins: the socket exists and is registered, and the first packet is on its way.
    fn begin(to: &Self::To, place: Place) -> io::Result<Registered<Self>>;

    /// What has become of the connection, now that the socket is said to be writable: its peer, if
    /// there is an address to be shown. WouldBlock if it is not connected yet.
    fn outcome(&self) -> io::Result<Option<Peer>>;
}

/// A connection under way. Made by [`TcpStream::connect`](crate::net::TcpStream::connect).
///
/// # Cancel safety
/// Dropping it closes the socket.
#[derive(Debug)]
#[must_use = "a connection is begun when it is awaited"]
pub struct Connect<S: ConnectStream = Socket> {
    to: S::To,
    socket: Option<Registered<S>>,
    born: Place,
}

impl<S: ConnectStream> Connect<S> {
    #[track_caller]
    pub(crate) fn new(to: S::To) -> Connect<S> {
        Connect::born_at(to, Location::caller())
    }

    /// As `new`, on behalf of another place.
    pub(crate) fn born_at(to: S::To, born: Place) -> Connect<S> {
        Connect { to, socket: None, born }
    }
}

/// Nothing of it is ever pinned.
impl<S: ConnectStream> Unpin for Connect<S> {}

impl<S: ConnectStream> Future for Connect<S> {
    type Output = io::Result<ByteStream<S>>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = place_of(Location::caller(), self.born);
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => S::begin(&self.to, place)?,
        };
        let wait = Wait { direction: Direction::Write, operation: "connect", place };
        let socket = self.socket.insert(socket);
        let peer = ready!(socket.poll_io(cx, wait, S::outcome))?;
        let socket = self.socket.take().expect("it was put there a moment ago");
        if let Some(peer) = peer {
            socket.set_peer(peer);
        }
        Poll::Ready(Ok(ByteStream::new(socket)))
    }
}
