//! The waiting: the one future behind `recv`, `send`, `ping` and `closed`.
//!
//! Promises that a future dropped early leaves no waker behind, and that no event between the
//! look and the registration is lost. What it waits for is a question asked of the connection.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::connection::Connection;
use crate::waits::{WaitView, WaitsFor};

/// Asks `question` each time it is polled, until the answer is `Some`.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Waiting<F> {
    connection: Rc<Connection>,
    view: WaitView,
    ticket: Option<u64>,
    question: F,
}

impl<F> Waiting<F> {
    /// The place is that of the public function's caller: each of them tracks it down to here.
    #[track_caller]
    pub(crate) fn new<T>(connection: &Rc<Connection>, what: WaitsFor, question: F) -> Waiting<F>
    where
        F: FnMut(&Rc<Connection>) -> Option<T>,
    {
        Waiting {
            connection: Rc::clone(connection),
            view: WaitView { what, place: Location::caller() },
            ticket: None,
            question,
        }
    }

    // COST: nobody is there to be withdrawn, nearly always; the call took 40 instructions.
    #[inline]
    fn withdraw(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            withdraw(&self.connection, ticket);
        }
    }
}

fn withdraw(connection: &Connection, ticket: u64) {
    // Dropped here, after the borrow: a waker's drop may be anything.
    let waker = connection.with(|mailbox, _| mailbox.waits.remove(ticket));
    drop(waker);
}

impl<T, F> Future for Waiting<F>
where
    F: FnMut(&Rc<Connection>) -> Option<T> + Unpin,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = self.get_mut();
        if let Some(answer) = (this.question)(&this.connection) {
            this.withdraw();
            return Poll::Ready(answer);
        }
        this.connection.reactor().note_place(this.view.place);
        let known = this.connection.with(|mailbox, _| mailbox.waits.holds(this.ticket, cx.waker()));
        if known {
            return Poll::Pending;
        }
        let waker = cx.waker().clone();
        let replaced = this
            .connection
            .with(|mailbox, _| mailbox.waits.put(&mut this.ticket, this.view, waker));
        drop(replaced);
        // Cloning a waker is foreign code, which may have changed what we asked about.
        match (this.question)(&this.connection) {
            Some(answer) => {
                this.withdraw();
                Poll::Ready(answer)
            }
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Waiting<F> {
    fn drop(&mut self) {
        self.withdraw();
    }
}
