//! The view `where`: what each loop runs now, and where a task is.
//!
//! A loop is asked for its state between two turns, where it runs nothing: what it runs is what it
//! was at when the question came. Promises one sentence a loop, and that one which
//! hangs names what holds it, for how long, and what its thread is at.

use serde_json::{Value, json};

use crate::{
    field::{flag, list, number, part, present, text, text_or_none},
    page::{Page, Paint, Style},
    quantity::time,
    state::{State, as_of, held, item, name, places},
    task_id::Found,
    waits::{self, Told},
};

pub(crate) fn page(state: &State) -> Page {
    let mut page = Page::default();
    for of in state.loops() {
        let stall = present(of, "stall");
        let paint = if stall.is_some() { Paint::Red } else { Paint::Plain };
        let sentence = stall.map_or_else(|| now(of), held);
        let (as_of, is_fresh) = as_of(of);
        let as_of = if is_fresh { String::new() } else { format!(" ({as_of})") };
        page.push(paint, format!("{}: {sentence}{as_of}", name(of)));
    }
    page
}

/// What a loop that doesn't hang is at.
fn now(of: &Value) -> String {
    let Some(now) = present(of, "now") else { return "not told".to_owned() };
    match (text_or_none(now, "phase"), text_or_none(now, "item")) {
        (Some(phase), Some(_)) => {
            format!("runs {} (phase {phase}){}", item(now), places(now).trim_end_matches(','))
        }
        (None, Some(_)) => format!("runs {}{}", item(now), places(now).trim_end_matches(',')),
        (Some("wait"), None) => format!("waits (phase wait){}", next_timer(of)),
        (Some(phase), None) => format!("between items (phase {phase})"),
        (None, None) => "between turns".to_owned(),
    }
}

fn next_timer(of: &Value) -> String {
    match next_timer_ns(of) {
        None => ", no timer".to_owned(),
        Some(0) => ", next timer now".to_owned(),
        Some(ns) => format!(", next timer in {}", time(ns)),
    }
}

fn next_timer_ns(of: &Value) -> Option<u64> {
    // An old look knows an old distance.
    let is_fresh = present(of, "as_of").is_some_and(|as_of| flag(as_of, "fresh"));
    let timers = list(of, "timers").iter().filter(|_| is_fresh);
    timers.filter_map(|timer| number(timer, "in_ns")).filter(|&ns| ns < u64::MAX).min()
}

pub(crate) fn json(state: &State) -> Value {
    state.json_of(|of| {
        let mut json = part(of, &["loop", "as_of", "now", "stall"]);
        json["next_timer_ns"] = json!(next_timer_ns(of));
        json
    })
}

/// Where one task is.
pub(crate) fn page_of_task(found: &Found<'_>, style: Style) -> Page {
    let mut page = Page::default();
    let (of, task) = (found.of, found.task);
    let who = format!("task {} `{}`", found.id(), text(task, "name"));
    if found.ended {
        page.plain(format!("{who}{} has ended", places(task)));
        return page;
    }
    if let Some(stall) = present(of, "stall").filter(|stall| text(stall, "task") == found.id()) {
        page.push(Paint::Red, held(stall));
        return page;
    }
    let is_running = present(of, "now").is_some_and(|now| text(now, "task") == found.id());
    let state = if is_running { "running" } else { text(task, "state") };
    let (as_of, is_fresh) = as_of(of);
    let as_of = if is_fresh { String::new() } else { format!(" ({as_of})") };
    page.plain(format!("{who}{} is {state}{as_of}", places(task)));
    let dash = if style.ascii { '-' } else { '·' };
    // It was running, and what it waits for since then is another matter.
    let waits = if is_running { &[] } else { list(task, "waits") };
    let told = Told::of(of);
    for wait in waits {
        let wait = waits::one(&told, wait);
        let at = if wait.at == "-" { String::new() } else { format!(" at {}", wait.at) };
        page.plain(format!("  {dash} {}{at}", wait.what));
    }
    page
}

pub(crate) fn json_of_task(found: &Found<'_>) -> Value {
    let mut json = part(found.of, &["loop", "as_of", "now", "stall"]);
    json["task"] = found.task.clone();
    json["ended"] = json!(found.ended);
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_does_not_hang_is_told_in_a_sentence() {
        let fresh = json!({ "fresh": true });
        let timers = json!([{ "in_ns": null }, { "in_ns": 1_200_000_000 }, { "in_ns": u64::MAX }]);
        let run =
            json!({ "phase": "run", "item": "task #3.9 `conn`", "born": "a.rs:1", "awaits": null });
        for (of, said) in [
            (
                json!({ "as_of": fresh, "now": { "phase": "wait" }, "timers": timers }),
                "waits (phase wait), next timer in 1.2 s",
            ),
            (json!({ "as_of": fresh, "now": { "phase": "wait" } }), "waits (phase wait), no timer"),
            (json!({ "now": { "phase": "run" } }), "between items (phase run)"),
            (json!({ "now": { "phase": null } }), "between turns"),
            (json!({ "now": run }), "runs task #3.9 `conn` (phase run), spawned at a.rs:1"),
            (json!({}), "not told"),
        ] {
            assert_eq!(now(&of), said);
        }
    }
}
