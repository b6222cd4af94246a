//! `RunUntilCancelled`: a future that runs only as long as a token isn't cancelled.
//!
//! A result that is there when the token is cancelled is not lost. The future is dropped before
//! `None` is given.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::cancel_token::Cancelled;

pin_project! {
    /// A future that runs until a token is cancelled. Made by
    /// [`CancelToken::run_until_cancelled`](crate::CancelToken::run_until_cancelled).
    ///
    /// # Cancel safety
    /// Dropping it drops the future; the token is as it was.
    #[must_use = "futures do nothing unless awaited"]
    pub struct RunUntilCancelled<F> {
        #[pin]
        future: Option<F>,
        cancelled: Cancelled,
        has_begun: bool,
    }
}

impl<F: Future> RunUntilCancelled<F> {
    pub(crate) fn new(cancelled: Cancelled, future: F) -> RunUntilCancelled<F> {
        RunUntilCancelled { future: Some(future), cancelled, has_begun: false }
    }
}

impl<F: Future> Future for RunUntilCancelled<F> {
    type Output = Option<F::Output>;

    /// # Panics
    /// When polled again after it was ready.
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let begins = !std::mem::replace(this.has_begun, true);
        let future = this.future.as_mut().as_pin_mut();
        let future = future.expect("it is not polled after it was ready");
        if !(begins && this.cancelled.is_cancelled())
            && let Poll::Ready(output) = future.poll(cx)
        {
            this.future.set(None);
            return Poll::Ready(Some(output));
        }
        if Pin::new(this.cancelled).poll(cx).is_pending() {
            return Poll::Pending;
        }
        this.future.set(None);
        Poll::Ready(None)
    }
}

impl<F> fmt::Debug for RunUntilCancelled<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunUntilCancelled")
            .field("cancelled", &self.cancelled)
            .finish_non_exhaustive()
    }
}
