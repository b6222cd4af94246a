//! `Lines`: those of a trace file, in the order of time.
//!
//! Times are microseconds with exactly three decimals, which no float would keep; so each line is
//! put together here, and every string in it escaped by `serde_json`. It decides nothing about what
//! is drawn where.

use serde_json::{Value, json};

/// The track of the loop.
const LOOP: u32 = 1;

/// The lines so far, each with its time.
pub(crate) struct Lines {
    pid: u32,
    head: Vec<String>,
    lines: Vec<(u64, String)>,
}

/// A slice that is not closed yet; its line is kept free, so that it stands before what is in it.
#[must_use]
pub(super) struct Slice {
    pub(super) begin_ns: u64,
    name: String,
    category: &'static str,
    line: usize,
}

/// An arrow that leaves a slice or ends there.
#[derive(Clone, Copy)]
pub(super) enum Flow {
    Out(u64),
    In(u64),
}

/// Microseconds with three decimals.
fn micros(ns: u64) -> String {
    format!("{}.{:03}", ns / 1_000, ns % 1_000)
}

impl Lines {
    pub(super) fn new(pid: u32, program: &str, of_loop: &str) -> Lines {
        let name = |what: &str, name: &str| {
            json!({ "ph": "M", "pid": pid, "tid": LOOP, "name": what, "args": { "name": name } })
                .to_string()
        };
        let head = vec![name("process_name", program), name("thread_name", of_loop)];
        Lines { pid, head, lines: Vec::new() }
    }

    /// What every line has.
    fn common(&self, phase: &str, name: &str, at_ns: u64) -> String {
        let (pid, name, ts) = (self.pid, json!(name), micros(at_ns));
        format!(r#""ph":"{phase}","pid":{pid},"tid":{LOOP},"ts":{ts},"name":{name}"#)
    }

    fn push(&mut self, at_ns: u64, fields: &str) {
        self.lines.push((at_ns, format!("{{{fields}}}")));
    }

    pub(super) fn instant(&mut self, at_ns: u64, name: &str, args: &Value) {
        let common = self.common("i", name, at_ns);
        self.push(at_ns, &format!(r#"{common},"s":"p","cat":"recording","args":{args}"#));
    }

    pub(crate) fn count(&mut self, name: &str, at_ns: u64, count: i64) {
        let common = self.common("C", name, at_ns);
        let args = json!({ name: count });
        self.push(at_ns, &format!(r#"{common},"args":{args}"#));
    }

    /// What a program said at this moment.
    pub(crate) fn note(&mut self, at_ns: u64, name: &str, args: &Value) {
        let common = self.common("i", name, at_ns);
        self.push(at_ns, &format!(r#"{common},"s":"t","cat":"note","args":{args}"#));
    }

    /// Something that took so long, across whatever ran meanwhile.
    pub(crate) fn span(&mut self, name: &str, id: u64, began_ns: u64, ended_ns: u64) {
        self.track(name, "span", id, (began_ns, ended_ns));
    }

    pub(super) fn open(&mut self, name: &str, category: &'static str, begin_ns: u64) -> Slice {
        let line = self.lines.len();
        self.lines.push((begin_ns, String::new()));
        Slice { begin_ns, name: name.to_owned(), category, line }
    }

    pub(super) fn close(&mut self, slice: Slice, end_ns: u64, args: &Value, flow: Option<Flow>) {
        let Slice { begin_ns, name, category, line } = slice;
        let common = self.common("X", &name, begin_ns);
        let dur = micros(end_ns.saturating_sub(begin_ns));
        let flow = match flow {
            Some(Flow::Out(id)) => format!(r#","bind_id":"0x{id:x}","flow_out":true"#),
            Some(Flow::In(id)) => format!(r#","bind_id":"0x{id:x}","flow_in":true"#),
            None => String::new(),
        };
        let fields = format!(r#"{common},"dur":{dur},"cat":"{category}"{flow},"args":{args}"#);
        self.lines[line].1 = format!("{{{fields}}}");
    }

    /// A track of its own, from birth to end.
    pub(super) fn life(&mut self, name: &str, id: u32, born_ns: u64, ended_ns: u64) {
        self.track(name, "task", id.into(), (born_ns, ended_ns));
    }

    fn track(&mut self, name: &str, category: &str, id: u64, (from_ns, to_ns): (u64, u64)) {
        for (phase, at_ns) in [("b", from_ns), ("e", to_ns)] {
            let common = self.common(phase, name, at_ns);
            let id = format!(r#""id2":{{"local":"0x{id:x}"}}"#);
            self.push(at_ns, &format!(r#"{common},"cat":"{category}",{id}"#));
        }
    }

    /// The whole file, with the events as they were recorded.
    pub(super) fn to_text(&self, packed: &Value) -> String {
        let mut lines: Vec<_> = self.lines.iter().collect();
        lines.sort_by_key(|(at_ns, _)| *at_ns);
        let lines = self.head.iter().chain(lines.into_iter().map(|(_, line)| line));
        let lines: Vec<_> = lines.map(String::as_str).collect();
        let (head, lines) = ("{\"traceEvents\":[\n", lines.join(",\n"));
        let between = "\n],\"displayTimeUnit\":\"ns\",\n\"glassloop\":";
        format!("{head}{lines}{between}{packed}}}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_three_decimals_and_a_name_cannot_break_out() {
        assert_eq!([0, 1, 12_345, 1_000_000].map(micros), ["0.000", "0.001", "12.345", "1000.000"]);
        let mut lines = Lines::new(7, "a \"program\"\n", "loop");
        let slice = lines.open("\"},{\\", "item", 5);
        lines.close(slice, 17, &json!({ "x": "\u{7f}\"" }), Some(Flow::In(255)));
        lines.life("</script>", 10, 3, 17);
        let text = lines.to_text(&Value::Null);
        let parsed: Value = serde_json::from_str(&text).unwrap();
        let told = parsed["traceEvents"].as_array().unwrap();
        assert_eq!(told.len(), 5);
        assert_eq!(told[3]["name"], "\"},{\\");
        assert_eq!((&told[3]["bind_id"], &told[3]["flow_in"]), (&json!("0xff"), &json!(true)));
        assert!(text.contains(r#""dur":0.012"#) && text.contains(r#""ts":0.003"#), "{text}");
    }
}
