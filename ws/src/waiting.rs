//! The waiting: the one future behind `send`, `drained`, `ping` and `closed`.
//!
//! Promises that a future dropped early leaves no waker behind, and that no event between the
//! look and the registration is lost. What it waits for is a question asked of the connection.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use glassloop_reactor::Reactor;

use crate::waits::{WaitView, Waits, WaitsFor};

/// What a future can wait on: it has a list of those who do, and a loop.
pub(crate) trait Awaited {
    fn reactor(&self) -> &Reactor;

    /// Looks at the list or changes it. Nothing foreign runs meanwhile.
    fn waits<T>(&self, act: impl FnOnce(&mut Waits) -> T) -> T;
}

/// What is done by a driver, a future that somebody polls.
pub(crate) trait Driven {
    /// Looks at the driver's waker or changes it. Nothing foreign runs meanwhile.
    fn driver<T>(&self, act: impl FnOnce(&mut Option<Waker>) -> T) -> T;

    /// Notes whom to wake when there is something for the driver to do.
    fn set_driver(&self, waker: &Waker) {
        if !self.driver(|driver| driver.as_ref().is_some_and(|known| known.will_wake(waker))) {
            // Cloned before the borrow, and the old one dropped after it: both may be anything.
            let waker = waker.clone();
            let replaced = self.driver(|driver| driver.replace(waker));
            drop(replaced);
        }
    }

    /// Has the driver polled.
    fn wake_driver(&self) {
        if let Some(driver) = self.driver(Option::take) {
            driver.wake();
        }
    }
}

/// Asks `question` each time it is polled, until the answer is `Some`.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Waiting<A: Awaited, F> {
    entry: Entry<A>,
    question: F,
}

impl<A: Awaited, F> Waiting<A, F> {
    /// The place is that of the public function's caller: each of them tracks it down to here.
    #[track_caller]
    pub(crate) fn new<T>(on: &Rc<A>, what: WaitsFor, question: F) -> Waiting<A, F>
    where
        F: FnMut(&Rc<A>) -> Option<T>,
    {
        Waiting { entry: Entry::new(on, what), question }
    }
}

impl<A, T, F> Future for Waiting<A, F>
where
    A: Awaited,
    F: FnMut(&Rc<A>) -> Option<T> + Unpin,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Waiting { entry, question } = self.get_mut();
        if let Some(answer) = question(&entry.on) {
            entry.withdraw();
            return Poll::Ready(answer);
        }
        if !entry.put(cx) {
            return Poll::Pending;
        }
        // Cloning a waker is foreign code, which may have changed what we asked about.
        match question(&entry.on) {
            Some(answer) => {
                entry.withdraw();
                Poll::Ready(answer)
            }
            None => Poll::Pending,
        }
    }
}

/// One place in such a list; free until something is put there, and again when this is dropped.
pub(crate) struct Entry<A: Awaited> {
    pub(crate) on: Rc<A>,
    view: WaitView,
    ticket: Option<u64>,
}

impl<A: Awaited> Entry<A> {
    #[track_caller]
    pub(crate) fn new(on: &Rc<A>, what: WaitsFor) -> Entry<A> {
        Entry::at(on, what, Location::caller())
    }

    /// On behalf of another place.
    pub(crate) fn at(on: &Rc<A>, what: WaitsFor, place: &'static Location<'static>) -> Entry<A> {
        Entry { on: Rc::clone(on), view: WaitView { what, place }, ticket: None }
    }

    /// Where it was asked for.
    pub(crate) fn place(&self) -> &'static Location<'static> {
        self.view.place
    }

    /// Waits from now on. False if it did so already, for the same task.
    pub(crate) fn put(&mut self, cx: &Context<'_>) -> bool {
        self.on.reactor().note_place(self.view.place);
        if let Some(ticket) = self.ticket
            && self.on.waits(|waits| waits.holds(ticket, cx.waker()))
        {
            return false;
        }
        let waker = cx.waker().clone();
        let replaced = self.on.waits(|waits| waits.put(&mut self.ticket, self.view, waker));
        drop(replaced);
        true
    }

    /// Waits no more.
    // COST: nobody is there to be withdrawn, nearly always; the call took 40 instructions.
    #[inline]
    pub(crate) fn withdraw(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            withdraw(&*self.on, ticket);
        }
    }
}

fn withdraw(on: &impl Awaited, ticket: u64) {
    // Dropped here, after the borrow: a waker's drop may be anything.
    let waker = on.waits(|waits| waits.remove(ticket));
    drop(waker);
}

impl<A: Awaited> Drop for Entry<A> {
    #[inline]
    fn drop(&mut self) {
        self.withdraw();
    }
}
