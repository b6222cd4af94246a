//! `Finding`: what a lint has found, where, and by which figures.

use std::fmt;

use glassloop_executor::TaskId;

use super::{Lint, kind::LintSet};
use crate::{snapshot::Place, snapshot_table::at};

/// What a lint has found. Its `Display` is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The lint.
    pub lint: Lint,
    /// The task that it is about, if it is one.
    pub task: TaskId,
    /// What it is about, in words: "task #3.9 `serve`", "tcp 4 127.0.0.1:80", "queue `deferred`".
    pub subject: String,
    /// Where, if that is known.
    pub place: Option<Place>,
    /// What was seen, in figures.
    pub reason: String,
    /// The turn that it was found in last.
    pub turn: u64,
    /// When that was, in nanoseconds since the clock's origin.
    pub at_ns: u64,
    /// How often it was found: by this lint at this place, or of this subject where no place is
    /// known.
    pub times: u64,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.lint, self.subject, self.reason)?;
        if let Some(place) = self.place {
            write!(f, " ({})", at(place))?;
        }
        if self.times > 1 { write!(f, ", {} times", self.times) } else { Ok(()) }
    }
}

/// What the lints of a loop have found, in a [snapshot](crate::Snapshot).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LintLine {
    /// Whether they go on.
    pub on: bool,
    /// Since when they were first on, in nanoseconds since the clock's origin.
    pub since_ns: u64,
    /// What they have found, in the order in which each was found first.
    pub findings: Vec<Finding>,
    /// Findings beyond those that are kept.
    pub more: u64,
}

/// The findings of a loop.
#[derive(Debug, Default)]
pub(super) struct Findings {
    all: Vec<Finding>,
    more: u64,
    /// What ends a run.
    denied: LintSet,
}

impl Findings {
    /// Adds one. Whether it is the first of its kind there.
    pub(super) fn add(&mut self, finding: &Finding, max: usize) -> bool {
        let is_same = |other: &&mut Finding| {
            other.lint == finding.lint
                && other.place == finding.place
                && (other.place.is_some() || other.subject == finding.subject)
        };
        if let Some(known) = self.all.iter_mut().find(is_same) {
            let times = known.times + 1;
            *known = Finding { times, ..finding.clone() };
            return false;
        }
        if self.all.len() < max {
            self.all.push(finding.clone());
            true
        } else {
            self.more += 1;
            false
        }
    }

    pub(super) fn deny(&mut self, lint: Lint) {
        self.denied = self.denied.with(lint);
    }

    pub(super) fn is_denied(&self, lint: Lint) -> bool {
        self.denied.has(lint)
    }

    pub(super) fn line(&self, on: bool, since_ns: u64) -> LintLine {
        LintLine { on, since_ns, findings: self.all.clone(), more: self.more }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::*;

    fn finding(subject: &str, place: Option<Place>) -> Finding {
        Finding {
            lint: Lint::SlowPoll,
            task: TaskId::NONE,
            subject: subject.to_owned(),
            place,
            reason: "ran for 12 ms".to_owned(),
            turn: 1,
            at_ns: 5,
            times: 1,
        }
    }

    #[test]
    fn what_is_found_again_is_counted_and_what_is_too_much_as_well() {
        let here = Location::caller();
        let mut findings = Findings::default();
        assert!(findings.add(&finding("task #1.1", Some(here)), 2));
        assert!(!findings.add(&finding("task #2.2", Some(here)), 2), "the same place");
        assert!(findings.add(&finding("task #2.2", None), 2));
        assert!(!findings.add(&finding("task #2.2", None), 2));
        assert!(!findings.add(&finding("task #2.3", None), 2), "one too many");
        let line = findings.line(true, 0);
        let told: Vec<_> = line.findings.iter().map(|it| (&*it.subject, it.times)).collect();
        assert_eq!((told, line.more), (vec![("task #2.2", 2), ("task #2.2", 2)], 1));
        let text = line.findings[0].to_string();
        let said = format!("slow-poll: task #2.2 ran for 12 ms ({}), 2 times", at(here));
        assert_eq!(text, said);
    }
}
