//! `Registered<S>`: a source together with its registration, and the operations upon it.
//!
//! It promises that an operation is tried only when the source may be ready, that whoever finds it
//! not ready is woken when it is, and that no single poll does more operations than its budget. It
//! runs no operation by itself, and buffers nothing.

use std::{
    cell::Cell,
    fmt, io,
    panic::Location,
    rc::Rc,
    task::{Context, Poll},
};

mod belief;

use crate::{
    operation::Operation,
    reactor::Reactor,
    readiness::{Direction, Interest, Readiness},
    seat::Seat,
    source::{Peer, Source, SourceId},
    source_table::SourceTable,
    waiter::{Place, Waiter, place_of},
};

/// What somebody waits for, and where.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// Which way.
    pub direction: Direction,
    /// What it does: "read", "accept".
    pub operation: &'static str,
    /// Where it waits.
    pub place: Place,
}

/// A source that a reactor watches: a socket of ours, or whatever a program brings.
///
/// ```
/// use glassloop_reactor::{Direction, Interest, Options, Reactor, Readiness, Registered, mio};
///
/// # fn main() -> std::io::Result<()> {
/// # let reactor = Reactor::new(Options::default())?;
/// # let _entered = reactor.enter();
/// // One of mio's own sources; `Source` on a type of yours does as well.
/// let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// let socket = Registered::with_reactor(&reactor, socket, Interest::Both)?;
/// let mut buffer = [0; 512];
/// assert_eq!(socket.readiness(), Readiness::NONE, "nothing was told yet");
/// let tried = socket.try_io(Direction::Read, |socket| socket.recv(&mut buffer));
/// assert_eq!(tried.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
/// let received = async {
///     socket.io(Direction::Read, "receive", |socket| socket.recv(&mut buffer)).await
/// };
/// # drop(received);
/// # Ok(())
/// # }
/// ```
///
/// One waiter a direction: of two tasks that wait for the same direction, the later one is woken.
/// Dropping it deregisters the source first and closes it then; nothing is flushed. Whoever waited
/// for it is not woken.
pub struct Registered<S: Source> {
    reactor: Rc<Reactor>,
    id: SourceId,
    born: Place,
    /// The ticket of the wait that was stored last, for the leaf that stored it.
    ticket: Cell<u32>,
    /// INVARIANT: `None` only after `into_inner`, which consumes.
    source: Option<S>,
}

impl<S: Source> Registered<S> {
    /// Registers a source with the current reactor.
    ///
    /// # Errors
    /// The OS's; or that there is no current reactor, or no room for one more source.
    #[track_caller]
    pub fn new(source: S, interest: Interest) -> io::Result<Registered<S>> {
        Registered::with_reactor(&Reactor::expect_current("register")?, source, interest)
    }

    /// Registers a source with a reactor.
    ///
    /// # Errors
    /// The OS's; or that there is no room for one more source.
    #[track_caller]
    pub fn with_reactor(
        reactor: &Rc<Reactor>,
        source: S,
        interest: Interest,
    ) -> io::Result<Registered<S>> {
        Registered::born_at(reactor, source, interest, Location::caller())
    }

    /// As `with_reactor`, for a source that is made on behalf of another place.
    pub(crate) fn born_at(
        reactor: &Rc<Reactor>,
        mut source: S,
        interest: Interest,
        born: Place,
    ) -> io::Result<Registered<S>> {
        let id = reactor.register(&mut source, interest, born)?;
        Ok(Registered {
            reactor: Rc::clone(reactor),
            id,
            born,
            ticket: Cell::new(0),
            source: Some(source),
        })
    }

