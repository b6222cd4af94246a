//! The rules of a trace file, each checked over all of its lines.
//!
//! Times are kept as nanoseconds and read from the text, not from floats.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A trace that keeps the rules.
pub(crate) struct Trace {
    events: Vec<Timed>,
}

/// A line with its time.
struct Timed {
    value: Value,
    ts: u64,
    dur: u64,
}

/// The track of a task.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) name: String,
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

impl Trace {
    /// Reads a trace of this program, and asserts each rule.
    #[track_caller]
    pub(crate) fn checked(text: &str, program: &str) -> Trace {
        let whole: Value = serde_json::from_str(text).expect("it is JSON");
        let keys: Vec<_> = whole.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["displayTimeUnit", "glassloop", "traceEvents"]);
        assert_eq!(whole["displayTimeUnit"], "ns");
        // A line an event: its times can be read as they are written.
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("{\"ph\"")).collect();
        let heads = text.lines().filter(|line| line.starts_with("{\"args\"")).count();
        let values = whole["traceEvents"].as_array().unwrap();
        assert_eq!(lines.len() + heads, values.len());
        let events = values[heads..].iter().zip(lines).map(|(value, line)| Timed {
            value: value.clone(),
            ts: nanos(line, "ts").expect("each has a time"),
            dur: nanos(line, "dur").unwrap_or(0),
        });
        let trace = Trace { events: events.collect() };
        heads_name_process_and_thread(&values[..heads], program);
        trace.begins_with_what_is_missing();
        trace.every_event_has_its_fields();
        trace.times_are_in_order();
        trace.slices_nest();
        trace.polls_lie_in_a_phase();
        trace.arrows_have_two_ends();
        trace.lives_begin_and_end();
        trace
    }

    fn of(&self, ph: &str) -> impl Iterator<Item = &Timed> {
        self.events.iter().filter(move |event| event.value["ph"] == *ph)
    }

    fn begins_with_what_is_missing(&self) {
        let first = &self.events[0].value;
        assert_eq!((&first["ph"], &first["s"]), (&"i".into(), &"p".into()));
        for key in ["lost", "torn", "events"] {
            assert!(first["args"][key].is_u64(), "{first}");
        }
        assert!(first["args"]["span_s"].is_f64(), "{first}");
        let words = [" events lost, ", " torn, ", " s recorded"];
        assert!(words.iter().all(|word| first["name"].as_str().unwrap().contains(word)));
    }

    fn every_event_has_its_fields(&self) {
        for Timed { value, .. } in &self.events {
            assert!(value["pid"].is_u64() && value["tid"].is_u64() && value["name"].is_string());
            let known = ["i", "C", "X", "b", "e"];
            assert!(known.contains(&value["ph"].as_str().unwrap()), "no open slices: {value}");
            if value["ph"] == "C" {
                assert!(value["args"].as_object().unwrap().values().all(Value::is_number));
            }
        }
        for poll in self.of("X").filter(|event| event.value["cat"] == "item") {
            let args = &poll.value["args"];
            assert!(args["turn"].is_u64() && args["outcome"].is_string(), "{args}");
        }
    }

    fn times_are_in_order(&self) {
        let times: Vec<_> = self.events.iter().map(|event| event.ts).collect();
        assert!(times.is_sorted());
    }

    fn slices_nest(&self) {
        let mut open: Vec<u64> = Vec::new();
        for event in self.of("X") {
            assert!(event.dur > 0 && event.value["dur"].is_number(), "{}", event.value);
            open.retain(|end| *end > event.ts);
            let end = event.ts + event.dur;
            let outer = open.last().copied().unwrap_or(u64::MAX);
            assert!(end <= outer, "{} ends after what it lies in, {outer}", event.value);
            open.push(end);
        }
    }

    fn polls_lie_in_a_phase(&self) {
        let inside = |event: &Timed, category: &str, names: &[&str]| {
            self.of("X").any(|outer| {
                let name = outer.value["name"].as_str().unwrap();
                outer.value["cat"] == *category
                    && (names.is_empty() || names.contains(&name))
                    && outer.ts <= event.ts
                    && event.ts + event.dur <= outer.ts + outer.dur
            })
        };
        for event in self.of("X") {
            match event.value["cat"].as_str().unwrap() {
                // What is under way may also be what a phase does between items.
                "item" if event.value["args"]["outcome"] == "under way" => {
                    assert!(inside(event, "phase", &[]), "{}", event.value);
                }
                "item" => assert!(inside(event, "phase", &["run", "render"]), "{}", event.value),
                "microtasks" => assert!(inside(event, "phase", &[]), "{}", event.value),
                "wake" => {
                    assert_eq!(event.dur, 1, "{}", event.value);
                    let by_task = event.value["args"]["by"].as_str().unwrap().starts_with("task");
                    let in_item = inside(event, "item", &[]) || inside(event, "microtasks", &[]);
                    assert!(!by_task || in_item, "{}", event.value);
                }
                category => assert_eq!(category, "phase"),
            }
        }
    }

    fn arrows_have_two_ends(&self) {
        let (mut left, mut arrived) = (BTreeMap::new(), BTreeSet::new());
        for event in self.of("X") {
            let value = &event.value;
            let Some(id) = value.get("bind_id") else {
                assert!(value.get("flow_in").is_none() && value.get("flow_out").is_none());
                continue;
            };
            let id = id.as_str().and_then(|id| id.strip_prefix("0x")).expect("hexadecimal");
            let id = u64::from_str_radix(id, 16).unwrap();
            match (value.get("flow_out"), value.get("flow_in")) {
                (Some(Value::Bool(true)), None) => {
                    assert_eq!(value["cat"], "wake");
                    let end = event.ts + event.dur;
                    assert!(left.insert(id, (end, value)).is_none(), "{id} leaves twice");
                }
                (None, Some(Value::Bool(true))) => {
                    assert_eq!(value["cat"], "item");
                    let (end, from) = left.get(&id).expect("it has left before it arrives");
                    assert!(*end <= event.ts, "forward in time: {value}");
                    assert_eq!(from["args"].get("task"), value["args"].get("task"));
                    assert!(arrived.insert(id), "{id} arrives twice");
                }
                other => panic!("{other:?}: {value}"),
            }
        }
        assert_eq!(left.keys().copied().collect::<BTreeSet<_>>(), arrived);
    }

    fn lives_begin_and_end(&self) {
        for life in self.lives() {
            assert!(self.begin() <= life.begin && life.begin <= life.end, "{life:?}");
            assert!(life.end <= self.end(), "{life:?}");
        }
    }

    /// When it begins.
    pub(crate) fn begin(&self) -> u64 {
        self.events[0].ts
    }

    /// When its last slice ends.
    pub(crate) fn end(&self) -> u64 {
        self.of("X").map(|event| event.ts + event.dur).max().unwrap_or(self.begin())
    }

    /// The tracks of the tasks, by their id; each is opened once and closed once.
    #[track_caller]
    pub(crate) fn lives(&self) -> Vec<Life> {
        let mut lives: BTreeMap<String, Life> = BTreeMap::new();
        let mut closed = BTreeSet::new();
        for event in self.events.iter().filter(|event| event.value.get("id2").is_some()) {
            let value = &event.value;
            assert_eq!(value["cat"], "task");
            let id = value["id2"]["local"].as_str().unwrap().to_owned();
            let name = value["name"].as_str().unwrap().to_owned();
            if value["ph"] == "b" {
                let life = Life { name, begin: event.ts, end: 0 };
                assert!(lives.insert(id, life).is_none(), "born twice: {value}");
            } else {
                assert_eq!(value["ph"], "e");
                let life = lives.get_mut(&id).expect("born before it ends");
                assert_eq!(life.name, name);
                life.end = event.ts;
                assert!(closed.insert(id), "ended twice: {value}");
            }
        }
        assert_eq!(lives.len(), closed.len());
        lives.into_values().collect()
    }

    /// How many events it says were lost.
    pub(crate) fn lost(&self) -> u64 {
        self.events[0].value["args"]["lost"].as_u64().unwrap()
    }

    /// How many slices have this category and name.
    pub(crate) fn count(&self, category: &str, name: &str) -> usize {
        let is_it =
            |event: &&Timed| event.value["cat"] == *category && event.value["name"] == *name;
        self.of("X").filter(is_it).count()
    }

    /// How many items ended so.
    pub(crate) fn outcomes(&self, outcome: &str) -> usize {
        self.of("X").filter(|event| event.value["args"]["outcome"] == *outcome).count()
    }

    /// What has no end yet: the items' names, with how long they have been so.
    pub(crate) fn under_way(&self) -> Vec<(&str, u64)> {
        let is_it = |event: &&Timed| event.value["args"]["outcome"] == "under way";
        let items = self.of("X").filter(is_it);
        items.map(|event| (event.value["name"].as_str().unwrap(), event.dur)).collect()
    }

    /// How many arrows there are.
    pub(crate) fn arrows(&self) -> usize {
        self.of("X").filter(|event| event.value.get("flow_out").is_some()).count()
    }

    /// The names of all slices.
    pub(crate) fn slices(&self) -> impl Iterator<Item = &str> {
        self.of("X").filter_map(|event| event.value["name"].as_str())
    }

    /// What the counter of the ready queue says last.
    pub(crate) fn ready(&self) -> Option<u64> {
        self.of("C").last().and_then(|event| event.value["args"]["ready"].as_u64())
    }
}

#[track_caller]
fn heads_name_process_and_thread(heads: &[Value], program: &str) {
    let names: Vec<_> = heads.iter().map(|head| head["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["process_name", "thread_name"]);
    for head in heads {
        assert!(head["ph"] == "M" && head["pid"].is_u64() && head["tid"].is_u64());
        assert!(head["args"]["name"].is_string());
    }
    assert_eq!(heads[0]["args"]["name"], program);
}

/// A time in nanoseconds, of microseconds with exactly three decimals.
fn nanos(line: &str, key: &str) -> Option<u64> {
    let (_, rest) = line.split_once(&format!(",\"{key}\":"))?;
    let number = rest.split([',', '}']).next().unwrap();
    let (whole, fraction) = number.split_once('.').expect("three decimals");
    assert_eq!(fraction.len(), 3, "{line}");
    Some(whole.parse::<u64>().unwrap() * 1_000 + fraction.parse::<u64>().unwrap())
}
