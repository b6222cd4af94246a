//! What the loop itself says of a patient: a finding of a lint, or lines of its state.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use glassloop::{Lint, Snapshot, Watch};

/// What shows a fault.
pub(crate) enum Evidence {
    /// A lint finds it, of who is called so.
    Finding(Lint, &'static str),
    /// These lines of the state, once they are to be seen.
    State(fn(&Snapshot) -> Option<Vec<String>>),
}

/// Each fault shows within this.
const SHOWS_WITHIN: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);

impl Evidence {
    /// What is said while it is waited for.
    pub(crate) fn heading(&self) -> &'static str {
        match self {
            Evidence::Finding(..) => "What a lint says of it, once it has looked long enough:",
            Evidence::State(_) => "What the loop's state says of it:",
        }
    }

    /// The lines, as soon as the loop has them.
    pub(crate) fn lines(&self, watch: &Watch) -> io::Result<Vec<String>> {
        let begun = Instant::now();
        if let Evidence::Finding(..) = self {
            // Not before: with it one command would name the fault.
            watch.lint(true);
        }
        while begun.elapsed() < SHOWS_WITHIN {
            let seen = watch.look(LOOK);
            if let Some(lines) = seen.and_then(|seen| self.find(&seen.snapshot)) {
                return Ok(lines);
            }
            thread::sleep(LOOK);
        }
        Err(io::Error::other(format!("nothing has shown in {SHOWS_WITHIN:?}")))
    }

    fn find(&self, snapshot: &Snapshot) -> Option<Vec<String>> {
        match self {
            Evidence::State(find) => find(snapshot),
            Evidence::Finding(lint, who) => {
                let mut findings = snapshot.lint.as_ref()?.findings.iter();
                let finding = findings.find(|it| it.lint == *lint && it.subject.contains(who))?;
                Some(vec![finding.to_string()])
            }
        }
    }
}
