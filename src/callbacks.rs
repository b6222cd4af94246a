//! Callbacks: closures that the loop calls, soon or at a time.
//!
//! They share the ready queue with tasks, first-in first-out. A `Callback` handle takes one back;
//! dropping the handle leaves it as it is. A panic of one is reported and goes no further.

use std::{
    fmt,
    panic::Location,
    rc::{Rc, Weak},
    time::{Duration, Instant},
};

use glassloop_executor::{CallHandle, Entry, Refused};
use glassloop_reactor::{TimerId, Waiter};

use crate::{EventLoop, core::Core, current};

/// A callback that was asked for. Dropping this leaves it as it is.
#[derive(Clone)]
pub struct Callback {
    call: CallHandle,
    core: Weak<Core>,
    way: Way,
}

/// How a callback comes to be called.
#[derive(Clone, Copy)]
enum Way {
    /// It lies in the ready queue.
    Soon,
    /// A timer brings it there.
    Timer(TimerId),
    /// Phase `render` calls it.
    Frame,
}

impl Callback {
    /// Takes the callback back: its closure is dropped here, its timer disarmed. Whether it was
    /// still to be called.
    pub fn cancel(&self) -> bool {
        match (self.way, self.core.upgrade()) {
            (Way::Timer(timer), Some(core)) => drop(core.reactor.disarm(timer)),
            (Way::Frame, Some(core)) => core.frames.forget(self.entry()),
            _ => {}
        }
        self.call.cancel()
    }

    pub(crate) fn entry(&self) -> Entry {
        self.call.entry()
    }

    /// Whether it is still to be called.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.call.is_pending()
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("pending", &self.is_pending()).finish_non_exhaustive()
    }
}

pub(crate) type Place = &'static Location<'static>;

fn soon<F: FnOnce() + 'static>(
    core: &Rc<Core>,
    f: F,
    place: Place,
) -> Result<Callback, Refused<F>> {
    let call = core.executor.call_soon(f, core.executor.place(place))?;
    Ok(Callback { call, core: Rc::downgrade(core), way: Way::Soon })
}

pub(crate) fn at<F: FnOnce() + 'static>(
    core: &Rc<Core>,
    deadline: u64,
    operation: &'static str,
    f: F,
    place: Place,
) -> Result<Callback, Refused<F>> {
    let (call, waker) = core.executor.call_when_woken(f, core.executor.place(place))?;
    let waiter = Waiter { waker, owner: call.entry().to_bits(), operation, place };
    let timer = core.reactor.arm(deadline, waiter);
    Ok(Callback { call, core: Rc::downgrade(core), way: Way::Timer(timer) })
}

/// A callback that phase `render` is to call.
pub(crate) fn held<F: 'static>(
    core: &Rc<Core>,
    f: F,
    run: impl FnOnce(F) + 'static,
    place: Place,
) -> Result<Callback, Refused<F>> {
    let call = core.executor.hold_call(f, run, core.executor.place(place))?;
    Ok(Callback { call, core: Rc::downgrade(core), way: Way::Frame })
}

impl EventLoop {
    /// As [`call_soon`](crate::call_soon), on this loop.
    ///
    /// # Errors
    /// [`Refused`] with the closure.
    #[track_caller]
    pub fn call_soon<F: FnOnce() + 'static>(&self, f: F) -> Result<Callback, Refused<F>> {
        soon(&self.core, f, Location::caller())
    }

    /// As [`call_later`](crate::call_later), on this loop.
    ///
    /// # Errors
    /// [`Refused`] with the closure.
    #[track_caller]
    pub fn call_later<F>(&self, delay: Duration, f: F) -> Result<Callback, Refused<F>>
    where
        F: FnOnce() + 'static,
    {
        let deadline = self.core.reactor.deadline_after(delay);
        at(&self.core, deadline, "call_later", f, Location::caller())
    }

    /// As [`call_at`](crate::call_at), on this loop.
    ///
    /// # Errors
    /// [`Refused`] with the closure.
    #[track_caller]
    pub fn call_at<F>(&self, deadline: Instant, f: F) -> Result<Callback, Refused<F>>
    where
        F: FnOnce() + 'static,
    {
        let deadline = self.core.reactor.clock().since_origin(deadline);
        at(&self.core, deadline, "call_at", f, Location::caller())
    }

    /// As [`queue_microtask`](crate::queue_microtask), on this loop.
    ///
    /// # Errors
    /// [`Refused`] with the closure.
    #[track_caller]
    pub fn queue_microtask<F: FnOnce() + 'static>(&self, f: F) -> Result<(), Refused<F>> {
        let executor = &self.core.executor;
        executor.queue_microtask(f, executor.place(Location::caller()))
    }
}

