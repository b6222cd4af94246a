//! `HostCall`: the result of something asked of the host's thread.
//!
//! It always resolves: what the host never begins is given up by the clock of the loop that waits.

use std::{
    fmt,
    future::{Future, IntoFuture},
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use glassloop_executor::quietly;
use glassloop_reactor::{Sleep, sleep};

use super::{
    HostError,
    cell::{Cell, Progress},
    inner::Inner,
};
use crate::{
    current,
    waits::{Listed, Noted},
};

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
        let limits = queue.ledger.limits;
        let queued_for = Duration::from_millis(limits.queued_ms_max);
        let warned_after = Duration::from_millis(limits.running_ms_warned);
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
        cell.wait(timeout).unwrap_or_else(|| {
            self.held.withdraw(HostError::TimedOut);
            Err(HostError::TimedOut)
        })
    }
}

impl<T: Send + 'static> IntoFuture for HostCall<T> {
    type Output = Result<T, HostError>;
    type IntoFuture = HostCalling<T>;

    fn into_future(self) -> HostCalling<T> {
        let HostCall { held, queued_for, warned_after } = self;
        HostCalling { held, queued_for, warned_after, timer: None, listed: Listed::default() }
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
    listed: Listed,
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

/// A century is for ever, and every platform's clock can say it.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

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
            let queued_until = alarm.deadline() + (queued_for - first).min(FOR_EVER);
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
        let HostCalling { listed, held, .. } = &mut *self;
        listed.here(|| Arc::clone(&held.cell) as Arc<dyn Noted>);
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
