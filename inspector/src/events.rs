//! The events of a recording as JSON, one by one, as they stand in the ring.
//!
//! Each has its number, its times, its phase and its kind; whom it concerns is told in words and,
//! where there is one, by id. A key that says nothing of a kind is left out. It leaves nothing else
//! out, and draws no conclusions: that is the story's business.

use glassloop::{By, Entry, Event, Happening, Kind, PlaceId};
use serde_json::{Map, Value, json};

use crate::{history::History, names::Names, notes, rows, trace::outcome_name};

/// The events of a history, with these names.
pub(crate) fn rows(history: &History, names: &Names) -> Vec<Value> {
    // An event has the lower half of its turn's number; whoever cut the turns knows all of it.
    let mut turns = history.turns.iter().filter(|turn| turn.begun).map(|turn| turn.number);
    let row = |(number, event): (u64, &Event)| {
        let mut row = Map::new();
        row.insert("number".into(), number.into());
        row.insert("at_ns".into(), event.at_ns.into());
        row.insert("phase".into(), event.phase.name().into());
        match event.what {
            Happening::Waited(events) => {
                of_kind(&mut row, "waited", event.took_ns);
                row.insert("events".into(), events.into());
            }
            Happening::Turn(low) => {
                of_kind(&mut row, "turn", event.took_ns);
                row.insert("turn".into(), turns.next().unwrap_or(low.into()).into());
            }
            Happening::Served(count) => {
                of_kind(&mut row, "served", event.took_ns);
                row.insert("count".into(), count.into());
            }
            Happening::Published(asked) => {
                of_kind(&mut row, "published", event.took_ns);
                row.insert("asked".into(), asked.into());
            }
            Happening::Ran(item, outcome, place) => {
                of_kind(&mut row, "ran", event.took_ns);
                of_item(&mut row, item, names);
                row.insert("outcome".into(), outcome_name(outcome).into());
                if place != PlaceId::UNKNOWN {
                    at_place(&mut row, place);
                }
            }
            Happening::Woke(item, by) => wake(&mut row, "woke", (item, by), event, names),
            Happening::WokeAgain(item, by) => {
                wake(&mut row, "woke again", (item, by), event, names);
            }
            Happening::Born(task, by, place) => {
                let item = Entry::new(Kind::Task, task.index, task.generation);
                wake(&mut row, "born", (item, by), event, names);
                at_place(&mut row, place);
            }
            Happening::Found(lint, item) => {
                of_kind(&mut row, "found", event.took_ns);
                row.insert("lint".into(), lint.name().into());
                if item != Entry::NOTHING {
                    of_item(&mut row, item, names);
                }
            }
            Happening::Noted(note, item) => {
                of_kind(&mut row, "noted", 0);
                notes::row(&mut row, note, names);
                if item != Entry::NOTHING {
                    of_item(&mut row, item, names);
                }
            }
            // A kind that is not known here.
            _ => of_kind(&mut row, "other", event.took_ns),
        }
        Value::Object(row)
    };
    (history.first..).zip(&history.events).map(row).collect()
}

fn of_kind(row: &mut Map<String, Value>, kind: &str, took_ns: u64) {
    row.insert("kind".into(), kind.into());
    row.insert("took_ns".into(), took_ns.into());
}

fn of_item(row: &mut Map<String, Value>, item: Entry, names: &Names) {
    row.insert("item".into(), names.item(item).into());
    if item.is_task() {
        row.insert("task".into(), rows::task_id(item.id()));
    }
}

/// A wake has no length; that of a timer was so late.
fn wake(
    row: &mut Map<String, Value>,
    kind: &str,
    (item, by): (Entry, By),
    event: &Event,
    names: &Names,
) {
    of_kind(row, kind, 0);
    of_item(row, item, names);
    row.insert("by".into(), names.by(by).into());
    match by {
        By::Item(entry) if entry.is_task() => {
            row.insert("by_task".into(), rows::task_id(entry.id()));
        }
        By::Source(id) => {
            row.insert("by_source".into(), id.to_string().into());
        }
        By::Timer(place) => {
            row.insert("late_ns".into(), event.took_ns.into());
            at_place(row, place);
        }
        _ => {}
    }
}

fn at_place(row: &mut Map<String, Value>, place: PlaceId) {
    row.insert("place".into(), json!(place.location().map(rows::place)));
}

#[cfg(test)]
mod tests {
    use std::{panic::Location, time::Duration};

