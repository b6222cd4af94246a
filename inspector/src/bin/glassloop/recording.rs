//! The commands `record`, `trace` and `cancel`: what changes a program, and what is kept of it.
//!
//! Promises that a recording which it switched on is switched off again, whatever went wrong
//! between; and that a file is whole: it is written when all of it has come. It does not read what
//! is in a trace beyond its events and the line that says what it lacks.

use std::{fs, path::Path, thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    client::Client,
    failure::Failure,
    field::{flag, float, list, number, present, text},
    page::Page,
    quantity::time_of_ms,
    state::{State, loop_number, number_of},
    task_id::Found,
};

/// Switches the recording of each loop that is shown.
pub(crate) fn switch(client: &Client, state: &State, on: bool) -> Result<(Page, Value), Failure> {
    let mut page = Page::default();
    for of in state.loops() {
        set(client, of, on)?;
        let to = if on { "records" } else { "does not record" };
        page.plain(format!("loop {} {to}", number_of(of)));
    }
    Ok((page, state.json_of(|of| json!({ "loop": of["loop"], "on": on }))))
}

/// Records for a time, and keeps what came in it.
pub(crate) fn record(
    client: &Client,
    of: &Value,
    wait: Duration,
    file: &Path,
) -> Result<(Page, Value), Failure> {
    let from = next(client, of)?;
    if present(of, "recorded").is_some_and(|recorded| flag(recorded, "on")) {
        thread::sleep(wait);
        return keep(client, of, Some(from), file);
    }
    set(client, of, true)?;
    thread::sleep(wait);
    let kept = keep(client, of, Some(from), file);
    let off = set(client, of, false);
    kept.and_then(|kept| off.map(|()| kept))
}

/// The number that the next event will have. The ring itself says it: the look at a loop that is
/// busy or hangs is an old one, and what has happened since would be taken for new.
fn next(client: &Client, of: &Value) -> Result<u64, Failure> {
    let past_all = format!("from={}&events=1&fresh_ms=0", u64::MAX);
    let answer = client.get(&format!("/events?loop={}&{past_all}", number_of(of)))?;
    let wrong = || Failure::nobody(format!("expected the number of the next event, came {answer}"));
    number(&answer, "next").ok_or_else(wrong)
}

/// Keeps what is recorded now: all that is left, or what began with event number `from`.
pub(crate) fn keep(
    client: &Client,
    of: &Value,
    from: Option<u64>,
    file: &Path,
) -> Result<(Page, Value), Failure> {
    let only = from.map_or_else(String::new, |from| format!("&from={from}"));
    let trace = client.get_text(&format!("/trace?loop={}{only}", number_of(of)))?;
    let parsed: Value = serde_json::from_str(&trace)
        .map_err(|error| Failure::nobody(format!("expected a trace in JSON, came {error}")))?;
    fs::write(file, trace)
        .map_err(|error| Failure::arguments(format!("{}: {error}", file.display())))?;
    let facts = facts(&parsed);
    let (name, events) = (file.display().to_string(), facts.events);
    let span = facts
        .span_s
        .map_or_else(String::new, |seconds| format!(" over {}", time_of_ms(seconds * 1_000.0)));
    let lost = match (facts.lost, from) {
        (0, _) => String::new(),
        (lost, None) => format!(", {lost} events before it are lost"),
        (lost, Some(_)) => format!(", the first {lost} events are lost"),
    };
    let torn = match facts.torn {
        0 => String::new(),
        torn => format!(", {torn} could not be read"),
    };
    let mut page = Page::default();
    page.plain(format!("{name}: {events} events{span}{lost}{torn}"));
    page.plain("open it at https://ui.perfetto.dev");
    let json = json!({ "file": name, "events": events, "span_s": facts.span_s,
        "lost": facts.lost, "torn": facts.torn });
    Ok((page, json))
}

/// Asks for the end of a task.
pub(crate) fn cancel(client: &Client, found: &Found<'_>) -> Result<(Page, Value), Failure> {
    let who = format!("task {} `{}`", found.id(), text(found.task, "name"));
    if found.ended {
        return Err(Failure::nothing(format!("{who} has ended already")));
    }
    let answer =
        client.post("/cancel", &json!({ "loop": found.loop_number(), "task": found.id() }))?;
    let mut page = Page::default();
    page.plain(format!("{who} is cancelled when its loop comes to it"));
    Ok((page, answer))
}

fn set(client: &Client, of: &Value, on: bool) -> Result<(), Failure> {
    client.post("/record", &json!({ "loop": loop_number(of), "on": on })).map(drop)
}

/// What a trace says of itself.
struct Facts {
    events: u64,
    span_s: Option<f64>,
    lost: u64,
    torn: u64,
}

/// The first instant of a trace tells what it lacks; a trace without one is counted.
fn facts(trace: &Value) -> Facts {
    let rows = list(trace, "traceEvents");
    let instant = rows.iter().find(|row| text(row, "ph") == "i");
    let args = instant.and_then(|row| present(row, "args"));
    let told = |key: &str| args.and_then(|args| number(args, key));
    let counted = rows.iter().filter(|row| text(row, "ph") != "M").count();
    Facts {
        events: told("events").unwrap_or(u64::try_from(counted).unwrap_or(u64::MAX)),
        span_s: args.and_then(|args| float(args, "span_s")),
        lost: told("lost").unwrap_or(0),
        torn: told("torn").unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_says_what_it_lacks_or_is_counted() {
        let meta = json!({ "ph": "M", "name": "process_name" });
        let args = json!({ "lost": 7, "torn": 1, "span_s": 5.0, "events": 900 });
        let told = facts(&json!({ "traceEvents": [meta, { "ph": "i", "args": args }, {}] }));
        assert_eq!((told.events, told.lost, told.torn, told.span_s), (900, 7, 1, Some(5.0)));
        let bare = facts(&json!({ "traceEvents": [meta, { "ph": "X" }] }));
        assert_eq!((bare.events, bare.lost, bare.span_s), (1, 0, None));
    }
}
