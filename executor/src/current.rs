//! The executor of this thread: the one that a free `spawn` means, and the one whose turn runs.
//!
//! Two marks, because they are two questions. `CURRENT` answers "where does `spawn` go", in a turn
//! and inside `enter`; `TURNING` answers "may a wake skip the inbox", in a turn only: outside of
//! one the loop may be asleep, and only the inbox's way wakes it. Several loops a thread nest.

use std::{cell::Cell, cell::RefCell, ptr, rc::Rc, sync::Arc};

use crate::{executor::Executor, id::Entry, inbox::Inbox, sync::thread_local};

thread_local! {
    static CURRENT: RefCell<Option<Rc<Executor>>> = const { RefCell::new(None) };
    static TURNING: Cell<*const Inbox> = const { Cell::new(ptr::null()) };
}

/// The current executor of this thread.
pub(crate) fn get() -> Option<Rc<Executor>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// Wakes an entry without the inbox, if its loop is the one whose turn runs here.
#[inline]
pub(crate) fn wake_here(inbox: &Arc<Inbox>, entry: Entry) -> bool {
    // A thread that ends may have lost CURRENT already; TURNING needs no destructor.
    if TURNING.with(Cell::get) != Arc::as_ptr(inbox) {
        return false;
    }
    let woken = CURRENT.try_with(|current| match &*current.borrow() {
        Some(executor) => {
            executor.wake(entry);
            true
        }
        None => false,
    });
    woken.unwrap_or(false)
}

/// Makes an executor current until dropped; then the one before is current again.
#[derive(Debug)]
#[must_use = "the executor is current only as long as this lives"]
pub struct Entered {
    before: Option<Rc<Executor>>,
    turning_before: *const Inbox,
}

/// Marks a turn under way, until dropped: wakes go straight to the ready queue.
#[derive(Debug)]
#[must_use = "the turn is marked only as long as this lives"]
pub struct Turning {
    before: *const Inbox,
}

impl Executor {
    /// Makes this the executor of [`current`](Executor::current) on this thread. Outside of a turn
    /// a wake still goes through the inbox.
    pub fn enter(self: &Rc<Self>) -> Entered {
        // A thread that ends may have lost CURRENT already, and still drops a loop.
        let entered = Some(Rc::clone(self));
        let before =
            CURRENT.try_with(|current| std::mem::replace(&mut *current.borrow_mut(), entered));
        let before = before.ok().flatten();
        let turning_before = TURNING.with(Cell::get);
        if !self.is_turning() {
            // INVARIANT: TURNING is the current executor's inbox, or null. Inside the turn of
            // another loop, that one's wakes go through its inbox until we leave.
            TURNING.with(|turning| turning.set(ptr::null()));
        }
        Entered { before, turning_before }
    }

    /// Marks a turn of this executor, which was entered before.
    pub fn begin_turn(&self) -> Turning {
        Turning { before: TURNING.with(|turning| turning.replace(Arc::as_ptr(self.inbox()))) }
    }

    /// The executor of this thread: the one whose turn runs, or that was entered.
    #[must_use]
    pub fn current() -> Option<Rc<Executor>> {
        get()
    }

    /// Whether this executor's turn runs on this thread, right now.
    #[must_use]
    pub fn is_turning(&self) -> bool {
        TURNING.with(Cell::get) == Arc::as_ptr(self.inbox())
    }
}

impl Drop for Turning {
    fn drop(&mut self) {
        TURNING.with(|turning| turning.set(self.before));
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        TURNING.with(|turning| turning.set(self.turning_before));
        // The replaced one is dropped after the borrow: it may be the last handle to a loop.
        let left = CURRENT
            .try_with(|current| std::mem::replace(&mut *current.borrow_mut(), self.before.take()));
        drop(left);
    }
}
