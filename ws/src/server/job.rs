//! The job: a piece of a server's work that the program spawns.
//!
//! Promises that a job ends, once the server's stop has run out, at its next poll, and that the
//! server can have it polled. It does not run by itself.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::roster::Place;

/// A future of a server's, to be spawned: a conversation, a driver, or what a route made of a
/// WebSocket.
///
/// # Cancel safety
/// Dropping it drops its part of the connection: the socket, or the program's own future.
#[must_use = "a job does nothing unless it is polled"]
pub struct Job {
    name: String,
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
    seat: Rc<Seat>,
    // Behind the future, so that the place becomes free after what took it has gone.
    place: Rc<Place>,
}

impl Job {
    pub(crate) fn new(
        name: String,
        place: &Rc<Place>,
        future: impl Future<Output = ()> + 'static,
    ) -> Job {
        let place = Rc::clone(place);
        Job { name, future: Some(Box::pin(future)), seat: place.new_seat(), place }
    }

    /// What a task of it should be called: its kind, its route and its peer.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Future for Job {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // Noted first: it clones a waker, which is foreign code and may stop the server.
        self.seat.note(cx.waker());
        if self.place.is_cut() {
            self.future = None;
        }
        let Some(mut future) = self.future.take() else { return Poll::Ready(()) };
        let polled = future.as_mut().poll(cx);
        if polled.is_pending() {
            self.future = Some(future);
        }
        polled
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Job").field(&self.name).finish()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        drop(self.seat.take());
    }
}

/// Who is to be woken for a job. Nothing foreign runs while it is changed.
#[derive(Default)]
pub(crate) struct Seat(Cell<Option<Waker>>);

impl Seat {
    pub(crate) fn note(&self, waker: &Waker) {
        let known = self.0.take();
        let fresh = match known {
            Some(known) if known.will_wake(waker) => known,
            _ => waker.clone(),
        };
        drop(self.0.replace(Some(fresh)));
    }

    pub(crate) fn take(&self) -> Option<Waker> {
        self.0.take()
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seat")
    }
}
