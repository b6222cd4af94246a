//! The files: two for each puzzle and none besides, small, and of one title.

use std::{fs, path::Path};

use crate::puzzles::{ALL, POLICIES, Puzzle};

const SCRIPT_LINES_MAX: usize = 18;
const TWIN_LINES_MAX: usize = 25;

fn sentences(why: &str) -> usize {
    why.split_inclusive(['.', '!', '?', ':']).filter(|end| !end.ends_with(':')).count()
}

fn lines(text: &str) -> usize {
    text.lines().filter(|line| !line.trim().is_empty()).count()
}

#[test]
fn each_puzzle_has_two_files_and_each_file_a_puzzle() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/puzzle/puzzles");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut there: Vec<String> = entries.map(|name| name.to_str().unwrap().to_owned()).collect();
    there.retain(|name| name != "mod.rs" && name != "twin.rs");
    there.sort();
    let mut wanted: Vec<_> =
        ALL.iter().flat_map(|of| ["js", "rs"].map(|kind| format!("{}.{kind}", of.file))).collect();
    wanted.sort();
    assert_eq!(there, wanted);
}

#[test]
fn both_files_have_the_number_and_the_title() {
    let mut numbers: Vec<&str> = Vec::new();
    for puzzle in ALL {
        let named = format!("{}. {}", puzzle.number(), puzzle.title());
        assert_eq!(puzzle.source.lines().next(), Some(&*format!("//! # {named}")));
        assert_eq!(puzzle.script.lines().next(), Some(&*format!("// {named}")));
        assert!(puzzle.source.contains(&format!("include_str!(\"{}.rs\")", puzzle.file)));
        assert!(puzzle.source.contains(&format!("include_str!(\"{}.js\")", puzzle.file)));
        numbers.push(puzzle.number());
    }
    let written = "1 2 3 4 5 6 7 8 9 10 10b 10c 11 12 13 14 15 16";
    assert_eq!(numbers.join(" "), written);
}

#[test]
fn each_is_small_and_says_why_in_three_to_eight_sentences() {
    for puzzle in ALL {
        let (number, why) = (puzzle.number(), puzzle.why());
        assert!((3..=8).contains(&sentences(&why)), "{number}: {} in `{why}`", sentences(&why));
        let (script, twin) = (lines(puzzle.script_text()), lines(puzzle.program_text()));
        assert!(script <= SCRIPT_LINES_MAX, "{number}: {script} lines of JavaScript");
        assert!(twin <= TWIN_LINES_MAX, "{number}: {twin} lines of Rust");
        let wide = puzzle.script.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "{number}: more than 100 columns");
        says_its_words(puzzle);
    }
}

#[test]
fn the_alphabet_tells_no_answer() {
    for puzzle in ALL {
        for (at, (name, _)) in POLICIES.into_iter().enumerate() {
            let mut words: Vec<_> = puzzle.order(at).split(' ').collect();
            words.sort_unstable();
            let number = puzzle.number();
            assert_ne!(words.join(" "), puzzle.order(at), "{number} under {name}");
        }
    }
}

/// The words of an order stand in both programs, so that a reader finds them.
fn says_its_words(puzzle: &Puzzle) {
    let number = puzzle.number();
    for word in puzzle.order(1).split(' ') {
        let quoted = format!("\"{word}\"");
        let helped = puzzle.file == "p10c";
        assert!(helped || puzzle.program_text().contains(&quoted), "{number}: no {quoted}");
        assert!(puzzle.script.contains(&format!("'{word}'")), "{number}: no '{word}'");
    }
}
