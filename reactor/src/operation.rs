//! `Operation`: one operation on a source, as a future.
//!
//! It promises that a wait ends with the future: dropped early, it takes its waiter out of the
//! table, and nobody else's. What the operation does is given by a function that is polled.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    readiness::Direction,
    registered::{Registered, Wait},
    source::Source,
    waiter::Place,
};

/// A future that polls `step` with the place at which it was made.
pub(crate) struct Operation<'a, S: Source, F> {
    registered: &'a Registered<S>,
    wait: Wait,
    /// The ticket of its wait, while it waits.
    waiting: Option<u32>,
    step: F,
}

impl<'a, S: Source, F> Operation<'a, S, F> {
    pub(crate) fn new(
        registered: &'a Registered<S>,
        direction: Direction,
        operation: &'static str,
        place: Place,
        step: F,
    ) -> Operation<'a, S, F> {
        let wait = Wait { direction, operation, place };
        Operation { registered, wait, waiting: None, step }
    }
}

/// The function is called where it lies, never pinned.
impl<S: Source, F> Unpin for Operation<'_, S, F> {}

impl<S, F, T> Future for Operation<'_, S, F>
where
    S: Source,
    F: FnMut(&mut Context<'_>, Wait) -> Poll<T>,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let wait = self.wait;
        let polled = (self.step)(cx, wait);
        // A poll that yields, or waits for a timer, stored none. The ticket is then an older one,
        // and nobody else's wait has it: who waits in the same direction found it not ready.
        self.waiting = polled.is_pending().then(|| self.registered.ticket());
        polled
    }
}

impl<S: Source, F> Drop for Operation<'_, S, F> {
    fn drop(&mut self) {
        if let Some(ticket) = self.waiting {
            self.registered.withdraw(self.wait.direction, ticket);
        }
    }
}

impl<S: Source, F> fmt::Debug for Operation<'_, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("wait", &self.wait).finish_non_exhaustive()
    }
}
