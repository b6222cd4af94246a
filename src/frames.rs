//! Frames: callbacks that draw, at most so many times a second, and callbacks that can wait.
//!
//! `request_render` is for what shows the program's state: however often the state changes, it is
//! drawn once a frame. `request_idle` is for what nobody waits for. The lists here hold entries;
//! the closures lie with the other callbacks, and phase `render` calls them.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    panic::Location,
    rc::Rc,
    time::{Duration, Instant},
};

use glassloop_executor::{Entry, Refused};
use glassloop_reactor::Reactor;

use crate::{
    Callback, EventLoop,
    callbacks::{self, Place},
    core::Core,
    current,
};

/// What waits for phase `render`.
#[derive(Debug)]
pub(crate) struct Frames {
    interval_ns: u64,
    /// When the next frame may be drawn.
    due: Cell<u64>,
    renders: RefCell<Vec<Entry>>,
    idles: RefCell<VecDeque<Entry>>,
    /// Idle callbacks ran in the last turn.
    pub(crate) idled: Cell<bool>,
    /// Until when the idle callback that runs may take its time.
    idle_until: Cell<u64>,
}

impl Frames {
    pub(crate) fn new(interval_ns: u64) -> Frames {
        Frames {
            interval_ns,
            due: Cell::new(0),
            renders: RefCell::default(),
            idles: RefCell::default(),
            idled: Cell::new(false),
            idle_until: Cell::new(0),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.render_len() == 0 && self.idle_len() == 0
    }

    pub(crate) fn render_len(&self) -> usize {
        self.renders.borrow().len()
    }

    pub(crate) fn idle_len(&self) -> usize {
        self.idles.borrow().len()
    }

    /// When a frame is to be drawn, if one was requested.
    pub(crate) fn next_due(&self) -> Option<u64> {
        (self.render_len() > 0).then(|| self.due.get())
    }

    /// Whether a frame is to be drawn now.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.next_due().is_some_and(|due| due <= now)
    }

    /// What is to be drawn now, at most so much; the rest stays due. Frames keep their rhythm
    /// unless one is missed: then it begins anew.
    pub(crate) fn take_due(&self, now: u64, max: usize) -> Vec<Entry> {
        if !self.is_due(now) {
            return Vec::new();
        }
        let mut renders = self.renders.borrow_mut();
        if renders.len() > max {
            return renders.drain(..max).collect();
        }
        let next = self.due.get().saturating_add(self.interval_ns);
        let kept = next > now;
        self.due.set(if kept { next } else { now.saturating_add(self.interval_ns) });
        std::mem::take(&mut renders)
    }

    /// The idle callback that has waited longest; it is told that it has time until `until`.
    pub(crate) fn next_idle(&self, until: u64) -> Option<Entry> {
        self.idle_until.set(until);
        self.idled.set(true);
        self.idles.borrow_mut().pop_front()
    }

    /// A callback was taken back.
    pub(crate) fn forget(&self, entry: Entry) {
        self.renders.borrow_mut().retain(|other| *other != entry);
        self.idles.borrow_mut().retain(|other| *other != entry);
    }
}

/// What an idle callback is told: how long it may take.
#[derive(Debug)]
pub struct IdleTime {
    reactor: Rc<Reactor>,
    until: u64,
}

impl IdleTime {
    /// How much time is left before something is due; zero once it has passed. At most
    /// [`Limits::idle_us_max`](crate::Limits::idle_us_max).
    #[must_use]
    pub fn left(&self) -> Duration {
        Duration::from_nanos(self.until.saturating_sub(self.reactor.read_clock()))
    }
}

fn render<F>(core: &Rc<Core>, f: F, place: Place) -> Result<Callback, Refused<F>>
where
    F: FnOnce(Instant) + 'static,
{
    let run = |f: F| {
        let core = current::expect("request_render");
        f(core.reactor.clock().instant(core.reactor.now()));
    };
    let callback = callbacks::held(core, f, run, place)?;
    core.frames.renders.borrow_mut().push(callback.entry());
    // This turn's phase `render` is not to be passed over.
    core.reactor.add_chore();
    core.rouse();
    Ok(callback)
}

fn idle<F>(core: &Rc<Core>, f: F, place: Place) -> Result<Callback, Refused<F>>
where
    F: FnOnce(IdleTime) + 'static,
{
    let run = |f: F| {
        let core = current::expect("request_idle");
        let until = core.frames.idle_until.get();
        f(IdleTime { reactor: Rc::clone(&core.reactor), until });
    };
    let callback = callbacks::held(core, f, run, place)?;
    core.frames.idles.borrow_mut().push_back(callback.entry());
    core.rouse();
    Ok(callback)
}

impl EventLoop {
    /// As [`request_render`](crate::request_render), on this loop.
    ///
    /// # Errors
    /// [`Refused`] with the closure.
    #[track_caller]
    pub fn request_render<F>(&self, f: F) -> Result<Callback, Refused<F>>
    where
        F: FnOnce(Instant) + 'static,
    {
        render(&self.core, f, Location::caller())
    }

    /// As [`request_idle`](crate::request_idle), on this loop.
    ///
    /// # Errors
    /// [`Refused`] with the closure.
    #[track_caller]
    pub fn request_idle<F>(&self, f: F) -> Result<Callback, Refused<F>>
    where
        F: FnOnce(IdleTime) + 'static,
    {
        idle(&self.core, f, Location::caller())
    }
}

/// Has `f` called when the next frame is drawn, with the frame's time: in phase `render`, after
/// everything that ran in its turn, and once each
/// [`render_interval`](crate::Builder::render_interval): a frame that comes late leaves the next
/// one in its place. What is requested while a frame is drawn waits for the next one. It is the
/// browser's `requestAnimationFrame`.
///
/// # Errors
/// [`Refused`] with the closure when `callbacks_max` wait or the loop is closed.
///
/// # Panics
/// Outside of a loop.
///
/// ```
/// # glassloop::run(async {
/// let drawn = std::rc::Rc::new(std::cell::Cell::new(0));
/// let count = drawn.clone();
/// glassloop::request_render(move |_frame| count.set(count.get() + 1)).unwrap();
/// glassloop::sleep(std::time::Duration::from_millis(20)).await;
/// assert_eq!(drawn.get(), 1);
/// # }).unwrap();
/// ```
#[track_caller]
pub fn request_render<F>(f: F) -> Result<Callback, Refused<F>>
where
    F: FnOnce(Instant) + 'static,
{
    render(&current::expect("request_render"), f, Location::caller())
}

/// Has `f` called once nothing is ready, and tells it how long it may take. It is the browser's
/// `requestIdleCallback`: for work that is split into small pieces and that nobody waits for.
///
/// A callback that takes longer holds the loop, like any other. On a loop that is never idle it is
/// never called.
///
/// # Errors
/// [`Refused`] with the closure when `callbacks_max` wait or the loop is closed.
///
/// # Panics
/// Outside of a loop.
///
/// ```
/// # glassloop::run(async {
/// let (said, hear) = (std::rc::Rc::new(std::cell::Cell::new(false)), ());
/// let say = said.clone();
/// glassloop::request_idle(move |time| say.set(!time.left().is_zero())).unwrap();
/// glassloop::sleep(std::time::Duration::from_millis(20)).await;
/// assert!(said.get());
/// # let _ = hear; }).unwrap();
/// ```
#[track_caller]
pub fn request_idle<F>(f: F) -> Result<Callback, Refused<F>>
where
    F: FnOnce(IdleTime) + 'static,
{
    idle(&current::expect("request_idle"), f, Location::caller())
}
