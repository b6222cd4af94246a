//! How a finding gets about: to whoever asks later, to a recording, to who steps, to the log in
//! debug mode; and if it is denied the run ends.

use glassloop_executor::{Entry, PlaceId, TaskId, quietly};

use super::{Finding, Lint, Linter, linter::Failed};
use crate::{By, core::Core, event::entry_of, failure::Failure, snapshot::Place};

/// What is said of a fault.
pub(super) struct Evidence {
    pub(super) lint: Lint,
    /// The item that it is about, or nothing.
    pub(super) item: Entry,
    pub(super) subject: String,
    pub(super) place: Option<Place>,
    pub(super) reason: String,
}

impl Linter {
    /// Tells of failures that nobody was there to take.
    pub(super) fn tell_failures(&self, core: &Core) {
        if self.failures.borrow().is_empty() {
            return;
        }
        for Failed { task, place, what, how } in self.failures.take() {
            self.tell(
                core,
                Evidence {
                    lint: Lint::DroppedFailure,
                    item: if task.is_none() { Entry::NOTHING } else { entry_of(task) },
                    subject: what,
                    place: place.location(),
                    reason: how,
                },
            );
        }
    }

    /// Tells what was found of an item.
    pub(crate) fn found(
        &self,
        core: &Core,
        lint: Lint,
        item: Entry,
        place: PlaceId,
        reason: String,
    ) {
        let subject = match (item == Entry::NOTHING, item.is_task()) {
            (true, _) => "the loop".to_owned(),
            (_, true) => core.name_of_task(item.id()),
            _ => core.item_name(item),
        };
        self.tell(core, Evidence { lint, item, subject, place: place.location(), reason });
    }

    /// Tells what was found: to whoever asks later, records or steps; and if that is denied the run
    /// ends.
    pub(super) fn tell(&self, core: &Core, evidence: Evidence) {
        let Evidence { lint, item, subject, place, reason } = evidence;
        let (turn, at_ns) = (core.turns.get(), core.stride.read_at());
        let task = item.task_id();
        let finding = Finding { lint, task, subject, place, reason, turn, at_ns, times: 1 };
        let (is_new, is_denied) = {
            let mut findings = self.findings.borrow_mut();
            (findings.add(&finding, self.limits.findings_max), findings.is_denied(lint))
        };
        if let Some(recorder) = core.recorder() {
            recorder.found(lint, item, at_ns);
        }
        core.standing.found(lint);
        if is_new && (core.debug || core.lints_aloud) {
            quietly(|| log::warn!("lint: {finding}"));
        }
        // A loop that is closed has no run to end.
        if is_denied && !core.closed.get() {
            core.fail(|| Failure::Found(Box::new(finding)));
        }
    }
}

/// Who woke a task last, in words.
pub(super) fn who_woke(core: &Core, task: TaskId) -> String {
    let known = core.recorder().and_then(|recorder| recorder.of(task));
    match known.and_then(|(_, by)| by) {
        Some(By::Item(item)) if item != Entry::NOTHING => core.item_name(item),
        Some(By::Thread) => "another thread".to_owned(),
        Some(By::Phase(phase)) => format!("phase {}", phase.name()),
        Some(By::Source(source)) => format!("source {source}"),
        _ => "the loop's own thread, between two turns".to_owned(),
    }
}
