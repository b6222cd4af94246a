//! A loop's pace, as its owner sets it from outside: stopped, a step, and on.
//!
//! Promises that no loop of a tool is stopped: the one that serves this would never hear of it
//! again. An order is answered when it is carried out, or as "not yet" when its time is over: a
//! step may be to what never comes.

use std::{rc::Rc, time::Duration};

use glassloop::{
    Lint, StepTo, Stopped, Watch, sleep, timeout,
    ws::{Request, Response},
};
use serde_json::{Value, json};

use crate::{
    control::{Wish, source_of, task_of},
    facts::Facts,
    names::Names,
    routes::refusal,
    rows, state,
};

/// How long an order has, if it doesn't say, and the longest.
const WAIT_MS: u64 = 100;
const WAIT_MS_MOST: u64 = 1_000;

/// From one look at whether it is carried out to the next.
const LOOK: Duration = Duration::from_millis(1);

/// What a step may be to.
const STEPS: &str = "\"item\", \"turn\", \"lint\", {\"lint\":\"slow-poll\"}, {\"task\":\"#3.9\"}, \
                     {\"source\":\"4#4\"} or {\"time_ns\":2000000000}";

/// `POST /pause` with `{"loop":1}`.
pub(crate) async fn pause(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    order(&facts, &request, &["loop"], |watch, _| {
        watch.pause();
        Ok(())
    })
    .await
}

/// `POST /resume` with `{"loop":1}`.
pub(crate) async fn resume(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    order(&facts, &request, &["loop"], |watch, _| {
        watch.resume();
        Ok(())
    })
    .await
}

/// `POST /step` with `{"loop":1,"to":"item"}`; see [`STEPS`].
pub(crate) async fn step(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    order(&facts, &request, &["loop", "to"], |watch, wish| {
        watch.step(wish.get("to", STEPS, step_to)?);
        Ok(())
    })
    .await
}

/// Gives an order, and tells where the loop stands when it was carried out. `wait_ms` is how long
/// that may take.
async fn order(
    facts: &Facts,
    request: &Request,
    known: &[&str],
    give: impl Fn(&Watch, &Wish) -> Result<(), Response>,
) -> Result<Response, Response> {
    let wish = Wish::of(request, &[known, &["wait_ms"]].concat())?;
    let wait_ms = wish.get_or("wait_ms", "at most 1000", WAIT_MS, |value| {
        value.as_u64().filter(|&wait_ms| wait_ms <= WAIT_MS_MOST)
    })?;
    let watch = wish.watch()?;
    if watch.name().internal {
        return Err(refusal(400, "expected a loop of the program, came one of a tool"));
    }
    give(&watch, &wish)?;
    let comes = async {
        while watch.is_stepped() && watch.stopped(Duration::ZERO).is_none() {
            sleep(LOOK).await;
        }
    };
    if timeout(Duration::from_millis(wait_ms), comes).await.is_err() {
        log::debug!("inspector: an order was not carried out within {wait_ms} ms");
    }
    let patience = Duration::from_millis(WAIT_MS);
    let seen = state::answers(facts, state::ask(std::slice::from_ref(&watch)), patience).await;
    let seen = seen.into_iter().find_map(|looked| looked.seen);
    let names = seen.map(|seen| Names::of(&seen.snapshot)).unwrap_or_default();
    Ok(Response::json(told(&watch, &names).to_string()))
}

/// What a step is to.
fn step_to(value: &Value) -> Option<StepTo> {
    match value {
        Value::String(name) => match name.as_str() {
            "item" => Some(StepTo::NextItem),
            "turn" => Some(StepTo::NextTurn),
            "lint" => Some(StepTo::Lint(None)),
            _ => None,
        },
        Value::Object(to) if to.len() == 1 => {
            let (key, value) = to.iter().next()?;
            match key.as_str() {
                "task" => task_of(value.as_str()?).map(StepTo::Task),
                "source" => source_of(value.as_str()?).map(StepTo::Source),
                "lint" => Lint::of_name(value.as_str()?).map(|lint| StepTo::Lint(Some(lint))),
                "time_ns" => value.as_u64().map(StepTo::Time),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether somebody has stopped a loop, and where it stands: `null` while nobody has.
pub(crate) fn pace(watch: &Watch, names: &Names) -> Value {
    match watch.is_stepped() {
        true => told(watch, names),
        false => Value::Null,
    }
}

fn told(watch: &Watch, names: &Names) -> Value {
    let stopped = watch.stopped(Duration::ZERO);
    json!({
        "ordered": watch.is_stepped(),
        "stopped": stopped.map(|stopped| place(&stopped, names)),
    })
}

fn place(stopped: &Stopped, names: &Names) -> Value {
    json!({
        "turn": stopped.turn,
        "within": stopped.within,
        "next": stopped.next.map(|next| names.item(next)),
        "task": stopped.next.map(|next| rows::task_id(next.task_id())),
        "by": stopped.by.map(|by| by.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use glassloop::{SourceId, TaskId};

    use super::*;

    #[test]
    fn a_step_is_to_what_it_says() {
        let task = TaskId { index: 3, generation: 9 };
        let source = SourceId { index: 4, generation: 5 };
        for (said, to) in [
            (json!("item"), StepTo::NextItem),
            (json!("turn"), StepTo::NextTurn),
            (json!({ "task": "#3.9" }), StepTo::Task(task)),
            (json!({ "source": "4#5" }), StepTo::Source(source)),
            (json!({ "time_ns": 7 }), StepTo::Time(7)),
            (json!("lint"), StepTo::Lint(None)),
            (json!({ "lint": "lost-wake" }), StepTo::Lint(Some(Lint::LostWake))),
        ] {
            assert_eq!(step_to(&said), Some(to), "{said}");
        }
        for said in [
            json!("items"),
            json!(1),
            json!(null),
            json!({}),
            json!({ "task": 3 }),
            json!({ "source": "4" }),
            json!({ "source": "#4" }),
            json!({ "time_ns": -1 }),
            json!({ "lint": "lost wake" }),
            json!({ "task": "#3.9", "time_ns": 7 }),
        ] {
            assert_eq!(step_to(&said), None, "{said}");
        }
    }
}
