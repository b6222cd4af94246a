//! `HostCall`: the result of something asked of the host's thread.
//!
//! It always resolves. The cell between the two threads is locked for moves only; what the host
//! never begins is given up by the clock of the loop that waits.

use std::{
    fmt,
    future::{Future, IntoFuture},
    panic::Location,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use glassloop_executor::{drop_caught, drop_payload, quietly};
use glassloop_reactor::{Sleep, sleep};

use super::{HostError, JobContext, inner::Inner};
use crate::{
    current,
    waits::{self, Note, NoteCell, Noted},
};

enum State<T> {
    Waiting(Waiting),
    Resolved(Result<T, HostError>),
    Taken,
}

/// Who waits, and for what.
#[derive(Default)]
struct Waiting {
    progress: Progress,
    waker: Option<Waker>,
    /// A thread blocks for it. Telling a condition of which nobody hears is a system call, too.
    blocked: bool,
}

/// How far the host has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    /// It runs, or one of its steps does.
    running: bool,
    /// Steps that are done.
    steps: u32,
}

/// Where the result goes.
pub(super) struct Cell<T> {
    state: Mutex<State<T>>,
    resolved: Condvar,
    pub(super) context: JobContext,
    note: NoteCell,
}

impl<T> Cell<T> {
    pub(super) fn new() -> Arc<Cell<T>> {
        Arc::new(Cell {
            state: Mutex::new(State::Waiting(Waiting::default())),
            resolved: Condvar::new(),
            context: JobContext::default(),
            note: NoteCell::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host has come to it. False if nobody wants it any more.
    pub(super) fn begin(&self) -> bool {
        if let State::Waiting(waiting) = &mut *self.state() {
            waiting.progress.running = true;
        }
        !self.context.is_cancelled()
    }

    /// A step is done, and the next one waits.
    pub(super) fn pause(&self) {
        if let State::Waiting(Waiting { progress, .. }) = &mut *self.state() {
            *progress = Progress { running: false, steps: progress.steps.saturating_add(1) };
        }
    }

    fn progress(&self) -> Progress {
        match *self.state() {
            State::Waiting(Waiting { progress, .. }) => progress,
            State::Resolved(_) | State::Taken => Progress::default(),
        }
    }

    fn is_resolved(&self) -> bool {
        !matches!(*self.state(), State::Waiting(_))
    }

    /// The first result stays; wakes who waits, with no lock held.
    pub(super) fn resolve(&self, result: Result<T, HostError>) {
        let mut state = self.state();
        if !matches!(*state, State::Waiting(_)) {
            drop(state);
            if let Err(HostError::Panicked(_)) = &result {
                quietly(|| log::error!("nobody waited for a host call any more: it panicked"));
            }
            return drop_caught(result).unwrap_or_else(drop_payload);
        }
        let before = std::mem::replace(&mut *state, State::Resolved(result));
        drop(state);
        let State::Waiting(before) = before else { return };
        if before.blocked {
            self.resolved.notify_all();
        }
        if let Some(waker) = before.waker {
            waits::wake(waker);
        }
    }

    /// The result, if it is there and was not taken.
    fn take(&self) -> Option<Result<T, HostError>> {
        let mut state = self.state();
        if matches!(*state, State::Waiting(_)) {
            return None;
        }
        match std::mem::replace(&mut *state, State::Taken) {
            State::Resolved(result) => Some(result),
            _ => panic!("a host call was polled after it gave its result"),
        }
    }

    /// The result, or leaves a waker for it.
    fn poll(&self, cx: &Context<'_>) -> Poll<Result<T, HostError>> {
        if let Some(result) = self.take() {
            return Poll::Ready(result);
        }
        // A waker's clone isn't ours to make under a lock, nor its drop.
        let waker = cx.waker().clone();
        let mut state = self.state();
        if let State::Waiting(waiting) = &mut *state {
            let replaced = waiting.waker.replace(waker);
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        drop(state);
        // It has come meanwhile.
        self.take().map_or(Poll::Pending, Poll::Ready)
    }

    /// Nobody will take the result.
    fn abandon(&self) {
        self.context.cancel();
        self.note.set(None);
        let before = std::mem::replace(&mut *self.state(), State::Taken);
        if let State::Resolved(Err(error @ HostError::Panicked(_))) = &before {
            quietly(|| log::error!("nobody asked for the result of a host call: {error}"));
        }
        drop_caught(before).unwrap_or_else(drop_payload);
    }
}

impl<T: Send> Noted for Cell<T> {
    fn note(&self) -> Option<Note> {
        self.note.get()
    }

    fn is_answered_elsewhere(&self) -> bool {
        !self.is_resolved()
    }
}

/// Something asked of the host; see [`HostQueue::call`](super::HostQueue::call). Await it in a
/// task, or [`wait`](HostCall::wait) for it on a thread of no loop.
///
/// # Drop
/// Cancels it: if it waits it never runs, and what it captured is dropped here; if it runs it is
/// told, and its result is dropped on the host's thread.
#[must_use = "a host call that is dropped is cancelled; `HostQueue::defer` asks for no result"]
pub struct HostCall<T> {
    held: Held<T>,
    queued_for: Duration,
    warned_after: Duration,
}

/// The right to the result, and the duty to cancel.
struct Held<T> {
    cell: Arc<Cell<T>>,
    queue: Arc<Inner>,
    key: u64,
    place: &'static Location<'static>,
    /// The result was taken: there is nothing to cancel.
    taken: bool,
}

impl<T> Held<T> {
    /// It is not to run, if it doesn't already.
    fn withdraw(&self, why: HostError) {
        self.queue.withdraw(self.key, why);
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if self.taken {
            return;
        }
        if !self.cell.is_resolved() {
            self.cell.context.cancel();
            self.withdraw(HostError::Cancelled);
        }
        self.cell.abandon();
    }
}

impl<T: Send + 'static> HostCall<T> {
    pub(super) fn new(
        cell: Arc<Cell<T>>,
        queue: Arc<Inner>,
        key: u64,
        place: &'static Location<'static>,
    ) -> HostCall<T> {
        let queued_for = Duration::from_millis(queue.limits.queued_ms_max);
        let warned_after = Duration::from_millis(queue.limits.running_ms_warned);
        let held = Held { cell, queue, key, place, taken: false };
        HostCall { held, queued_for, warned_after }
    }

    /// How long the host may take to come to it, by the clock of the loop that awaits it. Then it
    /// resolves with [`HostError::TimedOut`] and never runs.
    pub fn queue_timeout(mut self, timeout: Duration) -> HostCall<T> {
        self.queued_for = timeout;
        self
    }

    /// How long it may run before the log is told, once. Nobody can end what runs on the host's
    /// thread; a [chunked](super::HostQueue::call_chunked) call ends between two steps.
    ///
    /// ```
    /// use std::time::Duration;
    /// use glassloop::{EventLoop, HostError, HostQueue};
    ///
    /// let (host, event_loop) = (HostQueue::new(), EventLoop::new()?); // and nobody drains
    /// let asked = host.clone();
    /// let answer = event_loop.block_on(async move {
    ///     let call = asked.call(|| 6 * 7);
    ///     // Twenty milliseconds for the host to come to it; it may run for a second.
    ///     call.queue_timeout(Duration::from_millis(20)).warn_after(Duration::from_secs(1)).await
    /// })?;
    /// assert!(matches!(answer, Err(HostError::TimedOut)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn warn_after(mut self, running: Duration) -> HostCall<T> {
        self.warned_after = running;
        self
    }

    /// Asks that it end: if it waits it never runs, if it runs it is told so. It then resolves with
    /// [`HostError::Cancelled`], unless it runs to its end all the same.
    pub fn cancel(&self) {
        self.held.cell.context.cancel();
        self.held.withdraw(HostError::Cancelled);
    }

    /// Whether it has resolved.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        self.held.cell.is_resolved()
    }

    /// Blocks this thread until it resolves, at most `timeout`, and drops it then.
    ///
    /// # Errors
    /// [`HostError::WouldDeadlock`] on the host's own thread, and in a loop's turn;
    /// [`HostError::TimedOut`] when the time is over; and every error the call itself ends in.
    pub fn wait(self, timeout: Duration) -> Result<T, HostError> {
        let cell = &self.held.cell;
        if !cell.is_resolved() && (self.held.queue.is_host_thread() || current::in_turn()) {
            return Err(HostError::WouldDeadlock);
        }
        let began = Instant::now();
        let mut state = cell.state();
        while let State::Waiting(waiting) = &mut *state {
            waiting.blocked = true;
            let Some(left) = timeout.checked_sub(began.elapsed()).filter(|left| !left.is_zero())
            else {
                drop(state);
                self.held.withdraw(HostError::TimedOut);
                return Err(HostError::TimedOut);
            };
            // A wait that is too long for the platform's clock is a long wait all the same.
            let waited = cell.resolved.wait_timeout(state, left.min(Duration::from_secs(3600)));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        match std::mem::replace(&mut *state, State::Taken) {
            State::Resolved(result) => result,
            State::Taken | State::Waiting(_) => unreachable!("nobody else takes it"),
        }
    }
}

impl<T: Send + 'static> IntoFuture for HostCall<T> {
    type Output = Result<T, HostError>;
    type IntoFuture = HostCalling<T>;

    fn into_future(self) -> HostCalling<T> {
        let HostCall { held, queued_for, warned_after } = self;
        HostCalling { held, queued_for, warned_after, timer: None, noted: false }
    }
}

/// A [`HostCall`] that is awaited. Its timeouts count from its first poll in a loop; on a thread
/// without one it has none, and whoever polls it there has their own.
///
/// # Cancel safety
/// Dropped, it is cancelled as the call is.
#[must_use = "futures do nothing unless polled"]
pub struct HostCalling<T> {
    held: Held<T>,
    queued_for: Duration,
    warned_after: Duration,
    timer: Option<Timer>,
    /// Whether a loop has its cell in its list of waits.
    noted: bool,
}

/// The clock of a call that is awaited.
struct Timer {
    alarm: Sleep,
    /// By when the host has to have come to it, or to its next step.
    queued_until: Instant,
    /// How far it was when the alarm last rang.
    seen: Progress,
    /// The log was told.
    told: bool,
}

/// Who waits looks no more often than this whether its call has begun.
const LOOK_MIN: Duration = Duration::from_millis(10);

/// So much later, or as late as the platform's clock can say.
fn later(deadline: Instant, by: Duration) -> Instant {
    deadline.checked_add(by).unwrap_or(deadline)
}

impl<T: Send + 'static> HostCalling<T> {
    /// Looks at the clock. True if the host hasn't come in time.
    ///
    /// Nobody is woken when the host begins, so an alarm that rings looks how far it is. So the log
    /// may be told as late as after twice the time. On a thread without a loop there is no clock:
    /// whoever blocks there has a timeout of its own.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        if current::get().is_none() {
            return false;
        }
        let queued_for = self.queued_for;
        let warned_after = self.warned_after.max(LOOK_MIN);
        let timer = self.timer.get_or_insert_with(|| {
            let first = queued_for.min(warned_after);
            let alarm = sleep(first);
            let queued_until = later(alarm.deadline(), queued_for - first);
            Timer { alarm, queued_until, seen: Progress::default(), told: false }
        });
        while Pin::new(&mut timer.alarm).poll(cx).is_ready() {
            let (now, progress) = (timer.alarm.deadline(), self.held.cell.progress());
            let before = std::mem::replace(&mut timer.seen, progress);
            if progress.steps > before.steps {
                timer.queued_until = sleep(queued_for).deadline();
            }
            if progress.running {
                if progress == before && !std::mem::replace(&mut timer.told, true) {
                    self.held.queue.inside().statistics.slow += 1;
                    let place = self.held.place;
                    quietly(|| {
                        log::warn!("a host call made at {place} has run for {warned_after:?}");
                    });
                }
                timer.alarm = sleep(warned_after);
            } else if now >= timer.queued_until {
                return true;
            } else {
                timer.alarm = sleep((timer.queued_until - now).min(warned_after));
            }
        }
        false
    }
}

impl<T: Send + 'static> Future for HostCalling<T> {
    type Output = Result<T, HostError>;

    /// # Panics
    /// When polled again after it was ready.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = Location::caller();
        let mut polled = self.held.cell.poll(cx);
        if polled.is_pending() && self.is_late(cx) {
            // If it isn't there any more it has just begun, or ended.
            self.held.withdraw(HostError::TimedOut);
            polled = self.held.cell.poll(cx);
        }
        if polled.is_ready() {
            self.held.taken = true;
            self.held.cell.note.set(None);
            self.timer = None;
            return polled;
        }
        self.held.cell.note.wait("host call", place);
        if !self.noted
            && let Some(core) = current::get()
        {
            let cell = Arc::clone(&self.held.cell) as Arc<dyn Noted>;
            core.waits.add(Arc::downgrade(&cell));
            self.noted = true;
        }
        Poll::Pending
    }
}

impl<T> fmt::Debug for HostCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostCall").field("place", &self.held.place).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for HostCalling<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostCalling").field("place", &self.held.place).finish_non_exhaustive()
    }
}
