//! A loop's clock, as its owner moves it from outside.
//!
//! Promises that only a clock which can be moved is told anything, and one thing at a time.

use std::time::Duration;

use glassloop::{
    Watch,
    ws::{Request, Response},
};
use serde_json::{Value, json};

use crate::{control::Wish, facts::Facts, routes::refusal};

/// What may be told a clock.
const ORDERS: [&str; 4] = ["advance_ms", "autojump", "jump", "rate"];

/// `POST /clock` with `{"loop":1}` and one of `"jump":true`, `"autojump":false`, `"rate":0.5`,
/// `"advance_ms":5000`.
pub(crate) fn clock(_: &Facts, request: &Request) -> Result<Response, Response> {
    let wish = Wish::of(request, &[&["loop"][..], &ORDERS].concat())?;
    let watch = wish.watch()?;
    let Some(clock) = watch.manual_clock() else {
        return Err(refusal(409, "expected a loop on a manual clock, came one on the system's"));
    };
    let told: Vec<_> = ORDERS.into_iter().filter(|order| wish.has(order)).collect();
    match told[..] {
        ["jump"] => {
            wish.get("jump", "true", |value| (value == &json!(true)).then_some(()))?;
            watch.jump();
        }
        ["autojump"] => {
            clock.set_autojump(wish.get("autojump", "true or false", Value::as_bool)?);
        }
        ["rate"] => {
            let is_rate = |rate: &f64| rate.is_finite() && *rate >= 0.0;
            let rate = |value: &Value| value.as_f64().filter(is_rate);
            clock.set_rate(wish.get("rate", "a number from 0 on", rate)?);
        }
        ["advance_ms"] => {
            let ms = wish.get("advance_ms", "a number of milliseconds", Value::as_u64)?;
            clock.advance(Duration::from_millis(ms));
        }
        _ => {
            let what = format!("expected one of {ORDERS:?}, came {told:?}");
            return Err(refusal(400, &what));
        }
    }
    Ok(Response::json(told_of(&watch).to_string()))
}

/// How a clock that can be moved goes; `null` for one that can't.
pub(crate) fn told_of(watch: &Watch) -> Value {
    watch.manual_clock().map_or(Value::Null, |clock| {
        json!({ "autojump": clock.autojump(), "rate": clock.rate(), "now_ns": clock.now() })
    })
}
