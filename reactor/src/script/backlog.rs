//! `Backlog`: connections on the stage that our listener has not accepted yet.
//!
//! It is shared by the listener and the stage; dropping the listener closes it, and with it the
//! connections that nobody accepted.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io, mem,
    net::SocketAddr,
    rc::Rc,
};

use super::transcript::Transcript;
use crate::{net::ScriptedStream, reactor::Reactor, readiness::Readiness, source::SourceId};

/// A connection, and where it comes from.
type Waiting = (ScriptedStream, SocketAddr);

/// What EMFILE is called here.
const EMFILE: i32 = if cfg!(windows) { 10_024 } else { 24 };

/// Our listener, as the stage sees it.
#[derive(Debug)]
pub(crate) struct Backlog {
    address: SocketAddr,
    id: Cell<Option<SourceId>>,
    waiting: RefCell<VecDeque<Waiting>>,
    waiting_max: usize,
    /// So many accepts fail for want of descriptors.
    emfile: Cell<u32>,
    closed: Cell<bool>,
    transcript: Transcript,
}

impl Backlog {
    pub(crate) fn new(
        address: SocketAddr,
        waiting_max: usize,
        transcript: &Transcript,
    ) -> Rc<Backlog> {
        Rc::new(Backlog {
            address,
            id: Cell::new(None),
            waiting: RefCell::default(),
            waiting_max: waiting_max.max(1),
            emfile: Cell::new(0),
            closed: Cell::new(false),
            transcript: transcript.clone(),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    pub(crate) fn has_room(&self) -> bool {
        self.waiting.borrow().len() < self.waiting_max
    }

    /// Says how the listener is registered: from now on it can be told ready.
    pub(crate) fn set_id(&self, id: SourceId) {
        self.id.set(Some(id));
    }

    pub(crate) fn lack_descriptors(&self, times: u32) {
        self.emfile.set(self.emfile.get().saturating_add(times));
    }

    /// A connection has come.
    pub(crate) fn push(&self, reactor: &Reactor, stream: ScriptedStream, from: SocketAddr) {
        self.waiting.borrow_mut().push_back((stream, from));
        if let Some(id) = self.id.get() {
            reactor.raise(id, Readiness::READABLE);
        }
    }

    pub(crate) fn accept(&self, now: u64) -> io::Result<Waiting> {
        let first = self.waiting.borrow_mut().pop_front();
        let Some((stream, from)) = first else { return Err(io::ErrorKind::WouldBlock.into()) };
        let who = format!("listener {}", self.address);
        if let Some(left) = self.emfile.get().checked_sub(1) {
            self.emfile.set(left);
            self.waiting.borrow_mut().push_front((stream, from));
            self.transcript.note(now, &who, format_args!("we accept: no descriptor is left"));
            return Err(io::Error::from_raw_os_error(EMFILE));
        }
        self.transcript.note(now, &who, format_args!("we accept {from}"));
        Ok((stream, from))
    }

    /// The listener is gone.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        // Dropped after the borrow.
        let waiting = mem::take(&mut *self.waiting.borrow_mut());
        drop(waiting);
    }
}
