//! The rules of shape: how wide, how long, how it opens, what its functions are called.
//!
//! Promises nothing about what a file means.

use crate::rule;
use crate::source::{File, Function};

const COLUMNS_MAX: usize = 100;
const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

#[test]
fn a_line_has_at_most_100_columns() {
    let wide = |file: &File| {
        let lines = file.text.lines().enumerate();
        let wide = lines.filter(|(_, line)| line.chars().count() > COLUMNS_MAX);
        wide.map(|(n, _)| file.fault(n, "more than 100 columns")).collect()
    };
    let (fits, bad) = ("é".repeat(COLUMNS_MAX), "/".repeat(COLUMNS_MAX + 1));
    rule(wide, &format!("\n{fits}\n{bad}"), &[3]);
}

#[test]
fn a_file_has_at_most_400_lines() {
    let long = |file: &File| match file.text.lines().count() {
        ..=FILE_LINES_MAX => vec![],
        lines => vec![file.fault(FILE_LINES_MAX, &format!("the file has {lines} lines"))],
    };
    rule(long, &"\n".repeat(FILE_LINES_MAX + 1), &[FILE_LINES_MAX + 1]);
}

#[test]
fn a_function_has_at_most_70_lines() {
    let is_long = |f: &Function| f.lines > FUNCTION_LINES_MAX;
    let long = |file: &File| file.bad_functions("has more than 70 lines", is_long);
    let filler = "    a();\n".repeat(FUNCTION_LINES_MAX - 2);
    let bad = format!("fn fits() {{\n{filler}}}\n\npub fn long() {{\n    b();\n{filler}}}\n");
    rule(long, &bad, &[FUNCTION_LINES_MAX + 2]);
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let mute = |file: &File| match file.text.starts_with("//! ") {
        true => vec![],
        false => vec![file.fault(0, "the first line must be `//! ` and what the file is")],
    };
    rule(mute, "// A queue.\n//! A queue.\n", &[1]);
}

#[test]
fn no_path_climbs_twice() {
    let climbs = |f: &File| f.bad_code("`super::super`", |code| code.contains("super::super"));
    rule(climbs, "use super::a;\nuse super::super::b; // why not\n", &[2]);
}

#[test]
fn a_function_is_named_after_what_it_does() {
    let is_vague = |f: &Function| f.name.starts_with("do_") || f.name.starts_with("process_");
    let vague = |file: &File| file.bad_functions("says only that it does something", is_vague);
    rule(vague, "fn dot() {}\npub fn do_it() {}\nfn process_all();\n", &[2, 3]);
}
