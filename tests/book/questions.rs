//! The question of each chapter: in the book it is the one that its program asks.

use std::fs;

use crate::{golden::blesses, page::Page, root};

const HEADING: &str = "## A question";
const NEXT: &str = "## Break it";

/// The question in a program's first comment, as lines.
fn asked(source: &str) -> Vec<&str> {
    let words = source.lines().map_while(|line| line.strip_prefix("//!"));
    let words = words.map(|line| line.strip_prefix(' ').unwrap_or(line));
    words.skip_while(|line| *line != HEADING).skip(1).filter(|line| !line.is_empty()).collect()
}

#[test]
fn each_chapter_asks_what_its_program_asks_before_it_is_broken() {
    assert_eq!(
        asked("//! # A\n//! ## A question\n//!\n//! Who\n//! is it?\nuse a;\n"),
        ["Who", "is it?"]
    );
    for page in &Page::chapters() {
        let source = fs::read_to_string(root().join(page.program())).unwrap();
        let asked = asked(&source).join("\n");
        assert!(asked.ends_with('?'), "{}: {asked}", page.program());
        let (before, _) = page.text.split_once(&format!("{NEXT}\n")).unwrap();
        let kept = before.split_once(&format!("{HEADING}\n")).map_or(before, |(kept, _)| kept);
        let wanted = format!("{kept}{HEADING}\n\n{asked}\n\n");
        if blesses() && wanted != before {
            let text = page.text.replacen(before, &wanted, 1);
            fs::write(root().join(&page.path), text).unwrap();
        } else {
            assert_eq!(before, wanted, "{}: GLASSLOOP_BLESS=1 takes the question over", page.path);
        }
    }
}
