//! `Options`: which puzzle, and under which policy.
//!
//! Anything it doesn't know is an error that says what it does.

use crate::puzzles::{ALL, POLICIES, Puzzle};

pub(crate) enum Options {
    List,
    Puzzle(Chosen),
}

pub(crate) struct Chosen {
    pub(crate) puzzle: &'static Puzzle,
    /// Its place in `POLICIES`.
    pub(crate) policy: usize,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let (mut puzzle, mut policy) = (None, None);
        while let Some(word) = arguments.next() {
            if word == "--policy" {
                policy = Some(policy_of(&arguments.next().unwrap_or_default())?);
            } else {
                let found = ALL.into_iter().find(|puzzle| puzzle.number() == word);
                let numbers = ALL.map(Puzzle::number).join(" ");
                puzzle = Some(found.ok_or(format!("expected one of {numbers}, came `{word}`"))?);
            }
        }
        match (puzzle, policy) {
            (Some(puzzle), policy) => {
                let policy = policy.map_or_else(|| policy_of("batch"), Ok)?;
                Ok(Options::Puzzle(Chosen { puzzle, policy }))
            }
            (None, Some(_)) => Err("expected the number of a puzzle, came a policy alone".into()),
            (None, None) => Ok(Options::List),
        }
    }
}

fn policy_of(name: &str) -> Result<usize, String> {
    let names = POLICIES.map(|(name, _)| name);
    let found = names.iter().position(|known| *known == name);
    found.ok_or(format!("expected --policy and one of {}, came `{name}`", names.join(" ")))
}
