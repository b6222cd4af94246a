//! `Ack`: the answer to an event, which comes, or doesn't come in time.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use glassloop_reactor::{Reactor, Sleep};

use super::{error::AckError, space::Space};
use crate::socketio::Data;

/// The answer to an event that was emitted with
/// [`emit_with_ack`](crate::socketio::Namespace::emit_with_ack): its arguments, or why there are
/// none.
///
/// Its time runs from the call on, whether or not it is polled.
///
/// # Cancel safety
/// Dropped, nobody waits for the answer any more. An event that has not left by then never will.
#[must_use = "an event whose answer nobody awaits may never leave"]
pub struct Ack {
    space: Rc<Space>,
    cell: Rc<AckCell>,
    number: u64,
    after: Duration,
    sleep: Sleep,
    /// The time is over; what lies with the socket is read once more.
    is_late: bool,
}

/// What the namespace knows of somebody who waits for an answer.
#[derive(Debug)]
pub(in crate::socketio) struct AckCell {
    /// When it would come too late.
    pub(in crate::socketio) deadline: u64,
    /// The event was handed to a connection.
    pub(in crate::socketio) handed: Cell<bool>,
    result: RefCell<Option<Result<Data, AckError>>>,
    waker: RefCell<Option<Waker>>,
}

impl AckCell {
    /// The result is there. Whom to wake, with nothing borrowed.
    #[must_use]
    pub(in crate::socketio) fn resolve(&self, result: Result<Data, AckError>) -> Option<Waker> {
        self.result.replace(Some(result));
        self.waker.take()
    }
}

impl Ack {
    /// The place is that of the public function's caller.
    #[track_caller]
    pub(in crate::socketio) fn new(
        space: &Rc<Space>,
        reactor: &Rc<Reactor>,
        number: u64,
        after: Duration,
    ) -> Ack {
        let deadline = reactor.deadline_after(after);
        let cell = AckCell {
            deadline,
            handed: Cell::new(false),
            result: RefCell::default(),
            waker: RefCell::default(),
        };
        Ack {
            space: Rc::clone(space),
            cell: Rc::new(cell),
            number,
            after,
            sleep: Sleep::at(Rc::clone(reactor), deadline),
            is_late: false,
        }
    }

    pub(in crate::socketio) fn number(&self) -> u64 {
        self.number
    }

    pub(in crate::socketio) fn cell(&self) -> &Rc<AckCell> {
        &self.cell
    }
}

impl Future for Ack {
    type Output = Result<Data, AckError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(result) = this.cell.result.take() {
            return Poll::Ready(result);
        }
        let waker = cx.waker().clone();
        let replaced = this.cell.waker.replace(Some(waker));
        drop(replaced);
        if !this.is_late {
            ready!(Pin::new(&mut this.sleep).poll(cx));
            // A loop that stood still has the answer before it, perhaps: it is read first.
            this.is_late = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        this.space.withdraw(this.number);
        Poll::Ready(Err(AckError::TimedOut(this.after)))
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        self.space.withdraw(self.number);
        let waker = self.cell.waker.take();
        drop(waker);
    }
}

impl std::fmt::Debug for Ack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ack").field("number", &self.number).finish_non_exhaustive()
    }
}
