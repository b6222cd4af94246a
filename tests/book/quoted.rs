//! What a page quotes of a run: a story by the manual clock is a piece of the golden one, what is
//! printed is what the chapter's test says, and a place is a line on which something of ours is
//! called.

use std::fs;

use crate::{
    faults::{caught, clean},
    page::Page,
    root,
};

/// The calls whose places are told.
const CALLS: &str = "call_soon call_later queue_microtask spawn block_on sleep yield_now await \
                     poll_read_ready poll defer call lock send recv run build";

#[test]
fn what_a_page_quotes_of_a_run_is_what_is_told_of_it_today() {
    let golden = "turn 1: did not wait.\n  a ran 0 ns.\n  b ran 0 ns.\n";
    let bad = "```text\nturn 1: did not wait.\n  a ran 0 ns.\n```\n\
               ```text\nturn 1: did not wait.\n  b ran 0 ns.\n```\n\
               ```text\nturn 7: waited 3 us.\n  a ran 9 ns at ch01.rs:2\n```\n\
               at ch01.rs:1, ch01.rs:3\n";
    let bad = Page::new("docs/book/src/ch01.md", bad);
    caught(misquoted(&bad, golden, "x()\nsleep(\ncall_sooner()\n", "ch01.rs"), &[6, 13, 13]);
    let bad = Page::new("docs/book/src/ch01.md", "```text\none\ntwo\n```\n```text\none\nto\n```\n");
    caught(misprinted(&bad, "[\"one\", \"two\"]"), &[7]);

    let mut faults = vec![];
    for page in &Page::chapters() {
        let number = &page.name()[..4];
        let golden = fs::read_to_string(root().join(format!("tests/golden/{number}.txt"))).unwrap();
        let file = page.program();
        let code = fs::read_to_string(root().join(&file)).unwrap();
        faults.extend(misquoted(page, &golden, &code, &file));
        let test = file.replacen("examples", "tests/chapters", 1);
        let test = fs::read_to_string(root().join(test)).unwrap();
        faults.extend(misprinted(page, &test));
    }
    clean(faults);
}

/// Blocks that begin as what the program prints, and go on as it doesn't. What it prints are lines
/// in the chapter's test.
fn misprinted(page: &Page, test: &str) -> Vec<String> {
    let is_printed = |line: &str| !line.is_empty() && test.contains(&format!("{line:?}"));
    let mut faults = vec![];
    for (n, block) in page.blocks() {
        let Some(first) = block.lines().next().filter(|line| is_printed(line)) else { continue };
        let other = block.lines().position(|line| !is_printed(line));
        if let Some(other) = other {
            faults.push(page.fault(n + other, &format!("not printed after `{first}`")));
        }
    }
    faults
}

fn misquoted(page: &Page, golden: &str, code: &str, file: &str) -> Vec<String> {
    let mut faults = vec![];
    for (n, block) in page.blocks() {
        // By the manual clock nothing takes any time.
        let is_golden = block.starts_with("turn ") && block.contains("ran 0 ns");
        if is_golden && !golden.contains(&block) {
            faults.push(page.fault(n, "this story is not in the golden one"));
        }
    }
    let lines: Vec<&str> = code.lines().collect();
    for (n, line) in page.text.lines().enumerate().filter(|(_, line)| !line.starts_with("{{")) {
        // The terminal prints the name alone where it has little room.
        let name = file.rsplit('/').next().unwrap();
        for rest in line.split(&format!("{name}:")).skip(1) {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap();
            let Ok(number) = digits.parse::<usize>() else { continue };
            let told = lines.get(number - 1).copied().unwrap_or_default();
            let mut words = told.split(|c: char| !c.is_alphanumeric() && c != '_');
            if !words.any(|word| CALLS.split(' ').any(|call| call == word)) {
                faults.push(page.fault(n, &format!("nothing is called at {file}:{number}")));
            }
        }
    }
    faults
}
