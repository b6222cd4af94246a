//! The tables of `docs/bridges.md`: each row names a test of `tests/bridges/` after the call of
//! theirs that it is about, and each test there has its row. That they ran is for `.ci/run` to see.

use std::{collections::BTreeMap, fs};

/// A row: the table, the call of theirs in words of a name, and the test.
struct Row {
    table: String,
    call: Vec<String>,
    test: String,
}

/// Code as it would be in a name: `process.nextTick(f)` as `process_next_tick`, or from its last
/// part on, `next_tick`.
fn in_a_name(code: &str) -> Vec<String> {
    let code = code.trim_start_matches("new ");
    let end = code.find(|c: char| !c.is_alphanumeric() && !"_.:".contains(c));
    let code = code[..end.unwrap_or(code.len())].replace("::", ".");
    let snake = |word: &str| {
        let mut snake = String::new();
        let mut was_lower = false;
        for c in word.chars() {
            if c.is_uppercase() && was_lower {
                snake.push('_');
            }
            was_lower = c.is_lowercase() || c.is_ascii_digit();
            snake.extend(c.to_lowercase());
        }
        snake
    };
    let parts: Vec<_> = code.split('.').map(snake).collect();
    (0..parts.len()).map(|from| parts[from..].join("_")).collect()
}

fn rows(docs: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for section in docs.split("\n## From ").skip(1) {
        let (table, below) = section.split_once('\n').unwrap();
        let section = below.split("\n## ").next().unwrap();
        for line in section.lines().filter(|line| line.starts_with("| ")).skip(1) {
            let line = line.replace("\\|", "");
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [theirs, ours, differs, test] = cells[..] else { panic!("four cells: {line}") };
            assert!(!ours.is_empty() && !differs.is_empty(), "{line}");
            let call = theirs.split('`').nth(1).map_or_else(Vec::new, in_a_name);
            let test = test.trim_matches('`').to_owned();
            rows.push(Row { table: table.trim().to_lowercase(), call, test });
        }
    }
    rows
}

/// The tests of a source that are run: those that are not ignored.
fn tests(source: &str) -> Vec<String> {
    let bodies = source.split("#[test]\n").skip(1);
    let named = bodies.filter_map(|body| {
        let (before, rest) = body.split_once("fn ")?;
        (!before.contains("ignore")).then(|| rest.split('(').next().unwrap().to_owned())
    });
    named.collect()
}

fn wrong(rows: &[Row], tests: &[String]) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for Row { table, call, test } in rows {
        *count.entry(test).or_default() += 1;
        if !tests.contains(test) {
            wrong.push(format!("{table}: no test `{test}` is run"));
        }
        let is_named = |call: &String| test.starts_with(&format!("{table}_{call}"));
        // A row in words alone has no call to be named after.
        let has_name = call.iter().any(is_named) || call.is_empty() && test.starts_with(table);
        if !has_name {
            wrong.push(format!("{table}: `{test}` isn't named after {call:?}"));
        }
    }
    let strangers = tests.iter().filter(|test| !count.contains_key(test.as_str()));
    wrong.extend(strangers.map(|test| format!("`{test}` has no row")));
    let twice = count.iter().filter(|(_, times)| **times > 1);
    wrong.extend(twice.map(|(test, times)| format!("`{test}` has {times} rows")));
    wrong
}

#[test]
fn each_row_of_the_bridges_names_a_test_and_each_test_has_a_row() {
    let docs = "x\n## From A\n\n| a | here | why | test |\n|---|---|---|---|\n\
                | `oneTwo(x \\| y)` | b | c | `a_one_two_is_b` |\n| `three` | b | c | `a_four` |\n\
                | words | b | c | `a_five` |\n\n## Traps\n\n| `x` |\n";
    let code = "#[test]\nfn a_one_two_is_b() {}\n#[test]\n#[ignore]\nfn a_four() {}\n\
                #[cfg(unix)]\n#[test]\nfn a_five() {}\n#[test]\nfn a_six() {}\n";
    let told = wrong(&rows(docs), &tests(code));
    let [ignored, misnamed, stranger] = &told[..] else { panic!("{told:?}") };
    assert!(ignored.contains("no test `a_four`") && misnamed.contains("isn't named"), "{told:?}");
    assert!(stranger.contains("`a_six` has no row"), "{told:?}");
    assert_eq!(in_a_name("new WebSocket(url)"), ["web_socket"]);
    assert_eq!(in_a_name("time::sleep"), ["time_sleep", "sleep"]);

    let root = env!("CARGO_MANIFEST_DIR");
    let docs = fs::read_to_string(format!("{root}/docs/bridges.md")).unwrap();
    let files = fs::read_dir(format!("{root}/tests/bridges")).unwrap();
    let sources = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let tests: Vec<_> = sources.flat_map(|source| tests(&source)).collect();
    let rows = rows(&docs);
    assert!(rows.len() > 80, "expected four tables, came {} rows", rows.len());
    let wrong = wrong(&rows, &tests);
    assert!(wrong.is_empty(), "docs/bridges.md\n{}", wrong.join("\n"));
}
