//! `Input`: what another thread left, as data, so that a run can be run again with it.
//!
//! A closure can't be kept, and need not be: the program leaves it again. What is kept is how to
//! know it. A loop that is run again holds back what comes too early, until its place has come.

use std::{panic::Location, thread::Thread};

use crate::{
    executor::Executor,
    id::Entry,
    inbox::{Deferred, Left},
};

/// What another thread left, to be known when it is left again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// This was woken; [`Entry::STOP`] is the loop, which was to stop.
    Wake(Entry),
    /// A call.
    Call {
        /// Where it was deferred.
        place: String,
        /// The name of the thread that deferred it; empty if it has none.
        thread: String,
    },
}

impl Input {
    /// What this is, left by that thread, as far as that is noted.
    #[must_use]
    pub fn of(left: &Left, sender: Option<&Thread>) -> Input {
        match left {
            Left::Wake(entry) => Input::Wake(*entry),
            Left::Call(Deferred { place, .. }) => Input::Call {
                place: place.to_string(),
                thread: sender.and_then(Thread::name).unwrap_or_default().to_owned(),
            },
        }
    }

    /// Whether this is what was left.
    fn is(&self, left: &Left, sender: Option<&Thread>) -> bool {
        match (self, left) {
            (Input::Wake(entry), Left::Wake(other)) => entry == other,
            (Input::Call { place, thread }, Left::Call(call)) => {
                sender.and_then(Thread::name).unwrap_or_default() == thread
                    && is_written(call.place, place)
            }
            _ => false,
        }
    }
}

/// Whether a place is written so. Nothing is allocated for it: it is asked for each thing that was
/// left.
fn is_written(place: &Location<'_>, text: &str) -> bool {
    let mut numbers = text.rsplitn(3, ':').map(str::parse);
    numbers.next() == Some(Ok(place.column()))
        && numbers.next() == Some(Ok(place.line()))
        && text.starts_with(place.file())
        && text.as_bytes().get(place.file().len()) == Some(&b':')
}

impl std::fmt::Display for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Input::Wake(Entry::STOP) => f.write_str("a stop"),
            Input::Wake(entry) => write!(f, "a wake of task {}", entry.id()),
            Input::Call { place, thread } => {
                write!(f, "a call deferred at {place}")?;
                if thread.is_empty() { Ok(()) } else { write!(f, " by thread `{thread}`") }
            }
        }
    }
}

impl Executor {
    /// The first of these that no other thread has left so far. What is there stays there.
    #[must_use]
    pub fn missing<'a>(&self, wanted: &'a [Input]) -> Option<&'a Input> {
        let mut missing: Vec<_> = wanted.iter().collect();
        let new = |left: &Left| {
            // Who wakes it once more leaves that as well: it may have its place, too.
            if let Left::Wake(entry) = left {
                self.heard(*entry);
            }
        };
        self.outlet.look(new, |left, sender| {
            if let Some(at) = missing.iter().position(|input| input.is(left, sender)) {
                missing.remove(at);
            }
        });
        missing.first().copied()
    }

    /// Phase `deferred` of a loop that is run again: these, in this order, whatever else was left.
    /// A wake is made where none was left: two may have become one. The calls that were not there.
    pub fn take_again<'a>(&self, wanted: &'a [Input]) -> Vec<&'a Input> {
        let missing = wanted.iter().filter(|input| {
            let left = self.outlet.take_one(|left, sender| input.is(left, sender));
            match (left, input) {
                (Some(left), _) => self.take_in(left),
                (None, Input::Wake(entry)) => self.take_in(Left::Wake(*entry)),
                (None, Input::Call { .. }) => return true,
            }
            false
        });
        missing.collect()
    }
}
