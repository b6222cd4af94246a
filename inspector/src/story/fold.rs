//! A fold: runs of one turn that are alike, of which a few are told and the others counted.
//!
//! Promises that each run is told or counted once, that the longest are told by name, and that
//! what panicked is never folded. Those that woke somebody are told before those that did not.

use std::cmp::Reverse;

use glassloop::{Entry, Kind, Outcome, Phase};

use super::{
    Teller,
    predicates::{counted, is_ready_again},
    together,
};
use crate::{
    names::short_time,
    turns::{Step, Work},
};

/// So many alike are told one by one, and no more are left out than these are worth.
const ALIKE_MAX: usize = 6;
/// Where there are more, so many are told by name.
const TOLD: usize = 4;
/// And of these so many because they took longest.
const LONGEST: usize = 2;

/// How a step is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    Alone,
    /// With a later one.
    Later,
    /// With these that came before it, by their places; its own is the last.
    Together(Vec<usize>),
}

/// What makes two steps alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Like {
    Ran(Kind, Outcome, Phase),
    After,
}

impl Like {
    fn of(step: &Step) -> Option<Like> {
        match step.work {
            Work::Item(_, Outcome::Panicked) => None,
            Work::Item(entry, outcome) => Some(Like::Ran(entry.kind(), outcome, step.phase)),
            Work::After(_) => Some(Like::After),
            _ => None,
        }
    }
}

/// How each step of a turn is told; `its`, which is under way, is nobody's like.
pub(super) fn plan(steps: &[Step], its: Option<&Step>) -> Vec<Telling> {
    let mut all_alike: Vec<(Like, Vec<usize>)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let is_its = its.is_some_and(|its| std::ptr::eq(its, step));
        let Some(like) = Like::of(step).filter(|_| !is_its) else { continue };
        match all_alike.iter_mut().find(|(other, _)| *other == like) {
            Some((_, places)) => places.push(at),
            None => all_alike.push((like, vec![at])),
        }
    }
    let mut plan = vec![Telling::Alone; steps.len()];
    for (_, mut places) in all_alike.into_iter().filter(|(_, places)| places.len() > ALIKE_MAX) {
        let told = told(steps, &places);
        places.retain(|at| !told.contains(at));
        places.iter().for_each(|&at| plan[at] = Telling::Later);
        if let Some(&last) = places.last() {
            plan[last] = Telling::Together(places);
        }
    }
    plan
}

/// Which of these are told by name.
fn told(steps: &[Step], places: &[usize]) -> Vec<usize> {
    let mut longest = places.to_vec();
    longest.sort_by_key(|&at| Reverse(steps[at].took_ns));
    let woke = places.iter().filter(|&&at| !steps[at].wakes.is_empty());
    let mut told = longest[..LONGEST.min(longest.len())].to_vec();
    for &at in woke.chain(&longest) {
        if told.len() < TOLD && !told.contains(&at) {
            told.push(at);
        }
    }
    told
}

impl Teller<'_> {
    /// Steps that are alike, in one sentence.
    pub(super) fn fold(&mut self, steps: &[&Step]) {
        let Some(first) = steps.first() else { return };
        let count = steps.len();
        let wakes = || steps.iter().flat_map(|step| &step.wakes);
        let by_itself = |step: &&Step| {
            let own = entry_of(step);
            matches!(&step.wakes[..], [wake] if wake.item == own)
        };
        let effects = match steps.iter().all(by_itself) {
            true => vec!["woke themselves".to_owned()],
            false => counted(wakes()),
        };
        let Work::Item(entry, outcome) = first.work else {
            let effects = together(effects);
            return self.say(format!("the microtasks after {count} more items {effects}"));
        };
        let who = format!("{count} more {}", plural(entry.kind()));
        let took = self.took(steps);
        let mut parts = vec![match outcome {
            Outcome::Stale => format!("{who} were in the ready queue and had ended"),
            Outcome::Cancelled => format!("{who} were aborted, which took {took}"),
            _ if first.phase == Phase::Run => format!("{who} ran {took}"),
            _ => format!("{who} ran {took} in phase {}", first.phase),
        }];
        parts.extend(effects);
        match outcome {
            Outcome::Pending => {
                let ready = steps.iter().filter(|step| is_ready_again(step, entry_of(step)));
                parts.push(match ready.count() {
                    0 => "wait (Pending)".to_owned(),
                    ready if ready == count => "are ready again (Pending)".to_owned(),
                    ready => format!("wait (Pending), {ready} of them ready again"),
                });
            }
            Outcome::Finished => parts.push("finished".to_owned()),
            _ => {}
        }
        self.say(together(parts));
    }

    /// How long they took in all, and which took longest.
    fn took(&self, steps: &[&Step]) -> String {
        let all: u64 = steps.iter().fold(0, |all, step| all.saturating_add(step.took_ns));
        // The first of those that took the same.
        let longest = steps.iter().rev().max_by_key(|step| step.took_ns);
        let longest = longest.filter(|step| step.took_ns > 0).map_or_else(String::new, |step| {
            let (entry, took) = (entry_of(step), short_time(step.took_ns));
            let is_known = matches!(entry.kind(), Kind::Task | Kind::Callback | Kind::Deferred);
            let who = is_known.then(|| format!(": {}", self.names.item(entry)));
            format!(" (the longest {took}{})", who.unwrap_or_default())
        });
        format!("{} in all{longest}", short_time(all))
    }
}

