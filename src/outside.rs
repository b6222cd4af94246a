//! `outside`: code that must not run inside a turn, such as a dialog that runs its host's loop.
//!
//! A host's loop that is run from within a task would have to pump ours inside its own turn, which
//! is refused. What is asked for here runs when the turn has returned, with the loop given back to
//! its host: whoever runs then may pump it, and the task that asked goes on in a later turn.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt,
    future::Future,
    panic::{Location, resume_unwind},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use glassloop_executor::{Payload, PlaceId, caught};

use crate::{core::Core, current};

/// What waits for the end of a turn.
#[derive(Default)]
pub(crate) struct Line {
    calls: RefCell<VecDeque<Box<dyn FnOnce()>>>,
    /// How many of them run now, one within the other.
    depth: Cell<u32>,
}

/// Where the result goes.
struct Slot<T> {
    result: RefCell<Option<Result<T, Payload>>>,
    waker: RefCell<Option<Waker>>,
    /// Nobody waits any more.
    dropped: Cell<bool>,
}

/// Has `f` run outside of any turn of the current loop, and gives its result.
///
/// It runs when the turn that polls this first has returned, within
/// [`run`](crate::EventLoop::run), [`pump`](crate::EventLoop::pump) or a guest's
/// [tick](crate::GuestTick::run); for turns made by hand, when [`wait`](crate::EventLoop::wait) is
/// called next. While it runs, the loop may be pumped
/// from inside of it, as a host does whose dialog runs a loop of its own. Whatever waits for the
/// thread waits for `f`.
///
/// # Panics
/// Outside of a loop. A panic of `f` goes on where this is awaited.
///
/// # Cancel safety
/// Dropped before `f` ran, it never does; its result is dropped otherwise.
///
/// ```
/// use std::{cell::Cell, rc::Rc, time::Duration};
/// use glassloop::{EventLoop, RunError, outside, yield_now};
///
/// let event_loop = Rc::new(EventLoop::new()?);
/// let (host, open) = (Rc::clone(&event_loop), Rc::new(Cell::new(true)));
/// // A modal dialog: the host's loop runs inside of it, and pumps ours, until it is closed.
/// let shown = Rc::clone(&open);
/// let dialog = move || {
///     while shown.get() {
///         host.pump(Duration::from_millis(2))?;
///     }
///     Ok::<_, RunError>("ok")
/// };
/// let asks = event_loop.spawn(async { outside(dialog).await });
/// event_loop.spawn(async move {
///     yield_now().await;
///     open.set(false); // another task, while the dialog is open
/// }).detach();
/// while !asks.is_finished() {
///     event_loop.pump(Duration::from_millis(2))?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn outside<F, T>(f: F) -> Outside<F, T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    Outside { f: Some(f), slot: None }
}

/// The future of [`outside`].
///
/// # Cancel safety
/// Dropped before its closure ran, that never runs; a result that has come is dropped with it.
#[must_use = "futures do nothing unless polled"]
pub struct Outside<F, T> {
    f: Option<F>,
    slot: Option<Rc<Slot<T>>>,
}

// Nothing of it is ever pinned.
impl<F, T> Unpin for Outside<F, T> {}

impl<F, T> Future for Outside<F, T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    type Output = T;

    /// # Panics
    /// When polled again after it was ready; see [`outside`].
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let core = current::expect("outside");
        core.reactor.note_place(Location::caller());
        if let Some(f) = self.f.take() {
            let slot = Rc::new(Slot {
                result: RefCell::default(),
                waker: RefCell::default(),
                dropped: Cell::new(false),
            });
            self.slot = Some(Rc::clone(&slot));
            core.outside.add(&core, Box::new(move || slot.run(f)));
        }
        let slot = self.slot.as_ref().expect("it was asked for just now, or before");
        match slot.result.take() {
            Some(Ok(value)) => Poll::Ready(value),
            Some(Err(payload)) => resume_unwind(payload),
            None => {
                // Cloned before the borrow, and the old one dropped after it: both may be anything.
                let waker = cx.waker().clone();
                let replaced = slot.waker.replace(Some(waker));
                drop(replaced);
                Poll::Pending
            }
        }
    }
}

impl<F, T> Drop for Outside<F, T> {
    fn drop(&mut self) {
        if let Some(slot) = &self.slot {
            slot.dropped.set(true);
            let waker = slot.waker.take();
            drop(waker);
            tell_of(slot.result.take());
        }
    }
}

impl<T> Slot<T> {
    fn run(&self, f: impl FnOnce() -> T) {
        if self.dropped.get() {
            return;
        }
        let result = caught(f);
        if self.dropped.get() {
            return tell_of(Some(result));
        }
        let replaced = self.result.replace(Some(result));
        drop(replaced);
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Nobody awaits this any more: a panic is told like any other that nobody will ask for.
fn tell_of<T>(result: Option<Result<T, Payload>>) {
    if let (Some(Err(payload)), Some(core)) = (result, current::get()) {
        core.executor.report("a closure outside of a turn", PlaceId::UNKNOWN, payload);
    }
}

impl Line {
    fn add(&self, core: &Core, call: Box<dyn FnOnce()>) {
        self.calls.borrow_mut().push_back(call);
        // No other turn is made in place of the end of this one.
        core.reactor.add_chore();
        core.rouse();
    }

    /// Whether one of them runs.
    pub(crate) fn is_running(&self) -> bool {
        self.depth.get() > 0
    }

    pub(crate) fn len(&self) -> usize {
        self.calls.borrow().len()
    }

    fn next(&self) -> Option<Box<dyn FnOnce()>> {
        self.calls.borrow_mut().pop_front()
    }
}

impl Core {
    /// Runs what was to run outside of the turn that has just ended: the loop is its host's
    /// meanwhile.
    #[inline]
    pub(crate) fn step_outside(self: &Rc<Self>) {
        if self.outside.len() > 0 && !self.standing.is_aside() {
            self.run_outside();
        }
    }

    #[cold]
    fn run_outside(self: &Rc<Self>) {
        let _entered = current::enter(self);
        let (running, pump_end) = (self.running.replace(false), self.pump_end.get());
        self.set_pump_end(None);
        self.outside.depth.set(self.outside.depth.get() + 1);
        for _ in 0..self.outside.len() {
            let Some(call) = self.outside.next() else { break };
            // Nobody returns to the host before this is over: it is called for what there is.
            self.lend();
            if let Err(payload) = caught(call) {
                self.executor.report("a waker outside of a turn", PlaceId::UNKNOWN, payload);
            }
        }
        self.outside.depth.set(self.outside.depth.get() - 1);
        self.take_thread_back();
        // The clock is read before anything else runs: that time is no item's.
        self.items_since_poll.set(0);
        self.running.set(running);
        self.set_pump_end(pump_end);
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("len", &self.len()).finish()
    }
}

impl<F, T> fmt::Debug for Outside<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("asked", &self.f.is_none()).finish_non_exhaustive()
    }
}
