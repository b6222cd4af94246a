//! The command `clock`: how a loop's clock goes, and how it is to go.

use serde_json::{Value, json};

use crate::{
    arguments::ClockOrder,
    client::Client,
    failure::Failure,
    field::{flag, float, number, present},
    page::Page,
    quantity::time,
    state::{State, loop_number, number_of},
};

pub(crate) fn clock(
    client: &Client,
    state: &State,
    order: Option<&ClockOrder>,
) -> Result<(Page, Value), Failure> {
    let Some(order) = order else {
        let mut page = Page::default();
        state.loops().iter().for_each(|of| page.plain(told(of, present(of, "clock"))));
        return Ok((page, state.json(&["clock", "clock_ns"])));
    };
    let of = state.only()?;
    let mut body = json!({ "loop": loop_number(of) });
    match order {
        ClockOrder::Jump => body["jump"] = true.into(),
        ClockOrder::Autojump(on) => body["autojump"] = (*on).into(),
        ClockOrder::Rate(rate) => body["rate"] = rate.as_f64().into(),
        ClockOrder::Advance(by) => {
            body["advance_ms"] = u64::try_from(by.as_millis()).unwrap_or(u64::MAX).into();
        }
    }
    let answer = client.post("/clock", &body)?;
    let mut page = Page::default();
    page.plain(match order {
        // It is made by the loop, between two turns.
        ClockOrder::Jump => format!("loop {}: its clock jumps to the next deadline", number_of(of)),
        _ => told(of, Some(&answer)),
    });
    Ok((page, json!({ "loop": of["loop"], "clock": answer })))
}

/// How a clock goes, in a sentence.
fn told(of: &Value, clock: Option<&Value>) -> String {
    let number_of = number_of(of);
    let Some(clock) = clock else {
        let now = time(number(of, "clock_ns").unwrap_or(0));
        return format!("loop {number_of}: the system's clock, {now}");
    };
    let now = time(number(clock, "now_ns").unwrap_or(0));
    let jumps = if flag(clock, "autojump") { ", jumps when nothing else can come" } else { "" };
    match float(clock, "rate").unwrap_or(0.0) {
        0.0 => format!("loop {number_of}: a manual clock, {now}, stands still{jumps}"),
        rate => format!("loop {number_of}: a manual clock, {now}, flows at {rate}{jumps}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_clock_goes_is_told_in_one_sentence() {
        let of = json!({ "loop": { "number": 2 }, "clock_ns": 1_500_000_000_u64 });
        assert_eq!(told(&of, None), "loop 2: the system's clock, 1.5 s");
        let clock = |rate: f64, autojump: bool| {
            told(&of, Some(&json!({ "autojump": autojump, "rate": rate, "now_ns": 0 })))
        };
        assert_eq!(clock(0.0, false), "loop 2: a manual clock, 0, stands still");
        let jumps = "loop 2: a manual clock, 0, flows at 0.5, jumps when nothing else can come";
        assert_eq!(clock(0.5, true), jumps);
    }
}