/// Has `f` called in the next batch, after everything that is ready already.
///
/// # Errors
/// [`Refused`] with the closure when `callbacks_max` wait or the loop is closed.
///
/// # Panics
/// Outside of a loop.
///
/// ```
/// # glassloop::run(async {
/// let (said, heard) = (std::rc::Rc::new(std::cell::Cell::new(false)), ());
/// let say = said.clone();
/// glassloop::call_soon(move || say.set(true)).unwrap();
/// glassloop::yield_now().await;
/// assert!(said.get());
/// # let _ = heard; }).unwrap();
/// ```
#[track_caller]
pub fn call_soon<F: FnOnce() + 'static>(f: F) -> Result<Callback, Refused<F>> {
    soon(&current::expect("call_soon"), f, Location::caller())
}

/// Has `f` called once `delay` has passed, counted from now; never earlier.
///
/// # Errors
/// [`Refused`] with the closure when `callbacks_max` wait or the loop is closed.
///
/// # Panics
/// Outside of a loop.
#[track_caller]
pub fn call_later<F>(delay: Duration, f: F) -> Result<Callback, Refused<F>>
where
    F: FnOnce() + 'static,
{
    let core = current::expect("call_later");
    let deadline = core.reactor.deadline_after(delay);
    at(&core, deadline, "call_later", f, Location::caller())
}

/// Has `f` called once `deadline` has passed; never earlier.
///
/// # Errors
/// [`Refused`] with the closure when `callbacks_max` wait or the loop is closed.
///
/// # Panics
/// Outside of a loop.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// # glassloop::run(async {
/// let soon = Instant::now() + Duration::from_millis(2);
/// let call = glassloop::call_at(soon, || println!("now")).unwrap();
/// let never = glassloop::call_later(Duration::from_secs(9), || unreachable!()).unwrap();
/// assert!(never.cancel());
/// glassloop::sleep_until(soon + Duration::from_millis(1)).await;
/// assert!(!call.is_pending() && !never.is_pending());
/// # }).unwrap();
/// ```
#[track_caller]
pub fn call_at<F>(deadline: Instant, f: F) -> Result<Callback, Refused<F>>
where
    F: FnOnce() + 'static,
{
    let core = current::expect("call_at");
    let deadline = core.reactor.clock().since_origin(deadline);
    at(&core, deadline, "call_at", f, Location::caller())
}

/// Has `f` called in the checkpoint after the current item, before anything else that is ready.
///
/// # Errors
/// [`Refused`] with the closure when `microtasks_max` wait or the loop is closed.
///
/// # Panics
/// Outside of a loop.
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
///
/// # glassloop::run(async {
/// let order = Rc::new(RefCell::new(Vec::new()));
/// let (first, second) = (order.clone(), order.clone());
/// glassloop::call_soon(move || second.borrow_mut().push("callback")).unwrap();
/// glassloop::queue_microtask(move || first.borrow_mut().push("microtask")).unwrap();
/// glassloop::yield_now().await;
/// assert_eq!(*order.borrow(), ["microtask", "callback"]);
/// # }).unwrap();
/// ```
#[track_caller]
pub fn queue_microtask<F: FnOnce() + 'static>(f: F) -> Result<(), Refused<F>> {
    let core = current::expect("queue_microtask");
    core.executor.queue_microtask(f, core.executor.place(Location::caller()))
}
