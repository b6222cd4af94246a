//! Why a run ended without a result: `RunError`, and the report of a proven deadlock.

use std::{fmt, io};

use crate::{Difference, Finding, snapshot::TaskLine};

/// Why `run`, `block_on` or a turn came to nothing.
#[non_exhaustive]
#[derive(Debug)]
pub enum RunError {
    /// Nothing can ever wake what still waits. The report says who waits for what, and where.
    Deadlock(DeadlockReport),
    /// [`stop`](crate::EventLoop::stop) was called before the result was there. The task lives on
    /// and goes on when the loop runs again.
    Stopped,
    /// The loop was closed.
    Closed,
    /// The task of `block_on` was aborted, [through a watch](crate::Watch::abort).
    Cancelled,
    /// As many tasks live as `tasks_max` allows: the future was dropped unpolled.
    Refused,
    /// A turn inside a turn of the same loop.
    Reentrant,
    /// The loop is a [guest](crate::Guest): its host runs it, by ticks.
    Guest,
    /// A failure that nobody asked for, in a loop made by
    /// [`EventLoop::test`](crate::EventLoop::test).
    Failed(String),
    /// A lint found something that is [denied](crate::EventLoop::deny).
    Found(Box<Finding>),
    /// A run that is [run again](crate::EventLoop::replay) went another way than its recording.
    Differs(Box<Difference>),
    /// The process was forked since the loop was made, and this is the child: it would share the
    /// poller with its parent, or have none. Make a new loop there. Noticed before a
    /// wait that blocks, and by each turn in debug mode.
    Forked {
        /// The process that made the loop.
        made_in: u32,
        /// This one.
        here: u32,
    },
    /// The operating system refused to wait.
    Io(io::Error),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Deadlock(report) => report.fmt(f),
            RunError::Stopped => f.write_str("the loop was stopped before the result was there"),
            RunError::Closed => f.write_str("the loop is closed"),
            RunError::Cancelled => f.write_str("the task of `block_on` was aborted from outside"),
            RunError::Refused => {
                f.write_str("as many tasks live as `Limits::executor.tasks_max` allows")
            }
            RunError::Reentrant => f.write_str(
                "a turn was asked for inside a turn of the same loop: spawn a task or defer a call \
                 instead; for a dialog that runs its host's loop, open it with \
                 `outside(..).await`",
            ),
            RunError::Guest => f.write_str(
                "the loop is a guest, whose turns are the ticks that its host runs: spawn on it, \
                 or end the guest first",
            ),
            RunError::Failed(what) => write!(f, "a failure that nobody handled: {what}"),
            RunError::Found(finding) => write!(f, "found by a lint that is denied: {finding}"),
            RunError::Differs(difference) => {
                write!(f, "the run differs from its recording: {difference}")
            }
            RunError::Forked { made_in, here } => write!(
                f,
                "the loop was made in process {made_in} and this is process {here}: after a fork \
                 the child makes a loop of its own, and leaves its parent's alone"
            ),
            RunError::Io(error) => write!(f, "waiting for the operating system failed: {error}"),
        }
    }
}

impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RunError::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for RunError {
    fn from(error: io::Error) -> RunError {
        RunError::Io(error)
    }
}

/// The tasks that can never be woken: nothing is ready, no timer, source, other thread or foreign
/// waker could ever reach them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeadlockReport {
    /// Who waits, for what, and where: the first
    /// [`CloseReport::TASKS_MAX`](crate::CloseReport::TASKS_MAX) of them.
    pub tasks: Vec<TaskLine>,
    /// How many there are in all.
    pub tasks_alive: usize,
}

impl fmt::Display for DeadlockReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "deadlock: nothing can ever wake {} task(s):", self.tasks_alive)?;
        for task in &self.tasks {
            writeln!(f, "  {task}")?;
        }
        match self.tasks_alive.saturating_sub(self.tasks.len()) {
            0 => Ok(()),
            left => writeln!(f, "  and {left} more"),
        }
    }
}
