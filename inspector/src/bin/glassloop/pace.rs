//! The commands `pause`, `resume` and `step`: a loop's pace.
//!
//! Promises to say of each loop where it stands, or that it has not come there yet. It waits for
//! that as long as the inspector does.

use serde_json::{Value, json};

use crate::{
    arguments::StepTo,
    client::Client,
    failure::Failure,
    field::{count, flag, number, present, text_or_none},
    page::Page,
    state::{State, loop_number, number_of},
    task_id::find,
};

/// Stops each loop that is shown.
pub(crate) fn pause(client: &Client, state: &State) -> Result<(Page, Value), Failure> {
    each(client, state, "/pause")
}

/// Has each loop that is shown go on.
pub(crate) fn resume(client: &Client, state: &State) -> Result<(Page, Value), Failure> {
    each(client, state, "/resume")
}

/// Has one loop take a step.
pub(crate) fn step(client: &Client, state: &State, to: &StepTo) -> Result<(Page, Value), Failure> {
    let (of, to) = match to {
        StepTo::Item => (state.only()?, json!("item")),
        StepTo::Turn => (state.only()?, json!("turn")),
        StepTo::Task(id) => {
            let found = find(state, id)?;
            (found.of, json!({ "task": found.id() }))
        }
        StepTo::Lint(None) => (state.only()?, json!("lint")),
        StepTo::Lint(Some(lint)) => (state.only()?, json!({ "lint": lint })),
        StepTo::Source(id) => (state.only()?, json!({ "source": id })),
        StepTo::In(time) => {
            let of = state.only()?;
            let now_ns = number(of, "clock_ns").unwrap_or(0);
            let time_ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            (of, json!({ "time_ns": now_ns.saturating_add(time_ns) }))
        }
    };
    let answer = client.post("/step", &json!({ "loop": loop_number(of), "to": to }))?;
    let mut page = Page::default();
    page.plain(told(of, &answer));
    Ok((page, json!({ "loop": of["loop"], "pace": answer })))
}

fn each(client: &Client, state: &State, path: &str) -> Result<(Page, Value), Failure> {
    let (mut page, mut answers) = (Page::default(), Vec::new());
    for of in state.loops() {
        let answer = client.post(path, &json!({ "loop": loop_number(of) }))?;
        page.plain(told(of, &answer));
        answers.push(json!({ "loop": of["loop"], "pace": answer }));
    }
    Ok((page, json!({ "loops": answers })))
}

/// Where a loop stands, in a sentence.
fn told(of: &Value, pace: &Value) -> String {
    format!("loop {} {}", number_of(of), where_it_stands(pace))
}

/// The same without its number: "stands behind turn 7; next is task #3.9 `conn`".
pub(crate) fn where_it_stands(pace: &Value) -> String {
    let Some(stopped) = present(pace, "stopped") else {
        return match flag(pace, "ordered") {
            true => "has not stopped yet: it hangs, nobody runs it, or what it is to stop for has \
                     not come"
                .to_owned(),
            false => "goes on".to_owned(),
        };
    };
    let turn = count(stopped, "turn");
    match (flag(stopped, "within"), text_or_none(stopped, "next")) {
        (true, Some(next)) => format!("stands within turn {turn}, before {next}"),
        (_, Some(next)) => format!("stands behind turn {turn}; next is {next}"),
        (_, None) => format!("stands behind turn {turn}; nothing is ready"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_loop_stands_is_told_in_one_sentence() {
        let at = |within: bool, next: Value| {
            let stopped = json!({ "turn": 7, "within": within, "next": next });
            where_it_stands(&json!({ "ordered": true, "stopped": stopped }))
        };
        let next = json!("task #3.9 `conn`");
        assert_eq!(at(true, next.clone()), "stands within turn 7, before task #3.9 `conn`");
        assert_eq!(at(false, next), "stands behind turn 7; next is task #3.9 `conn`");
        assert_eq!(at(false, Value::Null), "stands behind turn 7; nothing is ready");
        assert_eq!(where_it_stands(&json!({ "ordered": false, "stopped": null })), "goes on");
        let not_yet = where_it_stands(&json!({ "ordered": true, "stopped": null }));
        assert!(not_yet.starts_with("has not stopped yet"), "{not_yet}");
    }
}
