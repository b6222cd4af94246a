//! The command `lint`: what a loop has found to be a fault in its program.
//!
//! Promises an exit code of its own where something that is denied was found, or nobody looked.

use serde_json::{Value, json};

use crate::{
    arguments::{Arguments, Command},
    client::Client,
    failure::{Failure, Kind},
    field::{count, flag, list, number, present, text_or_dash, text_or_none},
    page::{Page, Paint},
    quantity::time,
    state::{State, loop_number, name, number_of},
};

/// What each loop that is shown has found.
pub(crate) fn page(state: &State) -> Page {
    let mut page = Page::default();
    let may_be_told = present(state.value(), "process").is_some_and(|it| flag(it, "control"));
    for of in state.loops() {
        page.gap();
        page.push(Paint::Bold, format!("{}: {}", name(of), summary(of, may_be_told)));
        let findings = present(of, "lint").map(|lint| list(lint, "findings")).unwrap_or_default();
        for found in findings {
            let times = number(found, "times").filter(|times| *times > 1);
            let times = times.map_or_else(String::new, |times| format!(", {times} times"));
            let lint = text_or_dash(found, "lint");
            let subject = text_or_dash(found, "subject");
            page.push(Paint::Red, format!("  {lint}: {subject}{times}"));
            page.plain(format!("    {}", text_or_dash(found, "reason")));
            if let Some(place) = text_or_none(found, "place") {
                page.plain(format!("    at {place}, turn {}", count(found, "turn")));
            }
            page.plain(format!("    {}", text_or_dash(found, "why")));
            page.plain(format!("    see {}", text_or_dash(found, "chapter")));
        }
    }
    page
}

/// How much was found, and since when it is looked; where nobody does, how one would.
fn summary(of: &Value, may_be_told: bool) -> String {
    let Some(lint) = present(of, "lint") else {
        let one_would = match may_be_told {
            true => "`glassloop lint on` does, or GLASSLOOP_LINT=1",
            false => "a program started with GLASSLOOP_LINT=1 does; this one takes no orders",
        };
        return format!("nobody looks for faults ({one_would})");
    };
    let found = match (list(lint, "findings").len(), number(lint, "more")) {
        (0, _) => "nothing was found".to_owned(),
        (1, None | Some(0)) => "1 finding".to_owned(),
        (found, None | Some(0)) => format!("{found} findings"),
        (found, Some(more)) => format!("{found} findings, and {more} more"),
    };
    let now_ns = number(of, "clock_ns").unwrap_or(0);
    let since_ns = number(lint, "since_ns").unwrap_or(0);
    let since = time(now_ns.saturating_sub(since_ns));
    match flag(lint, "on") {
        true => format!("{found} in {since}"),
        false => format!("{found}; nobody looks any more"),
    }
}

pub(crate) fn json(state: &State) -> Value {
    state.json_of(|of| json!({ "loop": of["loop"], "lint": of["lint"] }))
}

/// Switches the lints of each loop that is shown.
pub(crate) fn switch(client: &Client, state: &State, on: bool) -> Result<(Page, Value), Failure> {
    let mut page = Page::default();
    for of in state.loops() {
        client.post("/lint", &json!({ "loop": loop_number(of), "on": on }))?;
        let does = if on { "looks for faults" } else { "looks for faults no more" };
        page.plain(format!("loop {} {does}", number_of(of)));
    }
    Ok((page, state.json_of(|of| json!({ "loop": of["loop"], "on": on }))))
}

/// Whether nothing was found of what is denied.
pub(crate) fn verdict(arguments: &Arguments, json: &Value) -> Result<(), Failure> {
    let denied = &arguments.denied;
    if arguments.command != Command::Lint(None) || denied.is_empty() {
        return Ok(());
    }
    let mut found = Vec::new();
    if list(json, "loops").is_empty() {
        return Err(Failure::nothing("this process has no loop"));
    }
    for of in list(json, "loops") {
        let Some(lint) = present(of, "lint").filter(|lint| flag(lint, "on")) else {
            let what = format!("loop {} does not look for faults", number_of(of));
            return Err(Failure::nothing(what));
        };
        let names = list(lint, "findings").iter().map(|found| text_or_dash(found, "lint"));
        found.extend(names.filter(|name| denied.iter().any(|denied| denied == name)));
        if number(lint, "more").is_some_and(|more| more > 0) {
            found.push("more than is kept");
        }
    }
    found.sort_unstable();
    found.dedup();
    match found.is_empty() {
        true => Ok(()),
        false => {
            let what = format!("expected none of what is denied, came {}", found.join(", "));
            Err(Failure::new(Kind::Denied, what))
        }
    }
}
