//! The view `res`: what a loop has beside its tasks: sources, timers, queues, the jobs of pools,
//! and the queues of hosts.
//!
//! Promises each of them in one line, and of a host queue in a sentence what it runs, and what it
//! is to run next. On a terminal a crowd of sources, timers or jobs is told by its first few, and
//! counted.

use serde_json::Value;

use crate::{
    crowd::{Crowds, Said},
    field::{count, flag, list, number, present, text, text_or_dash, text_or_none},
    jobs,
    page::{Page, Style},
    quantity::{time, time_or_dash},
    state::{State, file, heading, stale_ns},
    table::{Column, Table, names, numbers, words},
};

/// What it means that a source is readable and has no reader.
const LEFT: &str = "readable until a read finds nothing: without a reader, nobody has tried since";

/// Resources of one kind.
struct Kind {
    name: &'static str,
    columns: &'static [Column],
    /// Which columns are cut where they don't fit, and how far.
    cut: &'static [(usize, usize)],
    /// Which columns are places, of which a narrow terminal has the file's name.
    places: &'static [usize],
}

const SOURCES: Kind = Kind {
    name: "sources",
    columns: &[
        words("ID"),
        words("KIND"),
        names("NAME", 40),
        numbers("FD"),
        words("PEER").from(WIDE),
        words("INTEREST").from(WIDE),
        words("READINESS"),
        numbers("OPS"),
        numbers("IN VAIN"),
        words("WAITERS"),
    ],
    cut: &[(2, 14), (9, 12), (2, 6)],
    places: &[],
};

const TIMERS: Kind = Kind {
    name: "timers",
    columns: &[numbers("IN"), words("OPERATION"), words("TASK"), words("AT")],
    cut: &[],
    places: &[3],
};

const QUEUES: Kind = Kind {
    name: "queues",
    columns: &[words("NAME"), numbers("DEPTH"), numbers("LIMIT"), numbers("NOT EMPTY FOR")],
    cut: &[],
    places: &[],
};

const JOBS: Kind = Kind { name: "jobs", columns: &jobs::COLUMNS, cut: &[(2, 12)], places: &[4, 5] };

/// How far the tables stand to the right.
const INDENT: usize = 4;

/// Room for all. In a terminal with fewer columns the name of a source has to say to whom it leads.
const WIDE: usize = 120;

/// A row, and in words what makes it like others.
type Row = (String, Vec<String>);

pub(crate) fn page(state: &State, style: Style) -> Page {
    let mut page = Page::default();
    for of in state.loops() {
        page.gap();
        page.extend(heading(of));
        part(&mut page, &SOURCES, sources(list(of, "sources")), style);
        if list(of, "sources").iter().any(is_left) {
            page.plain(format!("    {LEFT}"));
        }
        part(&mut page, &TIMERS, timers(of), style);
        part(&mut page, &QUEUES, queues(list(of, "queues")), style);
        if present(of, "jobs").is_some() {
            part(&mut page, &JOBS, jobs::rows(of), style);
        }
    }
    let hosts = list(state.value(), "host_queues");
    if !hosts.is_empty() {
        page.gap();
        page.plain(format!("host queues: {}", hosts.len()));
        page.extend(host_queues(hosts, style).page(2));
        hosts.iter().for_each(|host| page.extend(host_jobs(host)));
    }
    page
}

pub(crate) fn json(state: &State) -> Value {
    let mut json = state.json(&["sources", "timers", "queues", "jobs"]);
    json["host_queues"] = list(state.value(), "host_queues").to_vec().into();
    json
}

fn part(page: &mut Page, kind: &Kind, rows: Vec<Row>, style: Style) {
    page.plain(format!("  {}: {}", kind.name, rows.len()));
    if rows.is_empty() {
        return;
    }
    let foldable = if style.is_screen() { &rows[..] } else { &[] };
    let mut crowds = Crowds::of(foldable.iter().map(|(alike, _)| alike.clone()));
    let mut table = Table::new(kind.columns, style);
    for (alike, mut cells) in rows {
        if style.width < WIDE {
            kind.places.iter().for_each(|&at| cells[at] = file(&cells[at]).to_owned());
        }
        if crowds.next(&alike) == Said::Itself {
            table.row(cells);
        }
    }
    table.fit(INDENT, kind.cut);
    page.extend(table.page(INDENT));
    for (alike, more) in crowds.left_out() {
        page.plain(format!("    and {more} more: {alike} (`glassloop res | less` has all)"));
    }
}

