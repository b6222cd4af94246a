//! `PipeEnd`: one of two ends of a connection that lives in memory.
//!
//! It promises to behave as a TCP socket does: bounded both ways, half-closing, resetting a peer
//! that sent what was never read, and telling readiness at the edges only. Both ends belong to one
//! reactor; nothing crosses a thread.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt,
    io::{self, Read},
    mem,
    net::Shutdown,
    rc::{Rc, Weak},
};

use crate::{reactor::Reactor, readiness::Readiness, source::SourceId};

/// One end. Dropping it ends both directions: in order, if it had read everything that came;
/// otherwise as a reset, as a kernel does.
pub struct PipeEnd {
    connection: Rc<Connection>,
    /// 0 or 1.
    side: usize,
    resets: Cell<bool>,
}

struct Connection {
    /// Weak: the far end may be held by the reactor itself, which plays a script there.
    reactor: Weak<Reactor>,
    /// By side: the registration of that end, once it has one.
    ids: [Cell<Option<SourceId>>; 2],
    /// By side: what that end reads.
    inbound: [RefCell<Pipe>; 2],
}

/// One direction.
struct Pipe {
    bytes: VecDeque<u8>,
    bytes_max: usize,
    /// The writer sends no more.
    ended: bool,
    /// The reader wants no more; it still gets what is here.
    unwanted: bool,
    /// The reader is gone.
    broken: bool,
    /// The writer was gone with a bang: the reader is told once, after the last byte.
    reset: bool,
}

impl PipeEnd {
    /// Two ends of a new connection, not registered yet.
    pub(crate) fn pair(reactor: &Rc<Reactor>) -> (PipeEnd, PipeEnd) {
        let bytes_max = reactor.limits().memory_pipe_bytes_max.max(1);
        let connection = Rc::new(Connection {
            reactor: Rc::downgrade(reactor),
            ids: [Cell::new(None), Cell::new(None)],
            inbound: [RefCell::new(Pipe::new(bytes_max)), RefCell::new(Pipe::new(bytes_max))],
        });
        let end =
            |side| PipeEnd { connection: Rc::clone(&connection), side, resets: Cell::new(false) };
        (end(0), end(1))
    }

    /// Says how this end is registered. From now on it can be told ready, and is: to write.
    pub(crate) fn set_id(&self, id: SourceId) {
        self.connection.ids[self.side].set(Some(id));
        self.connection.tell(self.side, Readiness::WRITABLE);
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let (moved, was_full) = self.inbound(self.side, |pipe| {
            let was_full = pipe.room() == 0;
            pipe.read(buffer).map(|moved| (moved, was_full))
        })?;
        if was_full && moved > 0 {
            self.connection.tell(self.far(), Readiness::WRITABLE);
        }
        Ok(moved)
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let (moved, was_empty) = self.inbound(self.far(), |pipe| {
            let was_empty = pipe.bytes.is_empty();
            pipe.write(bytes).map(|moved| (moved, was_empty))
        })?;
        if was_empty && moved > 0 {
            self.connection.tell(self.far(), Readiness::READABLE);
        }
        Ok(moved)
    }

    pub(crate) fn shutdown(&self, how: Shutdown) {
        if matches!(how, Shutdown::Write | Shutdown::Both) {
            self.inbound(self.far(), |pipe| pipe.ended = true);
            self.connection.tell(self.far(), Readiness::READ_CLOSED);
        }
        if matches!(how, Shutdown::Read | Shutdown::Both) {
            self.inbound(self.side, |pipe| pipe.unwanted = true);
            self.connection.tell(self.side, Readiness::READ_CLOSED);
        }
    }

    /// The next drop is a reset, whatever was read.
    pub(crate) fn reset_on_drop(&self) {
        self.resets.set(true);
    }

    /// Tells this end something that nobody else has told it.
    pub(crate) fn tell(&self, told: Readiness) {
        self.connection.tell(self.side, told);
    }

    /// Tells the far end likewise.
    pub(crate) fn tell_far(&self, told: Readiness) {
        self.connection.tell(self.far(), told);
    }

    /// Tells this end all that came before it was registered.
    pub(crate) fn tell_all_anew(&self) {
        let came = self.inbound(self.side, |pipe| {
            let flags = [
                (!pipe.bytes.is_empty(), Readiness::READABLE),
                (pipe.ended, Readiness::READ_CLOSED),
                (pipe.reset, Readiness::ERROR),
            ];
            let told = flags.into_iter().filter(|(is_so, _)| *is_so);
            told.fold(Readiness::NONE, |all, (_, flag)| all | flag)
        });
        let gone = if self.far_is_gone() { Readiness::WRITE_CLOSED } else { Readiness::NONE };
        self.tell(came | gone);
    }

    /// Whether nobody holds the far end any more.
    pub(crate) fn far_is_gone(&self) -> bool {
        self.inbound(self.far(), |pipe| pipe.broken)
    }

    fn far(&self) -> usize {
        1 - self.side
    }

    /// Lends what a side reads. What is told to the other end is told after this.
    fn inbound<T>(&self, side: usize, use_it: impl FnOnce(&mut Pipe) -> T) -> T {
        use_it(&mut self.connection.inbound[side].borrow_mut())
    }
}

impl Connection {
    /// Tells a side what it can do. Nothing of the connection is borrowed meanwhile: the loop may
    /// be with its host, whose `on_wake` is then called.
    fn tell(&self, side: usize, told: Readiness) {
        if let (Some(id), Some(reactor)) = (self.ids[side].get(), self.reactor.upgrade()) {
            reactor.raise(id, told);
        }
    }
}

impl Pipe {
    fn new(bytes_max: usize) -> Pipe {
        Pipe {
            bytes: VecDeque::new(),
            bytes_max,
            ended: false,
            unwanted: false,
            broken: false,
            reset: false,
        }
    }

    fn room(&self) -> usize {
        self.bytes_max - self.bytes.len()
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() && !buffer.is_empty() {
            if mem::take(&mut self.reset) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            if self.ended || self.unwanted {
                return Ok(0);
            }
            return Err(io::ErrorKind::WouldBlock.into());
        }
        // A VecDeque gives its front half only; fewer bytes than there are would be taken for all.
        let first = self.bytes.read(buffer)?;
        let second = self.bytes.read(&mut buffer[first..])?;
        Ok(first + second)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.ended || self.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let moved = bytes.len().min(self.room());
        if moved == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.bytes.extend(&bytes[..moved]);
        Ok(moved)
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        let unread = self.inbound(self.side, |pipe| {
            pipe.broken = true;
            !mem::take(&mut pipe.bytes).is_empty()
        });
        let unread = unread || self.resets.get();
        self.inbound(self.far(), |pipe| {
            pipe.ended = true;
            pipe.reset = unread;
        });
        self.connection.ids[self.side].set(None);
        let closed = Readiness::READ_CLOSED | Readiness::WRITE_CLOSED;
        let told = if unread { closed | Readiness::ERROR } else { closed };
        self.connection.tell(self.far(), told);
    }
}

impl fmt::Debug for PipeEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.inbound(self.side, |pipe| pipe.bytes.len());
        f.debug_struct("PipeEnd")
            .field("side", &self.side)
            .field("bytes_to_read", &waiting)
            .finish_non_exhaustive()
    }
}
