//! How a program has its loop look for faults, and hears what was found.

use super::{Finding, Lint};
use crate::{EventLoop, debug};

/// The variable that has every loop of a process look for faults from its beginning, and tell the
/// log of them: anything but empty or `0`.
const VARIABLE: &str = "GLASSLOOP_LINT";

pub(crate) fn from_environment() -> bool {
    debug::is_on(VARIABLE)
}

impl EventLoop {
    /// Has the loop look for faults of its program, or stop doing so: see [`Lint`]. It records as
    /// well, from then on. What was found is in its [snapshots](crate::Snapshot::lint), in its
    /// recording and, in debug mode, in the log. The variable `GLASSLOOP_LINT` does the same for
    /// every loop of a process, from its beginning, and has the log told in any case.
    ///
    /// It looks at every item and turn; at all tasks, sources and queues each
    /// [`LintLimits::look_ms_min`](crate::LintLimits::look_ms_min) while turns happen, when a
    /// snapshot is published, and when a run or the loop ends.
    ///
    /// ```
    /// use glassloop::{EventLoop, Lint, sleep};
    /// use std::{future::pending, time::Duration};
    ///
    /// let event_loop = EventLoop::test();
    /// event_loop.lint(true);
    /// event_loop.spawn(pending::<()>()).named("forgetful").detach();
    /// event_loop.block_on(async { sleep(Duration::from_secs(1)).await })?;
    /// let found = &event_loop.findings()[0];
    /// assert_eq!((found.lint, found.times), (Lint::ForgottenWaker, 1));
    /// assert!(found.subject.contains("`forgetful`") && found.place.is_some());
    /// # Ok::<(), glassloop::RunError>(())
    /// ```
    pub fn lint(&self, on: bool) {
        self.core.lint(on);
    }

    /// Has a finding of one of these lints end the run, with
    /// [`RunError::Found`](crate::RunError::Found); the loop looks for faults from then on. What is
    /// found when the loop is closed ends no run any more, but is among the
    /// [findings](EventLoop::findings).
    ///
    /// ```
    /// use glassloop::{EventLoop, Lint, RunError, yield_now};
    ///
    /// let event_loop = EventLoop::test();
    /// event_loop.deny(Lint::ALL);
    /// let ended = event_loop.block_on(async {
    ///     loop {
    ///         yield_now().await; // nothing else, for ever
    ///     }
    /// });
    /// match ended {
    ///     Err(RunError::Found(found)) => assert_eq!(found.lint, Lint::SelfWakeStorm),
    ///     other => panic!("{other:?}"),
    /// }
    /// ```
    pub fn deny(&self, lints: impl IntoIterator<Item = Lint>) {
        self.lint(true);
        for lint in lints {
            self.core.linter().into_iter().for_each(|linter| linter.deny(lint));
        }
    }

    /// What the lints have found so far, in the order in which each was found first.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let line = self.core.lint_line();
        line.map(|line| line.findings).unwrap_or_default()
    }
}
