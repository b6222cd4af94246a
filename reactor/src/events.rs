//! `Events`: what one wait brought, as plain data between the phases `wait` and `io`.
//!
//! Plain, so that a batch can be looked at, recorded and played back. A token that has gone stale
//! is no error here; the phase `io` finds out.

use std::slice;

use crate::{readiness::Readiness, source::SourceId};

/// One source, and what was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The source the event is for.
    pub source: SourceId,
    /// What was told.
    pub readiness: Readiness,
}

/// A batch of events, in the order the OS gave them.
#[derive(Clone, Debug, Default)]
pub struct Events {
    list: Vec<Event>,
}

impl Events {
    /// An empty batch. Keep one and hand it to every wait: its memory is used again.
    #[must_use]
    pub fn new() -> Events {
        Events::default()
    }

    /// Adds an event.
    pub fn push(&mut self, event: Event) {
        self.list.push(event);
    }

    /// Forgets all events.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The events, in order.
    pub fn iter(&self) -> slice::Iter<'_, Event> {
        self.list.iter()
    }
}

impl<'a> IntoIterator for &'a Events {
    type Item = &'a Event;
    type IntoIter = slice::Iter<'a, Event>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
