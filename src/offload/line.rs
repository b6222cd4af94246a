//! `JobLine` and `PoolReport`: the jobs of a pool as data, for whoever looks or closes.

use std::{borrow::Cow, fmt, time::Duration};

use crate::{snapshot::Place, snapshot_table::at};

/// A job that a thread of a pool runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobLine {
    /// Its name, or the type of its closure.
    pub name: Cow<'static, str>,
    /// Where it was offloaded.
    pub born: Place,
    /// How long it has run.
    pub elapsed: Duration,
}

impl fmt::Display for JobLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, born) = (&self.name, at(self.born));
        write!(f, "job `{name}`, offloaded at {born}, has run for {:.3?}", self.elapsed)
    }
}

/// What a pool left when it was closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolReport {
    /// The jobs that still ran: each goes on, and its thread ends behind it.
    pub running: Vec<JobLine>,
    /// How many jobs were given up, since no thread had come to them.
    pub refused: usize,
}

impl PoolReport {
    /// Whether nothing was left.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.running.is_empty() && self.refused == 0
    }
}

impl fmt::Display for PoolReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return f.write_str("no job was left");
        }
        write!(f, "left: {} job(s) that run, {} given up", self.running.len(), self.refused)?;
        for job in &self.running {
            write!(f, "\n  {job}")?;
        }
        Ok(())
    }
}
