//! A task's id as a person gives it: `3`, `#3`, `#3.9`, `3.9`, or a name that one task has.
//!
//! Promises that a task is found only if one alone can be meant; who was meant is asked, not
//! guessed. A number is an id before it is a name.

use serde_json::Value;

use crate::{
    failure::Failure,
    field::{list, present, text},
    state::{State, loop_number, name, number_of},
};

/// The most that are listed where one was expected.
const LISTED_MAX: usize = 8;

/// A task that was meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) of: &'a Value,
    pub(crate) task: &'a Value,
    /// Whether it has ended, and is known only from the recording.
    pub(crate) ended: bool,
}

impl Found<'_> {
    /// The number of its loop.
    pub(crate) fn loop_number(&self) -> u64 {
        loop_number(self.of)
    }

    pub(crate) fn id(&self) -> &str {
        text(self.task, "id")
    }
}

/// An index, and a generation if it was given.
fn parse(given: &str) -> Option<(u64, Option<u64>)> {
    let digits = given.strip_prefix('#').unwrap_or(given);
    // `parse` alone would take a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    match digits.split_once('.') {
        Some((index, generation)) => Some((index.parse().ok()?, Some(generation.parse().ok()?))),
        None => Some((digits.parse().ok()?, None)),
    }
}

/// Finds a task in all loops that are shown: among the living, then among the ended.
pub(crate) fn find<'a>(state: &'a State, given: &str) -> Result<Found<'a>, Failure> {
    let wanted = parse(given);
    let has_id = |task: &Value| match (wanted, parse(text(task, "id"))) {
        (Some((index, None)), Some((other, _))) => index == other,
        (Some(wanted), Some(other)) => wanted == other,
        _ => false,
    };
    let has_name = |task: &Value| text(task, "name") == given;
    for ended in [false, true] {
        for is_meant in [&has_id as &dyn Fn(&Value) -> bool, &has_name] {
            let found = all(state, ended, is_meant);
            match &found[..] {
                [] => {}
                [only] => return Ok(*only),
                _ => return Err(several(&found, given)),
            }
        }
    }
    Err(Failure::nothing(format!(
        "no task `{given}`: expected an id, such as 3 or #3.9, or a name"
    )))
}

fn all<'a>(state: &'a State, ended: bool, is_meant: &dyn Fn(&Value) -> bool) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for of in state.loops() {
        let tasks = match (ended, present(of, "recorded")) {
            (false, _) => list(of, "tasks"),
            (true, Some(recorded)) => list(recorded, "ended"),
            (true, None) => &[],
        };
        let meant = tasks.iter().filter(|task| is_meant(task));
        found.extend(meant.map(|task| Found { of, task, ended }));
    }
    found
}

fn several(found: &[Found<'_>], given: &str) -> Failure {
    let in_one = found.iter().all(|other| number_of(other.of) == number_of(found[0].of));
    let shown = found.iter().take(LISTED_MAX).map(|it| match in_one {
        true => format!("{} `{}`", it.id(), text(it.task, "name")),
        false => format!("{} `{}` of {}", it.id(), text(it.task, "name"), name(it.of)),
    });
    let shown: Vec<String> = shown.collect();
    let more = match found.len() {
        ..=LISTED_MAX => String::new(),
        all => format!(" and {} more", all - LISTED_MAX),
    };
    let how = if in_one { "give its ID" } else { "give its ID, and --loop" };
    let shown = shown.join(", ");
    Failure::arguments(format!("expected one task, `{given}` may be {shown}{more}: {how}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use serde_json::json;

    fn state() -> State {
        let of = |number: u32, tasks: Value, ended: Value| {
            json!({ "loop": { "number": number, "thread": "t" }, "tasks": tasks,
                "recorded": { "ended": ended } })
        };
        let first = json!([{ "id": "#3.9", "name": "conn" }, { "id": "#4.4", "name": "conn" },
            { "id": "#5.5", "name": "3" }]);
        let second = json!([{ "id": "#4.4", "name": "writer" }]);
        let ended = json!([{ "id": "#3.8", "name": "gone" }]);
        State::of_test(json!({ "loops": [of(1, first, ended), of(2, second, json!([]))] }))
    }

    #[test]
    fn a_task_is_meant_by_each_form_of_its_id_and_by_its_name() {
        for (given, loop_number, id) in [
            ("3", 1, "#3.9"),
            ("#3", 1, "#3.9"),
            ("3.9", 1, "#3.9"),
            ("#3.9", 1, "#3.9"),
            ("writer", 2, "#4.4"),
            ("#3.8", 1, "#3.8"),
            ("gone", 1, "#3.8"),
        ] {
            let state = state();
            let found = find(&state, given).unwrap();
            assert_eq!((found.loop_number(), found.id()), (loop_number, id), "{given}");
            assert_eq!(found.ended, id == "#3.8");
        }
    }

    #[test]
    fn who_may_be_meant_is_asked_and_not_guessed() {
        for (given, code, said) in [
            ("conn", 2, "expected one task, `conn` may be #3.9 `conn`, #4.4 `conn`: give its ID"),
            (
                "#4.4",
                2,
                "expected one task, `#4.4` may be #4.4 `conn` of loop 1 on t, \
                 #4.4 `writer` of loop 2 on t: give its ID, and --loop",
            ),
            ("#3.1", 1, "no task `#3.1`: expected an id, such as 3 or #3.9, or a name"),
            ("+3", 1, "no task `+3`: expected an id, such as 3 or #3.9, or a name"),
            ("nobody", 1, "no task `nobody`: expected an id, such as 3 or #3.9, or a name"),
        ] {
            let failure = find(&state(), given).unwrap_err();
            assert_eq!((failure.exit_code(), &*failure.text), (code, said));
        }
    }
}
