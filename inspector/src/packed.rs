//! A recording packed: its events as the words of the ring, and the places that they name.
//!
//! For who tells them himself: the page, and a file that it opens again. Promises four words of
//! eight bytes an event, lowest byte first.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use glassloop::{By, Entry, Event, Happening, PlaceId};
use serde_json::{Value, json};

use crate::{history::History, rows};

/// How a file says what its `glassloop` is written in.
const VERSION: u32 = 1;

/// The bytes of these events.
pub(crate) fn bytes(events: &[Event]) -> Vec<u8> {
    let words = events.iter().flat_map(|event| event.to_words());
    words.flat_map(u64::to_le_bytes).collect()
}

/// The places that an event names.
pub(crate) fn places_of(event: &Event) -> impl Iterator<Item = PlaceId> {
    let by_place = |by| match by {
        By::Timer(place) => place,
        By::Item(item) => item.deferred_at(),
        _ => PlaceId::UNKNOWN,
    };
    let (item, by, its) = match event.what {
        Happening::Ran(item, _, place) => (item, PlaceId::UNKNOWN, place),
        Happening::Woke(item, by) | Happening::WokeAgain(item, by) => {
            (item, by_place(by), PlaceId::UNKNOWN)
        }
        Happening::Born(_, by, born) => (Entry::NOTHING, by_place(by), born),
        _ => (Entry::NOTHING, PlaceId::UNKNOWN, PlaceId::UNKNOWN),
    };
    [item.deferred_at(), by, its].into_iter().filter(|place| *place != PlaceId::UNKNOWN)
}

/// Places by their numbers.
pub(crate) fn places(ids: impl IntoIterator<Item = PlaceId>) -> Value {
    let named: BTreeMap<String, String> = ids
        .into_iter()
        .filter_map(|id| Some((id.to_bits().to_string(), rows::place(id.location()?))))
        .collect();
    json!(named)
}

/// A whole history, with the state of its loop.
pub(crate) fn history(history: &History, pid: u32, program: &str, state: Value) -> Value {
    let under_way = history.under_way.map(|now| {
        json!({
            "item_bits": format!("{:016x}", now.item.to_bits()),
            "phase": now.phase.map(glassloop::Phase::name),
            "turn": now.turn,
        })
    });
    let its_place = history.under_way.map(|now| now.item.deferred_at());
    let mut packed = json!({
        "version": VERSION,
        "program": program,
        "pid": pid,
        "first": history.first,
        "lost": history.lost,
        "torn": history.torn,
        "turn": history.turns.last().map(|turn| turn.number),
        "now_ns": history.now_ns,
        "off": history.is_off,
        "under_way": under_way,
        "places": places(history.events.iter().flat_map(places_of).chain(its_place)),
        "words": BASE64.encode(&bytes(&history.events)),
    });
    packed["state"] = state;
    packed
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use glassloop::EventLoop;

    use super::*;

    #[test]
    fn what_is_packed_is_what_was_recorded_with_the_places_it_names() {
        let event_loop = EventLoop::test();
        event_loop.record(true);
        let remote = event_loop.remote();
        let line = line!() + 2;
        let nap = event_loop.spawn(async move {
            remote.defer(|| ()).map_err(drop).unwrap();
            // While somebody may still call, a clock that is ours doesn't jump.
            drop(remote);
            glassloop::sleep(Duration::from_secs(1)).await;
        });
        event_loop.block_on(nap).unwrap().unwrap();
        let known = History::read(&event_loop.watch(), 0);
        let packed = history(&known, 7, "program", json!({ "turn": 2 }));
        assert_eq!((&packed["state"]["turn"], &packed["first"]), (&json!(2), &json!(0)));
        let bytes = BASE64.decode(packed["words"].as_str().unwrap().as_bytes()).unwrap();
        let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
        let events: Vec<_> = bytes
            .chunks_exact(8 * Event::WORDS)
            .map(|bytes| std::array::from_fn(|at| word(&bytes[at * 8..][..8])))
            .map(|words| Event::from_words(words).unwrap())
            .collect();
        assert_eq!(events, known.events);
        let places = packed["places"].as_object().unwrap();
        for line in [line - 1, line, line + 3] {
            let place = format!("inspector/src/packed.rs:{line}");
            assert!(places.values().any(|told| *told == place), "{place} in {places:?}");
        }
    }
}
