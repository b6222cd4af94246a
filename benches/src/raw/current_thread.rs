//! A future that claims to be `Send`, for `tokio::spawn` on a current-thread runtime.
//!
//! tokio asks for `Send` there although such a runtime polls and drops its tasks on one thread; the
//! workloads share an `Rc` between two tasks, for every peer alike.

use std::pin::Pin;
use std::task::{Context, Poll};

pin_project_lite::pin_project! {
    /// Must be spawned on a current-thread runtime that is run and dropped on this thread.
    pub struct CurrentThread<F> {
        #[pin]
        future: F,
    }
}

impl<F> CurrentThread<F> {
    pub fn new(future: F) -> CurrentThread<F> {
        CurrentThread { future }
    }
}

// SAFETY: the only user is the tokio peer, whose runtime is made, run and dropped on one thread
// within one call of `block_on`.
unsafe impl<F> Send for CurrentThread<F> {}

impl<F: Future> Future for CurrentThread<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}
