//! The view: what of a sample is shown, and what is marked in it.
//!
//! Promises that the mark stays on its task while rows move around it, and on a row when that task
//! ends; and that what holds a loop stands above all, in whatever order. It draws nothing.

use std::cmp::Reverse;

use serde_json::Value;

use super::sample::Sample;
use crate::{
    field::{list, number, present, text},
    state::{State, number_of},
};

/// What the table is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// What ran lately.
    #[default]
    Load,
    /// What ran most in all.
    Busy,
    /// What stood in line most in all.
    Sched,
    Polls,
    Wakes,
    Name,
}

impl Sort {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Sort::Load => "load",
            Sort::Busy => "busy",
            Sort::Sched => "sched",
            Sort::Polls => "polls",
            Sort::Wakes => "wakes",
            Sort::Name => "name",
        }
    }

    pub(crate) fn next(self) -> Sort {
        match self {
            Sort::Load => Sort::Busy,
            Sort::Busy => Sort::Sched,
            Sort::Sched => Sort::Polls,
            Sort::Polls => Sort::Wakes,
            Sort::Wakes => Sort::Name,
            Sort::Name => Sort::Load,
        }
    }
}

/// What is in the middle of the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Middle {
    #[default]
    Tasks,
    Help,
    /// Why the marked task runs, or doesn't.
    Detail(Vec<String>),
}

/// What is shown, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// Which loop, by its number.
    pub(crate) of_loop: String,
    pub(crate) sort: Sort,
    pub(crate) filter: String,
    /// Whether letters go to the filter.
    pub(crate) is_filtering: bool,
    pub(crate) is_paused: bool,
    pub(crate) middle: Middle,
    /// What went wrong when the inspector was asked last.
    pub(crate) failure: Option<String>,
    /// The id of the marked task, and the row that it was on.
    marked: Option<(String, usize)>,
}

impl View {
    /// Of a state that is seen for the first time: the loop with the most tasks.
    pub(crate) fn of(state: &State) -> View {
        // Of equals the first.
        let most = state.loops().iter().rev().max_by_key(|of| list(of, "tasks").len());
        View { of_loop: most.map_or_else(String::new, number_of), ..View::default() }
    }

