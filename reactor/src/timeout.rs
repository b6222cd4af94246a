//! `Timeout`: a future that is given only so long.
//!
//! It promises that a future which is ready at the deadline still wins. It drops the future with
//! itself, not when the time is up.

use std::{
    error::Error,
    fmt,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::sleep::{Sleep, current};

/// Gives a future so long to finish, counted from this call.
///
/// # Panics
/// If the thread has no current event loop.
///
/// # Cancel safety
/// Dropping it drops the future.
#[track_caller]
pub fn timeout<F: IntoFuture>(after: Duration, future: F) -> Timeout<F::IntoFuture> {
    let future = future.into_future();
    let reactor = current("timeout");
    let deadline = reactor.deadline_after(after);
    Timeout { future, sleep: Sleep::at(reactor, deadline), after }
}

pin_project! {
    /// A future that is given only so long. Made by [`timeout`].
    ///
    /// # Cancel safety
    /// Dropping it drops the future and disarms the timer.
    #[derive(Debug)]
    #[must_use = "a timeout does nothing unless it is awaited"]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        sleep: Sleep,
        after: Duration,
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let timeout = self.project();
        if let Poll::Ready(output) = timeout.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        // The future has waited somewhere, and that place says more than ours.
        let reactor = timeout.sleep.reactor().clone();
        let inner = reactor.take_last_place();
        let slept = timeout.sleep.poll_as(cx, "timeout");
        if let Some(place) = inner {
            reactor.note_place(place);
        }
        slept.map(|()| Err(Elapsed { after: *timeout.after }))
    }
}

/// The time was up before the future was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed {
    after: Duration,
}

impl Elapsed {
    /// For a timeout that this crate knows nothing of.
    #[must_use]
    pub fn new(after: Duration) -> Elapsed {
        Elapsed { after }
    }

    /// How long it was given.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timeout: expected an output within {:?}, came none", self.after)
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}
