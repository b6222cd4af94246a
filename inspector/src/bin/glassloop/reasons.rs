//! The views `why` and `wakes`: what made a task run, what keeps it from it, and who wakes it.
//!
//! Promises the inspector's own sentences, in its order, and beside them how far back they reach
//! and since when recording is off.

use serde_json::Value;

use crate::{
    client::{Client, escaped},
    failure::Failure,
    field::{count, list, number, present, text, text_or_dash},
    history::{off, reach},
    page::{Page, Paint, Style},
    quantity::{longest_poll, percent, time, time_or_dash},
    state::{as_of, held},
    table::{Table, numbers, words},
    task_id::Found,
};

/// `GET /why` of a task.
pub(crate) fn why(client: &Client, found: &Found<'_>) -> Result<Value, Failure> {
    ask(client, "/why", found)
}

/// `GET /wakes` of a task.
pub(crate) fn wakes(client: &Client, found: &Found<'_>) -> Result<Value, Failure> {
    ask(client, "/wakes", found)
}

fn ask(client: &Client, path: &str, found: &Found<'_>) -> Result<Value, Failure> {
    client.get(&format!("{path}?loop={}&task={}", found.loop_number(), escaped(found.id())))
}

pub(crate) fn why_page(found: &Found<'_>, answer: &Value) -> Page {
    let mut page = Page::default();
    page.push(Paint::Bold, who(found));
    // All from one answer: since the look that found the task the loop may have gone on.
    let runs = present(answer, "running").is_some();
    let (as_of, is_fresh) = as_of(answer);
    let when = if is_fresh { "now".to_owned() } else { format!("now ({as_of})") };
    let is_off = off(answer).is_some();
    let ran = match (runs, is_off) {
        (true, _) => "why it runs".to_owned(),
        (false, false) => "why it ran last".to_owned(),
        // It may have run since.
        (false, true) => "why it ran last while that was recorded".to_owned(),
    };
    part(&mut page, &ran, list(answer, "ran"));
    if !runs {
        part(&mut page, &format!("why it does not run {when}"), list(answer, "waits"));
    }
    // Whatever else it waits for, it is this that it waits for first.
    if let Some(stall) = present(answer, "stall") {
        page.push(Paint::Red, held(stall));
    }
    if let Some(longest) = present(found.task, "times").and_then(longest_poll) {
        page.plain(format!("longest poll so far: {}", time(longest)));
    }
    foot(&mut page, answer);
    page
}

/// How far back the answer reaches.
fn foot(page: &mut Page, answer: &Value) {
    let reach = reach(answer);
    if !reach.is_empty() {
        page.push(Paint::Dim, reach.join("; "));
    }
}

fn part(page: &mut Page, title: &str, lines: &[Value]) {
    page.plain(format!("{title}:"));
    for line in folded(lines.iter().map(|line| line.as_str().unwrap_or(""))) {
        page.plain(format!("  {line}"));
    }
    if lines.is_empty() {
        page.plain("  not known");
    }
}

/// Lines of which each that says the same as the one above is counted only. What is the same may
/// have been at other times.
fn folded<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut runs: Vec<(String, Vec<&str>)> = Vec::new();
    for line in lines {
        let what = without_times(line);
        match runs.last_mut() {
            Some((said, run)) if *said == what => run.push(line),
            _ => runs.push((what, vec![line])),
        }
    }
    let tell = |(_, run): (String, Vec<&str>)| match run[..] {
        [first, _, _, ..] => {
            vec![first.to_owned(), format!("and {} times before that, the same", run.len() - 1)]
        }
        _ => run.into_iter().map(str::to_owned).collect(),
    };
    runs.into_iter().flat_map(tell).collect()
}

/// A step of a walk without its turns, and without how long ago it was and how long it took.
fn without_times(line: &str) -> String {
    let (mut told, mut rest) = (String::new(), line);
    while let Some(at) = rest.find(" in turn ") {
        let (before, after) = rest.split_at(at + " in turn ".len());
        told.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        if let Some((_, behind)) = rest.strip_prefix(" (").and_then(|it| it.split_once(')')) {
            rest = behind;
        }
    }
    told + rest
}