    /// The tasks in the order of their rows.
    pub(crate) fn rows<'a>(&self, sample: &'a Sample) -> Vec<&'a Value> {
        let mut rows: Vec<&Value> =
            list(sample.of(), "tasks").iter().filter(|task| self.shows(task)).collect();
        let count = |task: &Value, key: &str| Reverse(number(task, key).unwrap_or(0));
        let share = |task: &Value, key: &str| number(present(task, "times")?, key);
        let busy = |task: &Value| share(task, "busy_ns");
        match self.sort {
            Sort::Polls => rows.sort_by_key(|task| count(task, "polls")),
            Sort::Wakes => rows.sort_by_key(|task| count(task, "wakes")),
            Sort::Name => rows.sort_by_key(|task| text(task, "name")),
            Sort::Busy => rows.sort_by_key(|task| Reverse(busy(task))),
            Sort::Sched => rows.sort_by_key(|task| Reverse(share(task, "scheduled_ns"))),
            Sort::Load => {
                let load =
                    |task: &Value| sample.loads.get(text(task, "id")).copied().unwrap_or(0.0);
                rows.sort_by(|a, b| {
                    load(b).total_cmp(&load(a)).then_with(|| busy(b).cmp(&busy(a)))
                });
            }
        }
        // Stable, so that the order of the others stays.
        if let Some(stall) = present(sample.of(), "stall") {
            rows.sort_by_key(|task| text(task, "id") != text(stall, "task"));
        }
        rows
    }

    fn shows(&self, task: &Value) -> bool {
        let filter = self.filter.to_lowercase();
        let fields = ["id", "name", "state", "born", "awaits"];
        filter.is_empty()
            || fields.iter().any(|key| text(task, key).to_lowercase().contains(&filter))
    }

    /// The row that is marked, if there is any.
    pub(crate) fn marked_row(&self, rows: &[&Value]) -> Option<usize> {
        let (id, row) = self.marked.as_ref().map_or(("", 0), |(id, row)| (id.as_str(), *row));
        let found = rows.iter().position(|task| text(task, "id") == id);
        found.or_else(|| Some(row.min(rows.len().checked_sub(1)?)))
    }

    /// Moves the mark by some rows.
    pub(crate) fn step(&mut self, sample: &Sample, by: isize) {
        let rows = self.rows(sample);
        let Some(row) = self.marked_row(&rows) else { return };
        let row = row.saturating_add_signed(by).min(rows.len() - 1);
        self.marked = Some((text(rows[row], "id").to_owned(), row));
    }

    /// The task that is marked.
    pub(crate) fn marked<'a>(&self, sample: &'a Sample) -> Option<&'a Value> {
        let rows = self.rows(sample);
        Some(rows[self.marked_row(&rows)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::sample::tests::sample;
    use serde_json::json;

    fn three() -> Sample {
        let task = |id: &str, name: &str, polls: u32, busy: u32| {
            json!({ "id": id, "name": name, "polls": polls, "wakes": 0, "state": "waiting",
                "times": { "busy_ns": busy, "scheduled_ns": 100 - busy } })
        };
        sample(json!({ "loops": [{ "tasks": [
            task("#1.1", "conn", 5, 10), task("#2.2", "Alpha", 9, 30), task("#3.3", "beta", 7, 20),
        ] }] }))
    }

    fn ids(view: &View, sample: &Sample) -> Vec<String> {
        view.rows(sample).iter().map(|task| text(task, "id").to_owned()).collect()
    }

    #[test]
    fn rows_are_ordered_and_filtered() {
        let (mut view, mut sample) = (View::default(), three());
        assert_eq!(ids(&view, &sample), ["#2.2", "#3.3", "#1.1"], "busy, while no load is known");
        sample.loads.insert("#1.1".into(), 0.5);
        assert_eq!(ids(&view, &sample), ["#1.1", "#2.2", "#3.3"], "busy lately");
        view.sort = view.sort.next();
        assert_eq!(ids(&view, &sample), ["#2.2", "#3.3", "#1.1"], "busy in all");
        view.sort = view.sort.next();
        assert_eq!(ids(&view, &sample), ["#1.1", "#3.3", "#2.2"], "in line");
        view.sort = view.sort.next();
        assert_eq!(ids(&view, &sample), ["#2.2", "#3.3", "#1.1"], "polls");
        view.sort = view.sort.next().next();
        assert_eq!(ids(&view, &sample), ["#2.2", "#3.3", "#1.1"], "name");
        view.filter = "ALPH".into();
        assert_eq!(ids(&view, &sample), ["#2.2"]);
        assert_eq!(Sort::Name.next(), Sort::Load);
    }

    #[test]
    fn what_holds_the_loop_stands_first_and_is_marked_unless_another_was_chosen() {
        let mut state = three().state.value().clone();
        state["loops"][0]["stall"] = json!({ "task": "#1.1", "for_ms": 3_000 });
        let (mut view, held) = (View::default(), sample(state));
        for _ in 0..6 {
            assert_eq!(ids(&view, &held)[0], "#1.1", "{:?}", view.sort);
            view.sort = view.sort.next();
        }
        assert_eq!(view.marked(&held).map(|task| text(task, "id")), Some("#1.1"));
        view.step(&three(), 1);
        assert_eq!(view.marked(&held).map(|task| text(task, "id")), Some("#3.3"));
    }

    #[test]
    fn the_loop_with_the_most_tasks_is_shown_first() {
        let first = |tasks: &[usize]| {
            let of = |(number, &tasks): (u64, &usize)| {
                let tasks = vec![json!({}); tasks];
                json!({ "loop": { "number": number }, "tasks": tasks })
            };
            let loops: Vec<Value> = (1..).zip(tasks).map(of).collect();
            View::of(&State::of_test(json!({ "loops": loops }))).of_loop
        };
        assert_eq!([first(&[0, 1, 2, 1]), first(&[0, 1, 1]), first(&[])], ["3", "2", ""]);
    }

    #[test]
    fn the_mark_stays_on_its_task() {
        let (mut view, mut sample) = (View::default(), three());
        assert_eq!(view.marked(&sample).map(|task| text(task, "id")), Some("#2.2"));
        view.step(&sample, 1);
        view.step(&sample, 1);
        view.step(&sample, 9);
        assert_eq!(view.marked(&sample).map(|task| text(task, "id")), Some("#1.1"));
        sample.loads.insert("#1.1".into(), 0.5);
        assert_eq!(view.marked_row(&view.rows(&sample)), Some(0), "it moved with its task");
        view.step(&sample, -9);
        view.filter = "beta".into();
        assert_eq!(view.marked(&sample).map(|task| text(task, "id")), Some("#3.3"));
        view.filter = "nothing".into();
        assert!(view.marked(&sample).is_none());
        view.step(&sample, 1);
    }
}
