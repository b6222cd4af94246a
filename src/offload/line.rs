//! `JobLine` and `PoolReport`: the jobs of a pool as data, for whoever looks or closes.

use std::{borrow::Cow, fmt, time::Duration};

use glassloop_executor::TaskId;

use crate::{snapshot::Place, snapshot_table::at};

/// A job of a pool, which waits for a thread or has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobLine {
    /// Its number: no other job of the process has it.
    pub number: u64,
    /// Its name, or the type of its closure.
    pub name: Cow<'static, str>,
    /// Where it was offloaded.
    pub born: Place,
    /// Where its pool was made. A loop's own pool has the place of the loop.
    pub pool: Place,
    /// Whether a thread has come to it.
    pub state: JobState,
    /// How long it has run; how long it has waited, as long as it is queued.
    pub elapsed: Duration,
    /// The task that waits for it, where a [`Snapshot`](crate::Snapshot) tells of it.
    pub awaited_by: Option<TaskId>,
}

/// What a job is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum JobState {
    /// A thread runs it.
    Running,
    /// It waits for a thread.
    Queued,
}

impl JobState {
    /// Its name in tables.
    ///
    /// ```
    /// use glassloop::JobState;
    ///
    /// assert_eq!((JobState::Running.name(), JobState::Queued.name()), ("running", "queued"));
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            JobState::Running => "running",
            JobState::Queued => "queued",
        }
    }
}

impl JobLine {
    /// Which it is and what it is at: "job `export`, running".
    pub(crate) fn in_short(&self) -> String {
        format!("job `{}`, {}", self.name, self.state.name())
    }
}

impl fmt::Display for JobLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, born) = (&self.name, at(self.born));
        let has = match self.state {
            JobState::Running => "has run",
            JobState::Queued => "has waited for a thread",
        };
        write!(f, "job `{name}`, offloaded at {born}, {has} for {:.3?}", self.elapsed)
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
