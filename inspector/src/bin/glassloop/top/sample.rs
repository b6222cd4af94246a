//! A sample: the state at one moment, and what changed since the one before.
//!
//! Promises rates over the loop's own clock: a loop that does not answer has the rates that it last
//! had, and no false zeros; one that hangs is busy with what holds it, and with nothing else. It
//! asks for what was told lately only where something is recorded.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    client::Client,
    field::{flag, float, list, number, present, text},
    history::story_lines,
    state::{State, number_of},
};

/// As many turns are asked for, of which those are told below the table that fit there.
const STORY_TURNS: u64 = 8;

/// One loop at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) state: State,
    /// Which of its loops.
    pub(crate) at: usize,
    /// The share of its time that each task ran for, since the sample before.
    pub(crate) loads: BTreeMap<String, f64>,
    /// The share of its time that the loop did not wait.
    pub(crate) utilisation: Option<f64>,
    pub(crate) story: Vec<String>,
}

impl Sample {
    /// What is now of the loop with this number, or of the first where that has ended; `before` is
    /// the sample before it.
    pub(crate) fn of_loop(number: &str, state: State, before: Option<&Sample>) -> Sample {
        let at = state.loops().iter().position(|of| number_of(of) == number).unwrap_or(0);
        let mut sample =
            Sample { state, at, loads: BTreeMap::new(), utilisation: None, story: Vec::new() };
        sample.compare(before);
        sample.hold();
        sample
    }

    /// With what was told lately.
    pub(crate) fn with_story(mut self, client: &Client) -> Sample {
        let of = self.of();
        if present(of, "recorded").is_some_and(|recorded| flag(recorded, "on")) {
            let path = format!("/story?loop={}&turns={STORY_TURNS}", number_of(of));
            // Without it there is a screen all the same.
            self.story = client.get(&path).map(|told| story_lines(&told)).unwrap_or_default();
        }
        self
    }

    /// The loop.
    pub(crate) fn of(&self) -> &Value {
        self.state.loops().get(self.at).unwrap_or(&Value::Null)
    }

    /// What the recording can't know before it is over: what holds the loop has all of its time.
    fn hold(&mut self) {
        let Some(stall) = present(self.of(), "stall") else { return };
        let held = text(stall, "task").to_owned();
        self.utilisation = Some(1.0);
        self.loads.values_mut().for_each(|load| *load = 0.0);
        if !held.is_empty() {
            self.loads.insert(held, 1.0);
        }
    }

    fn compare(&mut self, before: Option<&Sample>) {
        let same = before.filter(|before| number_of(before.of()) == number_of(self.of()));
        let passed = same.map_or(0, |before| since(before.of(), self.of(), "clock_ns"));
        let times =
            |of: &Value| present(of, "recorded").and_then(|it| present(it, "times")).cloned();
        let now = times(self.of());
        self.utilisation = now.as_ref().and_then(|times| float(times, "utilisation"));
        let Some(before) = same else { return };
        if passed == 0 {
            self.loads.clone_from(&before.loads);
            self.utilisation = before.utilisation.or(self.utilisation);
            return;
        }
        if let (Some(then), Some(now)) = (times(before.of()), now) {
            let elapsed = since(&then, &now, "elapsed_ns");
            let waited = since(&then, &now, "waited_ns");
            if elapsed > 0 {
                self.utilisation = Some(share(elapsed.saturating_sub(waited), elapsed));
            }
        }
        let busy = |of: &Value| -> BTreeMap<String, u64> {
            let tasks = list(of, "tasks").iter();
            let busy = |task| number(present(task, "times")?, "busy_ns");
            tasks.filter_map(|task| Some((text(task, "id").to_owned(), busy(task)?))).collect()
        };
        let then = busy(before.of());
        let load = |(id, now): (String, u64)| {
            let ran = now.saturating_sub(then.get(&id).copied().unwrap_or(0));
            (id, share(ran, passed))
        };
        self.loads = busy(self.of()).into_iter().map(load).collect();
    }
}

fn since(then: &Value, now: &Value, key: &str) -> u64 {
    match (number(then, key), number(now, key)) {
        (Some(then), Some(now)) => now.saturating_sub(then),
        _ => 0,
    }
}

#[allow(clippy::cast_precision_loss, reason = "a share is shown with one digit")]
fn share(part: u64, whole: u64) -> f64 {
    (part as f64 / whole as f64).min(1.0)
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) fn sample(state: Value) -> Sample {
        let (state, loads) = (State::of_test(state), BTreeMap::new());
        Sample { state, at: 0, loads, utilisation: None, story: Vec::new() }
    }

    fn at(clock_ns: u64, waited_ns: u64, busy_ns: u64) -> Value {
        json!({ "loops": [{ "loop": { "number": 1 }, "clock_ns": clock_ns,
            "tasks": [{ "id": "#1.1", "times": { "busy_ns": busy_ns } }],
            "recorded": { "times": {
                "elapsed_ns": clock_ns, "waited_ns": waited_ns, "utilisation": 0.5 } } }] })
    }

    #[test]
    fn rates_are_of_the_time_between_two_samples() {
        let mut first = sample(at(1_000, 500, 100));
        first.compare(None);
        assert_eq!((first.utilisation, first.loads.len()), (Some(0.5), 0));
        let mut second = sample(at(2_000, 1_400, 150));
        second.compare(Some(&first));
        assert_eq!(second.utilisation, Some(0.1));
        assert_eq!(second.loads["#1.1"], 0.05);
        // The loop has not answered since.
        let mut third = sample(at(2_000, 1_400, 150));
        third.compare(Some(&second));
        assert_eq!((third.utilisation, third.loads["#1.1"]), (Some(0.1), 0.05));
    }

    #[test]
    fn a_loop_is_followed_while_others_end() {
        let of = |number: u64, clock_ns: u64| {
            json!({ "loop": { "number": number },
            "clock_ns": clock_ns, "tasks": [{ "id": "#1.1", "times": { "busy_ns": clock_ns } }] })
        };
        let state = |loops: &[Value]| State::of_test(json!({ "loops": loops }));
        let first = Sample::of_loop("2", state(&[of(1, 100), of(2, 100)]), None);
        assert_eq!((first.at, first.loads.len()), (1, 0));
        let second = Sample::of_loop("2", state(&[of(2, 200)]), Some(&first));
        assert_eq!((second.at, second.loads["#1.1"]), (0, 1.0));
        // It has ended, too: another one has no loads yet.
        let third = Sample::of_loop("2", state(&[of(3, 300)]), Some(&second));
        assert_eq!((number_of(third.of()).as_str(), third.loads.len()), ("3", 0));
        assert_eq!(*Sample::of_loop("2", state(&[]), Some(&third)).of(), Value::Null);
    }

    #[test]
    fn what_holds_a_loop_has_all_of_its_time() {
        let mut state = at(2_000, 1_400, 150);
        state["loops"][0]["stall"] = json!({ "task": "#7.7", "for_ms": 3_000 });
        let mut held = sample(state);
        held.loads.insert("#1.1".into(), 0.05);
        held.hold();
        assert_eq!(held.utilisation, Some(1.0));
        assert_eq!((held.loads["#7.7"], held.loads["#1.1"]), (1.0, 0.0));
    }
}
