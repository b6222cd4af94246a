//! What a reader sees: the list of the puzzles, a question, an answer.

use std::io::{self, Write};

use crate::{
    options::Chosen,
    puzzles::{ALL, Kind, POLICIES, Puzzle, Theirs},
};

const COLUMNS_MAX: usize = 80;

pub(crate) fn list(out: &mut impl Write) -> io::Result<()> {
    for puzzle in ALL {
        writeln!(out, "{:>3}  {}", puzzle.number(), puzzle.title())?;
    }
    writeln!(out, "\ncargo run --example puzzle -- NUMBER [--policy POLICY]")?;
    writeln!(out, "policies: {}", POLICIES.map(|(name, _)| name).join(" "))
}

pub(crate) fn question(out: &mut impl Write, chosen: &Chosen) -> io::Result<()> {
    let Chosen { puzzle, policy } = chosen;
    writeln!(out, "{}. {}\n\nIn JavaScript:\n", puzzle.number(), puzzle.title())?;
    indented(out, puzzle.script_text())?;
    writeln!(out, "\nOn glassloop:\n")?;
    indented(out, puzzle.program_text())?;
    let mut words: Vec<_> = puzzle.order(*policy).split(' ').collect();
    words.sort_unstable();
    let (_, policy) = POLICIES[*policy];
    writeln!(out, "\nThe words, by the alphabet: {}", words.join(" "))?;
    write!(out, "In which order does glassloop say them, under the policy {policy:?}? ")?;
    out.flush()
}

fn indented(out: &mut impl Write, text: &str) -> io::Result<()> {
    text.lines().try_for_each(|line| match line {
        "" => writeln!(out),
        line => writeln!(out, "    {line}"),
    })
}

pub(crate) fn answer(
    out: &mut impl Write,
    chosen: &Chosen,
    guess: &str,
    order: &str,
) -> io::Result<()> {
    let Chosen { puzzle, policy } = chosen;
    if !guess.is_empty() {
        writeln!(out, "your guess  {guess}")?;
    }
    writeln!(out, "glassloop   {order}")?;
    others(out, "Node", &puzzle.node)?;
    others(out, "a browser", &puzzle.browser)?;
    if !guess.is_empty() {
        writeln!(out, "\n{}", compared(guess, order))?;
    }
    let alike = match puzzle.kind {
        Kind::Twin => "It is meant to be as there.",
        Kind::Contrast => "It is not meant to be as there.",
    };
    writeln!(out, "\n{alike}\n")?;
    wrapped(out, &puzzle.why())?;
    writeln!(out, "\n{}", elsewhere(puzzle, *policy))
}

fn others(out: &mut impl Write, who: &str, theirs: &Theirs) -> io::Result<()> {
    if let Theirs::No(what) = theirs {
        return writeln!(out, "{who:<12}can't run it: {what}");
    }
    let mut who = who;
    for order in theirs.orders() {
        writeln!(out, "{who:<12}{order}")?;
        who = "        or";
    }
    Ok(())
}

fn compared(guess: &str, order: &str) -> String {
    let (mut guess, mut order) = (guess.split_whitespace(), order.split_whitespace());
    for number in 1.. {
        match (guess.next(), order.next()) {
            (None, None) => break,
            (guessed, word) if guessed == word => {}
            (None, Some(word)) => return format!("You stopped before word {number}, `{word}`."),
            (Some(guessed), None) => return format!("There is no word {number}, `{guessed}`."),
            (Some(guessed), Some(word)) => {
                return format!("Word {number} is `{word}`, not `{guessed}`.");
            }
        }
    }
    "That is it.".to_owned()
}

/// What the other policies make of it.
fn elsewhere(puzzle: &Puzzle, policy: usize) -> String {
    let mut text = String::new();
    for (at, (name, _)) in POLICIES.into_iter().enumerate() {
        if puzzle.order(at) != puzzle.order(policy) {
            text += &format!("--policy {name:<9} {}\n", puzzle.order(at));
        }
    }
    match text.trim_end() {
        "" => "Under every other policy the order is the same.".to_owned(),
        others => others.to_owned(),
    }
}

fn wrapped(out: &mut impl Write, text: &str) -> io::Result<()> {
    let mut column = 0;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column + 1 + width > COLUMNS_MAX {
            writeln!(out)?;
            column = 0;
        } else if column > 0 {
            write!(out, " ")?;
            column += 1;
        }
        write!(out, "{word}")?;
        column += width;
    }
    writeln!(out)
}
