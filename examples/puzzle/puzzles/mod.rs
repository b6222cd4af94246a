//! The puzzles: small programs that ask in which order their words come.
//!
//! Each is a module with its twin in JavaScript beside it. Its first comment is its title and the
//! reason of its answer, `PUZZLE` the answer itself, and the rest the program. `tests/puzzles`
//! runs all of them here and in Node, `tools/puzzles.sh` in a browser.

use std::time::Duration;

use glassloop::RunPolicy;

pub(crate) mod twin;

mod p01;
mod p02;
mod p03;
mod p04;
mod p05;
mod p06;
mod p07;
mod p08;
mod p09;
mod p10;
mod p10b;
mod p10c;
mod p11;
mod p12;
mod p13;
mod p14;
mod p15;
mod p16;

pub(crate) const ALL: [&Puzzle; 18] = [
    &p01::PUZZLE,
    &p02::PUZZLE,
    &p03::PUZZLE,
    &p04::PUZZLE,
    &p05::PUZZLE,
    &p06::PUZZLE,
    &p07::PUZZLE,
    &p08::PUZZLE,
    &p09::PUZZLE,
    &p10::PUZZLE,
    &p10b::PUZZLE,
    &p10c::PUZZLE,
    &p11::PUZZLE,
    &p12::PUZZLE,
    &p13::PUZZLE,
    &p14::PUZZLE,
    &p15::PUZZLE,
    &p16::PUZZLE,
];

/// Under which policies each is run, and what they are called on a command line.
pub(crate) const POLICIES: [(&str, RunPolicy); 5] = [
    ("one", RunPolicy::One),
    ("batch", RunPolicy::Batch),
    ("to-empty", RunPolicy::ToEmpty),
    ("counted", RunPolicy::Counted(2)),
    ("timed", RunPolicy::Timed(Duration::from_micros(250))),
];

pub(crate) struct Puzzle {
    /// What its two files are called: `p10b`.
    pub(crate) file: &'static str,
    pub(crate) source: &'static str,
    pub(crate) script: &'static str,
    /// Its order on a loop of its own, recorded or not; the loop is made in the puzzle's file.
    pub(crate) run: fn(RunPolicy, bool) -> String,
    pub(crate) kind: Kind,
    pub(crate) glassloop: Ours,
    pub(crate) node: Theirs,
    pub(crate) browser: Theirs,
}

/// Whether the two programs print the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As Node, or as a browser where Node can't run it; but for words that those don't know.
    Twin,
    /// Another order, or the only one where Node has several.
    Contrast,
}

/// In which order glassloop has the words.
pub(crate) enum Ours {
    Always(&'static str),
    /// In the order of `POLICIES`.
    By([&'static str; 5]),
}

/// In which order others have them.
pub(crate) enum Theirs {
    /// Any of these.
    Orders(&'static [&'static str]),
    /// It can't be run there, since there is no such thing.
    No(&'static str),
}

impl Puzzle {
    /// `10b`.
    pub(crate) fn number(&self) -> &'static str {
        self.file.trim_start_matches(['p', '0'])
    }

    pub(crate) fn title(&self) -> &'static str {
        let first = self.source.lines().next().unwrap_or_default();
        first.split_once(". ").map_or(first, |(_, title)| title)
    }

    /// The reason, a paragraph without line breaks.
    pub(crate) fn why(&self) -> String {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.skip(1).flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    }

    /// The program alone, as it stands in the source.
    pub(crate) fn program_text(&self) -> &'static str {
        let at = self.source.find("\nfn program()").map_or(0, |newline| newline + 1);
        self.source[at..].trim_end()
    }

    /// The twin alone, without the comment that names it.
    pub(crate) fn script_text(&self) -> &'static str {
        self.script.split_once('\n').map_or(self.script, |(_, rest)| rest).trim()
    }

    /// Its order under the policy at this place of `POLICIES`.
    pub(crate) fn order(&self, policy: usize) -> &'static str {
        match self.glassloop {
            Ours::Always(order) => order,
            Ours::By(orders) => orders[policy],
        }
    }
}

impl Theirs {
    pub(crate) fn orders(&self) -> &'static [&'static str] {
        match self {
            Theirs::Orders(orders) => orders,
            Theirs::No(_) => &[],
        }
    }
}
