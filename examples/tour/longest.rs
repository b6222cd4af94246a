//! `Longest`: an observer that remembers the item which held the loop for the longest time.
//!
//! The loop tells it of each item; another thread takes what it found. It measures nothing itself.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use glassloop::{Entry, Kind, Observer, Outcome};

/// The longest item so far. Clones share it, on whatever thread.
#[derive(Clone, Default)]
pub(crate) struct Longest {
    record: Arc<Mutex<Record>>,
}

/// An item, and how long it took.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) took: Duration,
    /// Its name and its place, in words.
    pub(crate) what: String,
}

impl Longest {
    /// The longest item since this was last asked.
    pub(crate) fn take(&self) -> Record {
        std::mem::take(&mut *self.record())
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Longest {
    fn item_ended(&self, item: Entry, _outcome: Outcome, took: Duration) {
        if took > self.record().took {
            let what = describe(item);
            *self.record() = Record { took, what };
        }
    }
}

/// Called on the loop's thread, for a new record only: a snapshot for one name is dear.
fn describe(item: Entry) -> String {
    match item.kind() {
        Kind::Task => {}
        Kind::Deferred => match item.deferred_at().location() {
            Some(at) => return format!("a call deferred at {}:{}", at.file(), at.line()),
            None => return "a deferred call".to_owned(),
        },
        _ => return "a callback".to_owned(),
    }
    let snapshot = glassloop::snapshot();
    match snapshot.task(item.id()) {
        Some(task) => match task.born {
            Some(born) => format!("`{}`, spawned at {}:{}", task.name, born.file(), born.line()),
            None => format!("`{}`", task.name),
        },
        None => format!("task {}, which has ended", item.id()),
    }
}
