//! The view `ps`: all tasks, one line each.
//!
//! Promises the order in which the loop lists them. What a task waits for beyond the first thing
//! stands below its line.

use serde_json::Value;

use crate::{
    field::{count, list, number, present, text, text_or_dash},
    page::{Page, Paint, Style},
    quantity::{longest_poll, time_or_dash},
    state::{State, heading},
    table::{Column, Table, names, numbers, words},
    waits,
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
        let mut table = Table::new(&COLUMNS, style.ascii);
        for task in tasks {
            rows(&mut table, of, task);
        }
        page.extend(table.page(2));
    }
    page
}

fn rows(table: &mut Table, of: &Value, task: &Value) {
    let times = present(task, "times");
    let share = |key: &str| time_or_dash(times.and_then(|times| number(times, key)));
    let mut cells = vec![
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
    ];
    let width = cells.len();
    let paint = paint_of(task);
    for wait in waits::first(of, task) {
        cells.resize(width, String::new());
        cells.extend([wait.what, wait.at]);
        table.painted_row(paint, std::mem::take(&mut cells));
    }
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
