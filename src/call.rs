//! `Call`: the result of something asked of a loop from another thread.
//!
//! It always resolves: with the value, or with why there is none. What the closure captured is
//! dropped on the loop's thread; a result that nobody takes dies with its holder.

use std::{
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    thread::{self, ThreadId},
    time::Duration,
};

use glassloop_executor::{Executor, Refused, caught, drop_caught, drop_payload, quietly};

use crate::{
    CallError,
    host::serves_a_host,
    result_cell::ResultCell,
    shared::Shared,
    waits::{Listed, Note, NoteCell, Noted},
};

struct Cell<T> {
    result: ResultCell<T, CallError>,
    /// Set by `cancel`; the task, once it runs, leaves its waker here.
    cancel: Mutex<Cancel>,
    note: NoteCell,
    /// The thread of the loop that was asked.
    asked: ThreadId,
}

#[derive(Default)]
struct Cancel {
    asked: bool,
    /// The `Call` is gone.
    detached: bool,
    waker: Option<Waker>,
}

impl<T> Cell<T> {
    fn new(asked: ThreadId) -> Arc<Cell<T>> {
        Arc::new(Cell {
            result: ResultCell::new(),
            cancel: Mutex::default(),
            note: NoteCell::default(),
            asked,
        })
    }

    /// The first result stays. When the `Call` is gone a panic goes on: the loop reports it like
    /// any other that nobody will ask for.
    fn resolve(&self, result: Result<T, CallError>) {
        if let Err(Err(CallError::Panicked(panic))) = self.result.resolve(result) {
            panic.resume();
        }
    }

    fn cancel_asked(&self) -> bool {
        self.cancel.lock().unwrap_or_else(PoisonError::into_inner).asked
    }
}

impl<T: Send> Noted for Cell<T> {
    fn note(&self) -> Option<Note> {
        self.note.get()
    }

    /// A loop of this very thread answers when it is turned, which no wait of ours brings nearer.
    fn is_answered_elsewhere(&self) -> bool {
        self.asked != thread::current().id() && self.result.is_on_its_way()
    }
}

/// Resolves the call as cancelled when it is dropped before anything else did.
struct Resolver<T>(Arc<Cell<T>>);

impl<T> Drop for Resolver<T> {
    fn drop(&mut self) {
        self.0.resolve(Err(CallError::Cancelled));
    }
}

/// Something asked of a loop; see [`Remote::call`](crate::Remote::call). Dropping it detaches.
///
/// # Cancel safety
/// Awaiting it by reference loses nothing.
#[must_use = "a call that is dropped is detached: its result is lost"]
pub struct Call<T> {
    cell: Arc<Cell<T>>,
    shared: Arc<Shared>,
    listed: Listed,
    cancels_on_drop: bool,
}

impl<T: Send + 'static> Call<T> {
    pub(crate) fn defer<F>(shared: &Arc<Shared>, f: F, place: &'static Location<'static>) -> Call<T>
    where
        F: FnOnce() -> T + Send + 'static,
    {
        Call::leave(shared, place, move |resolver| {
            let result = caught(f).map_err(|payload| CallError::Panicked(payload.into()));
            resolver.0.resolve(result);
        })
    }

    pub(crate) fn spawn<F, U>(
        shared: &Arc<Shared>,
        f: F,
        place: &'static Location<'static>,
    ) -> Call<T>
    where
        F: FnOnce() -> U + Send + 'static,
        U: Future<Output = T> + 'static,
    {
        Call::leave(shared, place, move |resolver| {
            let Some(executor) = Executor::current() else { return };
            match caught(f) {
                Ok(future) => {
                    let future = Box::pin(future);
                    executor.spawn(Spawned { future: Some(future), resolver }, place).detach();
                }
                Err(payload) => resolver.0.resolve(Err(CallError::Panicked(payload.into()))),
            }
        })
    }

    /// Leaves `run` for the loop. Refused, the call resolves with the reason at once.
    fn leave(
        shared: &Arc<Shared>,
        place: &'static Location<'static>,
        run: impl FnOnce(Resolver<T>) + Send + 'static,
    ) -> Call<T> {
        let cell = Cell::new(shared.thread);
        let resolver = Resolver(Arc::clone(&cell));
        let call = move || {
            // Cancelled while it waited: what it captured is dropped here, on the loop's thread.
            if !resolver.0.cancel_asked() {
                run(resolver);
            }
        };
        if let Err(refused) = shared.inbox.defer(call, place) {
            let why = match &refused {
                Refused::Full(_) => CallError::Full,
                _ => CallError::Closed,
            };
            cell.resolve(Err(why));
            // The caller's closure dies here, on the caller's thread.
            drop_caught(refused).unwrap_or_else(drop_payload);
        }
        Call { cell, shared: Arc::clone(shared), listed: Listed::default(), cancels_on_drop: false }
    }
}