    /// The source itself.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        self.source.as_ref().expect("only into_inner takes the source, and it consumes")
    }

    /// Deregisters the source and gives it back.
    #[must_use]
    pub fn into_inner(mut self) -> S {
        let mut source = self.source.take().expect("only into_inner takes the source, once");
        self.reactor.deregister(&mut source, self.id);
        source
    }

    /// The reactor that watches it.
    #[must_use]
    pub fn reactor(&self) -> &Rc<Reactor> {
        &self.reactor
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> SourceId {
        self.id
    }

    /// Where it was made.
    #[must_use]
    pub fn born(&self) -> Place {
        self.born
    }

    /// What it can do without waiting, as far as the reactor was told.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.reactor.with_sources(|sources| {
            sources.get(self.id).map_or(Readiness::NONE, |entry| entry.readiness)
        })
    }

    /// Does an operation as soon as it can be done. `operation` is its name, to be shown.
    ///
    /// `io` must return WouldBlock only if the source itself said so; see
    /// [`poll_io`](Self::poll_io).
    ///
    /// # Errors
    /// Whatever `io` says.
    ///
    /// # Cancel safety
    /// Dropping the future ends its wait; what `io` did is done, and its result was given.
    #[track_caller]
    pub fn io<'a, R>(
        &'a self,
        direction: Direction,
        operation: &'static str,
        mut io: impl FnMut(&S) -> io::Result<R> + 'a,
    ) -> impl Future<Output = io::Result<R>> + 'a
    where
        R: 'a,
    {
        let step = move |cx: &mut Context<'_>, wait| self.poll_io(cx, wait, &mut io);
        Operation::new(self, direction, operation, Location::caller(), step)
    }

    /// What a poll waits for, with the place of the caller; or that of birth, if the caller is
    /// outside the program.
    #[must_use]
    #[track_caller]
    pub fn wait(&self, direction: Direction, operation: &'static str) -> Wait {
        Wait { direction, operation, place: place_of(Location::caller(), self.born) }
    }

    /// Does an operation, or waits until it can be done.
    ///
    /// `io` must return WouldBlock only if the source itself said so: from that on, only
    /// an event makes the direction ready again. Interrupted is tried again.
    pub fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        wait: Wait,
        mut io: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            if !self.begins(wait.direction) {
                self.wait_here(cx, wait.direction.into(), wait);
                return Poll::Pending;
            }
            if !self.reactor.spend_operation() {
                // Others have their turn; this one goes on in the next batch.
                self.put_off(wait.direction);
                self.reactor.note_place(wait.place);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match io(self.get_ref()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.clear(wait.direction, &error);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }

    /// As [`poll_io`](Self::poll_io), for the bytes of a stream: `offered` is how many the
    /// operation may move at most. If it moves fewer, the direction is not ready any more, and the
    /// operation that would only say WouldBlock is spared; of a read only where the source says
    /// that it is [empty then](Source::is_empty_after_short_read).
    pub fn poll_io_stream(
        &self,
        cx: &mut Context<'_>,
        wait: Wait,
        offered: usize,
        io: impl FnMut(&S) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let polled = self.poll_io(cx, wait, io);
        if let Poll::Ready(Ok(moved)) = polled {
            self.reactor.spend_bytes(moved);
            self.clear_if_short(wait.direction, offered, moved);
        }
        polled
    }

    /// Who reads comes back in the next turn: no stand-in is called when this one ends.
    pub(crate) fn put_off_read(&self) {
        self.reactor.with_sources(|sources| sources.note_goes_on(self.id));
    }

    /// Ready once an operation in this direction is worth trying.
    pub fn poll_ready(&self, cx: &mut Context<'_>, wait: Wait) -> Poll<()> {
        self.poll_in(wait.direction.into(), cx, wait)
    }

    /// As [`poll_ready`](Self::poll_ready), waiting in that seat.
    #[inline]
    pub(crate) fn poll_in(&self, seat: Seat, cx: &mut Context<'_>, wait: Wait) -> Poll<()> {
        if self.asks(wait.direction) {
            return Poll::Ready(());
        }
        self.wait_here(cx, seat, wait);
        Poll::Pending
    }

    /// Whoever waits in this direction waits no more, and is not woken.
    pub(crate) fn end_wait(&self, direction: Direction) {
        let waiter =
            self.reactor.with_sources(|sources| sources.take_waiter(self.id, direction.into()));
        drop(waiter);
    }

    /// Tries an operation if the direction is ready.
    ///
    /// # Errors
    /// WouldBlock if it is not ready, or turns out not to be; else whatever `io` says.
    pub fn try_io<R>(
        &self,
        direction: Direction,
        io: impl FnOnce(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        if !self.begins(direction) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let tried = io(self.get_ref());
        if let Some(error) =
            tried.as_ref().err().filter(|it| it.kind() == io::ErrorKind::WouldBlock)
        {
            self.clear(direction, error);
        }
        tried
    }

    /// As [`try_io`](Self::try_io), for the bytes of a stream.
    ///
    /// # Errors
    /// As `try_io`.
    pub fn try_io_stream(
        &self,
        direction: Direction,
        offered: usize,
        io: impl FnOnce(&S) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let moved = self.try_io(direction, io)?;
        self.clear_if_short(direction, offered, moved);
        Ok(moved)
    }

    /// Stores who waits, at what and where. It is written anew at every poll, since a future may
    /// have moved to another task; the waker is cloned only if it is another one.
    fn wait_here(&self, cx: &Context<'_>, seat: Seat, wait: Wait) {
        let Wait { direction: _, operation, place } = wait;
        let owner = self.reactor.owner();
        self.reactor.note_place(place);
        let who = (owner, operation, place);
        let rewritten = self
            .reactor
            .with_sources(|sources| sources.rewrite_waiter(self.id, seat, cx.waker(), who));
        if let Some(ticket) = rewritten {
            self.ticket.set(ticket);
            return;
        }
        // The clone, and the drop of the waiter it replaces, run while nothing is borrowed.
        let waiter = Waiter { waker: cx.waker().clone(), owner, operation, place };
        let put = |sources: &mut SourceTable| sources.put_waiter(self.id, seat, waiter);
        let (ticket, replaced) = self.reactor.with_sources(put);
        drop(replaced);
        self.ticket.set(ticket);
    }

    /// The ticket of the wait that was stored last.
    pub(crate) fn ticket(&self) -> u32 {
        self.ticket.get()
    }

    /// A leaf that waits goes away: its waiter goes too, if nobody has replaced it since.
    pub(crate) fn withdraw(&self, direction: Direction, ticket: u32) {
        let waiter = self
            .reactor
            .with_sources(|sources| sources.withdraw(self.id, direction.into(), ticket));
        drop(waiter);
    }

    /// Says what the source is connected to, to be shown.
    pub fn set_peer(&self, peer: Peer) {
        self.reactor.with_sources(|sources| {
            if let Some(entry) = sources.get_mut(self.id) {
                entry.peer = Some(peer);
            }
        });
    }
}

impl<S: Source> Drop for Registered<S> {
    fn drop(&mut self) {
        if let Some(source) = &mut self.source {
            self.reactor.deregister(source, self.id);
        }
    }
}

impl<S: Source> fmt::Debug for Registered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("id", &self.id)
            .field("kind", &self.source.as_ref().map(Source::kind))
            .field("readiness", &self.readiness())
            .finish_non_exhaustive()
    }
}
