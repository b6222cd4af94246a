//! `Difference`: where a run that is run again goes another way, in words.

use std::{fmt, time::Duration};

use glassloop_executor::{Entry, Kind, PlaceId};

use super::place_name;
use crate::{By, Event, Happening};

/// Where a run went another way than its recording.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The number of the first event that differs, from 0.
    pub event: usize,
    /// The turn it belongs to.
    pub turn: u64,
    /// What was recorded.
    pub expected: String,
    /// What came.
    pub came: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { event, turn, expected, came } = self;
        write!(f, "event {event}, in turn {turn}: expected {expected}, came {came}")
    }
}

/// An event in words; who tells knows what a place is called.
pub(super) fn told(event: Event, place_of: impl Fn(PlaceId) -> Option<String>) -> String {
    let place = |place: PlaceId| place_of(place).unwrap_or_else(|| "an unknown place".to_owned());
    let item = |entry: Entry| match entry.kind() {
        Kind::Task => format!("task {}", entry.id()),
        Kind::Callback => format!("callback {}", entry.id()),
        Kind::Deferred => format!("the call deferred at {}", place(entry.deferred_at())),
        _ => format!("{entry:?}"),
    };
    let by = |by: By| match by {
        By::Item(entry) => item(entry),
        By::Source(source) => format!("source {source}"),
        By::Timer(at) => format!("the timer of {}", place(at)),
        By::Phase(phase) => format!("phase {}", phase.name()),
        By::Thread => "another thread".to_owned(),
        By::Host => "the host".to_owned(),
    };
    let what = match event.what {
        Happening::Waited(events) => format!("a wait that brought {events} event(s)"),
        Happening::Turn(turn) => format!("turn {turn}"),
        Happening::Served(count) => format!("phase {} with {count}", event.phase.name()),
        Happening::Published(_) => "a snapshot".to_owned(),
        Happening::Ran(entry, outcome, at) => {
            let rests = place_of(at).map_or_else(String::new, |at| format!(", to wait at {at}"));
            format!("{} ran ({outcome:?}){rests}", item(entry))
        }
        Happening::Woke(entry, who) => format!("{} woken by {}", item(entry), by(who)),
        Happening::WokeAgain(entry, who) => format!("{} woken again by {}", item(entry), by(who)),
        Happening::Born(task, who, at) => {
            format!("task {task} spawned by {} at {}", by(who), place(at))
        }
        Happening::Noted(note, entry) => format!("{note:?} noted by {}", item(entry)),
        Happening::Found(lint, entry) => format!("lint {} of {}", lint.name(), item(entry)),
    };
    let (at, took) = (Duration::from_nanos(event.at_ns), Duration::from_nanos(event.took_ns));
    match event.took_ns {
        0 => format!("{what} at {at:?}"),
        _ => format!("{what} at {at:?}, {took:?}"),
    }
}

/// The same of an event of this process.
pub(super) fn told_here(event: Event) -> String {
    told(event, place_name)
}
