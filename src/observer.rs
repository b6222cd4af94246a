//! `Observer`: being told what the loop does, while it does it.
//!
//! Every method has an empty default. They are called on the loop's thread with nothing of ours
//! borrowed, so an observer may spawn, defer, look, or panic; a panic goes to `on_unhandled` and
//! the next observer is told all the same. As long as one is attached each item costs two more
//! readings of the clock.

use std::{cell::Cell, cell::RefCell, rc::Rc, time::Duration};

use glassloop_executor::{Entry, Executor, Outcome, PlaceId, caught, drop_caught};

use crate::Phase;

/// What happens in a loop, as it happens.
///
/// ```
/// use std::{cell::RefCell, rc::Rc, time::Duration};
/// use glassloop::{Entry, EventLoop, Observer, Outcome, TaskId};
///
/// #[derive(Default)]
/// struct Polled(RefCell<Vec<TaskId>>);
///
/// impl Observer for Polled {
///     fn item_ended(&self, item: Entry, _: Outcome, _: Duration) {
///         self.0.borrow_mut().push(item.task_id());
///     }
/// }
///
/// let event_loop = EventLoop::new()?;
/// let polled = Rc::new(Polled::default());
/// let observer: Rc<dyn Observer> = polled.clone();
/// event_loop.observe(Rc::clone(&observer));
/// let task = event_loop.spawn(async {});
/// let id = task.id();
/// event_loop.block_on(async { task.await })?.unwrap();
/// event_loop.unobserve(&observer);
/// assert!(polled.0.borrow().contains(&id));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Observer {
    /// A turn begins; `turn` counts from 1.
    fn turn_began(&self, _turn: u64) {}
    /// A phase of it begins. Phase `wait` belongs to the turn that follows it.
    fn phase_began(&self, _phase: Phase, _turn: u64) {}
    /// The loop is about to wait, at most this long; `None` is for ever.
    fn wait_began(&self, _timeout: Option<Duration>) {}
    /// The wait is over, with this many events.
    fn wait_ended(&self, _events: usize) {}
    /// An item of the batch is about to run.
    fn item_began(&self, _item: Entry) {}
    /// It ran, with this outcome, this long.
    fn item_ended(&self, _item: Entry, _outcome: Outcome, _took: Duration) {}
    /// The turn is over; this many items of its batch ran.
    fn turn_ended(&self, _turn: u64, _items: usize) {}
}

/// Everyone who watches.
#[derive(Default)]
pub(crate) struct Observers {
    list: RefCell<Vec<Rc<dyn Observer>>>,
    /// Whether `list` has anyone: the one thing the hot path asks.
    any: Cell<bool>,
}

impl Observers {
    pub(crate) fn add(&self, observer: Rc<dyn Observer>) {
        self.list.borrow_mut().push(observer);
        self.any.set(true);
    }

    pub(crate) fn remove(&self, observer: &Rc<dyn Observer>) {
        let removed: Vec<_> =
            self.list.borrow_mut().extract_if(.., |other| Rc::ptr_eq(other, observer)).collect();
        self.any.set(!self.list.borrow().is_empty());
        drop(removed);
    }

    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.any.get()
    }

    /// Tells each of them, by itself.
    #[cold]
    pub(crate) fn tell(&self, executor: &Executor, what: impl Fn(&dyn Observer)) {
        // The list may change while it is walked: an observer may attach another.
        let list = self.list.borrow().clone();
        for observer in list {
            let told = caught(|| what(observer.as_ref()));
            // If it was taken off meanwhile, this is its end.
            let dropped = drop_caught(observer);
            for payload in [told, dropped].into_iter().filter_map(Result::err) {
                executor.report("an observer", PlaceId::UNKNOWN, payload);
            }
        }
    }
}
