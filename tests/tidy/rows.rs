//! The table of `docs/inspection.md`: each row has a test in `tests/inspection_rows/`, and nothing
//! is left for later.

use std::{collections::BTreeMap, fs};

const HEADING: &str = "\n## What others can show, and how it is done here\n";

/// The rows of the table: number, feature, how it is done here.
fn rows() -> Vec<(u32, String, String)> {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/inspection.md");
    let docs = fs::read_to_string(docs).unwrap();
    let (_, table) = docs.split_once(HEADING).expect("the table has its heading");
    let table = table.split("\n## ").next().unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.splitn(3, '|').map(|cell| cell.trim().to_owned());
        let number = cells.next()?.parse().ok()?;
        Some((number, cells.next()?, cells.next()?))
    };
    table.lines().filter_map(row).collect()
}

/// How often each row has a test in this program.
fn tests() -> BTreeMap<u32, usize> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/inspection_rows");
    let mut tests = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        for test in source.split("#[test]\nfn row_").skip(1) {
            let number = test.split('_').next().unwrap().parse().expect("row_NN_");
            *tests.entry(number).or_default() += 1;
        }
    }
    tests
}

#[test]
fn the_table_of_docs_has_a_row_for_each_test() {
    let (rows, tests) = (rows(), tests());
    let numbers: Vec<_> = rows.iter().map(|(number, ..)| *number).collect();
    let all: Vec<_> = (1..=52).collect();
    assert_eq!(numbers, all, "each row is there once, in its order");
    let mut wrong = Vec::new();
    for (number, feature, here) in &rows {
        if here.contains("not yet") {
            wrong.push(format!("row {number}, {feature}: not yet there: {here}"));
        }
        match tests.get(number).copied().unwrap_or_default() {
            1 => {}
            count => wrong.push(format!("row {number}, {feature}: {count} tests, expected one")),
        }
    }
    let strangers = tests.keys().filter(|number| !numbers.contains(number));
    wrong.extend(strangers.map(|number| format!("a test for row {number}, which is not there")));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