impl<T> Call<T> {
    /// Asks that it end: a call still in the queue is not run, a spawned task is dropped when its
    /// turn comes. It then resolves with [`CallError::Cancelled`]; a call that runs already goes
    /// on.
    pub fn cancel(&self) {
        let mut cancel = self.cell.cancel.lock().unwrap_or_else(PoisonError::into_inner);
        cancel.asked = true;
        let waker = cancel.waker.take();
        drop(cancel);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// From now on dropping it [cancels](Call::cancel) it, instead of detaching it: who waits for
    /// it and is aborted takes it along, from one thread to the other.
    ///
    /// ```
    /// use std::time::Duration;
    /// use glassloop::{LoopThread, sleep, timeout};
    ///
    /// let child = LoopThread::start("child")?;
    /// let export = child.spawn(|| sleep(Duration::from_secs(3600))).cancel_on_drop();
    /// let ended = glassloop::run(async { timeout(Duration::from_millis(10), export).await });
    /// assert!(ended.is_ok_and(|ended| ended.is_err()), "the parent has lost patience");
    /// # let mut child = child;
    /// let report = child.join(Duration::from_secs(5)).unwrap();
    /// assert!(report.is_clean(), "nothing of it runs on");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn cancel_on_drop(mut self) -> Call<T> {
        self.cancels_on_drop = true;
        self
    }

    /// Whether it has resolved.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        self.cell.result.is_resolved()
    }

    /// Blocks this thread until it resolves, at most `timeout`.
    ///
    /// # Errors
    /// [`CallError::WouldDeadlock`] on the loop's own thread, and on one that drains a
    /// [`HostQueue`](crate::HostQueue), which the loop may wait for (its
    /// [`block_on`](crate::HostQueue::block_on) drains it meanwhile); [`CallError::TimedOut`] when
    /// the time is over (the call goes on, wait again); and every error that the call itself ends
    /// in.
    ///
    /// # Panics
    /// When its result was taken before.
    pub fn wait(&mut self, timeout: Duration) -> Result<T, CallError> {
        let never_ends = self.shared.is_loop_thread() || serves_a_host();
        let timeout = if never_ends { Duration::ZERO } else { timeout };
        self.cell.result.wait(timeout, "a Call").unwrap_or(Err(match never_ends {
            true => CallError::WouldDeadlock,
            false => CallError::TimedOut,
        }))
    }
}

impl<T: Send + 'static> Future for Call<T> {
    type Output = Result<T, CallError>;

    /// # Panics
    /// When polled again after it was ready.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = Location::caller();
        if let Poll::Ready(result) = self.cell.result.poll(cx, "a Call") {
            self.cell.note.set(None);
            return Poll::Ready(result);
        }
        self.cell.note.wait("call", place);
        let Call { listed, cell, .. } = &mut *self;
        listed.here(|| Arc::clone(cell) as Arc<dyn Noted>);
        Poll::Pending
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        self.cell.note.set(None);
        if self.cancels_on_drop {
            self.cancel();
        }
        let waker = {
            let mut cancel = self.cell.cancel.lock().unwrap_or_else(PoisonError::into_inner);
            cancel.detached = true;
            cancel.waker.take()
        };
        drop(waker);
        let result = self.cell.result.abandon();
        if let Some(Err(error @ CallError::Panicked(_))) = &result {
            // Any thread may be here: the loop's own hook for such failures can't be told.
            quietly(|| log::error!("nobody asked for the result of a call: {error}"));
        }
        drop_caught(result).unwrap_or_else(drop_payload);
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("resolved", &self.is_resolved()).finish_non_exhaustive()
    }
}

/// A task spawned from another thread: its output goes to the `Call`.
struct Spawned<U: Future> {
    future: Option<Pin<Box<U>>>,
    resolver: Resolver<U::Output>,
}

impl<U: Future> Future for Spawned<U> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Spawned { future: Some(future), resolver } = &mut *self else { return Poll::Ready(()) };
        let cell = &resolver.0;
        let waker = cx.waker().clone();
        let before = {
            let mut cancel = cell.cancel.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody is left who could cancel: a waker kept for that would look like a way out.
            if cancel.detached { Some(waker) } else { cancel.waker.replace(waker) }
        };
        drop(before);
        let result = if cell.cancel_asked() {
            Err(CallError::Cancelled)
        } else {
            match caught(|| future.as_mut().poll(cx)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(value)) => Ok(value),
                Err(payload) => Err(CallError::Panicked(payload.into())),
            }
        };
        // The future goes first: whoever sees the result sees its drop done.
        let future = self.future.take();
        drop(future);
        self.resolver.0.resolve(result);
        Poll::Ready(())
    }
}
