//! The waits: who is to be woken, and for what.
//!
//! Promises that a waker leaves this table before it is woken or dropped, so that no user code
//! runs while the table is borrowed. It decides nothing: its owner says what has happened.

use std::panic::Location;
use std::task::Waker;

use crate::woken::Woken;

/// What a future of a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitsFor {
    /// `recv`: a message, or the end of messages.
    Message,
    /// `send`: room among what waits to be sent.
    Room,
    /// `drained`: that nothing waits to be sent.
    Drain,
    /// `ping`: the answer.
    Pong,
    /// `closed`, `finished`: the end of the connection, or of a client that reconnects.
    End,
    /// `Reconnecting::opened`: a connection over which messages can go.
    Open,
}

/// One who waits on a connection, as plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitView {
    /// What for.
    pub what: WaitsFor,
    /// Where in the program it was asked for.
    pub place: &'static Location<'static>,
}

#[derive(Debug)]
struct Wait {
    ticket: u64,
    view: WaitView,
    waker: Waker,
}

/// An empty list keeps no more room than this.
const LIST_AT_REST_MAX: usize = 4;

/// The futures that wait on one connection: seldom more than two, so a list serves.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    list: Vec<Wait>,
    tickets: u64,
}

impl Waits {
    /// True if `waker` already stands for `ticket`, so that no clone of it is needed.
    pub(crate) fn holds(&self, ticket: u64, waker: &Waker) -> bool {
        self.list.iter().any(|wait| wait.ticket == ticket && wait.waker.will_wake(waker))
    }

    /// Notes a wait; `ticket` names it from then on. The waker this replaces is handed out, for
    /// the caller to drop when nothing is borrowed.
    #[must_use]
    pub(crate) fn put(
        &mut self,
        ticket: &mut Option<u64>,
        view: WaitView,
        waker: Waker,
    ) -> Option<Waker> {
        if let Some(wait) = self.list.iter_mut().find(|wait| Some(wait.ticket) == *ticket) {
            return Some(std::mem::replace(&mut wait.waker, waker));
        }
        self.tickets += 1;
        *ticket = Some(self.tickets);
        self.list.push(Wait { ticket: self.tickets, view, waker });
        None
    }

    /// Forgets a wait; its waker is handed out like in `put`.
    #[must_use]
    pub(crate) fn remove(&mut self, ticket: u64) -> Option<Waker> {
        let at = self.list.iter().position(|wait| wait.ticket == ticket)?;
        Some(self.list.remove(at).waker)
    }

    /// True if anybody waits for `what`.
    #[inline]
    pub(crate) fn has(&self, what: WaitsFor) -> bool {
        self.list.iter().any(|wait| wait.view.what == what)
    }

    /// Moves the wakers of everyone who waits for `what` to `woken`, in the order they came.
    #[inline]
    pub(crate) fn take(&mut self, what: WaitsFor, woken: &mut Woken) {
        // COST: asked three times a message, and twice of three times it is nobody.
        if self.has(what) {
            self.take_out(what, woken);
        }
    }

    #[inline(never)]
    fn take_out(&mut self, what: WaitsFor, woken: &mut Woken) {
        if self.list.len() == 1 {
            woken.extend(self.list.pop().map(|wait| wait.waker));
        } else {
            let taken = self.list.extract_if(.., |wait| wait.view.what == what);
            woken.extend(taken.map(|wait| wait.waker));
        }
        if self.list.is_empty() && self.list.capacity() > LIST_AT_REST_MAX {
            self.list = Vec::new();
        }
    }

    /// Everyone who waits, in the order they came.
    pub(crate) fn views(&self) -> Vec<WaitView> {
        self.list.iter().map(|wait| wait.view).collect()
    }

    /// Moves everyone's waker to `woken`.
    pub(crate) fn take_all(&mut self, woken: &mut Woken) {
        woken.extend(std::mem::take(&mut self.list).into_iter().map(|wait| wait.waker));
    }
}
