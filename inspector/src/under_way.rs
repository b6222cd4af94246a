//! What is under way in a loop that doesn't answer: what it runs, laid over its last state.
//!
//! A state says what a task was at before its loop began to hang; the now-record says which one
//! holds it. Promises that such a task is never shown as one that waits, and that a history which
//! ends with what is under way holds no later event.

use std::sync::Arc;

use glassloop::{Event, Happening, Now, Seen, Snapshot, TaskState, Watch};

use crate::history::History;

/// What a loop that did not answer runs, if that is a task.
pub(crate) fn of(watch: &Watch, seen: &Seen) -> Option<Now> {
    let now = watch.now();
    (!seen.fresh && now.item.is_task()).then_some(now)
}

/// What the loop did from event `from` on, and what it is at since then. The clock is that of when
/// it was seen last, and what has passed.
pub(crate) fn history(watch: &Watch, seen: Option<&Seen>, from: u64, events_max: u64) -> History {
    let before = watch.now();
    let history = History::read_at_most(watch, from, events_max);
    // It may have gone on while it was read, or there is more to read.
    if watch.now() != before || history.events.len() as u64 >= events_max {
        return history;
    }
    let now_ns = seen.map_or(0, |seen| clock_now(watch, &history, seen));
    history.with_under_way(before, now_ns)
}

/// The time by the loop's clock when it was seen. A snapshot has the time at which its turn began,
/// which may have been long before: the first one that was published since then is this one.
pub(crate) fn clock_now(watch: &Watch, history: &History, seen: &Seen) -> u64 {
    if let Some(clock) = watch.manual_clock() {
        // It goes as somebody says, and may stand.
        return clock.now();
    }
    let began_ns = seen.snapshot.now_ns;
    let is_it =
        |event: &&Event| event.at_ns >= began_ns && matches!(event.what, Happening::Published(_));
    let made = history.events.iter().find(is_it);
    let made_ns = made.map_or(began_ns, |event| event.at_ns.saturating_add(event.took_ns));
    made_ns.saturating_add(u64::try_from(seen.age.as_nanos()).unwrap_or(u64::MAX))
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
