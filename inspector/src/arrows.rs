//! `Arrows`: from each wake to the run that it led to.
//!
//! A run is led to by the wake that put its item into the ready queue. A task that wakes itself
//! does so before its own run is told of, and means the next one. Deferred calls have one entry for
//! all and run first-in first-out. Runs whose wake is not recorded have no arrow.

use std::collections::{HashMap, HashSet, VecDeque};

use glassloop::{Entry, Kind, Phase};

use crate::{
    history::History,
    turns::{Step, Wake, Work},
};

/// Where a step stands: turn and step, counted from the beginning of the history.
pub(crate) type At = (usize, usize);

/// Which run each wake led to.
#[derive(Debug, Default)]
pub(crate) struct Arrows {
    causes: HashMap<At, (At, Wake)>,
    lead: HashSet<u64>,
    /// By entry, the wake that has not led to a run that was recorded.
    open: HashMap<u64, (At, Wake)>,
    /// How many items lay in the ready queue before the first event, at least.
    ready_before: usize,
}

/// Wakes that have not led to a run yet.
struct Open {
    by_entry: HashMap<u64, (At, Wake)>,
    /// Of deferred calls; those from before the first event are `None`.
    calls: VecDeque<Option<(At, Wake)>>,
}

impl Arrows {
    pub(crate) fn of(history: &History) -> Arrows {
        let steps = || {
            let turns = history.turns.iter().enumerate();
            turns.flat_map(|(turn, told)| {
                told.steps.iter().enumerate().map(move |(step, told)| ((turn, step), told))
            })
        };
        let calls = most_missing(steps().map(|(_, step)| step), is_call);
        let mut open =
            Open { by_entry: HashMap::new(), calls: VecDeque::from_iter((0..calls).map(|_| None)) };
        let mut arrows = Arrows {
            ready_before: most_missing(steps().map(|(_, step)| step), |_| true),
            ..Arrows::default()
        };
        for (at, step) in steps() {
            // The run first: what it wakes leads to a later one, also if that is itself.
            if let Work::Item(entry, _) = step.work
                && let Some((from, wake)) = open.take(entry, step.phase)
            {
                arrows.lead.insert(wake.number);
                arrows.causes.insert(at, (from, wake));
            }
            for wake in step.wakes.iter().filter(|wake| wake.is_queued()) {
                open.put(at, *wake);
            }
        }
        arrows.open = open.by_entry;
        arrows
    }

    /// The wake of an item that lies in the ready queue, or whose run has not ended.
    pub(crate) fn open(&self, item: Entry) -> Option<(At, Wake)> {
        self.open.get(&item.to_bits()).copied()
    }

    /// The wake that led to a run, and the step that made it.
    pub(crate) fn cause_of(&self, run: At) -> Option<(At, Wake)> {
        self.causes.get(&run).copied()
    }

    /// Whether the wake with this number led to a run that is recorded.
    pub(crate) fn leads(&self, number: u64) -> bool {
        self.lead.contains(&number)
    }

    /// How many items lay in the ready queue before the first event: so many at least.
    pub(crate) fn ready_before(&self) -> usize {
        self.ready_before
    }
}

impl Open {
    fn put(&mut self, at: At, wake: Wake) {
        if is_call(wake.item) {
            self.calls.push_back(Some((at, wake)));
        } else {
            self.by_entry.insert(wake.item.to_bits(), (at, wake));
        }
    }

    fn take(&mut self, entry: Entry, phase: Phase) -> Option<(At, Wake)> {
        if phase != Phase::Run {
            // Render and idle callbacks are held, not queued.
            return None;
        }
        if is_call(entry) {
            self.calls.pop_front()?
        } else {
            self.by_entry.remove(&entry.to_bits())
        }
    }
}

fn is_call(entry: Entry) -> bool {
    entry.kind() == Kind::Deferred
}

/// What a step takes from the ready queue and adds to it.
pub(crate) fn change(step: &Step, counts: impl Fn(Entry) -> bool) -> (usize, usize) {
    let ran =
        matches!(step.work, Work::Item(entry, _) if step.phase == Phase::Run && counts(entry));
    let woken = step.wakes.iter().filter(|wake| wake.is_queued() && counts(wake.item));
    (usize::from(ran), woken.count())
}

/// How many entries must have been queued before the first step for all that ran to have been.
fn most_missing<'a>(
    steps: impl Iterator<Item = &'a Step>,
    counts: impl Fn(Entry) -> bool + Copy,
) -> usize {
    let (mut queued, mut missing) = (0_usize, 0_usize);
    for step in steps {
        let (ran, woken) = change(step, counts);
        if ran > queued {
            missing += ran - queued;
            queued = ran;
        }
        queued = queued - ran + woken;
    }
    missing
}

#[cfg(test)]
mod tests {
    use glassloop::{By, Event, Happening, Outcome, Read};

    use super::*;

    const A: Entry = Entry::new(Kind::Task, 1, 1);

    fn history(what: impl IntoIterator<Item = Happening>) -> History {
        let phase = |what: &Happening| match what {
            Happening::Woke(_, By::Thread) => Phase::Deferred,
            _ => Phase::Run,
        };
        let event = |(at_ns, what)| Event { at_ns, took_ns: 0, phase: phase(&what), what };
        let events: Vec<_> = (0..).zip(what).map(event).collect();
        let next = events.len() as u64;
        History::of(Read { events, next, ..Read::default() }, 1)
    }

    fn runs(history: &History) -> Vec<Option<u64>> {
        let arrows = Arrows::of(history);
        let mut runs = Vec::new();
        for (turn, told) in history.turns.iter().enumerate() {
            for (step, told) in told.steps.iter().enumerate() {
                if matches!(told.work, Work::Item(..)) {
                    runs.push(arrows.cause_of((turn, step)).map(|(_, wake)| wake.number));
                }
            }
        }
        let led = runs.iter().flatten().filter(|number| arrows.leads(**number)).count();
        assert_eq!(led, runs.iter().flatten().count());
        runs
    }

    #[test]
    fn a_task_that_wakes_itself_means_its_next_run() {
        let ran = Happening::Ran(A, Outcome::Pending);
        let event = |at_ns, what| Event { at_ns, took_ns: 0, phase: Phase::Run, what };
        let itself = Happening::Woke(A, By::Item(A));
        let events = vec![event(5, itself), event(5, ran), event(6, itself), event(6, ran)];
        let read = Read { events, next: 9, lost: 5, ..Read::default() };
        assert_eq!(runs(&History::of(read, 1)), [None, Some(5)], "the first one's wake was lost");
    }

    #[test]
    fn calls_run_in_the_order_in_which_they_were_left() {
        let left = Happening::Woke(Entry::DEFERRED, By::Thread);
        let ran = Happening::Ran(Entry::DEFERRED, Outcome::Called);
        let whole = history([left, left, ran, left, ran, ran]);
        assert_eq!(runs(&whole), [Some(0), Some(1), Some(3)]);
        // Two were left before the first event, which a third run shows.
        let cut = history([ran, left, ran, ran]);
        assert_eq!(runs(&cut), [None, None, Some(1)]);
        assert_eq!(Arrows::of(&cut).ready_before(), 2);
    }
}
