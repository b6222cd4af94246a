//! The view `ps`: all tasks, one line each.
//!
//! Promises the order in which the loop lists them. What a task waits for beyond the first thing
//! stands below its line. On a terminal a crowd at one line of the program is told by the first few
//! of it, and counted.

use serde_json::Value;

use crate::{
    crowd::{Crowds, Said},
    field::{count, list, number, present, text, text_or_dash},
    page::{Page, Paint, Style},
    quantity::{longest_poll, time_or_dash},
    state::{State, file, heading},
    table::{Column, Table, names, numbers, words},
    waits::{self, Told},
};

/// Longer names are cut: a future's type can fill a screen.
pub(crate) const NAME_WIDTH_MAX: usize = 28;

const COLUMNS: [Column; 12] = [
    words("STATE"),
    words("ID"),
    names("NAME", NAME_WIDTH_MAX),
    numbers("POLLS"),
    numbers("WAKES").from(WIDE),
    numbers("WAKERS").from(ROOMY),
    numbers("BUSY"),
    numbers("LONGEST").from(WIDE),
    numbers("SCHED").from(ROOMY),
    numbers("IDLE").from(WIDE),
    names("WAITS", 56),
    words("AT"),
];

/// Room for what tells a lost wake and starvation.
const ROOMY: usize = 100;

/// Room for all. A terminal with fewer columns has places by their file's name.
const WIDE: usize = 140;

const STATE: usize = 0;
const NAME: usize = 2;
const WAITS: usize = COLUMNS.len() - 2;
const AT: usize = COLUMNS.len() - 1;

type Cells = [String; COLUMNS.len()];

/// How far the tables stand to the right.
const INDENT: usize = 2;

pub(crate) fn page(state: &State, style: Style) -> Page {
    let mut page = Page::default();
    for of in state.loops() {
        page.gap();
        page.extend(heading(of));
        let tasks = list(of, "tasks");
        if tasks.is_empty() {
            page.plain("  no tasks");
            continue;
        }
        let mut table = Table::new(&COLUMNS, style);
        let told = Told::of(of);
        let mut tasks: Vec<_> =
            tasks.iter().map(|task| (paint_of(task), rows(&told, task))).collect();
        let crowds = if style.is_screen() { fold(&mut tasks) } else { Vec::new() };
        for (paint, rows) in tasks {
            for mut cells in rows {
                if style.width < WIDE {
                    cells[AT] = file(&cells[AT]).to_owned();
                }
                table.painted_row(paint, cells.into());
            }
        }
        // A place is whole before a name is, or what is waited for.
        let cut = match style.width >= WIDE {
            true => &[(NAME, 16), (WAITS, 20)][..],
            false => &[(NAME, 16), (WAITS, 10), (NAME, 6)],
        };
        table.fit(INDENT, cut);
        page.extend(table.page(INDENT));
        for crowd in crowds {
            page.plain(format!("{:INDENT$}{crowd}", ""));
        }
    }
    page
}

/// Leaves out all but the first few of each crowd, and says how many those are.
fn fold(tasks: &mut Vec<(Paint, Vec<Cells>)>) -> Vec<String> {
    let alike = |rows: &[Cells]| [STATE, AT].map(|column| rows[0][column].clone());
    let mut crowds = Crowds::of(tasks.iter().map(|(_, rows)| alike(rows)));
    tasks.retain(|(_, rows)| crowds.next(&alike(rows)) == Said::Itself);
    let said = |([state, at], more): ([String; 2], usize)| {
        let at = if at == "-" { String::new() } else { format!(" at {}", file(&at)) };
        format!("and {more} more are {state}{at} (`glassloop ps | less` has all)")
    };
    crowds.left_out().map(said).collect()
}

/// The lines of a task: itself with the first thing that it waits for, then the others.
fn rows(told: &Told<'_>, task: &Value) -> Vec<Cells> {
    let times = present(task, "times");
    let share = |key: &str| time_or_dash(times.and_then(|times| number(times, key)));
    let mut waits = waits::first(told, task).into_iter();
    let [what, at] = waits.next().map_or_else(Default::default, |wait| [wait.what, wait.at]);
    let itself = [
        text_or_dash(task, "state").to_owned(),
        text(task, "id").to_owned(),
        text_or_dash(task, "name").to_owned(),
        count(task, "polls"),
        count(task, "wakes"),
        count(task, "wakers"),
        share("busy_ns"),
        time_or_dash(times.and_then(longest_poll)),
        share("scheduled_ns"),
        share("idle_ns"),
        what,
        at,
    ];
    let more = waits.map(|wait| {
        let mut cells = Cells::default();
        [cells[WAITS], cells[AT]] = [wait.what, wait.at];
        cells
    });
    std::iter::once(itself).chain(more).collect()
}

/// What runs or is about to stands out.
fn paint_of(task: &Value) -> Paint {
    match text(task, "state") {
        "running" => Paint::Bold,
        _ => Paint::Plain,
    }
}

