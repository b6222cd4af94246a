//! `UnixConnect`: a connection to a path under way, as a future.
//!
//! It promises a stream that is connected, or the reason why not. It has no deadline, and needs
//! none where connecting to a path never waits, as on Linux. Dropping it closes the socket.

use std::{
    future::Future,
    io,
    panic::Location,
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::unix_stream::UnixStream;
use crate::{
    net::socket::connected,
    reactor::Reactor,
    readiness::{Direction, Interest},
    registered::{Registered, Wait},
    waiter::{Place, place_of},
};

/// A connection under way. Made by [`UnixStream::connect`].
///
/// # Cancel safety
/// Dropping it gives the connection up.
#[derive(Debug)]
#[must_use = "a connection is begun when it is awaited"]
pub struct UnixConnect {
    path: PathBuf,
    socket: Option<Registered<mio::net::UnixStream>>,
    born: Place,
}

impl UnixConnect {
    #[track_caller]
    pub(crate) fn new(path: PathBuf) -> UnixConnect {
        UnixConnect { path, socket: None, born: Location::caller() }
    }

    fn begin(&self, place: Place) -> io::Result<Registered<mio::net::UnixStream>> {
        let reactor = Reactor::expect_current("connect")?;
        reactor.expect_descriptors()?;
        let socket = mio::net::UnixStream::connect(&self.path)?;
        Registered::born_at(&reactor, socket, Interest::Both, place)
    }
}

impl Future for UnixConnect {
    type Output = io::Result<UnixStream>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = place_of(Location::caller(), self.born);
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => self.begin(place)?,
        };
        let wait = Wait { direction: Direction::Write, operation: "connect", place };
        let socket = self.socket.insert(socket);
        ready!(socket.poll_io(cx, wait, outcome))?;
        let socket = self.socket.take().expect("it was put there a moment ago");
        Poll::Ready(Ok(UnixStream::new(socket)))
    }
}

/// What has become of a connection, now that its socket is said to be writable.
fn outcome(socket: &mio::net::UnixStream) -> io::Result<()> {
    connected(socket.take_error(), || socket.peer_addr().map(drop))
}
