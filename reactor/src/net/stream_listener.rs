//! `StreamListener`: accepts connections at a source. TCP and Unix listeners are kinds of it.
//!
//! It promises that no connection is forgotten: one that can't be accepted for want of descriptors
//! or memory stays where it is, and is tried again soon. (On macOS its kernel closes it.) It
//! accepts nothing by itself, and limits nothing but the OS's backlog.

use std::{
    future::Future,
    io,
    panic::Location,
    task::{Context, Poll, ready},
};

use super::{byte_stream::ByteStream, patience::Patience};
use crate::{
    operation::Operation,
    readiness::{Direction, Interest},
    registered::{Registered, Wait},
    sleep::Sleep,
    source::{Source, SourceId},
};

/// A source from which connections come.
pub trait AcceptStreams: Source {
    /// What a connection is.
    type Stream: Source;
    /// From where a connection came, and at which connections are accepted.
    type Address;

    /// Accepts a connection.
    ///
    /// # Errors
    /// WouldBlock if none is there; else the OS's.
    fn accept(&self) -> io::Result<(Self::Stream, Self::Address)>;

    /// The address at which it listens.
    ///
    /// # Errors
    /// The OS's.
    fn local_addr(&self) -> io::Result<Self::Address>;

    /// Introduces a connection that was accepted, and registered since.
    fn introduce(_stream: &Registered<Self::Stream>, _from: &Self::Address) {}
}

/// A listener over a source of the kind `L`. Dropping it refuses the connections nobody accepted.
#[derive(Debug)]
pub struct StreamListener<L: AcceptStreams> {
    pub(super) inner: Registered<L>,
    patience: Patience,
}

/// What `accept` comes to.
type Accepted<L> =
    io::Result<(ByteStream<<L as AcceptStreams>::Stream>, <L as AcceptStreams>::Address)>;

impl<L: AcceptStreams> StreamListener<L> {
    /// A listener over a source that was registered to be read.
    #[must_use]
    pub fn new(inner: Registered<L>) -> StreamListener<L> {
        StreamListener { inner, patience: Patience::default() }
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
    pub fn accept(&self) -> impl Future<Output = Accepted<L>> + '_ {
        let mut pause = None;
        let accept = move |cx: &mut Context<'_>, wait| self.poll_accept_for(cx, wait, &mut pause);
        Operation::new(&self.inner, Direction::Read, "accept", Location::caller(), accept)
    }

    /// Accepts a connection, or waits for one.
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Accepted<L>> {
        let wait = self.inner.wait(Direction::Read, "accept");
        self.patience.with_pause(|pause| self.poll_accept_for(cx, wait, pause))
    }

    /// The address at which it listens.
    ///
    /// # Errors
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<L::Address> {
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
    ) -> Poll<Accepted<L>> {
        // Registered afterwards: what fails there is no lack that waiting would mend.
        let (stream, from) = ready!(self.patience.poll_accept(&self.inner, cx, wait, pause))?;
        let reactor = self.inner.reactor();
        let stream = Registered::born_at(reactor, stream, Interest::Both, wait.place)?;
        L::introduce(&stream, &from);
        Poll::Ready(Ok((ByteStream::new(stream), from)))
    }
}
