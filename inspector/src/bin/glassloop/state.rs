//! The state: what an inspector says of its loops, and how old that is.
//!
//! Promises that each loop that is shown says which it is and as of when: what a loop that hangs
//! last said is never shown as if it were now.

use serde_json::Value;

use crate::{
    arguments::{Arguments, Command},
    client::Client,
    failure::Failure,
    field::{count, flag, float, list, number, part, present, text, text_or_none},
    pace::where_it_stands,
    page::{Page, Paint},
    quantity::{ns_of_ms, time, time_of_ms},
};

/// The most loops that are listed where one was expected.
const LISTED_MAX: usize = 8;

/// What a program is at that was started with `GLASSLOOP_INSPECT=wait`, until somebody watches.
const WAITS: &str = "the process has no loop yet: it waits for somebody who watches its page; \
    `glassloop url` has the address";

/// The answer to `GET /state`, without the loops that are not meant.
#[derive(Clone, Debug)]
pub(crate) struct State(Value);

impl State {
    pub(crate) fn fetch(client: &Client, arguments: &Arguments) -> Result<State, Failure> {
        // A loop that is named is shown, whoever it belongs to.
        let internal = arguments.internal || arguments.loop_number.is_some();
        let fresh = arguments.fresh.as_millis();
        let internal = if internal { "&internal=1" } else { "" };
        let state = client.get(&format!("/state?fresh_ms={fresh}{internal}"))?;
        // The queues of hosts belong to no loop, and may be there without one.
        let is_of_hosts =
            arguments.command == Command::Resources && arguments.loop_number.is_none();
        if is_of_hosts && !list(&state, "host_queues").is_empty() {
            return Ok(State(state));
        }
        // A program that waits for who watches has no loop yet.
        if arguments.command == Command::Url {
            return Ok(State(state));
        }
        State::of(state, arguments.loop_number)
    }

    fn of(mut state: Value, wanted: Option<u64>) -> Result<State, Failure> {
        if list(&state, "loops").is_empty() {
            // At its end it has no loop any more.
            let waits = present(&state, "process")
                .is_some_and(|process| flag(process, "waits") && !flag(process, "watched"));
            return Err(Failure::nothing(if waits { WAITS } else { "the process has no loop" }));
        }
        if let Some(wanted) = wanted {
            let there = choice(list(&state, "loops"));
            if let Some(loops) = state.get_mut("loops").and_then(Value::as_array_mut) {
                loops.retain(|of| {
                    of.get("loop").and_then(|it| number(it, "number")) == Some(wanted)
                });
            }
            if list(&state, "loops").is_empty() {
                let what = format!("no loop {wanted}; there are {there}");
                return Err(Failure::nothing(what));
            }
        }
        Ok(State(state))
    }

    #[cfg(test)]
    pub(crate) fn of_test(state: Value) -> State {
        State(state)
    }

