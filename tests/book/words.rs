//! The words of the house, one meaning each: those that the glossary explains.

use crate::{PAGES, page::Page};

/// Section 6 of the design, in its order.
const WORDS: &str = "turn, phase, source, interest, readiness, register, deadline, timeout, \
    ready queue, batch, item, task, wake, poll, wait, park and unpark, spawn, abort, detach, \
    inbox, defer, call, offload, host, pump, guest, kick, microtask, checkpoint, render, cork, \
    driver, budget, stall, lint, observer, snapshot, recording";

/// What is not said here, and what is said in its place.
const AVOIDED: [&str; 6] = ["manager", "handler", "process_*", "do_*", "data", "info"];

#[test]
fn the_glossary_has_the_words_of_the_house_each_with_its_meaning_and_no_others() {
    let page = Page::read(&format!("{PAGES}/glossary.md"));
    let row = |(_, line): &(usize, &str)| {
        let (word, meaning) = line.strip_prefix("| *")?.split_once("* | ")?;
        Some((word.to_owned(), meaning.trim_end_matches('|').trim().to_owned()))
    };
    let rows: Vec<(String, String)> = page.prose().iter().filter_map(row).collect();
    let words: Vec<&str> = rows.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, WORDS.split(", ").collect::<Vec<_>>());
    for (word, meaning) in &rows {
        assert!(meaning.len() > 20, "`{word}` is explained by `{meaning}`");
    }
    for word in AVOIDED {
        assert!(page.text.contains(&format!("`{word}`")), "{word}");
    }
}
