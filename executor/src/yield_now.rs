//! `yield_now`: a task's way to let the others have their turn.
//!
//! It goes to the end of the ready queue, behind everything that is ready; what became ready
//! through sockets, timers and other threads meanwhile comes up in the next turn with it.

use std::{
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use crate::tap::note_yield;

/// Pending once, ready the next time.
///
/// # Cancel safety
/// Dropping it loses nothing.
#[derive(Debug, Default)]
#[must_use = "futures do nothing unless awaited"]
pub struct YieldNow {
    yielded: bool,
}

/// Lets everything else that is ready run before this task goes on.
pub fn yield_now() -> YieldNow {
    YieldNow::default()
}

impl Future for YieldNow {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        note_yield(Location::caller());
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