fn sources(sources: &[Value]) -> Vec<Row> {
    let row = |source: &Value| {
        let waiters = || list(source, "waiters").iter();
        let waiting: Vec<&str> = waiters().map(|it| text(it, "operation")).collect();
        let waits = if waiting.is_empty() { "none".to_owned() } else { waiting.join(", ") };
        let kind = text(source, "kind");
        let alike = format!("{kind}, readiness {}, waiters {waits}", readiness(source));
        let waiters =
            waiters().map(|it| format!("{} by {}", text(it, "operation"), text(it, "task")));
        let descriptor = source.get("descriptor").and_then(Value::as_i64);
        let cells = vec![
            text(source, "id").to_owned(),
            kind.to_owned(),
            text(source, "name").to_owned(),
            descriptor.map_or_else(|| "-".to_owned(), |number| number.to_string()),
            text_or_dash(source, "peer").to_owned(),
            text_or_dash(source, "interest").to_owned(),
            readiness(source),
            count(source, "operations"),
            count(source, "in_vain"),
            if waiting.is_empty() { "-".into() } else { waiters.collect::<Vec<_>>().join(", ") },
        ];
        (alike, cells)
    };
    sources.iter().map(row).collect()
}

/// For what a source is ready, in words: "readable, writable".
fn readiness(source: &Value) -> String {
    match text(source, "readiness") {
        "" => "-".to_owned(),
        flags => flags.to_lowercase().replace(" | ", ", ").replace('|', ", ").replace('_', " "),
    }
}

/// Whether there may be something to read, which nobody waits for.
fn is_left(source: &Value) -> bool {
    readiness(source).contains("readable") && list(source, "waiters").is_empty()
}

fn timers(of: &Value) -> Vec<Row> {
    let row = |timer: &Value| {
        let (operation, at) = (text_or_dash(timer, "operation"), text_or_dash(timer, "at"));
        let due = number(timer, "in_ns").filter(|&ns| ns < u64::MAX);
        let cells = vec![
            due.map_or_else(|| "never".to_owned(), |ns| due_in(ns, stale_ns(of))),
            operation.to_owned(),
            text_or_dash(timer, "task").to_owned(),
            at.to_owned(),
        ];
        let at = if at == "-" { String::new() } else { format!(" at {at}") };
        (format!("{operation}{at}"), cells)
    };
    list(of, "timers").iter().map(row).collect()
}

/// When a timer is due, counted from now if the loop is held.
fn due_in(ns: u64, stale_ns: u64) -> String {
    match stale_ns.checked_sub(ns) {
        Some(past) if past > 0 => format!("{} ago", time(past)),
        _ => time(ns - stale_ns),
    }
}

fn queues(queues: &[Value]) -> Vec<Row> {
    let row = |queue: &Value| {
        let name = text(queue, "name").to_owned();
        let age = time_or_dash(number(queue, "age_ns"));
        (name.clone(), vec![name, count(queue, "depth"), count(queue, "max"), age])
    };
    queues.iter().map(row).collect()
}

fn host_queues(queues: &[Value], style: Style) -> Table {
    let columns = [
        numbers("QUEUE"),
        words("MADE"),
        names("THREAD", 24),
        numbers("QUEUED"),
        numbers("OLDEST"),
        numbers("RAN"),
        numbers("PANICKED"),
        numbers("CANCELLED").from(WIDE),
        numbers("TIMED OUT").from(WIDE),
        numbers("LOST").from(WIDE),
        numbers("REFUSED"),
    ];
    let mut table = Table::new(&columns, style);
    for queue in queues {
        let queued =
            if flag(queue, "closed") { "closed".to_owned() } else { count(queue, "queued") };
        let made = text_or_dash(queue, "made");
        let mut cells = vec![
            count(queue, "number"),
            if style.width < WIDE { file(made) } else { made }.to_owned(),
            text_or_dash(queue, "thread").to_owned(),
            queued,
            time_or_dash(number(queue, "oldest_wait_ns")),
        ];
        let counts = ["ran", "panicked", "cancelled", "timed_out", "lost", "refused"];
        cells.extend(counts.map(|key| count(queue, key)));
        table.row(cells);
    }
    table
}

