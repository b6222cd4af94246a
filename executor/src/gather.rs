//! `gather` and `try_gather`: all the results of several futures, in the order of the futures.
//!
//! They are polled inside of the future that waits, so they may borrow from it, and are dropped
//! with it. Of more than 16, a wake of one is a poll of one.

use std::{
    fmt,
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll},
};

use crate::brood::Brood;

/// Waits for all futures and gives their outputs in order. A panic of one goes on to whoever
/// awaits; the others are then dropped.
///
/// More than 16 each get a waker of their own, which anybody might hold: among so many a deadlock
/// is suspected and told to the log, never proven.
///
/// # Cancel safety
/// Dropping it drops the futures, and the outputs of those that had finished.
///
/// ```
/// # use glassloop_executor::gather;
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// let mut gathered = pin!(gather((1..=3).map(|n| async move { n * n })));
/// let polled = gathered.as_mut().poll(&mut Context::from_waker(Waker::noop()));
/// assert_eq!(polled, Poll::Ready(vec![1, 4, 9]));
/// ```
pub fn gather<F: Future>(futures: impl IntoIterator<Item = F>) -> Gather<F> {
    let brood = Brood::new(futures);
    let outputs = (0..brood.len()).map(|_| None).collect();
    Gather { brood, outputs }
}

/// As [`gather`], for futures that may fail: the first error is the result, and the futures that
/// are left are dropped before it is given, as are the outputs there were.
///
/// # Cancel safety
/// Dropping it drops the futures, and the outputs of those that had finished.
///
/// ```
/// # use glassloop_executor::try_gather;
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// let parse = |text: &'static str| async move { text.parse::<u8>().map_err(|_| text) };
/// let mut parsed = pin!(try_gather(["1", "two", "3"].map(parse)));
/// let polled = parsed.as_mut().poll(&mut Context::from_waker(Waker::noop()));
/// assert_eq!(polled, Poll::Ready(Err("two")));
/// ```
pub fn try_gather<F, T, E>(futures: impl IntoIterator<Item = F>) -> TryGather<F, T>
where
    F: Future<Output = Result<T, E>>,
{
    let brood = Brood::new(futures);
    let outputs = (0..brood.len()).map(|_| None).collect();
    TryGather { brood, outputs }
}

/// All outputs of several futures, in order. Made by [`gather`].
///
/// # Cancel safety
/// Dropping it drops the futures, and the outputs of those that had finished.
#[must_use = "futures do nothing unless awaited"]
pub struct Gather<F: Future> {
    brood: Brood<F>,
    outputs: Vec<Option<F::Output>>,
}

/// All values of several futures, in order, or the first error. Made by [`try_gather`].
///
/// # Cancel safety
/// Dropping it drops the futures, and the outputs of those that had finished.
#[must_use = "futures do nothing unless awaited"]
pub struct TryGather<F, T> {
    brood: Brood<F>,
    outputs: Vec<Option<T>>,
}

/// Neither the futures, which are boxed, nor the outputs are ever pinned in here.
impl<F: Future> Unpin for Gather<F> {}
impl<F, T> Unpin for TryGather<F, T> {}

/// The outputs, when all are there.
fn unwrapped<T>(outputs: &mut Vec<Option<T>>) -> Vec<T> {
    let outputs = std::mem::take(outputs).into_iter();
    outputs.map(|output| output.expect("each future finished once")).collect()
}

impl<F: Future> Future for Gather<F> {
    type Output = Vec<F::Output>;

    /// When polled again after it was ready it gives no outputs.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Gather { brood, outputs } = &mut *self;
        brood.poll(cx, |index, output| {
            outputs[index] = Some(output);
            ControlFlow::Continue(())
        });
        if brood.left() > 0 { Poll::Pending } else { Poll::Ready(unwrapped(outputs)) }
    }
}

impl<F, T, E> Future for TryGather<F, T>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<Vec<T>, E>;

    /// When polled again after it was ready it gives no outputs.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let TryGather { brood, outputs } = &mut *self;
        let mut first = None;
        brood.poll(cx, |index, output| match output {
            Ok(value) => {
                outputs[index] = Some(value);
                ControlFlow::Continue(())
            }
            Err(error) => {
                first = Some(error);
                ControlFlow::Break(())
            }
        });
        if let Some(error) = first {
            brood.clear();
            outputs.clear();
            return Poll::Ready(Err(error));
        }
        if brood.left() > 0 { Poll::Pending } else { Poll::Ready(Ok(unwrapped(outputs))) }
    }
}

impl<F: Future> fmt::Debug for Gather<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather").field("futures", &self.outputs.len()).finish_non_exhaustive()
    }
}

impl<F, T> fmt::Debug for TryGather<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryGather").field("futures", &self.outputs.len()).finish_non_exhaustive()
    }
}