/// Everything that the inspector told, of the loops that are shown.
pub(crate) fn json(state: &State) -> Value {
    state.value().clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(width: usize) -> Vec<String> {
        let waits = json!([
            { "operation": "read", "of": "tcp 3 127.0.0.1:80", "at": "a/long/way/down/conn.rs:30" },
            { "operation": "recv", "of": "channel", "at": "a/long/way/down/conn.rs:31" },
        ]);
        let times = json!({ "busy_ns": 41_000, "scheduled_ns": 9, "idle_ns": 7 });
        let task = json!({
            "state": "waiting", "id": "#3.9", "name": "a task with a long name", "polls": 12_345,
            "wakes": 1, "wakers": 1, "times": times, "waits": waits,
        });
        let state = State::of_test(json!({ "loops": [{ "tasks": [task] }] }));
        let page = page(&state, Style { ascii: true, colour: false, width });
        page.lines.into_iter().skip(1).map(|line| line.text).collect()
    }

    #[test]
    fn a_table_fits_its_terminal_and_is_whole_where_there_is_none() {
        let whole = lines(usize::MAX);
        assert!(whole[1].ends_with("read of tcp 3 127.0.0.1:80  a/long/way/down/conn.rs:30"));
        assert!(whole[0].contains("WAKERS") && whole[1].contains("a task with a long name"));
        for width in [66, 80, ROOMY - 1, ROOMY, 120, WIDE - 1, WIDE, 200] {
            let lines = lines(width);
            let widest = lines.iter().map(|line| line.trim_end().len()).max();
            assert!(widest <= Some(width), "{width}: {lines:#?}");
            assert!(lines[1].trim_end().ends_with("conn.rs:30"), "{lines:#?}");
            assert!(lines[2].trim_end().ends_with("conn.rs:31"), "{lines:#?}");
            let shown = ["WAKERS", "SCHED", "LONGEST"].map(|column| lines[0].contains(column));
            assert_eq!(shown, [width >= ROOMY, width >= ROOMY, width >= WIDE]);
        }
    }

    #[test]
    fn long_figures_fit_where_there_is_room_for_them() {
        let times = json!({ "busy_ns": 123_456_789_u64, "scheduled_ns": 123_456_789_u64 });
        let waits = json!([
            { "operation": "read", "of": "tcp 3 127.0.0.1:80", "at": "a/b/connection.rs:1234" },
        ]);
        let task = json!({
            "state": "waiting", "id": "#123.4567", "name": "a task with a long name",
            "polls": 1_234_567, "wakers": 1, "times": times, "waits": waits,
        });
        let state = State::of_test(json!({ "loops": [{ "tasks": [task] }] }));
        let page = page(&state, Style { ascii: true, colour: false, width: ROOMY });
        let line = page.lines.last().map(|line| line.text.trim_end()).unwrap_or_default();
        assert!(line.len() <= ROOMY && line.ends_with("connection.rs:1234"), "{line}");
    }

    #[test]
    fn a_crowd_at_one_line_is_told_by_its_first_and_counted_on_a_terminal() {
        let at = |line: u32| {
            let place = format!("a/b.rs:{line}");
            let read = json!({ "operation": "read", "of": "tcp", "at": place });
            json!([read, { "operation": "recv", "of": "channel", "at": "a/c.rs:9" }])
        };
        let task = |id: usize, state: &str, waits: Value| {
            let id = format!("#{id}");
            json!({ "state": state, "id": id, "waits": waits })
        };
        let crowd = (0..300).map(|id| task(id, "waiting", at(7)));
        let few = (300..320).map(|id| task(id, "waiting", at(8)));
        let others = [task(400, "ready", at(7)), task(401, "ready", json!([]))];
        let born = (500..521).map(|id| task(id, "ready", json!([])));
        let tasks: Vec<_> = crowd.chain(few).chain(others).chain(born).collect();
        let state = State::of_test(json!({ "loops": [{ "tasks": tasks }] }));
        let shown = |width| {
            let page = page(&state, Style { ascii: true, colour: false, width });
            page.lines.into_iter().map(|line| line.text).collect::<Vec<_>>()
        };
        let whole = shown(usize::MAX);
        assert_eq!(whole.iter().filter(|line| line.contains('#')).count(), 343);
        let lines = shown(100);
        let ids = lines.iter().filter_map(|line| line.split('#').nth(1)?.split(' ').next());
        let expected = (0..10).chain(300..320).chain([400, 401]).chain(500..509);
        assert!(ids.eq(expected.map(|id| id.to_string())), "{lines:#?}");
        let crowds = &lines[lines.len() - 2..];
        assert_eq!(crowds[0], "  and 12 more are ready (`glassloop ps | less` has all)");
        assert!(crowds[1].starts_with("  and 290 more are waiting at b.rs:7 ("), "{crowds:?}");
    }
}