/// What a host queue runs, and what it is to run next.
fn host_jobs(queue: &Value) -> Page {
    let mut page = Page::default();
    let of = format!("  queue {}", count(queue, "number"));
    // What its host's thread is at, in whichever sentence comes first.
    let mut state = text_or_none(queue, "thread_state").map(|state| format!(": {state}"));
    let mut state = || state.take().unwrap_or_default();
    let running: Vec<String> = list(queue, "running").iter().map(job).collect();
    if !running.is_empty() {
        page.plain(format!("{of} runs {}{}", running.join(", within it "), state()));
    }
    if let Some(next) = present(queue, "next") {
        page.plain(format!("{of} has waited to run {}{}", job(next), state()));
    }
    page
}

/// Where a job was asked for, which step it is at, and for how long.
fn job(job: &Value) -> String {
    let step = number(job, "step").map_or_else(String::new, |step| format!(" (step {step})"));
    let (asked, elapsed) = (text_or_dash(job, "asked"), time_or_dash(number(job, "for_ns")));
    format!("{asked}{step} for {elapsed}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const STYLE: Style = Style { ascii: true, colour: false, width: usize::MAX };

    fn lines(state: &State) -> Vec<String> {
        page(state, STYLE).lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn an_inspector_that_knows_of_no_host_queues_has_none() {
        for state in [json!({ "loops": [{}] }), json!({ "loops": [{}], "host_queues": null })] {
            let state = State::of_test(state);
            assert!(!lines(&state).iter().any(|line| line.contains("host")));
            assert_eq!(json(&state)["host_queues"], json!([]));
        }
    }

    #[test]
    fn what_a_source_is_ready_for_is_told_in_words() {
        for (flags, said) in [
            ("NONE", "none"),
            ("READABLE|WRITABLE", "readable, writable"),
            ("READABLE | READ_CLOSED", "readable, read closed"),
            ("", "-"),
        ] {
            assert_eq!(readiness(&json!({ "readiness": flags })), said);
        }
        let waiters = json!([{ "task": "#1.1", "operation": "accept" }]);
        let read = json!({ "readiness": "READABLE", "waiters": waiters });
        let left = json!({ "readiness": "READABLE", "waiters": [] });
        let told = |source: Value| {
            let state = State::of_test(json!({ "loops": [{ "sources": [source] }] }));
            lines(&state).iter().any(|line| line.trim_start() == LEFT)
        };
        assert!(told(left) && !told(read) && !told(json!({ "readiness": "WRITABLE" })));
    }

    #[test]
    fn a_crowd_of_sources_timers_or_jobs_is_counted_on_a_terminal() {
        let source = |n: u32| json!({ "id": n, "kind": "tcp", "readiness": "READABLE" });
        let timer = |_| json!({ "in_ns": 7, "operation": "sleep", "at": "a.rs:7" });
        let job = |n| json!({ "number": n, "state": "queued", "born": "a.rs:9" });
        let state = State::of_test(json!({ "loops": [{
            "sources": (0..300).map(source).collect::<Vec<_>>(),
            "timers": (0..300).map(timer).collect::<Vec<_>>(),
            "jobs": (0..300).map(job).collect::<Vec<_>>(),
        }] }));
        let screen = page(&state, Style { width: 80, ..STYLE });
        let told: Vec<_> =
            screen.lines.iter().map(|line| &line.text).filter(|it| it.contains("more: ")).collect();
        let all = "(`glassloop res | less` has all)";
        assert_eq!(
            told,
            [
                &format!("    and 290 more: tcp, readiness readable, waiters none {all}"),
                &format!("    and 290 more: sleep at a.rs:7 {all}"),
                &format!("    and 290 more: queued, offloaded at a.rs:9 {all}"),
            ]
        );
        assert!(screen.lines.len() < 50 && lines(&state).len() > 900);
    }

    #[test]
    fn a_timer_of_a_loop_that_hangs_is_counted_from_now() {
        assert_eq!(due_in(1_200_000_000, 0), "1.2 s");
        assert_eq!(due_in(861_000_000, 9_861_000_000), "9.0 s ago");
        assert_eq!((due_in(7, 7).as_str(), due_in(9, 7).as_str()), ("0", "2 ns"));
    }

    #[test]
    fn a_host_that_does_not_come_is_told_with_what_it_does_instead() {
        let next = json!({ "asked": "a.rs:7", "step": null, "for_ns": 10_012_000_000_u64 });
        let queue = json!({ "number": 2, "next": next, "thread_state": "on CPU" });
        let state = State::of_test(json!({ "loops": [], "host_queues": [queue, { "number": 3 }] }));
        let lines = lines(&state);
        assert_eq!(lines[0], "host queues: 2");
        assert_eq!(lines[4..], ["  queue 2 has waited to run a.rs:7 for 10.0 s: on CPU"]);
    }
}
