//! The waits of a task: what it asked for, of what, and where, one line each.
//!
//! Promises a bounded number of lines: a task that waits for a thousand things says so.

use serde_json::Value;

use crate::{
    field::{list, number, text, text_or_dash},
    jobs::ByNumber,
    quantity::time,
    state::stale_ns,
};

/// As many as a table shows of one task.
const SHOWN_MAX: usize = 3;

/// One thing that a task waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    /// `read of tcp 3 127.0.0.1:80`
    pub(crate) what: String,
    /// `src/main.rs:18`
    pub(crate) at: String,
}

/// What tells of the waits of a loop's tasks: its state, and the jobs in it.
pub(crate) struct Told<'a> {
    of: &'a Value,
    jobs: ByNumber<'a>,
}

impl<'a> Told<'a> {
    pub(crate) fn of(of: &'a Value) -> Told<'a> {
        Told { of, jobs: ByNumber::of(of) }
    }
}

/// The first waits of a task; where it last waited, if it waits for nothing of ours.
pub(crate) fn first(told: &Told<'_>, task: &Value) -> Vec<Wait> {
    let waits = list(task, "waits");
    let mut shown: Vec<Wait> = waits.iter().take(SHOWN_MAX).map(|wait| one(told, wait)).collect();
    if waits.len() > SHOWN_MAX {
        let more = format!("and {} more", waits.len() - SHOWN_MAX);
        shown.push(Wait { what: more, at: String::new() });
    }
    if shown.is_empty() {
        let at = text_or_dash(task, "awaits").to_owned();
        shown.push(Wait { what: "-".to_owned(), at });
    }
    shown
}

/// One of them.
pub(crate) fn one(told: &Told<'_>, wait: &Value) -> Wait {
    let (operation, object) = (text(wait, "operation"), text(wait, "of"));
    let what = match (object, due(told.of, wait).or_else(|| told.jobs.of_wait(wait))) {
        ("", None) => operation.to_owned(),
        // That it is a timer or a job, and how long: the loop's own words, in another unit.
        (_, Some(how_long)) => format!("{operation}, {how_long}"),
        ("another thread", None) => format!("{operation} by {object}"),
        (_, None) => format!("{operation} of {object}"),
    };
    Wait { what, at: text_or_dash(wait, "at").to_owned() }
}

/// When a timer ends it, counted from the look; from now, if the loop is held.
fn due(of: &Value, wait: &Value) -> Option<String> {
    let on = wait.get("on")?;
    if text(on, "kind") != "timer" {
        return None;
    }
    let stale = stale_ns(of);
    let now = number(of, "clock_ns")?.saturating_add(stale);
    Some(match number(on, "at_ns") {
        None | Some(u64::MAX) => "due never".to_owned(),
        Some(at) if at < now && stale > 0 => format!("was due {} ago", time(now - at)),
        Some(at) if at <= now => "due now".to_owned(),
        Some(at) => format!("due in {}", time(at - now)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_wait_says_for_what_where_and_until_when() {
        let of = json!({ "clock_ns": 1_000_000_000_u64 });
        let timer = |at: u64| {
            json!({ "operation": "sleep", "of": "timer", "at": "a.rs:1",
            "on": { "kind": "timer", "at_ns": at } })
        };
        assert_eq!(one(&Told::of(&of), &timer(2_200_000_000)).what, "sleep, due in 1.2 s");
        assert_eq!(one(&Told::of(&of), &timer(5)).what, "sleep, due now");
        assert_eq!(one(&Told::of(&of), &timer(u64::MAX)).what, "sleep, due never");
        let hung =
            json!({ "clock_ns": 5, "stall": {}, "as_of": { "age_ms": 9_000.0, "fresh": false } });
        assert_eq!(one(&Told::of(&hung), &timer(5)).what, "sleep, was due 9.0 s ago");
        assert_eq!(one(&Told::of(&hung), &timer(9_500_000_005)).what, "sleep, due in 500.0 ms");
        let said = json!({ "operation": "sleep", "of": "timer due in 92.331µs",
            "on": { "kind": "timer", "at_ns": 1_000_092_331_u64 } });
        assert_eq!(one(&Told::of(&of), &said).what, "sleep, due in 92.3 us");
        let told = json!({ "operation": "call", "of": "another thread" });
        assert_eq!(one(&Told::of(&of), &told).what, "call by another thread");
        let thread =
            json!({ "operation": "call", "of": "", "on": { "kind": "thread" }, "at": null });
        assert_eq!(one(&Told::of(&of), &thread), Wait { what: "call".into(), at: "-".into() });
    }

    #[test]
    fn many_waits_are_a_few_lines_and_none_is_one() {
        let wait =
            json!({ "operation": "read", "of": "tcp 3", "on": { "kind": "source" }, "at": "b" });
        let task = json!({ "waits": [wait, wait, wait, wait, wait] });
        let shown = first(&Told::of(&json!({})), &task);
        assert_eq!((shown.len(), &*shown[3].what), (4, "and 2 more"));
        let foreign = first(&Told::of(&json!({})), &json!({ "waits": [], "awaits": "c.rs:3" }));
        assert_eq!(foreign, [Wait { what: "-".into(), at: "c.rs:3".into() }]);
    }
}
