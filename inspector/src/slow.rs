//! The slowest runs of a recording: which items held their loop longest, when, and for how long.
//!
//! Promises that what the loop has not come back from is among them, with what it took so far. It
//! knows as much as the ring holds; what else a turn was at, `/turns` says.

use std::{cmp::Reverse, panic::Location};

use glassloop::{Entry, Kind, Outcome, Phase, Snapshot, TaskId, TaskLine};
use serde_json::{Value, json};

use crate::{
    history::History,
    names::Names,
    rows,
    trace::outcome_name,
    turns::{Step, Turn, Work},
};

/// One run; without an outcome it has not ended.
struct Run {
    item: Entry,
    turn: u64,
    phase: Option<Phase>,
    at_ns: u64,
    took_ns: u64,
    outcome: Option<Outcome>,
}

/// The longest runs first, so many at most; of those that took the same the latest.
pub(crate) fn rows(
    history: &History,
    names: &Names,
    snapshot: Option<&Snapshot>,
    most: usize,
) -> Vec<Value> {
    let ran = history.turns.iter().flat_map(|turn| turn.steps.iter().map(move |it| run(turn, it)));
    let mut runs: Vec<Run> = ran.flatten().chain(under_way(history)).collect();
    runs.sort_by_key(|run| (Reverse(run.took_ns), Reverse(run.at_ns)));
    runs.truncate(most);
    let seen_ns = snapshot.map_or(0, |snapshot| snapshot.now_ns);
    let now_ns = history.now_ns.max(history.end_ns()).max(seen_ns);
    let row = |run: &Run| {
        let task = task(snapshot, run.item);
        json!({
            "took_ns": run.took_ns,
            "turn": run.turn,
            "at_ns": run.at_ns,
            "ago_ns": now_ns.saturating_sub(run.at_ns),
            "phase": run.phase.map(Phase::name),
            "item": names.item(run.item),
            "task": rows::task_id(run.item.task_id()),
            "outcome": run.outcome.map(outcome_name),
            "born": born(run.item, task).map(rows::place),
            "awaits": task.and_then(|task| task.awaits).map(rows::place),
        })
    };
    runs.iter().map(row).collect()
}

fn run(turn: &Turn, step: &Step) -> Option<Run> {
    let Work::Item(item, outcome) = step.work else { return None };
    let (at_ns, took_ns, phase) = (step.at_ns, step.took_ns, Some(step.phase));
    Some(Run { item, turn: turn.number, phase, at_ns, took_ns, outcome: Some(outcome) })
}

/// What has not ended, if it is known since when.
fn under_way(history: &History) -> Option<Run> {
    let now = history.under_way.filter(|now| now.item != Entry::NOTHING)?;
    let (at_ns, took_ns) = (history.under_way_since()?, history.under_way_ns()?);
    let (turn, phase) = (now.turn, now.phase);
    Some(Run { item: now.item, turn, phase, at_ns, took_ns, outcome: None })
}

/// Where it was spawned or deferred.
fn born(item: Entry, task: Option<&TaskLine>) -> Option<&'static Location<'static>> {
    match item.kind() {
        Kind::Deferred => item.deferred_at().location(),
        _ => task?.born,
    }
}

/// What is known of a task that lives, or ended not long ago.
fn task(snapshot: Option<&Snapshot>, item: Entry) -> Option<&TaskLine> {
    let id: TaskId = Some(item.task_id()).filter(|id| !id.is_none())?;
    let snapshot = snapshot?;
    let ended = || {
        let ended = &snapshot.recorded.as_ref()?.ended;
        ended.iter().map(|(task, _)| task).find(|task| task.id == id)
    };
    snapshot.task(id).or_else(ended)
}

#[cfg(test)]
mod tests {
    use glassloop::{Event, Happening, Kind, Now, PlaceId, Read};

    use super::*;

    fn task_of(index: u32) -> Entry {
        Entry::new(Kind::Task, index, index)
    }

    #[test]
    fn the_longest_come_first_and_what_has_not_ended_is_among_them() {
        let event = |at_ns, took_ns, what| Event { at_ns, took_ns, phase: Phase::Run, what };
        let ran = |at_ns, index, took_ns| {
            event(
                at_ns,
                took_ns,
                Happening::Ran(task_of(index), Outcome::Pending, PlaceId::UNKNOWN),
            )
        };
        let mut events = vec![event(0, 0, Happening::Turn(7))];
        events.extend([ran(0, 1, 10), ran(10, 2, 300), ran(310, 3, 10), ran(320, 4, 20)]);
        let next = events.len() as u64;
        let history = History::of(Read { events, next, ..Read::default() }, 7);
        let told = |history: &History| {
            let rows = rows(history, &Names::default(), None, 3);
            rows.iter().map(|row| row["took_ns"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(told(&history), [300, 20, 10]);
        let last = &rows(&history, &Names::default(), None, 3)[2];
        assert_eq!((&last["task"], &last["turn"]), (&json!("#3.3"), &json!(7)));
        assert_eq!((&last["ago_ns"], &last["outcome"]), (&json!(30), &json!("pending")));
        let now = Now { item: task_of(9), phase: Some(Phase::Run), turn: 7 };
        let history = history.with_under_way(now, 1_340);
        assert_eq!(told(&history), [1_000, 300, 20]);
        let first = &rows(&history, &Names::default(), None, 3)[0];
        assert_eq!((&first["item"], &first["outcome"]), (&json!("task #9.9"), &Value::Null));
    }
}
