//! `ScriptedStream` and `ScriptedListener`: our sockets of connections whose far end is a script.
//!
//! Bytes go through a pipe like those of any memory socket; what befalls an operation beside that,
//! a short read, a signal, a want of descriptors, the script decides. Nothing here waits.

use std::{
    io,
    net::{Shutdown, SocketAddr},
    rc::{Rc, Weak},
};

use super::memory::PipeEnd;
use crate::{
    reactor::Reactor,
    readiness::{Direction, Readiness},
    script::{Backlog, Line, Opening},
    source::SourceId,
};

/// Our end of a connection on the stage.
#[derive(Debug)]
pub struct ScriptedStream {
    end: PipeEnd,
    line: Rc<Line>,
    /// Weak: while it waits to be accepted the reactor itself holds it.
    reactor: Weak<Reactor>,
}

impl ScriptedStream {
    pub(crate) fn new(end: PipeEnd, line: Rc<Line>, reactor: Weak<Reactor>) -> ScriptedStream {
        ScriptedStream { end, line, reactor }
    }

    /// Says how it is registered. It is told what has come by now.
    pub(crate) fn set_id(&self, id: SourceId) {
        self.end.set_id(id);
        self.end.tell_all_anew();
    }

    /// What has become of the connection: our peer's address, once there is one.
    pub(crate) fn outcome(&self) -> io::Result<SocketAddr> {
        match self.line.opening() {
            Opening::Open => Ok(self.line.there()),
            Opening::Pending => Err(io::ErrorKind::WouldBlock.into()),
            Opening::Failed(kind) => Err(kind.into()),
        }
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.line.here()
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let offered = buffer.len();
        let read = |allowed| self.end.read(&mut buffer[..allowed]);
        self.operate(("read", Direction::Read, Readiness::READABLE), offered, read)
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let write = |allowed| self.end.write(&bytes[..allowed]);
        self.operate(("write", Direction::Write, Readiness::WRITABLE), bytes.len(), write)
    }

    pub(crate) fn shutdown(&self, how: Shutdown) {
        self.end.shutdown(how);
        self.note_and_stir(format_args!("we shut down {how:?}"));
    }

    /// One read or write, and what befalls it.
    ///
    /// Whoever finds less than it might have found waits for an edge. A kernel sends one when the
    /// rest arrives; here the rest is there already, so the edge is told at once.
    fn operate(
        &self,
        (what, direction, ready): (&str, Direction, Readiness),
        offered: usize,
        io: impl FnOnce(usize) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let fault = if offered == 0 { None } else { self.line.fault() };
        if let Some(kind) = fault {
            if kind == io::ErrorKind::WouldBlock {
                self.end.tell(ready);
            }
            self.note_and_stir(format_args!("we {what}: {kind:?}, for no reason"));
            return Err(kind.into());
        }
        let allowed = self.line.allowed(direction, offered);
        let done = io(allowed);
        match &done {
            Ok(moved) => {
                if *moved > 0 && allowed < offered {
                    self.end.tell(ready);
                }
                self.note_and_stir(format_args!("we {what} {moved} of {offered} bytes"));
            }
            Err(error) => self.note_and_stir(format_args!("we {what}: {:?}", error.kind())),
        }
        done
    }

    fn note_and_stir(&self, what: std::fmt::Arguments<'_>) {
        if let Some(reactor) = self.reactor.upgrade() {
            self.line.note(reactor.read_clock(), what);
            reactor.stir();
        }
    }
}

impl Drop for ScriptedStream {
    fn drop(&mut self) {
        self.note_and_stir(format_args!("we close"));
    }
}

/// Our listener on the stage.
#[derive(Debug)]
pub struct ScriptedListener {
    backlog: Rc<Backlog>,
    reactor: Weak<Reactor>,
}

impl ScriptedListener {
    pub(crate) fn new(backlog: Rc<Backlog>, reactor: Weak<Reactor>) -> ScriptedListener {
        ScriptedListener { backlog, reactor }
    }

    pub(crate) fn set_id(&self, id: SourceId) {
        self.backlog.set_id(id);
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.backlog.address()
    }

    pub(crate) fn accept(&self) -> io::Result<(ScriptedStream, SocketAddr)> {
        let now = self.reactor.upgrade().map_or(0, |reactor| reactor.read_clock());
        self.backlog.accept(now)
    }
}

impl Drop for ScriptedListener {
    fn drop(&mut self) {
        self.backlog.close();
        if let Some(reactor) = self.reactor.upgrade() {
            reactor.stir();
        }
    }
}
