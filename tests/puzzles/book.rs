//! The page of the book: its table says what is asserted here.

use std::{fs, path::Path};

use crate::puzzles::{ALL, Kind, POLICIES, Theirs};

/// The rows of the table under this head, cell by cell.
fn rows(page: &str, head: &str) -> Vec<Vec<String>> {
    let below = page.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = below.take_while(|line| line.starts_with('|'));
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

fn cell(theirs: &Theirs) -> String {
    match theirs {
        Theirs::Orders(orders) => {
            orders.iter().map(|order| format!("`{order}`")).collect::<Vec<_>>().join(" or ")
        }
        Theirs::No(what) => format!("({what})"),
    }
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/book/src/puzzles.md");
    fs::read_to_string(path).unwrap().replace("\r\n", "\n")
}

#[test]
fn the_table_has_the_orders_that_are_asserted() {
    let rows = rows(&page(), "| | puzzle |");
    let wanted: Vec<Vec<String>> = ALL
        .iter()
        .map(|puzzle| {
            let ours = format!("`{}`", puzzle.order(1));
            let (node, browser) = (cell(&puzzle.node), cell(&puzzle.browser));
            vec![puzzle.number().to_owned(), puzzle.title().to_owned(), ours, node, browser]
        })
        .collect();
    let text = |rows: &[Vec<String>]| {
        rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect::<String>()
    };
    let (came, wanted) = (text(&rows), text(&wanted));
    assert!(came == wanted, "expected this table:\n{wanted}\ncame:\n{came}");
}

#[test]
fn the_policies_have_their_table() {
    let came = rows(&page(), "| policy |");
    let puzzle = ALL.iter().find(|puzzle| puzzle.number() == "16").unwrap();
    let row = |(at, (_, policy))| {
        let policy = format!("`{policy:?}`").replace("µs", " µs");
        vec![policy, format!("`{}`", puzzle.order(at))]
    };
    let wanted: Vec<Vec<String>> = POLICIES.into_iter().enumerate().map(row).collect();
    assert_eq!(came, wanted);
    let one_order = |puzzle: &&&crate::puzzles::Puzzle| {
        (0..POLICIES.len()).all(|at| puzzle.order(at) == puzzle.order(0))
    };
    assert_eq!(ALL.iter().filter(one_order).count(), ALL.len() - 1, "the page says: 16 alone");
}

#[test]
fn each_contrast_is_explained_and_no_twin() {
    let page = page();
    for puzzle in ALL {
        let explained = page.contains(&format!("\n- **{}.** ", puzzle.number()));
        assert_eq!(explained, puzzle.kind == Kind::Contrast, "{}", puzzle.number());
    }
    let lines = page.lines().count();
    assert!((80..=150).contains(&lines), "the page has {lines} lines");
    let wide = page.lines().find(|line| !line.starts_with('|') && line.chars().count() > 100);
    assert_eq!(wide, None);
}
