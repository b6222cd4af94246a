//! The places that events name, in the numbers of one process and in those of another.

use std::{cell::RefCell, collections::HashMap};

use glassloop_executor::{Entry, Kind, PlaceId};

use super::{place_name, recording::Recording};
use crate::{By, Event, Happening};

/// An event with each place in it replaced.
pub(super) fn each_place(event: Event, mut place_of: impl FnMut(PlaceId) -> PlaceId) -> Event {
    let mut new = |place: PlaceId| {
        if place == PlaceId::UNKNOWN { place } else { place_of(place) }
    };
    let mut item = |entry: Entry| match entry.kind() {
        Kind::Deferred => Entry::deferred(new(entry.deferred_at())),
        _ => entry,
    };
    let what = match event.what {
        Happening::Ran(entry, outcome, place) => {
            let entry = item(entry);
            Happening::Ran(entry, outcome, new(place))
        }
        Happening::Woke(entry, by) => {
            let entry = item(entry);
            Happening::Woke(entry, each_of(by, new))
        }
        Happening::WokeAgain(entry, by) => {
            let entry = item(entry);
            Happening::WokeAgain(entry, each_of(by, new))
        }
        Happening::Born(task, by, place) => {
            let place = new(place);
            Happening::Born(task, each_of(by, new), place)
        }
        Happening::Found(lint, entry) => Happening::Found(lint, item(entry)),
        Happening::Noted(note, entry) => Happening::Noted(note, item(entry)),
        other => other,
    };
    Event { what, ..event }
}

fn each_of(by: By, mut new: impl FnMut(PlaceId) -> PlaceId) -> By {
    match by {
        By::Timer(place) => By::Timer(new(place)),
        By::Item(entry) if entry.kind() == Kind::Deferred => {
            By::Item(Entry::deferred(new(entry.deferred_at())))
        }
        other => other,
    }
}

/// This process's numbers of places, told in those of a recording.
#[derive(Debug)]
pub(super) struct Numbers {
    recorded: HashMap<String, PlaceId>,
    known: RefCell<HashMap<PlaceId, PlaceId>>,
}

impl Numbers {
    pub(super) fn of(recording: &Recording) -> Numbers {
        let places = recording.places.iter();
        let recorded =
            places.map(|(bits, name)| (name.clone(), PlaceId::from_bits(*bits))).collect();
        Numbers { recorded, known: RefCell::default() }
    }

    /// The event as the recording would have it. A place that the recording has not is none.
    pub(super) fn recorded(&self, event: Event) -> Event {
        each_place(event, |place| {
            let mut known = self.known.borrow_mut();
            *known.entry(place).or_insert_with(|| {
                let recorded = place_name(place).and_then(|name| self.recorded.get(&name));
                recorded.copied().unwrap_or(PlaceId::UNKNOWN)
            })
        })
    }
}
