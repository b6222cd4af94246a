//! The waiting: the one future behind `send`, `drained`, `ping` and `closed`.
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
    entry: Entry,
    question: F,
}

impl<F> Waiting<F> {
    /// The place is that of the public function's caller: each of them tracks it down to here.
    #[track_caller]
    pub(crate) fn new<T>(connection: &Rc<Connection>, what: WaitsFor, question: F) -> Waiting<F>
    where
        F: FnMut(&Rc<Connection>) -> Option<T>,
    {
        Waiting { entry: Entry::new(connection, what), question }
    }
}

impl<T, F> Future for Waiting<F>
where
    F: FnMut(&Rc<Connection>) -> Option<T> + Unpin,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Waiting { entry, question } = self.get_mut();
        if let Some(answer) = question(&entry.connection) {
            entry.withdraw();
            return Poll::Ready(answer);
        }
        if !entry.put(cx) {
            return Poll::Pending;
        }
        // Cloning a waker is foreign code, which may have changed what we asked about.
        match question(&entry.connection) {
            Some(answer) => {
                entry.withdraw();
                Poll::Ready(answer)
            }
            None => Poll::Pending,
        }
    }
}

/// One place in the list of who waits on a connection; free until something is put there, and
/// again when this is dropped.
pub(crate) struct Entry {
    pub(crate) connection: Rc<Connection>,
    view: WaitView,
    ticket: Option<u64>,
}

impl Entry {
    #[track_caller]
    pub(crate) fn new(connection: &Rc<Connection>, what: WaitsFor) -> Entry {
        let view = WaitView { what, place: Location::caller() };
        Entry { connection: Rc::clone(connection), view, ticket: None }
    }

    /// Waits from now on. False if it did so already, for the same task.
    pub(crate) fn put(&mut self, cx: &Context<'_>) -> bool {
        self.connection.reactor().note_place(self.view.place);
        if let Some(ticket) = self.ticket
            && self.connection.with(|mailbox, _| mailbox.waits.holds(ticket, cx.waker()))
        {
            return false;
        }
        let waker = cx.waker().clone();
        let replaced = self
            .connection
            .with(|mailbox, _| mailbox.waits.put(&mut self.ticket, self.view, waker));
        drop(replaced);
        true
    }

    /// Waits no more.
    // COST: nobody is there to be withdrawn, nearly always; the call took 40 instructions.
    #[inline]
    pub(crate) fn withdraw(&mut self) {
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

impl Drop for Entry {
    #[inline]
    fn drop(&mut self) {
        self.withdraw();
    }
}