pub(crate) fn wakes_page(found: &Found<'_>, answer: &Value, style: Style) -> Page {
    let mut page = Page::default();
    page.push(Paint::Bold, who(found));
    let (by, last) = (list(answer, "by"), list(answer, "last"));
    if by.is_empty() && last.is_empty() {
        page.plain("no wake is recorded (`glassloop record on` records)");
        foot(&mut page, answer);
        return page;
    }
    if let (Some(count), Some(itself)) = (number(answer, "count"), number(answer, "itself")) {
        page.plain(format!("{count} wakes, {itself} ({}) by itself", share(itself, count)));
    }
    let mut table = Table::new(&[numbers("WAKES"), words("BY")], style);
    for line in by {
        table.row(vec![count(line, "count"), text(line, "who").to_owned()]);
    }
    page.extend(table.page(0));
    if last.is_empty() {
        foot(&mut page, answer);
        return page;
    }
    page.gap();
    // The reading of who looked at the recording: a look at the loop was earlier.
    let now = number(answer, "now_ns");
    let mut table = Table::new(&[numbers("TURN"), numbers("AGO"), words("LAST BY")], style);
    for line in last {
        let ago = number(line, "at_ns").and_then(|at| Some(now?.saturating_sub(at)));
        table.row(vec![
            count(line, "turn"),
            time_or_dash(ago),
            text_or_dash(line, "who").to_owned(),
        ]);
    }
    page.extend(table.page(0));
    foot(&mut page, answer);
    page
}

/// A part of a whole that is not nothing.
#[allow(clippy::cast_precision_loss, reason = "a share is rounded to tenths of a percent")]
fn share(part: u64, whole: u64) -> String {
    percent(part as f64 / whole.max(1) as f64)
}

fn who(found: &Found<'_>) -> String {
    let ended = if found.ended { ", which has ended" } else { "" };
    format!("task {} `{}`{ended}", found.id(), text(found.task, "name"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cause_that_comes_again_and_again_is_told_once_and_counted() {
        let itself = |turn: u64| {
            let before = turn - 1;
            format!(
                "task #0.0 `sitter` ran in turn {turn} ({turn}.0 us ago, ran 9 ns) because it \
                 woke itself in turn {before}"
            )
        };
        let told = |lines: &[String]| folded(lines.iter().map(String::as_str));
        let mut lines: Vec<String> = (3..1_001).rev().map(itself).collect();
        lines.push("and so on: 1000 steps are told".to_owned());
        let expected = [&*itself(1_000), "and 997 times before that, the same", &*lines[998]];
        assert_eq!(told(&lines), expected);
        // Two are told as they are, and other tasks, or other causes, in lines of their own.
        let other = itself(7).replace("#0.0", "#1.1");
        let timer = "task #0.0 `sitter` ran in turn 4 because the timer was due in turn 4";
        let few = [itself(9), itself(8), other, itself(6), timer.to_owned()];
        assert_eq!(told(&few), few);
        let named = |name: &str| format!("task #0.0 `{name}` ran in turn 9");
        assert_eq!(without_times(&named("a (b)")), "task #0.0 `a (b)` ran in turn ");
    }

    #[test]
    fn whether_a_task_runs_is_what_the_answer_says_and_not_an_earlier_look() {
        let task = json!({ "id": "#7.7", "name": "sleeper" });
        let stall = json!({ "item": "task #7.7 `sleeper`", "task": "#7.7", "for_ms": 10_000 });
        let held = json!({
            "as_of": { "turn": 9, "age_ms": 9_000.0, "fresh": false },
            "stall": stall,
        });
        let found = Found { of: &held, task: &task, ended: false };
        let as_of = json!({ "turn": 12, "age_ms": 0.1, "fresh": true });
        let titles = |answer: &Value| {
            let lines = why_page(&found, answer).lines.into_iter().skip(1);
            lines.map(|line| line.text).filter(|line| !line.starts_with("  ")).collect::<Vec<_>>()
        };
        let ran = json!({ "running": null, "as_of": as_of, "stall": null });
        assert_eq!(titles(&ran), ["why it ran last:", "why it does not run now:"]);
        let runs = json!({ "running": { "turn": 10 }, "as_of": held["as_of"], "stall": stall });
        let holds = "task #7.7 `sleeper` has held the loop for 10.0 s";
        assert_eq!(titles(&runs), ["why it runs:", holds]);
    }
}