    use glassloop::{EventLoop, Label, Lint, Note, Outcome, Phase, Read, SourceId, sleep};

    use super::*;

    /// The rows of these happenings, a nanosecond apart, the first of which is number 40.
    fn told(all: &[Happening]) -> Vec<Value> {
        let at = (0..).zip(all);
        let event = |(at_ns, &what)| Event { at_ns, took_ns: 5, phase: Phase::Run, what };
        let events: Vec<_> = at.map(event).collect();
        let next = 40 + events.len() as u64;
        let history = History::of(Read { events, next, ..Read::default() }, (7 << 32) + 3);
        rows(&history, &Names::default())
    }

    #[test]
    fn each_kind_says_what_it_has_to_say_and_nothing_else() {
        let (task, other) = (Entry::new(Kind::Task, 3, 9), Entry::new(Kind::Task, 1, 2));
        let here = Location::caller();
        let (place, at) = (PlaceId::of(here), rows::place(here));
        let source = SourceId { index: 4, generation: 1 };
        let rows = told(&[
            Happening::Waited(2),
            Happening::Turn(3),
            Happening::Woke(task, By::Source(source)),
            Happening::WokeAgain(Entry::DEFERRED, By::Thread),
            Happening::Woke(task, By::Timer(place)),
            Happening::Born(task.id(), By::Item(other), place),
            Happening::Ran(task, Outcome::Finished, PlaceId::UNKNOWN),
            Happening::Served(1),
            Happening::Published(4),
            Happening::Found(Lint::LostWake, task),
            Happening::Found(Lint::UnboundedGrowth, Entry::NOTHING),
            Happening::Noted(Note::Logged(log::Level::Warn, 3), task),
            Happening::Noted(Note::Counter(Label::from_bits(7), -2), Entry::NOTHING),
        ]);
        let common = json!({ "phase": "run", "took_ns": 5 });
        let expected = [
            json!({ "kind": "waited", "events": 2 }),
            json!({ "kind": "turn", "turn": (7_u64 << 32) + 3 }),
            json!({
                "kind": "woke", "item": "task #3.9", "task": "#3.9", "by": "source 4 (gone)",
                "by_source": source.to_string(), "took_ns": 0,
            }),
            json!({
                "kind": "woke again", "item": "a deferred call", "by": "another thread",
                "took_ns": 0,
            }),
            json!({
                "kind": "woke", "item": "task #3.9", "task": "#3.9",
                "by": format!("timer of {at}"), "late_ns": 5, "place": at, "took_ns": 0,
            }),
            json!({
                "kind": "born", "item": "task #3.9", "task": "#3.9", "by": "task #1.2",
                "by_task": "#1.2", "place": at, "took_ns": 0,
            }),
            json!({
                "kind": "ran", "item": "task #3.9", "task": "#3.9", "outcome": "finished",
            }),
            json!({ "kind": "served", "count": 1 }),
            json!({ "kind": "published", "asked": 4 }),
            json!({
                "kind": "found", "lint": "lost-wake", "item": "task #3.9", "task": "#3.9",
            }),
            json!({ "kind": "found", "lint": "unbounded-growth" }),
            json!({
                "kind": "noted", "note": "logged", "level": "WARN", "line": 3, "text": null,
                "item": "task #3.9", "task": "#3.9", "took_ns": 0,
            }),
            json!({
                "kind": "noted", "note": "counter", "name": null, "value": -2, "took_ns": 0,
            }),
        ];
        assert_eq!(rows.len(), expected.len());
        for (at, (row, own)) in rows.iter().zip(expected).enumerate() {
            let mut whole = common.clone();
            whole["number"] = json!(40 + at);
            whole["at_ns"] = json!(at);
            whole.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
            assert_eq!(row, &whole);
        }
    }

    #[test]
    fn a_task_is_called_by_its_name() {
        let event_loop = EventLoop::test();
        event_loop.record(true);
        let sleeper =
            event_loop.spawn(async { sleep(Duration::from_secs(1)).await }).named("sleeper");
        event_loop.block_on(sleeper).unwrap().unwrap();
        let names = Names::of(&event_loop.snapshot());
        let rows = rows(&History::read(&event_loop.watch(), 0), &names);
        let born = rows.iter().find(|row| row["kind"] == "born").unwrap();
        assert_eq!(born["item"], format!("task {} `sleeper`", born["task"].as_str().unwrap()));
        assert!(born["place"].as_str().unwrap().contains("events.rs:"), "{born}");
    }
}
