//! The jobs of pools: the work that blocks, as a loop knew of it when it was looked at.
//!
//! Promises for each what it is called, whether a thread runs it and for how long, who waits for
//! it, and where it was asked for. An inspector that doesn't tell of jobs has none to show.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    field::{list, number, present, text, text_or_dash},
    quantity::{time, time_or_dash},
    table::{Column, names, numbers, words},
};

/// What stands in place of the place where a loop's own pool was made.
const OWN: &str = "the loop's own";

pub(crate) const COLUMNS: [Column; 6] = [
    words("STATE"),
    numbers("FOR"),
    names("NAME", 40),
    words("AWAITED BY"),
    words("OFFLOADED AT"),
    words("POOL"),
];

/// A row for each, those that have run longest first; before it what makes it like others.
pub(crate) fn rows(of: &Value) -> Vec<(String, Vec<String>)> {
    let made = present(of, "loop").map_or("", |name| text(name, "made"));
    let row = |job: &Value| {
        let (state, born) = (text_or_dash(job, "state"), text_or_dash(job, "born"));
        let pool = if text(job, "pool") == made { OWN } else { text_or_dash(job, "pool") };
        let cells = vec![
            state.to_owned(),
            time_or_dash(number(job, "for_ns")),
            text_or_dash(job, "name").to_owned(),
            text_or_dash(job, "task").to_owned(),
            born.to_owned(),
            pool.to_owned(),
        ];
        (format!("{state}, offloaded at {born}"), cells)
    };
    list(of, "jobs").iter().map(row).collect()
}

/// How many run, and how long the longest has: "jobs running 2 (12.3 s)". Nothing if none does.
pub(crate) fn running(of: &Value) -> String {
    let running: Vec<u64> = list(of, "jobs")
        .iter()
        .filter(|job| text(job, "state") == "running")
        .map(|job| number(job, "for_ns").unwrap_or(0))
        .collect();
    match running.iter().max() {
        Some(&longest) => format!("  jobs running {} ({})", running.len(), time(longest)),
        None => String::new(),
    }
}

/// The jobs of a loop by their numbers: there may be as many as tasks, each of which asks for its.
pub(crate) struct ByNumber<'a>(HashMap<u64, &'a Value>);

impl<'a> ByNumber<'a> {
    pub(crate) fn of(of: &'a Value) -> ByNumber<'a> {
        let jobs = list(of, "jobs").iter();
        ByNumber(jobs.filter_map(|job| Some((number(job, "number")?, job))).collect())
    }

    /// The job that a wait is for: "running for 3.2 s: job `export`". The time comes first: a name
    /// may be long, and is cut. `None` if it is for none, or for one of which only the wait itself
    /// tells.
    pub(crate) fn of_wait(&self, wait: &Value) -> Option<String> {
        let on = present(wait, "on").filter(|on| text(on, "kind") == "job")?;
        let job = self.0.get(&number(on, "number")?)?;
        let elapsed = time(number(job, "for_ns")?);
        Some(format!("{} for {elapsed}: job `{}`", text(job, "state"), text(job, "name")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of() -> Value {
        let job = |number: u64, state: &str, for_ns: u64| {
            let name = "export";
            json!({ "number": number, "name": name, "state": state, "for_ns": for_ns })
        };
        json!({ "jobs": [
            job(7, "running", 3_200_000_000), job(8, "running", 41_000), job(9, "queued", 0),
        ] })
    }

    #[test]
    fn a_wait_for_a_job_says_which_and_for_how_long_it_has_run() {
        let wait = |number: u64| {
            let on = json!({ "kind": "job", "number": number });
            json!({ "operation": "offload", "of": "job `export`, running", "on": on })
        };
        let of = of();
        let jobs = ByNumber::of(&of);
        let said = |number| jobs.of_wait(&wait(number));
        assert_eq!(said(7).as_deref(), Some("running for 3.2 s: job `export`"));
        assert_eq!(said(9).as_deref(), Some("queued for 0: job `export`"));
        assert_eq!(said(10), None);
        assert_eq!(jobs.of_wait(&json!({ "on": { "kind": "thread", "number": 7 } })), None);
    }

    #[test]
    fn those_that_run_are_counted_with_the_longest() {
        assert_eq!(running(&of()), "  jobs running 2 (3.2 s)");
        assert_eq!(running(&json!({ "jobs": [{ "state": "queued", "for_ns": 9 }] })), "");
        assert_eq!(running(&json!({})), "");
    }
}
