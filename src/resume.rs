//! `on_resume`: who wants to hear that the machine was suspended, and for how long.
//!
//! After each wait that asked the clock, a gap of more than `gap_ms_min` is told to every listener,
//! once, by a callback that comes after everything the gap made due. It finds out nothing while
//! the loop waits: what ends the wait (a due timer, a socket) brings the news. It moves no timer.

use std::{
    cell::{Cell, RefCell},
    fmt,
    panic::Location,
    rc::{Rc, Weak},
    time::Duration,
};

use glassloop_executor::{PlaceId, Refused, drop_caught};
use glassloop_reactor::Clock;

use crate::{EventLoop, callbacks, core::Core, current, limits::ns_of_ms};

type Place = &'static Location<'static>;

/// One who listens.
struct Listener {
    told: Box<dyn Fn(Duration)>,
    /// The time suspended that it knows of.
    seen: Cell<u64>,
    place: Place,
}

/// Those who listen, in the order in which they asked.
#[derive(Default)]
pub(crate) struct Listeners {
    list: RefCell<Vec<Rc<Listener>>>,
    /// The time suspended when the clocks were compared last.
    looked: Cell<u64>,
}

impl Listeners {
    /// Whether anybody listens.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.borrow().is_empty()
    }

    /// Whether a manual clock was suspended since the clocks were compared last: what ended the
    /// wait may have been something else, a moment before. Other clocks bring their news by
    /// ending a wait.
    #[inline]
    pub(crate) fn is_behind(&self, clock: &Clock) -> bool {
        let Clock::Manual(clock) = clock else { return false };
        !self.is_empty() && clock.suspended() > self.looked.get()
    }

    /// Compares the clocks, if anybody listens. What a gap calls is due now, and armed last.
    #[inline]
    pub(crate) fn look(&self, core: &Rc<Core>) {
        if !self.is_empty() {
            self.tell(core);
        }
    }

    #[cold]
    fn tell(&self, core: &Rc<Core>) {
        let suspended = core.suspended_again(core.reactor.clock().suspended());
        self.looked.set(suspended);
        let gap_min = ns_of_ms(core.limits.gap_ms_min);
        // Cloned out: a host that is called back may listen, or take a listener back.
        let listeners = self.list.borrow().clone();
        for listener in listeners.iter() {
            let gap = suspended.saturating_sub(listener.seen.get());
            // A refused callback is tried again at the next wait, with the whole gap.
            if gap <= gap_min || call(core, listener, gap) {
                // Small steps are forgotten: two clocks of an OS may drift apart. Never backwards:
                // a reading may say too little.
                listener.seen.set(suspended.max(listener.seen.get()));
            }
        }
    }

    /// Lets go of all of them, each by itself: the loop is closed.
    pub(crate) fn clear(&self, core: &Core) {
        for listener in self.list.take() {
            if let Err(payload) = drop_caught(listener) {
                core.executor.report("a listener's drop", PlaceId::UNKNOWN, payload);
            }
        }
    }
}

/// Queues the callback for one listener. Whether there was room.
fn call(core: &Rc<Core>, listener: &Rc<Listener>, gap: u64) -> bool {
    let weak = Rc::downgrade(listener);
    let tell = move || {
        if let Some(listener) = weak.upgrade() {
            (listener.told)(Duration::from_nanos(gap));
        }
    };
    callbacks::at(core, core.reactor.now(), "on_resume", tell, listener.place).is_ok()
}

/// A listener that [`on_resume`] took. Dropping this leaves it listening.
#[derive(Clone)]
pub struct OnResume {
    listener: Weak<Listener>,
    core: Weak<Core>,
}

impl OnResume {
    /// Takes the listener back: its closure is dropped here, unless it runs right now. Whether it
    /// was still listening.
    pub fn cancel(&self) -> bool {
        let (Some(core), Some(listener)) = (self.core.upgrade(), self.listener.upgrade()) else {
            return false;
        };
        let mut list = core.resume.list.borrow_mut();
        let found = list.iter().position(|other| Rc::ptr_eq(other, &listener));
        let removed = found.map(|index| list.remove(index));
        // Its drop is anybody's code: after the borrow.
        drop(list);
        removed.is_some()
    }
}

impl fmt::Debug for OnResume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listening = self.listener.strong_count() > 0;
        f.debug_struct("OnResume").field("listening", &listening).finish_non_exhaustive()
    }
}

fn listen<F>(core: &Rc<Core>, told: F, place: Place) -> Result<OnResume, Refused<F>>
where
    F: Fn(Duration) + 'static,
{
    if core.executor.is_closed() {
        return Err(Refused::Closed(told));
    }
    if core.resume.list.borrow().len() >= core.limits.resume_listeners_max {
        return Err(Refused::Full(told));
    }
    let seen = Cell::new(core.suspended_again(core.reactor.clock().suspended()));
    let listener = Rc::new(Listener { told: Box::new(told), seen, place });
    let handle = OnResume { listener: Rc::downgrade(&listener), core: Rc::downgrade(core) };
    core.resume.list.borrow_mut().push(listener);
    Ok(handle)
}

impl EventLoop {
    /// As [`on_resume`](crate::on_resume), on this loop.
    ///
    /// # Errors
    /// [`Refused`] with the closure.
    #[track_caller]
    pub fn on_resume<F>(&self, told: F) -> Result<OnResume, Refused<F>>
    where
        F: Fn(Duration) + 'static,
    {
        listen(&self.core, told, Location::caller())
    }
}

/// Has `told` called whenever the machine was suspended for longer than `gap_ms_min`, with how
/// long that was: a moment to doubt connections and to look again at what may have changed.
///
/// It is called in the first turn after the machine resumed that waited for something, once for
/// each gap, behind all timers that are due in that turn. Listening keeps no loop running.
///
/// A gap is what the OS's boot clock is ahead of its monotonic one (Linux, Android and Apple's
/// systems, with feature `os-time`; elsewhere nothing is told), or what
/// [`ManualClock::suspend`](crate::ManualClock::suspend) says.
///
/// # Errors
/// [`Refused`] with the closure when `resume_listeners_max` listen or the loop is closed.
///
/// # Panics
/// Outside of a loop.
///
/// ```
/// use std::{cell::Cell, rc::Rc, time::Duration};
/// use glassloop::{Clock, EventLoop, ManualClock};
///
/// let clock = ManualClock::new().with_autojump();
/// let event_loop = EventLoop::builder().clock(Clock::Manual(clock.clone())).build()?;
/// let gap = Rc::new(Cell::new(Duration::ZERO));
/// let told = gap.clone();
/// event_loop.block_on(async move {
///     glassloop::on_resume(move |gap| told.set(gap)).unwrap();
///     clock.suspend(Duration::from_secs(3600)); // the lid is closed for an hour
///     glassloop::sleep(Duration::from_millis(1)).await;
/// })?;
/// assert_eq!(gap.get(), Duration::from_secs(3600));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn on_resume<F>(told: F) -> Result<OnResume, Refused<F>>
where
    F: Fn(Duration) + 'static,
{
    listen(&current::expect("on_resume"), told, Location::caller())
}
