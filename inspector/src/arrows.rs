//! `Arrows`: from each wake to the run that it led to.
//!
//! A run is led to by the wake that put its item into the ready queue. A task that wakes itself
//! does so before its own run is told of, and means the next one; so of two wakes the first led to
//! the run that is under way. Deferred calls have one entry for all and run first-in first-out.
//! Runs whose wake is not recorded have no arrow.

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
    /// The wake that led to what is under way.
    under_way: Option<(At, Wake)>,
    /// How many items lay in the ready queue before the first event, at least.
    ready_before: usize,
}

/// Wakes that have not led to a run yet.
struct Open {
    /// An item's first is of the run that is under way, or of the next; a second one was made
    /// during that run.
    by_entry: HashMap<u64, VecDeque<Made>>,
    /// Of deferred calls; those from before the first event are `None`.
    calls: VecDeque<Option<Made>>,
}

/// A wake, the step that made it, and when that began.
#[derive(Clone, Copy)]
struct Made {
    at: At,
    wake: Wake,
    at_ns: u64,
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
                && let Some(Made { at: from, wake, .. }) = open.take(entry, step.phase, step.at_ns)
            {
                arrows.lead.insert(wake.number);
                arrows.causes.insert(at, (from, wake));
            }
            for wake in step.wakes.iter().filter(|wake| wake.is_queued()) {
                open.put(Made { at, wake: *wake, at_ns: step.at_ns });
            }
        }
        arrows.under_way = arrows.of_under_way(history, &mut open);
        arrows
    }

    fn of_under_way(&mut self, history: &History, open: &mut Open) -> Option<(At, Wake)> {
        if let Some(run) = history.under_way_after() {
            return self.cause_of(run);
        }
        // Where its turn is not recorded, the wakes are those of earlier runs.
        let (now, since_ns) = (history.under_way?, history.under_way_since()?);
        let Made { at, wake, .. } = open.take(now.item, now.phase?, since_ns)?;
        self.lead.insert(wake.number);
        Some((at, wake))
    }

    /// The wake that led to what is under way, and the step that made it.
    pub(crate) fn under_way(&self) -> Option<(At, Wake)> {
        self.under_way
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
    fn put(&mut self, made: Made) {
        if is_call(made.wake.item) {
            self.calls.push_back(Some(made));
            return;
        }
        let open = self.by_entry.entry(made.wake.item.to_bits()).or_default();
        open.push_back(made);
        // Of three the first one's run is missing.
        if open.len() > 2 {
            open.pop_front();
        }
    }

    /// The wake that led to a run that began then.
    fn take(&mut self, entry: Entry, phase: Phase, began_ns: u64) -> Option<Made> {
        if phase != Phase::Run {
            // Render and idle callbacks are held, not queued.
            return None;
        }
        if is_call(entry) {
            self.calls.pop_front()?
        } else {
            let open = self.by_entry.get_mut(&entry.to_bits())?;
            // A second one from before the run: the first one's run is missing.
            if open.get(1).is_some_and(|second| second.at_ns < began_ns) {
                open.pop_front();
            }
            open.pop_front()
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
    use glassloop::{By, Event, Happening, Now, Outcome, PlaceId, Read};

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
        let ran = Happening::Ran(A, Outcome::Pending, PlaceId::UNKNOWN);
        let event = |at_ns, what| Event { at_ns, took_ns: 0, phase: Phase::Run, what };
        let itself = Happening::Woke(A, By::Item(A));
        let events = vec![event(5, itself), event(5, ran), event(6, itself), event(6, ran)];
        let read = Read { events, next: 9, lost: 5, ..Read::default() };
        assert_eq!(runs(&History::of(read, 1)), [None, Some(5)], "the first one's wake was lost");
    }

    #[test]
    fn of_two_wakes_the_first_led_to_the_run_under_way() {
        let event = |at_ns, phase, what| Event { at_ns, took_ns: 0, phase, what };
        let timer = Happening::Woke(A, By::Timer(glassloop::PlaceId::UNKNOWN));
        let itself = Happening::Woke(A, By::Item(A));
        let events = vec![
            event(3, Phase::Wait, Happening::Waited(0)),
            event(5, Phase::Io, Happening::Turn(4)),
            event(5, Phase::Timers, timer),
            event(5, Phase::Run, itself),
        ];
        let led_by = |events, turn| {
            let now = Now { item: A, phase: Some(Phase::Run), turn };
            let history = History::of(Read { events, next: 9, lost: 5, ..Read::default() }, turn);
            let arrows = Arrows::of(&history.with_under_way(now, 0));
            let led_by = arrows.under_way().map(|(_, wake)| wake.number);
            assert!(led_by.is_none_or(|number| arrows.leads(number)));
            led_by
        };
        assert_eq!(led_by(events.clone(), 4), Some(7), "the timer's");
        assert_eq!(led_by(events.clone(), 5), None, "the turn before is not its own");
        // The microtasks after the run are a part of it; the second wake is of the next one.
        let mut ran = events;
        ran.push(event(5, Phase::Run, Happening::Ran(A, Outcome::Pending, PlaceId::UNKNOWN)));
        ran.remove(0);
        assert_eq!(led_by(ran, 4), Some(6));
    }

    #[test]
    fn a_run_that_is_missing_puts_no_later_wake_out_of_step() {
        let woke = Happening::Woke(A, By::Thread);
        let ran = Happening::Ran(A, Outcome::Pending, PlaceId::UNKNOWN);
        // Of the first wake's run nothing was recorded.
        assert_eq!(runs(&history([woke, woke, ran, woke, ran])), [Some(1), Some(3)]);
    }

    #[test]
    fn calls_run_in_the_order_in_which_they_were_left() {
        let left = Happening::Woke(Entry::DEFERRED, By::Thread);
        let ran = Happening::Ran(Entry::DEFERRED, Outcome::Called, PlaceId::UNKNOWN);
        let whole = history([left, left, ran, left, ran, ran]);
        assert_eq!(runs(&whole), [Some(0), Some(1), Some(3)]);
        // Two were left before the first event, which a third run shows.
        let cut = history([ran, left, ran, ran]);
        assert_eq!(runs(&cut), [None, None, Some(1)]);
        assert_eq!(Arrows::of(&cut).ready_before(), 2);
    }
}
