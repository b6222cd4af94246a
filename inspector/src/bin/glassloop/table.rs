//! A table: rows under their headings, each column as wide as what is in it.
//!
//! Promises columns that are aligned for every name of one column a character, and no blanks at
//! the end of a line. Characters that a terminal draws wider are counted as one. A column may ask
//! for a wide terminal, and is left out of a narrower one.

use crate::page::{Page, Paint, Style, clean, fit};

/// What is between two columns.
const GAP: &str = "  ";

/// A column: its heading, its side, how wide it may get, and how wide the terminal has to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    heading: &'static str,
    right: bool,
    width_max: usize,
    from: usize,
}

impl Column {
    /// It is there in a terminal of this width or more.
    pub(crate) const fn from(self, width: usize) -> Column {
        Column { from: width, ..self }
    }
}

/// A column of words.
pub(crate) const fn words(heading: &'static str) -> Column {
    Column { heading, right: false, width_max: usize::MAX, from: 0 }
}

/// A column of numbers.
pub(crate) const fn numbers(heading: &'static str) -> Column {
    Column { heading, right: true, width_max: usize::MAX, from: 0 }
}

/// A column of words that are cut if they are longer.
pub(crate) const fn names(heading: &'static str, width_max: usize) -> Column {
    Column { heading, right: false, width_max, from: 0 }
}

/// Rows under their headings.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<(Paint, Vec<String>)>,
    style: Style,
}

impl Table {
    pub(crate) fn new(columns: &[Column], style: Style) -> Table {
        Table { columns: columns.to_vec(), rows: Vec::new(), style }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.painted_row(Paint::Plain, cells);
    }

    /// A row has a cell for each column, also for one that is left out.
    pub(crate) fn painted_row(&mut self, paint: Paint, cells: Vec<String>) {
        let of = |(n, cell): (usize, String)| {
            let width_max = self.columns.get(n).map_or(usize::MAX, |column| column.width_max);
            fit(&clean(&cell, self.style.ascii), width_max, self.style.ascii)
        };
        let cells = cells.into_iter().enumerate().map(of).collect();
        self.rows.push((paint, cells));
    }

    /// The headings and the rows, so many columns to the right.
    pub(crate) fn page(&self, indent: usize) -> Page {
        let mut page = Page::default();
        let headings: Vec<String> =
            self.columns.iter().map(|column| column.heading.to_owned()).collect();
        let widths = self.widths();
        page.push(Paint::Bold, self.line(&headings, &widths, indent));
        for (paint, cells) in &self.rows {
            page.push(*paint, self.line(cells, &widths, indent));
        }
        page
    }

    /// Cuts columns, one after the other and each to its least width at most, until lines fit that
    /// stand so many columns to the right.
    pub(crate) fn fit(&mut self, indent: usize, least: &[(usize, usize)]) {
        for &(n, least) in least {
            let widths = self.widths();
            let shown = || widths.iter().flatten();
            let gaps = GAP.len() * shown().count().saturating_sub(1);
            let over = (indent + shown().sum::<usize>() + gaps).saturating_sub(self.style.width);
            let now = widths.get(n).copied().flatten().filter(|&now| over > 0 && now > least);
            let Some(now) = now else { continue };
            let most = now.saturating_sub(over).max(least);
            for cell in self.rows.iter_mut().filter_map(|(_, cells)| cells.get_mut(n)) {
                *cell = fit(cell, most, self.style.ascii);
            }
        }
    }

    /// How wide each column is; `None` of one that is left out.
    fn widths(&self) -> Vec<Option<usize>> {
        let width = |n: usize, column: &Column| {
            let cells = self.rows.iter().filter_map(|(_, cells)| cells.get(n));
            let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
            let has_room = column.from <= self.style.width;
            has_room.then(|| widest.max(column.heading.chars().count()))
        };
        self.columns.iter().enumerate().map(|(n, column)| width(n, column)).collect()
    }

    fn line(&self, cells: &[String], widths: &[Option<usize>], indent: usize) -> String {
        let mut line = " ".repeat(indent);
        let mut gap = "";
        for (n, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let Some(width) = width else { continue };
            let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
            line.push_str(std::mem::replace(&mut gap, GAP));
            let is_right = self.columns.get(n).is_some_and(|column| column.right);
            let (before, after) = if is_right { (pad.as_str(), "") } else { ("", pad.as_str()) };
            line.push_str(before);
            line.push_str(cell);
            line.push_str(after);
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { ascii: true, colour: false, width: usize::MAX };

    fn lines(table: &Table) -> Vec<String> {
        table.page(2).lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_column_is_as_wide_as_what_is_in_it() {
        let mut table = Table::new(
            &[words("ID"), numbers("POLLS"), words("AT")],
            Style { ascii: false, ..STYLE },
        );
        table.row(vec!["#1.1".into(), "7".into(), "src/a.rs:1".into()]);
        table.row(vec!["#12.3456".into(), "1234567".into(), String::new()]);
        table.row(vec!["ä".into(), "1".into()]);
        let said = [
            "  ID          POLLS  AT",
            "  #1.1            7  src/a.rs:1",
            "  #12.3456  1234567",
            "  ä               1",
        ];
        assert_eq!(lines(&table), said);
    }

    #[test]
    fn a_long_name_is_cut_and_an_ill_one_harmless() {
        let mut table = Table::new(&[names("NAME", 5), words("X")], STYLE);
        table.row(vec!["abcdefgh".into(), "y".into()]);
        table.row(vec!["a\x1b[".into(), "y".into()]);
        assert_eq!(lines(&table), ["  NAME   X", "  abcd~  y", "  a?[    y"]);
    }

    #[test]
    fn what_may_be_cut_is_cut_until_the_last_column_is_whole() {
        let mut table = Table::new(&[words("NAME"), words("X"), words("AT")], STYLE);
        table.row(vec!["abcdefgh".into(), "123456".into(), "a.rs:1".into()]);
        let shown = |table: &Table, width: usize, least: &[(usize, usize)]| {
            let mut table = table.clone();
            table.style.width = 2 + width;
            table.fit(2, least);
            lines(&table).swap_remove(1)
        };
        assert_eq!(shown(&table, 24, &[(0, 5), (1, 3)]), "  abcdefgh  123456  a.rs:1");
        assert_eq!(shown(&table, 22, &[(0, 5), (1, 3)]), "  abcde~  123456  a.rs:1");
        assert_eq!(shown(&table, 20, &[(0, 5), (1, 3)]), "  abcd~  1234~  a.rs:1");
        assert_eq!(shown(&table, 9, &[(0, 5), (1, 3)]), "  abcd~  12~  a.rs:1");
    }

    #[test]
    fn a_column_that_a_terminal_has_no_room_for_is_left_out() {
        let columns = [words("A"), numbers("B").from(80), words("C")];
        let of = |width| {
            let mut table = Table::new(&columns, Style { width, ..STYLE });
            table.row(vec!["a".into(), "7777777".into(), "cccc".into()]);
            table.fit(2, &[(1, 3), (2, 2)]);
            lines(&table)
        };
        assert_eq!(of(80), ["  A        B  C", "  a  7777777  cccc"]);
        assert_eq!(of(79), ["  A  C", "  a  cccc"]);
        assert_eq!(of(8), ["  A  C", "  a  cc~"]);
    }

    #[test]
    fn a_table_without_rows_is_its_headings() {
        assert_eq!(lines(&Table::new(&[words("A"), words("B")], STYLE)), ["  A  B"]);
    }
}
