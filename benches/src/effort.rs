//! The effort of a run: how many rounds, and how large a sample.

use std::time::Duration;

use crate::contest::Rounds;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// The figures to quote: some minutes.
    Full,
    /// The figures to work by: 60 to 90 seconds.
    Quick,
    /// Each workload once and tiny: does it run, does each peer give the right counts?
    Smoke,
}

impl Effort {
    /// `usual` is the number of rounds for a full run.
    pub fn rounds(self, usual: usize) -> Rounds {
        match self {
            Effort::Full => Rounds { counted: usual, warm_up: 1 },
            Effort::Quick => Rounds { counted: usual.min(5), warm_up: 1 },
            Effort::Smoke => Rounds { counted: 1, warm_up: 0 },
        }
    }

    /// `full` operations of a full sample, scaled: a fifth, or a five-hundredth.
    pub fn operations(self, full: u64) -> u64 {
        match self {
            Effort::Full => full,
            Effort::Quick => full / 5,
            Effort::Smoke => full / 500,
        }
    }

    /// `full` connections; a smoke run opens few.
    pub fn connections(self, full: usize) -> usize {
        match self {
            Effort::Full | Effort::Quick => full,
            Effort::Smoke => full.min(50),
        }
    }

    /// `full` time of a full sample, scaled.
    pub fn time(self, full: Duration) -> Duration {
        match self {
            Effort::Full => full,
            Effort::Quick => full / 3,
            Effort::Smoke => full / 50,
        }
    }
}
