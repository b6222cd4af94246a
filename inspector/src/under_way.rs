//! What is under way in a loop that doesn't answer: what it runs, laid over its last state.
//!
//! A state says what a task was at before its loop began to hang; the now-record says which one
//! holds it. Promises that such a task is never shown as one that waits.

use std::sync::Arc;

use glassloop::{Now, Seen, Snapshot, TaskState, Watch};

/// What a loop that did not answer runs, if that is a task.
pub(crate) fn of(watch: &Watch, seen: &Seen) -> Option<Now> {
    let now = watch.now();
    (!seen.fresh && now.item.is_task()).then_some(now)
}

/// The state with the task that runs as one that does.
pub(crate) fn snapshot(seen: &Seen, running: Option<Now>) -> Arc<Snapshot> {
    let mut snapshot = Arc::clone(&seen.snapshot);
    if let Some(now) = running {
        let id = now.item.task_id();
        // A copy, and only where it is needed: a loop that hangs is rare.
        let tasks = &mut Arc::make_mut(&mut snapshot).tasks;
        if let Some(task) = tasks.iter_mut().find(|task| task.id == id) {
            task.state = TaskState::Running;
            task.waits.clear();
        }
    }
    snapshot
}
