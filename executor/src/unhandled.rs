//! `Unhandled`: a failure that nobody will ask for, and who is told of it.
//!
//! A panic that has no handle to travel to (a detached task, a callback, a foreign waker, a drop)
//! is never swallowed: it goes to one hook, the log by default. The hook itself may panic.

use std::{cell::Cell, cell::RefCell, fmt, rc::Rc};

use crate::{
    caught::{Payload, caught, drop_payload, message, quietly},
    id::TaskId,
    place::PlaceId,
};

/// A failure that nobody was there to take.
pub struct Unhandled {
    /// What panicked, in words: "the task `export`".
    pub what: String,
    /// The task that ran, if one did.
    pub task: TaskId,
    /// Where what panicked was born.
    pub place: PlaceId,
    /// What the panic carried.
    pub payload: Payload,
}

impl fmt::Display for Unhandled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} panicked: {}", self.what, message(self.payload.as_ref()))?;
        match self.place.location() {
            Some(place) => write!(f, " (born at {place})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Unhandled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unhandled({self})")
    }
}

type Hook = Rc<dyn Fn(&Unhandled)>;

/// Who is told, and how often it happened.
pub(crate) struct UnhandledHook {
    hook: RefCell<Option<Hook>>,
    count: Cell<u64>,
}

impl UnhandledHook {
    pub(crate) fn new() -> UnhandledHook {
        UnhandledHook { hook: RefCell::new(None), count: Cell::new(0) }
    }

    pub(crate) fn set(&self, hook: Hook) {
        let before = self.hook.borrow_mut().replace(hook);
        drop(before);
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.get()
    }

    /// Tells the hook; what even the hook can't handle ends in the log.
    pub(crate) fn report(&self, failure: Unhandled) {
        self.count.set(self.count.get() + 1);
        let hook = self.hook.borrow().clone();
        let told = caught(|| match hook {
            Some(hook) => hook(&failure),
            None => log::error!("{failure}"),
        });
        if let Err(payload) = told {
            // The logger is not ours either: if it panics too there is nobody left to tell.
            quietly(|| log::error!("the hook for unhandled failures panicked itself"));
            drop_payload(payload);
        }
        drop_payload(failure.payload);
    }
}
