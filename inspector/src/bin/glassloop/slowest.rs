//! The view `slow`: the longest runs of a recording, one line each.
//!
//! Promises to say how far back the recording goes and what it has lost, as `turns` does.

use serde_json::Value;

use crate::{
    field::{count, list, number, text_or_dash, text_or_none},
    history::span,
    page::{Page, Paint, Style},
    quantity::time_or_dash,
    state::{file, item},
    table::{Table, names, numbers, words},
};

/// How far the table stands to the right.
const INDENT: usize = 2;

/// The column of what ran.
const WHAT: usize = 3;

/// A terminal with fewer columns has places by their file's name.
const WIDE: usize = 100;

pub(crate) fn page(answers: &[Value], style: Style) -> Page {
    let columns = [
        numbers("TOOK"),
        numbers("TURN"),
        numbers("AGO"),
        names("WHAT", 48),
        words("OUTCOME"),
        words("BORN"),
    ];
    let mut page = Page::default();
    for of in answers {
        page.gap();
        let runs = list(&of["answer"], "runs");
        let many = if runs.len() == 1 { "run" } else { "runs" };
        page.push(Paint::Bold, span(of, &format!("the {} longest {many}", runs.len()), runs.len()));
        let mut table = Table::new(&columns, style);
        let is_wide = style.width >= WIDE;
        for run in runs {
            let outcome = text_or_none(run, "outcome");
            let born = text_or_dash(run, "born");
            let paint = if outcome.is_some() { Paint::Plain } else { Paint::Red };
            let cells = vec![
                time_or_dash(number(run, "took_ns")),
                count(run, "turn"),
                time_or_dash(number(run, "ago_ns")),
                item(run),
                outcome.unwrap_or("has not come back").to_owned(),
                if is_wide { born } else { file(born) }.to_owned(),
            ];
            table.painted_row(paint, cells);
        }
        table.fit(INDENT, &[(WHAT, 16)]);
        if !runs.is_empty() {
            page.extend(table.page(INDENT));
        }
    }
    page
}
