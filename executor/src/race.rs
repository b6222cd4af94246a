//! `race`: the first of several futures to finish.
//!
//! The others are dropped before the result is given. They are polled inside of the future that
//! waits, so they may borrow from it. Where several could finish in the same poll, the one that
//! was woken first wins; of a few, which are polled together, the one that stands first.

use std::{
    fmt,
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll},
};

use crate::brood::Brood;

/// Waits for the first of several futures, and says which it was. The others are dropped.
///
/// # Panics
/// If there are none: nobody could win.
///
/// # Cancel safety
/// Dropping it drops the futures. What a loser had done by then it has done: race futures that
/// are themselves safe to drop.
///
/// ```
/// # use glassloop_executor::race;
/// # use std::{future::{Future, pending, ready}, pin::{Pin, pin}};
/// # use std::task::{Context, Poll, Waker};
/// let runners: [Pin<Box<dyn Future<Output = &str>>>; 2] =
///     [Box::pin(pending()), Box::pin(ready("tortoise"))];
/// let mut first = pin!(race(runners));
/// let polled = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
/// assert_eq!(polled, Poll::Ready((1, "tortoise")));
/// ```
#[track_caller]
pub fn race<F: Future>(futures: impl IntoIterator<Item = F>) -> Race<F> {
    let brood = Brood::new(futures);
    assert!(brood.len() > 0, "a race needs a future that could win it");
    Race { brood }
}

/// The first of several futures to finish: which, and its output. Made by [`race`].
///
/// # Cancel safety
/// Dropping it drops the futures.
#[must_use = "futures do nothing unless awaited"]
pub struct Race<F> {
    brood: Brood<F>,
}

/// The futures are boxed, and never pinned in here.
impl<F> Unpin for Race<F> {}

impl<F: Future> Future for Race<F> {
    type Output = (usize, F::Output);

    /// When polled again after it was ready it waits for ever.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut first = None;
        self.brood.poll(cx, |index, output| {
            first = Some((index, output));
            ControlFlow::Break(())
        });
        let Some(first) = first else { return Poll::Pending };
        self.brood.clear();
        Poll::Ready(first)
    }
}

impl<F> fmt::Debug for Race<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race").finish_non_exhaustive()
    }
}
