//! The view `res`: what a loop has beside its tasks: sources, timers, queues, and those of hosts.
//!
//! Promises each of them in one line.

use serde_json::Value;

use crate::{
    field::{count, list, number, text, text_or_dash},
    page::{Page, Style},
    quantity::time_or_dash,
    state::{State, heading},
    table::{Table, names, numbers, words},
};

pub(crate) fn page(state: &State, style: Style) -> Page {
    let mut page = Page::default();
    for of in state.loops() {
        page.gap();
        page.extend(heading(of));
        part(&mut page, "sources", sources(list(of, "sources"), style));
        part(&mut page, "timers", timers(list(of, "timers"), style));
        part(&mut page, "queues", queues(list(of, "queues"), style));
    }
    let hosts = list(state.value(), "host_queues");
    if !hosts.is_empty() {
        page.gap();
        page.plain(format!("host queues: {}", hosts.len()));
        page.extend(host_queues(hosts, style).page(2));
    }
    page
}

pub(crate) fn json(state: &State) -> Value {
    let mut json = state.json(&["sources", "timers", "queues"]);
    json["host_queues"] = list(state.value(), "host_queues").to_vec().into();
    json
}

fn part(page: &mut Page, what: &str, (rows, table): (usize, Table)) {
    page.plain(format!("  {what}: {rows}"));
    if rows > 0 {
        page.extend(table.page(4));
    }
}

fn sources(sources: &[Value], style: Style) -> (usize, Table) {
    let columns = [
        words("ID"),
        words("KIND"),
        names("NAME", 40),
        numbers("FD"),
        words("PEER"),
        words("INTEREST"),
        words("READINESS"),
        words("WAITERS"),
    ];
    let mut table = Table::new(&columns, style.ascii);
    for source in sources {
        let waiters = list(source, "waiters").iter();
        let waiters =
            waiters.map(|it| format!("{} by {}", text(it, "operation"), text(it, "task")));
        let descriptor = source.get("descriptor").and_then(Value::as_i64);
        table.row(vec![
            text(source, "id").to_owned(),
            text(source, "kind").to_owned(),
            text(source, "name").to_owned(),
            descriptor.map_or_else(|| "-".to_owned(), |number| number.to_string()),
            text_or_dash(source, "peer").to_owned(),
            text_or_dash(source, "interest").to_owned(),
            text_or_dash(source, "readiness").to_owned(),
            waiters.collect::<Vec<_>>().join(", "),
        ]);
    }
    (sources.len(), table)
}

fn timers(timers: &[Value], style: Style) -> (usize, Table) {
    let columns = [numbers("IN"), words("OPERATION"), words("TASK"), words("AT")];
    let mut table = Table::new(&columns, style.ascii);
    for timer in timers {
        let due = number(timer, "in_ns").filter(|&ns| ns < u64::MAX);
        table.row(vec![
            due.map_or_else(|| "never".to_owned(), |ns| time_or_dash(Some(ns))),
            text_or_dash(timer, "operation").to_owned(),
            text_or_dash(timer, "task").to_owned(),
            text_or_dash(timer, "at").to_owned(),
        ]);
    }
    (timers.len(), table)
}

fn queues(queues: &[Value], style: Style) -> (usize, Table) {
    let columns = [words("NAME"), numbers("DEPTH"), numbers("MAX"), numbers("AGE")];
    let mut table = Table::new(&columns, style.ascii);
    for queue in queues {
        table.row(vec![
            text(queue, "name").to_owned(),
            count(queue, "depth"),
            count(queue, "max"),
            time_or_dash(number(queue, "age_ns")),
        ]);
    }
    (queues.len(), table)
}

fn host_queues(queues: &[Value], style: Style) -> Table {
    let columns = [
        words("NAME"),
        numbers("QUEUED"),
        numbers("OLDEST"),
        numbers("RAN"),
        numbers("PANICKED"),
        numbers("CANCELLED"),
        numbers("TIMED OUT"),
        numbers("REFUSED"),
    ];
    let mut table = Table::new(&columns, style.ascii);
    for queue in queues {
        let mut cells = vec![
            text(queue, "name").to_owned(),
            count(queue, "queued"),
            time_or_dash(number(queue, "oldest_wait_ns")),
        ];
        let counts = ["ran", "panicked", "cancelled", "timed_out", "refused"];
        cells.extend(counts.map(|key| count(queue, key)));
        table.row(cells);
    }
    table
}
