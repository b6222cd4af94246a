//! The example: it lists, asks, waits for a guess, and tells.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use crate::{examples, puzzles::ALL};

/// Runs the example with these words, and this on its standard input.
fn run(arguments: &[&str], guess: &str) -> Output {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let mut program = Command::new(BUILT.get_or_init(|| examples::built("puzzle")));
    program.args(arguments).env_remove("GLASSLOOP_INSPECT");
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    // One that lists has no ear for it, and may be gone.
    child.stdin.take().unwrap().write_all(guess.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn told(arguments: &[&str], guess: &str) -> String {
    let ran = run(arguments, guess);
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn without_a_number_they_are_listed() {
    let list = told(&[], "");
    for puzzle in ALL {
        let line = format!("{:>3}  {}", puzzle.number(), puzzle.title());
        assert!(list.lines().any(|other| other == line), "no `{line}` in\n{list}");
    }
    assert!(list.ends_with("policies: one batch to-empty counted timed\n"), "{list}");
}

#[test]
fn each_is_shown_before_its_order_is() {
    for puzzle in ALL {
        let told = told(&[puzzle.number()], "");
        let (asked, answer) = told.split_once("under the policy Batch? ").unwrap();
        assert!(asked.starts_with(&format!("{}. {}\n", puzzle.number(), puzzle.title())));
        assert!(asked.contains("In JavaScript:\n\n    "), "{asked}");
        assert!(asked.contains("\n    fn program() {\n"), "{asked}");
        let order = puzzle.order(1);
        assert!(!asked.contains(order), "the answer stands in the question:\n{asked}");
        assert!(answer.contains(&format!("\nglassloop   {order}\n")), "{answer}");
        for order in puzzle.node.orders().iter().chain(puzzle.browser.orders()) {
            assert!(answer.contains(&format!("  {order}\n")), "no `{order}` in\n{answer}");
        }
        let words: Vec<_> = answer.split_whitespace().collect();
        assert!(words.join(" ").contains(&puzzle.why()), "{answer}");
        assert!(answer.lines().all(|line| line.chars().count() <= 80), "{answer}");
    }
}

#[test]
fn a_guess_is_compared_word_by_word() {
    let cases = [
        ("p1 t1 tick p2 p3 t2\n", "That is it."),
        ("  p1  t1 tick p2 p3 t2  ", "That is it."),
        ("p1 t1 tick p3 p2 t2\n", "Word 4 is `p2`, not `p3`."),
        ("p1 t1\n", "You stopped before word 3, `tick`."),
        ("p1 t1 tick p2 p3 t2 t2\n", "There is no word 7, `t2`."),
    ];
    for (guess, verdict) in cases {
        let told = told(&["4"], guess);
        assert!(told.contains(&format!("\n{verdict}\n")), "{guess}: {told}");
        assert!(told.contains(&format!("\nyour guess  {}\n", guess.trim())), "{told}");
    }
    for nothing in ["", "\n"] {
        let told = told(&["4"], nothing);
        assert!(!told.contains("your guess"), "nobody guessed: {told}");
    }
}

#[test]
fn it_runs_under_the_policy_that_is_asked_for() {
    let told = told(&["16", "--policy", "to-empty"], "");
    assert!(told.contains("under the policy ToEmpty? "), "{told}");
    assert!(told.contains("\nglassloop   i1 i2 i3 i4 i5 due\n"), "{told}");
    assert!(told.contains("\n--policy timed     i1 i2 i3 i4 due i5\n"), "{told}");
    assert!(!told.contains("--policy to-empty"), "it is the one that ran: {told}");
}

#[test]
fn what_it_does_not_know_is_an_error_that_says_what_it_does() {
    let cases: [(&[&str], &str); 4] = [
        (&["17"], "expected one of 1 2 3"),
        (&["4", "--policy", "fair"], "expected --policy and one of one batch"),
        (&["4", "--policy"], "came ``"),
        (&["--policy", "one"], "expected the number of a puzzle"),
    ];
    for (arguments, words) in cases {
        let ran = run(arguments, "");
        assert_eq!(ran.status.code(), Some(1), "{arguments:?}");
        let error = String::from_utf8(ran.stderr).unwrap();
        assert!(error.starts_with("puzzle: ") && error.contains(words), "{error}");
    }
}
