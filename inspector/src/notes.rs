//! What a program said of itself: marks, counters, spans, the lines of its log.
//!
//! In a trace marks and lines are instants, a counter is a curve, and a span a track of its own,
//! as it may go on across awaits.

use std::collections::BTreeMap;

use glassloop::{Entry, Happening, Label, LogLine, Note};
use serde_json::{Map, Value, json};

use crate::{history::History, names::Names, rows, trace::Lines};

/// The keys of an event's row that say what was noted.
pub(crate) fn row(row: &mut Map<String, Value>, note: Note, names: &Names) {
    let label = |label: Label| json!(label.name());
    let (what, keys) = match note {
        Note::Mark(called) => ("mark", json!({ "name": label(called) })),
        Note::Counter(called, value) => {
            ("counter", json!({ "name": label(called), "value": value }))
        }
        Note::SpanBegan(called, number) => {
            ("span began", json!({ "name": label(called), "span": number }))
        }
        Note::SpanEnded(called, number) => {
            ("span ended", json!({ "name": label(called), "span": number }))
        }
        Note::Logged(level, line) => {
            ("logged", json!({ "level": level.as_str(), "line": line, "text": names.line(line) }))
        }
        // A kind that is not known here.
        _ => ("other", json!({})),
    };
    row.insert("note".into(), what.into());
    if let Value::Object(keys) = keys {
        row.extend(keys);
    }
}

/// A line of the log.
pub(crate) fn log_row(line: &LogLine, names: &Names) -> Value {
    json!({
        "number": line.number,
        "level": line.level.as_str(),
        "target": line.target,
        "text": line.text,
        "item": (line.item != Entry::NOTHING).then(|| names.item(line.item)),
        "task": line.item.is_task().then(|| rows::task_id(line.item.id())),
        "turn": line.turn,
        "at_ns": line.at_ns,
    })
}

/// Draws all that was noted; what has not ended ends with the trace.
pub(crate) fn draw(lines: &mut Lines, history: &History, names: &Names, end_ns: u64) {
    let mut open: BTreeMap<u64, (Label, u64)> = BTreeMap::new();
    let called = |label: Label| label.name().map_or_else(|| "(unknown)".to_owned(), str::to_owned);
    for event in &history.events {
        let Happening::Noted(note, item) = event.what else { continue };
        let args = json!({ "by": names.item(item) });
        let at_ns = event.at_ns;
        match note {
            Note::Mark(label) => lines.note(at_ns, &called(label), &args),
            Note::Counter(label, value) => lines.count(&called(label), at_ns, value),
            Note::SpanBegan(label, number) => {
                open.insert(number, (label, at_ns));
            }
            Note::SpanEnded(label, number) => {
                if let Some((_, began_ns)) = open.remove(&number) {
                    lines.span(&called(label), number, began_ns, at_ns);
                }
            }
            Note::Logged(level, line) => {
                let text = names.line(line).unwrap_or("(no longer kept)");
                lines.note(at_ns, &format!("{level} {text}"), &args);
            }
            _ => {}
        }
    }
    for (number, (label, began_ns)) in open {
        lines.span(&called(label), number, began_ns, end_ns.max(began_ns));
    }
}
