//! `Sleep`: a future that is ready once its deadline has passed.
//!
//! It promises never to be early: a whole duration passes from the call of [`sleep`]. How late it
//! is depends on the [`Precision`](crate::Precision) of its reactor and on what else the loop does.

use std::{
    fmt,
    future::Future,
    mem,
    panic::Location,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use crate::{
    clock::nanoseconds,
    current::no_reactor,
    reactor::Reactor,
    timers::{NEVER, TimerId},
    waiter::{Place, Waiter, place_of},
};

/// Sleeps for a duration, counted from this call. `Duration::MAX` is for ever; zero is until the
/// next turn.
///
/// # Panics
/// If the thread has no current event loop.
///
/// # Cancel safety
/// Dropping the future disarms its timer; nothing is lost.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    let reactor = current("sleep");
    let deadline = reactor.deadline_after(duration);
    reactor.note_sleep(nanoseconds(duration));
    let mut sleep = Sleep::at(reactor, deadline);
    sleep.rests = duration.is_zero();
    sleep
}

/// Sleeps until an instant. One that has passed is no sleep at all.
///
/// # Panics
/// If the thread has no current event loop.
///
/// # Cancel safety
/// Dropping the future disarms its timer; nothing is lost.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let reactor = current("sleep_until");
    let deadline = reactor.clock().since_origin(deadline);
    let mut sleep = Sleep::at(reactor, deadline);
    sleep.until = true;
    sleep
}

/// The current reactor, for a function that can't return an error.
#[track_caller]
pub(crate) fn current(operation: &str) -> Rc<Reactor> {
    match Reactor::current() {
        Some(reactor) => reactor,
        None => panic!("{}", no_reactor(operation)),
    }
}

/// A future that is ready once its deadline has passed. Made by [`sleep`] and [`sleep_until`].
///
/// It may move between the tasks of its loop.
///
/// # Cancel safety
/// Dropping it disarms its timer; nothing is lost.
#[must_use = "a sleep does nothing unless it is awaited"]
pub struct Sleep {
    reactor: Rc<Reactor>,
    deadline: u64,
    timer: Option<TimerId>,
    /// It waits for the next turn although its deadline has come.
    rests: bool,
    /// An instant was asked for, not a duration.
    until: bool,
    born: Place,
}

impl Sleep {
    /// A sleep of a reactor until a deadline in nanoseconds since its clock's origin.
    #[track_caller]
    pub fn at(reactor: Rc<Reactor>, deadline: u64) -> Sleep {
        Sleep::born_at(reactor, deadline, Location::caller())
    }

    /// As `at`, on behalf of another place.
    pub(crate) fn born_at(reactor: Rc<Reactor>, deadline: u64, born: Place) -> Sleep {
        Sleep { reactor, deadline, timer: None, rests: false, until: false, born }
    }

    /// When it ends.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.reactor.clock().instant(self.deadline)
    }

    /// Whether the deadline has passed, by the turn's `now`.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        self.deadline <= self.reactor.now()
    }

    /// Sleeps until another instant from now on. It must be polled again to be woken then.
    pub fn reset(&mut self, deadline: Instant) {
        self.until = true;
        self.set_deadline(self.reactor.clock().since_origin(deadline));
    }

    pub(crate) fn set_deadline(&mut self, deadline: u64) {
        self.disarm();
        self.deadline = deadline;
    }

    pub(crate) fn deadline_ns(&self) -> u64 {
        self.deadline
    }

    pub(crate) fn reactor(&self) -> &Rc<Reactor> {
        &self.reactor
    }

    /// The place to show for a poll.
    pub(crate) fn place(&self, polled: Place) -> Place {
        place_of(polled, self.born)
    }

    /// As `poll`, for a future that sleeps as a part of what it does.
    #[track_caller]
    #[inline]
    pub(crate) fn poll_as(&mut self, cx: &Context<'_>, operation: &'static str) -> Poll<()> {
        let place = self.place(Location::caller());
        self.poll_at(cx, operation, place)
    }

    /// As `poll_as`, where the place to show is known.
    #[inline]
    pub(crate) fn poll_at(
        &mut self,
        cx: &Context<'_>,
        operation: &'static str,
        place: Place,
    ) -> Poll<()> {
        let rests = mem::take(&mut self.rests);
        if self.is_elapsed() && !rests {
            self.disarm();
            return Poll::Ready(());
        }
        self.reactor.note_place(place);
        let owner = self.reactor.owner();
        if !self.rewrite(cx.waker(), owner, place) {
            // Cloned and dropped while nothing is borrowed: both are anybody's code.
            self.disarm();
            let waker = waker_for(self.deadline, cx.waker());
            let waiter = Waiter { waker, owner, operation, place };
            self.timer = Some(self.reactor.arm(self.deadline, waiter));
        }
        Poll::Pending
    }

    /// If the timer is armed for the same waker, says who waits and where now, without a clone.
    #[inline]
    fn rewrite(&self, waker: &Waker, owner: u64, place: Place) -> bool {
        let Some(timer) = self.timer else { return false };
        self.reactor.with_timers(|timers| {
            let Some(waiter) = timers.get_mut(timer) else { return false };
            if self.deadline != NEVER && !waiter.waker.will_wake(waker) {
                return false;
            }
            waiter.owner = owner;
            waiter.place = place;
            true
        })
    }

    #[inline]
    pub(crate) fn disarm(&mut self) {
        if let Some(timer) = self.timer.take() {
            let waiter = self.reactor.with_timers(|timers| timers.cancel(timer));
            // Dropped here, after the borrow.
            drop(waiter);
        }
    }
}

/// What a timer wakes. One that never fires holds nobody's waker: it is there to be seen, and must
/// not look like somebody who might still wake the task.
fn waker_for(deadline: u64, waker: &Waker) -> Waker {
    let waker = if deadline == NEVER { Waker::noop() } else { waker };
    waker.clone()
}

impl Future for Sleep {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let operation = if self.until { "sleep_until" } else { "sleep" };
        self.poll_as(cx, operation)
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.disarm();
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline)
            .field("born", &self.born)
            .finish_non_exhaustive()
    }
}