fn entry_of(step: &Step) -> Entry {
    match step.work {
        Work::Item(entry, _) | Work::After(entry) => entry,
        _ => Entry::NOTHING,
    }
}

fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Task => "tasks",
        Kind::Callback => "callbacks",
        Kind::Deferred => "deferred calls",
        Kind::Microtask => "microtasks",
        Kind::Wake => "wakers",
        Kind::Flush => "corked writers",
        Kind::Observer => "observers",
        Kind::Nothing => "items",
    }
}

#[cfg(test)]
mod tests {
    use glassloop::{By, Event, Happening, PlaceId, Read};

    use super::*;
    use crate::{history::History, names::Names, story::Story};

    fn task(index: u32) -> Entry {
        Entry::new(Kind::Task, index, index)
    }

    fn told(events: &[(u64, Happening)]) -> Vec<String> {
        let event = |&(took_ns, what): &_| Event { at_ns: 0, took_ns, phase: Phase::Run, what };
        let mut all = vec![Event { phase: Phase::Io, ..event(&(0, Happening::Turn(1))) }];
        all.extend(events.iter().map(event));
        let next = all.len() as u64;
        let history = History::of(Read { events: all, next, ..Read::default() }, 1);
        Story::tell(&history, &Names::default()).turns.remove(0).sentences
    }

    fn ran(index: u32, took_ns: u64, outcome: Outcome) -> (u64, Happening) {
        (took_ns, Happening::Ran(task(index), outcome, PlaceId::UNKNOWN))
    }

    #[test]
    fn of_a_hundred_that_ran_alike_four_are_told_and_the_others_counted() {
        let mut events: Vec<_> = (0..100).map(|index| ran(index, 120, Outcome::Pending)).collect();
        events[70] = ran(70, 900, Outcome::Pending);
        events[30] = ran(30, 2_000, Outcome::Panicked);
        events.insert(50, (0, Happening::Woke(task(7), By::Item(task(50)))));
        let said = [
            "task #0.0 ran 120 ns and waits (Pending).",
            "task #1.1 ran 120 ns and waits (Pending).",
            "task #30.30 ran 2.0 us and panicked.",
            "task #50.50 ran 120 ns, woke task #7.7, and waits (Pending).",
            "task #70.70 ran 900 ns and waits (Pending).",
            "95 more tasks ran 11.4 us in all (the longest 120 ns: task #2.2) and wait (Pending).",
        ];
        assert_eq!(told(&events), said);
    }

    #[test]
    fn as_many_as_can_be_read_are_told_and_none_counted() {
        let six: Vec<_> = (0..6).map(|index| ran(index, 0, Outcome::Finished)).collect();
        assert_eq!(told(&six).len(), 6);
        let seven: Vec<_> = (0..7).map(|index| ran(index, 0, Outcome::Finished)).collect();
        let told = told(&seven);
        assert_eq!(told[4..], ["3 more tasks ran 0 ns in all and finished."]);
    }

    #[test]
    fn whom_the_others_woke_is_counted() {
        let wakes = |whom: fn(u32) -> u32| {
            let both = |index| {
                let woke = Happening::Woke(task(whom(index)), By::Item(task(index)));
                [(0, woke), ran(index, 10, Outcome::Pending)]
            };
            told(&(0..20).flat_map(both).collect::<Vec<_>>()).pop()
        };
        let ran = "16 more tasks ran 160 ns in all (the longest 10 ns: task #4.4)";
        assert_eq!(
            wakes(|index| index),
            Some(format!("{ran}, woke themselves, and are ready again (Pending)."))
        );
        let woke = format!("{ran}, woke 16 items, and wait (Pending).");
        assert_eq!(wakes(|index| index + 100), Some(woke));
        // Those that stand alone are the first four.
        let some = format!("{ran}, woke 16 items, and wait (Pending), 6 of them ready again.");
        assert_eq!(wakes(|index| if index < 10 { index } else { 100 + index }), Some(some));
    }
}
