//! `ByteStream`: a stream of bytes over a registered source. TCP, Unix sockets and pipes are kinds
//! of it.
//!
//! It promises to read until nothing is left, in one read for each edge where that proves it (TCP
//! on Linux, memory), and that no single poll does more operations than its budget. It
//! buffers nothing: what is read goes to the caller's buffer, what is written goes to the source.

use std::{
    fmt,
    future::Future,
    io::{self, IoSlice},
    panic::Location,
    rc::Rc,
    task::{Context, Poll, ready},
};

use crate::{
    net::pieces::{bytes_of, write_each},
    operation::Operation,
    reactor::Reactor,
    readiness::{Direction, Readiness},
    registered::{Registered, Wait},
    seat::Seat,
    source::{Source, SourceId},
};

/// A source from which bytes come.
///
/// Where a read that gives fewer bytes than there was room for means that no more are there,
/// [`Source::is_empty_after_short_read`] says so.
pub trait ReadBytes: Source {
    /// Reads what is there. 0 is the end, unless the buffer is empty.
    ///
    /// # Errors
    /// WouldBlock if nothing is there; else the OS's.
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;
}

/// A source to which bytes go.
///
/// A write that takes fewer bytes than it was offered must mean that there is no more room.
pub trait WriteBytes: Source {
    /// Writes what there is room for.
    ///
    /// # Errors
    /// WouldBlock if there is none; else the OS's.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Writes what there is room for of several pieces, in their order: with one system call, if
    /// the source has one for that.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        write_each(pieces, |piece| self.write(piece))
    }

    /// Tells the reader that no more will come, if that is possible short of dropping the source.
    ///
    /// # Errors
    /// The OS's.
    fn end(&self) -> io::Result<()>;
}

/// A stream of bytes over a source of the kind `S`.
///
/// All methods take `&self`; one task may read while another writes. Two tasks that read from the
/// same stream share one place to wait: only the later one is woken.
///
/// Dropping it closes the source. A socket tells its peer so: in order, if everything that came
/// was read, otherwise with a reset. What the OS has taken to write is still sent, as far as the
/// peer lets it.
pub struct ByteStream<S: Source> {
    pub(super) inner: Registered<S>,
}

impl<S: Source> ByteStream<S> {
    /// A stream over a source that was registered for what it is to do.
    #[must_use]
    pub fn new(inner: Registered<S>) -> ByteStream<S> {
        ByteStream { inner }
    }

    /// The id of this stream in its reactor.
    #[must_use]
    pub fn id(&self) -> SourceId {
        self.inner.id()
    }

    /// The reactor that watches it.
    #[must_use]
    pub fn reactor(&self) -> &Rc<Reactor> {
        self.inner.reactor()
    }

    /// What it can do without waiting, as far as the reactor was told.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.inner.readiness()
    }

    /// Where it was made.
    #[cfg(feature = "futures-io")]
    pub(super) fn born(&self) -> crate::waiter::Place {
        self.inner.born()
    }
}

impl<S: ReadBytes> ByteStream<S> {
    /// Reads what is there, at most what `buffer` has room for. 0 is the end, unless the buffer
    /// was empty.
    ///
    /// # Cancel safety
    /// Dropping the future loses no bytes.
    #[track_caller]
    pub fn read<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + 'a {
        let read = move |cx: &mut Context<'_>, wait| self.poll_read_for(cx, buffer, wait);
        Operation::new(&self.inner, Direction::Read, "read", Location::caller(), read)
    }

    /// Reads until `buffer` is full.
    ///
    /// # Errors
    /// `UnexpectedEof` if the stream ends before.
    ///
    /// # Cancel safety
    /// None: what was read into the buffer by then is forgotten.
    #[track_caller]
    pub fn read_exact<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl Future<Output = io::Result<()>> + 'a {
        let mut filled = 0;
        let read = move |cx: &mut Context<'_>, wait| {
            while filled < buffer.len() {
                match ready!(self.poll_read_for(cx, &mut buffer[filled..], wait))? {
                    0 => return Poll::Ready(Err(ended_early(filled, buffer.len()))),
                    moved => filled += moved,
                }
            }
            Poll::Ready(Ok(()))
        };
        Operation::new(&self.inner, Direction::Read, "read_exact", Location::caller(), read)
    }

    /// Reads, or waits until there is something to read.
    #[track_caller]
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let wait = self.inner.wait(Direction::Read, "read");
        self.poll_read_for(cx, buffer, wait)
    }

    /// Ready once a read is worth trying.
    #[track_caller]
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_ready(cx, self.inner.wait(Direction::Read, "read"))
    }

    /// Ready if a read is worth trying. If not, waits as a stand-in for who waits to read: woken at
    /// once when there is something to read and nobody waits for it, and else when the turn ends,
    /// if something is left by then.
    ///
    /// For who keeps a stream read that others may read, too. There is one stand-in; a later one
    /// takes its place.
    ///
    /// ```
    /// use std::task::{Context, Waker};
    /// use glassloop_reactor::{Events, Options, Reactor, Woken, net};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let reactor = Reactor::new(Options::default())?;
    /// # let _entered = reactor.enter();
    /// let (here, there) = net::duplex()?;
    /// let (mut events, mut woken) = (Events::new(), Woken::default());
    /// # reactor.wait(None, &mut events)?;
    /// # reactor.io(&events, &mut woken);
    /// let mut cx = Context::from_waker(Waker::noop());
    /// assert!(here.poll_read_stand_in(&mut cx).is_pending());
    /// assert!(here.poll_read_ready(&mut cx).is_pending());
    /// here.end_read_wait();
    /// there.try_write(b"hello")?;
    /// reactor.wait(None, &mut events)?;
    /// reactor.io(&events, &mut woken);
    /// assert_eq!(woken.len(), 1, "the stand-in: nobody else waits");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn poll_read_stand_in(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_in(Seat::StandIn, cx, self.inner.wait(Direction::Read, "stand in"))
    }

    /// Who has read enough for this turn reads on in the next, whoever wakes it: no stand-in is
    /// woken for what is left when this turn ends.
    pub fn put_off_read(&self) {
        self.inner.put_off_read();
    }

    /// Whoever waits to read waits no more, and is not woken.
    pub fn end_read_wait(&self) {
        self.inner.end_wait(Direction::Read);
    }

    /// Reads what is there at this moment.
    ///
    /// # Errors
    /// WouldBlock if nothing is.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let offered = buffer.len();
        self.inner.try_io_stream(Direction::Read, offered, |source| source.read(buffer))
    }

    /// Reads what is there at this moment, also what no event has told of yet: a last look before
    /// an end. Else [`try_read`](Self::try_read) spares the system call.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let reactor = glassloop_reactor::Reactor::new(Default::default())?;
    /// # let _entered = reactor.enter();
    /// let (here, there) = glassloop_reactor::net::duplex()?;
    /// # let (mut events, mut woken) = (glassloop_reactor::Events::new(), Default::default());
    /// # reactor.wait(None, &mut events)?;
    /// # reactor.io(&events, &mut woken);
    /// there.try_write(b"hello")?;
    /// let mut buffer = [0; 8];
    /// assert!(here.try_read(&mut buffer).is_err(), "nobody has told of it");
    /// assert_eq!(here.try_read_untold(&mut buffer)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// WouldBlock if nothing is.
    pub fn try_read_untold(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.get_ref().read(buffer)
    }

    pub(super) fn poll_read_for(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        wait: Wait,
    ) -> Poll<io::Result<usize>> {
        let offered = buffer.len();
        self.inner.poll_io_stream(cx, wait, offered, |source| source.read(buffer))
    }
}

