//! `Unhandled`: a failure that nobody will ask for, and who is told of it.
//!
//! A panic that has no handle to travel to (a detached task, a callback, a foreign waker, a drop)
//! is never swallowed, nor is an error that was asked to be reported: it goes to one hook, the log
//! by default. The hook itself may panic.

use std::{
    cell::RefCell,
    fmt,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::{
    caught::{Payload, caught, drop_caught, drop_payload, message, quietly},
    executor::Executor,
    id::TaskId,
    place::PlaceId,
    table::Remains,
    task::{BoxedTask, short_type},
};

/// How something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// It panicked.
    Panicked,
    /// It returned an error.
    Error,
}

/// A failure that nobody was there to take.
pub struct Unhandled {
    /// What failed, in words: "the task `export`".
    pub what: String,
    /// How it failed.
    pub failure: Failure,
    /// The task that ran, if one did.
    pub task: TaskId,
    /// Where what failed was born.
    pub place: PlaceId,
    /// What the panic carried; of an error, its text.
    pub payload: Payload,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Failure::Panicked => "panicked",
            Failure::Error => "failed",
        })
    }
}

impl fmt::Display for Unhandled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.what, self.failure, message(self.payload.as_ref()))?;
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

/// How many failures there were that nobody was there to take. Any thread may read it.
#[derive(Clone, Debug, Default)]
pub struct UnhandledCount(Arc<AtomicU64>);

impl UnhandledCount {
    /// How many so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Who is told, and how often it happened.
pub(crate) struct UnhandledHook {
    hook: RefCell<Option<Hook>>,
    count: UnhandledCount,
}

impl UnhandledHook {
    pub(crate) fn new() -> UnhandledHook {
        UnhandledHook { hook: RefCell::new(None), count: UnhandledCount::default() }
    }

    pub(crate) fn set(&self, hook: Hook) {
        let before = self.hook.borrow_mut().replace(hook);
        drop(before);
    }

    /// Tells the hook; what even the hook can't handle ends in the log.
    pub(crate) fn report(&self, failure: Unhandled) {
        self.count.0.fetch_add(1, Relaxed);
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

impl Executor {
    /// How many failures were reported so far, for any thread to read.
    #[must_use]
    pub fn unhandled(&self) -> UnhandledCount {
        self.unhandled.count.clone()
    }

    /// Reports a panic that has nowhere else to go.
    pub fn report(&self, what: impl Into<String>, place: PlaceId, payload: Payload) {
        self.report_as(Failure::Panicked, what.into(), place, payload);
    }

    /// Reports an error that has nowhere else to go.
    pub(crate) fn report_error(&self, what: String, place: PlaceId, text: String) {
        self.report_as(Failure::Error, what, place, Box::new(text));
    }

    fn report_as(&self, failure: Failure, what: String, place: PlaceId, payload: Payload) {
        let task = self.current_task();
        let failed = Unhandled { what, failure, task, place, payload };
        self.socket.tell(|tap| tap.unhandled(&failed));
        self.unhandled.report(failed);
    }

    /// Drops a value that isn't ours; its panic is reported and goes no further.
    pub(crate) fn drop_foreign<T>(&self, what: &'static str, value: Option<T>) {
        let Some(value) = value else { return };
        if let Err(payload) = drop_caught(value) {
            self.report(format!("dropping {what}"), PlaceId::UNKNOWN, payload);
        }
    }

    /// Drops what is left of a task whose result nobody wants; a panic in it is reported, and an
    /// error if that was asked for.
    pub(crate) fn drop_unwanted(&self, id: TaskId, remains: Remains) {
        let Remains { mut future, name, error_text } = remains;
        let born = self.sites().born(id.index);
        let what = |future: &mut BoxedTask| {
            let name = name.unwrap_or_else(|| short_type(future.as_mut().type_name()).into());
            format!("the detached task {id} `{name}`")
        };
        if let Some(payload) = future.as_mut().take_panic() {
            self.report(what(&mut future), born, payload);
        } else if let Some(error_text) = error_text {
            match caught(|| error_text(future.as_mut())) {
                Ok(Some(text)) => self.report_error(what(&mut future), born, text),
                Ok(None) => {}
                Err(payload) => self.report("telling the error of a task", born, payload),
            }
        }
        self.drop_foreign("the result of a task", Some(future));
    }
}
