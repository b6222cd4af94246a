//! The command `log`: what a loop's program has logged, each line with who wrote it and when.

use serde_json::{Value, json};

use crate::{
    field::{count, list, number, text, text_or_dash},
    page::{Page, Style},
    quantity::time,
    state::{State, heading},
    table::{Table, numbers, words},
};

const NOTHING: &str = "  nothing: lines are kept while the loop is recorded, of a program whose \
    logger is in a glassloop::Logger";

pub(crate) fn page(state: &State, style: Style) -> Page {
    let mut page = Page::default();
    for of in state.loops() {
        page.gap();
        page.extend(heading(of));
        let lines = list(of, "log");
        if lines.is_empty() {
            page.plain(NOTHING);
            continue;
        }
        let columns = [numbers("AGO"), numbers("TURN"), words("LEVEL"), words("BY"), words("TEXT")];
        let mut table = Table::new(&columns, style);
        let now_ns = number(of, "clock_ns").unwrap_or(0);
        for line in lines {
            let ago_ns = now_ns.saturating_sub(number(line, "at_ns").unwrap_or(0));
            table.row(vec![
                time(ago_ns),
                count(line, "turn"),
                text(line, "level").to_owned(),
                text_or_dash(line, "item").to_owned(),
                text(line, "text").replace('\n', " "),
            ]);
        }
        page.extend(table.page(2));
    }
    page
}

pub(crate) fn json(state: &State) -> Value {
    state.json_of(|of| json!({ "loop": of["loop"], "log": of["log"] }))
}