    pub(crate) fn loops(&self) -> &[Value] {
        list(&self.0, "loops")
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    /// The process, and these parts of each loop.
    pub(crate) fn json(&self, keys: &[&str]) -> Value {
        let mut all = vec!["loop", "as_of"];
        all.extend(keys);
        self.json_of(|of| part(of, &all))
    }

    /// The process, and what a closure makes of each loop.
    pub(crate) fn json_of(&self, change: impl Fn(&Value) -> Value) -> Value {
        let mut json = part(&self.0, &["process"]);
        json["loops"] = self.loops().iter().map(change).collect();
        json
    }

    /// The only loop, for what can be asked of one alone.
    pub(crate) fn only(&self) -> Result<&Value, Failure> {
        match self.loops() {
            [only] => Ok(only),
            several => {
                let what = format!("expected --loop with one of {}", choice(several));
                Err(Failure::arguments(what))
            }
        }
    }
}

/// The number of a loop; 0 is none's.
pub(crate) fn loop_number(of: &Value) -> u64 {
    of.get("loop").and_then(|name| number(name, "number")).unwrap_or(0)
}

/// The number of a loop, in words.
pub(crate) fn number_of(of: &Value) -> String {
    of.get("loop").map_or_else(|| "-".to_owned(), |name| count(name, "number"))
}

/// Which loop it is: `loop 1 on main`.
pub(crate) fn name(of: &Value) -> String {
    format!("loop {} {}", number_of(of), thread(of))
}

fn thread(of: &Value) -> String {
    let thread = of.get("loop").map_or("", |name| text(name, "thread"));
    format!("on {}", if thread.is_empty() { "an unnamed thread" } else { thread })
}

/// The loops that there are, to choose one.
fn choice(loops: &[Value]) -> String {
    let shown = loops.iter().take(LISTED_MAX).map(|of| {
        let internal = present(of, "loop").is_some_and(|it| flag(it, "internal"));
        let internal = if internal { ", internal" } else { "" };
        format!("{} ({}{}{internal})", number_of(of), thread(of), made(of))
    });
    let shown: Vec<String> = shown.collect();
    let more = if loops.len() > LISTED_MAX { " and others" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn made(of: &Value) -> String {
    let made = of.get("loop").map_or("", |name| text(name, "made"));
    if made.is_empty() { String::new() } else { format!(", made at {made}") }
}

/// Which loop it is, as of when, and what holds it.
pub(crate) fn heading(of: &Value) -> Page {
    let mut page = Page::default();
    let made = made(of);
    let (as_of, is_fresh) = as_of(of);
    let paint = if is_fresh || !was_waited_for(of) { Paint::Bold } else { Paint::Red };
    page.push(paint, format!("{}{made}: {as_of}", name(of)));
    if let Some(stall) = present(of, "stall") {
        page.push(Paint::Red, format!("  {}", held(stall)));
    }
    if let Some(pace) = present(of, "pace") {
        page.push(Paint::Bold, format!("  it {}", where_it_stands(pace)));
    }
    page
}

/// How old a look is, and whether the loop answered.
pub(crate) fn as_of(of: &Value) -> (String, bool) {
    let Some(as_of) = present(of, "as_of") else {
        return ("never seen: the loop has not answered".to_owned(), false);
    };
    let (turn, age) = (count(as_of, "turn"), time_of_ms(float(as_of, "age_ms").unwrap_or(0.0)));
    match flag(as_of, "fresh") {
        true => (format!("turn {turn}, as of {age} ago"), true),
        false if !was_waited_for(of) => (format!("as of turn {turn}, {age} ago"), false),
        false => (format!("as of turn {turn}, {age} ago: the loop has not answered"), false),
    }
}

/// How old the look at a loop is that something holds, in nanoseconds; zero if nothing does: a loop
/// that nobody turns may have a clock that stands still.
pub(crate) fn stale_ns(of: &Value) -> u64 {
    let stale = present(of, "stall").and(present(of, "as_of"));
    let stale = stale.filter(|as_of| !flag(as_of, "fresh"));
    stale.and_then(|as_of| float(as_of, "age_ms")).map_or(0, ns_of_ms)
}

/// Whether the loop was given time to answer: not with `--fresh 0`.
fn was_waited_for(of: &Value) -> bool {
    present(of, "as_of").and_then(|as_of| float(as_of, "patience_ms")) != Some(0.0)
}

/// What holds a loop, since when, and what its thread is at.
pub(crate) fn held(stall: &Value) -> String {
    let held = time(number(stall, "for_ms").unwrap_or(0).saturating_mul(1_000_000));
    let thread = match text_or_none(stall, "thread") {
        Some(thread) => format!(": {thread}"),
        None => String::new(),
    };
    format!("{}{} has held the loop for {held}{thread}", item(stall), places(stall))
}

/// What is run: a task by its id and name, a callback, a call, or a phase.
pub(crate) fn item(of: &Value) -> String {
    match (text_or_none(of, "item"), text_or_none(of, "phase")) {
        (Some(item), _) => item.to_owned(),
        (None, Some(phase)) => format!("phase {phase}"),
        (None, None) => "something".to_owned(),
    }
}

/// Where it was spawned and where it waited, set off by commas.
pub(crate) fn places(of: &Value) -> String {
    let mut places = String::new();
    if let Some(born) = text_or_none(of, "born").filter(|place| !place.is_empty()) {
        places.push_str(&format!(", spawned at {born}"));
    }
    if let Some(awaits) = text_or_none(of, "awaits").filter(|place| !place.is_empty()) {
        places.push_str(&format!(", last waited at {awaits}"));
    }
    if !places.is_empty() {
        places.push(',');
    }
    places
}

/// A place without its folders.
pub(crate) fn file(place: &str) -> &str {
    place.rsplit(['/', '\\']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn two_loops() -> Value {
        let of = |number: u32| {
            json!({ "loop": { "number": number, "thread": "main", "made": "src/x.rs:12" },
                "as_of": { "turn": 9, "age_ms": 3.2, "fresh": true } })
        };
        json!({ "process": { "pid": 1 }, "loops": [of(1), of(2)] })
    }

    #[test]
    fn a_loop_is_chosen_by_its_number() {
        assert_eq!(State::of(two_loops(), None).unwrap().loops().len(), 2);
        let second = State::of(two_loops(), Some(2)).unwrap();
        assert_eq!(name(second.only().unwrap()), "loop 2 on main");
        let failure = State::of(two_loops(), Some(3)).unwrap_err();
        let both = "1 (on main, made at src/x.rs:12), 2 (on main, made at src/x.rs:12)";
        assert_eq!(
            (failure.exit_code(), failure.text),
            (1, format!("no loop 3; there are {both}"))
        );
        let failure = State::of(two_loops(), None).unwrap().only().unwrap_err();
        let said = format!("expected --loop with one of {both}");
        assert_eq!((failure.exit_code(), failure.text), (2, said));
        assert_eq!(State::of(json!({ "loops": [] }), None).unwrap_err().exit_code(), 1);
    }

    #[test]
    fn who_has_been_watched_waits_for_nobody() {
        let said = |watched: bool| {
            let process = json!({ "waits": true, "watched": watched });
            State::of(json!({ "process": process, "loops": [] }), None).unwrap_err().text
        };
        assert_eq!((&*said(false), &*said(true)), (WAITS, "the process has no loop"));
    }

    #[test]
    fn a_look_says_how_old_it_is() {
        let state = State::of(two_loops(), Some(1)).unwrap();
        let line = &heading(&state.loops()[0]).lines[0].text;
        assert_eq!(line, "loop 1 on main, made at src/x.rs:12: turn 9, as of 3.2 ms ago");
        let hung = json!({ "as_of": { "turn": 9, "age_ms": 10_012.0, "fresh": false } });
        let said = "as of turn 9, 10.0 s ago: the loop has not answered";
        assert_eq!(as_of(&hung), (said.to_owned(), false));
        assert!(!as_of(&json!({ "as_of": null })).1);
        // With `--fresh 0` nobody waited for it.
        let unasked = json!({ "as_of": { "turn": 9, "age_ms": 3.2, "patience_ms": 0.0 } });
        assert_eq!(as_of(&unasked), ("as of turn 9, 3.2 ms ago".to_owned(), false));
        assert_eq!(heading(&unasked).lines[0].paint, Paint::Bold);
    }

    #[test]
    fn what_holds_a_loop_is_told_in_one_sentence() {
        let stall = json!({ "item": "task #7.7 `sleeper`", "for_ms": 10_012,
            "born": "examples/stall.rs:40", "awaits": "examples/stall.rs:44",
            "thread": "sleeping in the kernel (hrtimer_nanosleep)" });
        let said = "task #7.7 `sleeper`, spawned at examples/stall.rs:40, last waited at \
            examples/stall.rs:44, has held the loop for 10.0 s: sleeping in the kernel \
            (hrtimer_nanosleep)";
        assert_eq!(held(&stall), said);
        let bare = json!({ "phase": "io", "for_ms": 900, "thread": null });
        assert_eq!(held(&bare), "phase io has held the loop for 900.0 ms");
    }
}
