//! The view `ps`: all tasks, one line each.
//!
//! Promises the order in which the loop lists them. What a task waits for beyond the first thing
//! stands below its line.

use serde_json::Value;

use crate::{
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
    numbers("WAKES"),
    numbers("WAKERS"),
    numbers("BUSY"),
    numbers("LONGEST"),
    numbers("SCHED"),
    numbers("IDLE"),
    names("WAITS", 56),
    words("AT"),
];

/// What is cut of those where they don't fit, and how far: the name, the waits.
const CUT: [(usize, usize); 2] = [(2, 16), (10, 20)];

/// What a narrow terminal has room for: places by their file's name.
const NARROW: [Column; 7] = [
    words("STATE"),
    words("ID"),
    names("NAME", NAME_WIDTH_MAX),
    numbers("POLLS"),
    numbers("BUSY"),
    names("WAITS", 56),
    words("AT"),
];

/// What is cut of those: a place is whole before a name is, or what is waited for.
const NARROW_CUT: [(usize, usize); 3] = [(2, 16), (5, 10), (2, 6)];

/// A terminal with fewer columns is narrow.
const WIDE: usize = 140;

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
        let is_narrow = style.width < WIDE;
        let columns = if is_narrow { &NARROW[..] } else { &COLUMNS };
        let mut table = Table::new(columns, style.ascii);
        let told = Told::of(of);
        for task in tasks {
            let paint = paint_of(task);
            for cells in rows(&told, task) {
                table.painted_row(paint, if is_narrow { narrow(cells) } else { cells.to_vec() });
            }
        }
        let cut = if is_narrow { &NARROW_CUT[..] } else { &CUT };
        table.fit_to(style.width.saturating_sub(INDENT), cut);
        page.extend(table.page(INDENT));
    }
    page
}

/// The lines of a task: itself with the first thing that it waits for, then the others.
fn rows(told: &Told<'_>, task: &Value) -> Vec<[String; COLUMNS.len()]> {
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
        let mut cells: [String; COLUMNS.len()] = Default::default();
        [cells[10], cells[11]] = [wait.what, wait.at];
        cells
    });
    std::iter::once(itself).chain(more).collect()
}

/// The cells of a wide terminal as those of a narrow one.
fn narrow(cells: [String; COLUMNS.len()]) -> Vec<String> {
    let [state, id, name, polls, _, _, busy, _, _, _, waits, at] = cells;
    vec![state, id, name, polls, busy, waits, file(&at).to_owned()]
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
        for width in [66, 80, 120, WIDE - 1, WIDE, 200] {
            let lines = lines(width);
            let widest = lines.iter().map(|line| line.trim_end().len()).max();
            assert!(widest <= Some(width), "{width}: {lines:#?}");
            assert!(lines[1].trim_end().ends_with("conn.rs:30"), "{lines:#?}");
            assert!(lines[2].trim_end().ends_with("conn.rs:31"), "{lines:#?}");
            assert_eq!(lines[0].contains("WAKERS"), width >= WIDE);
        }
    }
}