impl<S: WriteBytes> ByteStream<S> {
    /// Writes as much of `bytes` as there is room for.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready writes nothing.
    #[track_caller]
    pub fn write<'a>(&'a self, bytes: &'a [u8]) -> impl Future<Output = io::Result<usize>> + 'a {
        let write = move |cx: &mut Context<'_>, wait| self.poll_write_for(cx, bytes, wait);
        Operation::new(&self.inner, Direction::Write, "write", Location::caller(), write)
    }

    /// Writes all of `bytes`.
    ///
    /// # Cancel safety
    /// None: how much was written by then is forgotten.
    #[track_caller]
    pub fn write_all<'a>(&'a self, bytes: &'a [u8]) -> impl Future<Output = io::Result<()>> + 'a {
        let mut left = bytes;
        let write = move |cx: &mut Context<'_>, wait| {
            while !left.is_empty() {
                match ready!(self.poll_write_for(cx, left, wait))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    moved => left = &left[moved..],
                }
            }
            Poll::Ready(Ok(()))
        };
        Operation::new(&self.inner, Direction::Write, "write_all", Location::caller(), write)
    }

    /// Writes, or waits until there is room.
    #[track_caller]
    pub fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wait = self.inner.wait(Direction::Write, "write");
        self.poll_write_for(cx, bytes, wait)
    }

    /// Ready once a write is worth trying.
    #[track_caller]
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_ready(cx, self.inner.wait(Direction::Write, "write"))
    }

    /// Writes what there is room for at this moment.
    ///
    /// # Errors
    /// WouldBlock if there is none.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.try_io_stream(Direction::Write, bytes.len(), |source| source.write(bytes))
    }

    /// Writes several pieces as if they were one, or waits until there is room.
    #[track_caller]
    pub fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wait = self.inner.wait(Direction::Write, "write");
        self.poll_write_vectored_for(cx, pieces, wait)
    }

    /// Writes what there is room for at this moment, of several pieces as if they were one.
    ///
    /// # Errors
    /// WouldBlock if there is none.
    pub fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let offered = bytes_of(pieces);
        self.inner.try_io_stream(Direction::Write, offered, |source| source.write_vectored(pieces))
    }

    pub(super) fn poll_write_for(
        &self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        wait: Wait,
    ) -> Poll<io::Result<usize>> {
        self.inner.poll_io_stream(cx, wait, bytes.len(), |source| source.write(bytes))
    }

    pub(super) fn poll_write_vectored_for(
        &self,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
        wait: Wait,
    ) -> Poll<io::Result<usize>> {
        let offered = bytes_of(pieces);
        self.inner.poll_io_stream(cx, wait, offered, |source| source.write_vectored(pieces))
    }
}

fn ended_early(came: usize, expected: usize) -> io::Error {
    let text = format!("read_exact: expected {expected} bytes, came {came} and the end");
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}

#[cfg(unix)]
impl<S: Source + std::os::fd::AsFd> std::os::fd::AsFd for ByteStream<S> {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.inner.get_ref().as_fd()
    }
}

impl<S: Source> fmt::Debug for ByteStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ByteStream").field(&self.inner).finish()
    }
}
