//! `Causes`: why a task ran, back to what came from outside.
//!
//! A run is traced to the wake that queued it, that wake to the run that made it, and so on, until
//! a source, a timer, another thread or the host did it, or the recording began later. Each step
//! lies before the last, so the walk ends; it is bounded all the same.

use std::fmt;

use glassloop::{By, Entry, Kind, Now, Phase, PlaceId, SourceId, TaskId};
use serde_json::{Value, json};

use crate::{
    arrows::{Arrows, At},
    history::History,
    names::{self, Names},
    turns::{Effect, Step, Wake, Work},
};

/// How far back a walk goes.
const STEPS_MAX: usize = 1_000;

/// Why a task ran last. Its `Display` is a line a step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Causes {
    /// The runs, the task's own first, each caused by the next.
    pub steps: Vec<CauseStep>,
    /// Where it all came from.
    pub origin: Origin,
}

/// One run, and what caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CauseStep {
    /// The turn it ran in.
    pub turn: u64,
    /// When it began, in nanoseconds since the clock's origin.
    pub at_ns: u64,
    /// What ran.
    pub item: Entry,
    /// What ran and why, in a sentence.
    pub text: String,
}

/// What is at the end of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A source became ready.
    Source(SourceId),
    /// A timer, waited for at this place, was due.
    Timer(PlaceId),
    /// Another thread, or this one outside of a turn.
    Thread,
    /// The loop's own thread, outside of a turn.
    Host,
    /// A phase of the turn itself.
    Phase(Phase),
    /// It lies before the first recorded event.
    Unrecorded,
    /// The walk was given up: there is more.
    TooFar,
    /// The task has not run while it was recorded.
    NeverRan,
}

impl Origin {
    /// Its name in JSON.
    fn name(self) -> &'static str {
        match self {
            Origin::Source(_) => "source",
            Origin::Timer(_) => "timer",
            Origin::Thread => "thread",
            Origin::Host => "host",
            Origin::Phase(_) => "phase",
            Origin::Unrecorded => "unrecorded",
            Origin::TooFar => "too far",
            Origin::NeverRan => "never ran",
        }
    }
}

/// Why a task ran last, as far as the history knows; or why it runs, if it is
/// [under way](History::under_way).
///
/// ```
/// use glassloop::{EventLoop, sleep, spawn};
/// use glassloop_inspector::{History, Names, Origin, why_ran};
///
/// let event_loop = EventLoop::test();
/// event_loop.record(true);
/// let id = event_loop.block_on(async {
///     let sleeper = spawn(sleep(std::time::Duration::from_secs(1))).named("sleeper");
///     let joiner = spawn(async { sleeper.await.unwrap() }).named("joiner");
///     let id = joiner.id();
///     joiner.await.unwrap();
///     id
/// })?;
/// let names = Names::of(&event_loop.snapshot());
/// let causes = why_ran(&History::read(&event_loop.watch(), 0), &names, id);
/// assert_eq!(causes.steps.len(), 2);
/// assert!(causes.steps[0].text.contains("because task #1.1 `sleeper` woke it"));
/// assert!(matches!(causes.origin, Origin::Timer(_)));
/// assert_eq!(causes.to_json()["origin"], "timer");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn why_ran(history: &History, names: &Names, task: TaskId) -> Causes {
    let mut walk = Walk { history, names, arrows: Arrows::of(history), steps: Vec::new() };
    if let Some(now) = history.under_way.filter(|now| now.item == entry_of(task)) {
        let next = walk.under_way(now);
        return walk.back(next);
    }
    let last = (history.turns.len(), 0);
    let Some(at) = walk.run_before(last, |entry| entry.task_id() == task) else {
        return Causes { steps: Vec::new(), origin: Origin::NeverRan };
    };
    walk.back(Ok(at))
}

fn entry_of(task: TaskId) -> Entry {
    Entry::new(Kind::Task, task.index, task.generation)
}

struct Walk<'a> {
    history: &'a History,
    names: &'a Names,
    arrows: Arrows,
    steps: Vec<CauseStep>,
}

impl Walk<'_> {
    /// Tells run by run, until there is none before.
    fn back(mut self, mut next: Result<At, Origin>) -> Causes {
        let origin = loop {
            match next {
                Ok(_) if self.steps.len() >= STEPS_MAX => break Origin::TooFar,
                Ok(at) => next = self.step(at),
                Err(origin) => break origin,
            }
        };
        Causes { steps: self.steps, origin }
    }

    /// The last run before a step, of an item that is the one.
    fn run_before(&self, (turn, step): At, is_it: impl Fn(Entry) -> bool) -> Option<At> {
        for at in (0..=turn).rev() {
            let Some(told) = self.history.turns.get(at) else { continue };
            let end = if at == turn { step.min(told.steps.len()) } else { told.steps.len() };
            let ran = told.steps[..end]
                .iter()
                .rposition(|step| matches!(step.work, Work::Item(entry, _) if is_it(entry)));
            if let Some(step) = ran {
                return Some((at, step));
            }
        }
        None
    }

    /// Tells the run that has not ended, which no event tells of; gives what `step` does.
    fn under_way(&mut self, Now { item, turn, .. }: Now) -> Result<At, Origin> {
        let cause = self.arrows.under_way();
        let (why, next) = match cause {
            Some((from, wake)) => {
                (format!(", {}", self.why(from, &wake)), self.behind(from, &wake))
            }
            None => ("; its wake is not recorded".to_owned(), Err(Origin::Unrecorded)),
        };
        let text = format!("{} has been running since turn {turn}{why}", self.names.item(item));
        let since_ns = self.history.under_way_since();
        let at_ns = since_ns.unwrap_or_else(|| self.history.end_ns());
        self.steps.push(CauseStep { turn, at_ns, item, text });
        self.note_missing(cause, next);
        next
    }

    /// Tells one run; gives the run that caused it, or where it came from.
    fn step(&mut self, at: At) -> Result<At, Origin> {
        let turn = &self.history.turns[at.0];
        let step = &turn.steps[at.1];
        let Work::Item(item, _) = step.work else { return Err(Origin::Unrecorded) };
        let cause = self.arrows.cause_of(at);
        let (why, next) = match cause {
            Some((from, wake)) => (self.why(from, &wake), self.behind(from, &wake)),
            None if step.phase != Phase::Run => {
                (format!("in phase {}, which it had asked for", step.phase), {
                    Err(Origin::Phase(step.phase))
                })
            }
            None => (self.unrecorded(), Err(Origin::Unrecorded)),
        };
        let ran = format!("{} ran in turn {}", self.names.item(item), turn.number);
        let when = self.when(step);
        let text = format!("{ran}{when} {why}");
        self.steps.push(CauseStep { turn: turn.number, at_ns: step.at_ns, item, text });
        self.note_missing(cause, next);
        next
    }

    /// How long ago a run began and how long it took, if it is known what time it is.
    fn when(&self, step: &Step) -> String {
        match self.history.now_ns.checked_sub(step.at_ns) {
            Some(ago) if self.history.now_ns > 0 => {
                let (ago, took) = (names::short_time(ago), names::short_time(step.took_ns));
                format!(" ({ago} ago, ran {took})")
            }
            _ => String::new(),
        }
    }

    /// Says of the last step that the run which made its wake is missing, if it is.
    fn note_missing(&mut self, cause: Option<(At, Wake)>, next: Result<At, Origin>) {
        if let (Some((_, wake)), Err(Origin::Unrecorded)) = (cause, next)
            && let By::Item(entry) = wake.by
            && let Some(last) = self.steps.last_mut()
        {
            last.text += &format!("; the run of {} is not recorded", self.names.item(entry));
        }
    }

    fn unrecorded(&self) -> String {
        let lost = match self.history.lost {
            0 => String::new(),
            1 => ", of which an event was lost".to_owned(),
            lost => format!(", of which {lost} events were lost"),
        };
        format!("because of something before the recording's beginning{lost}")
    }

    /// Why an item was queued, as a clause.
    fn why(&self, from: At, wake: &Wake) -> String {
        let turn = self.history.turns[from.0].number;
        let (woke, of_call) = match wake.effect {
            Effect::Born(_) => ("spawned it", "left it"),
            _ => ("woke it", "left it"),
        };
        match wake.by {
            By::Source(id) => {
                format!("because {} became ready in turn {turn}", self.names.source(id))
            }
            By::Timer(place) => {
                let timer = names::timer(place);
                match wake.late_ns {
                    0 => format!("because the {timer} was due in turn {turn}"),
                    late => {
                        let late = names::short_time(late);
                        format!("because the {timer} was due in turn {turn}, {late} late")
                    }
                }
            }
            By::Item(entry) if entry == wake.item && entry.is_task() => {
                format!("because it woke itself in turn {turn}")
            }
            By::Item(entry) => {
                format!("because {} {woke} in turn {turn}", self.names.item(entry))
            }
            By::Host => format!("because the host {woke} before turn {turn}"),
            by if wake.item.is_task() => {
                format!("because {} {woke} in turn {turn}", self.names.by(by))
            }
            by => format!("because {} {of_call} in turn {turn}", self.names.by(by)),
        }
    }

    /// The run that made a wake, or where it came from.
    fn behind(&self, from: At, wake: &Wake) -> Result<At, Origin> {
        match wake.by {
            By::Item(entry) => match self.history.turns[from.0].steps[from.1].work {
                Work::Item(ran, _) if ran == entry => Ok(from),
                // A microtask's wake is told after the run, at the latest in the turn after.
                Work::After(_) => {
                    let run = self.run_before(from, |ran| ran == entry);
                    run.filter(|run| run.0 + 1 >= from.0).ok_or(Origin::Unrecorded)
                }
                _ => Err(Origin::Unrecorded),
            },
            By::Source(id) => Err(Origin::Source(id)),
            By::Timer(place) => Err(Origin::Timer(place)),
            By::Phase(phase) => Err(Origin::Phase(phase)),
            By::Thread => Err(Origin::Thread),
            By::Host => Err(Origin::Host),
            _ => Err(Origin::Unrecorded),
        }
    }
}

impl Causes {
    /// The same as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let step =
            |step: &CauseStep| json!({ "turn": step.turn, "at_ns": step.at_ns, "text": step.text });
        let steps: Vec<_> = self.steps.iter().map(step).collect();
        json!({ "origin": self.origin.name(), "steps": steps })
    }
}

impl fmt::Display for Causes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{}", step.text)?;
        }
        match self.origin {
            Origin::NeverRan => writeln!(f, "it has not run while it was recorded"),
            Origin::TooFar => writeln!(f, "and so on: {STEPS_MAX} steps are told"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use glassloop::{Event, Happening, Outcome, Read};

    use super::*;

    const A: Entry = Entry::new(Kind::Task, 1, 1);
    const B: Entry = Entry::new(Kind::Task, 2, 2);

    fn history(what: &[Happening], lost: u64) -> History {
        let event = |&what| Event { at_ns: 0, took_ns: 0, phase: Phase::Run, what };
        let events: Vec<_> = what.iter().map(event).collect();
        let next = events.len() as u64 + lost;
        History::of(Read { events, next, lost, torn: 0 }, 1)
    }

    #[test]
    fn a_walk_ends_at_the_recordings_beginning_and_says_what_was_lost() {
        let ran = |entry| Happening::Ran(entry, Outcome::Pending, PlaceId::UNKNOWN);
        let what = [Happening::Woke(B, By::Item(A)), ran(A), ran(B)];
        let causes = why_ran(&history(&what, 7), &Names::default(), B.id());
        assert_eq!(causes.origin, Origin::Unrecorded);
        let expected = "task #2.2 ran in turn 1 because task #1.1 woke it in turn 1\n\
                        task #1.1 ran in turn 1 because of something before the recording's \
                        beginning, of which 7 events were lost\n";
        assert_eq!(causes.to_string(), expected);
        // The run that made the wake is missing.
        let what = [Happening::Woke(B, By::Item(A)), ran(B)];
        let causes = why_ran(&history(&what, 0), &Names::default(), B.id());
        assert_eq!(causes.origin, Origin::Unrecorded);
        assert!(causes.steps[0].text.ends_with("; the run of task #1.1 is not recorded"));
        let never = why_ran(&history(&what, 0), &Names::default(), A.id());
        assert_eq!(never.origin, Origin::NeverRan);
        assert_eq!(never.to_string(), "it has not run while it was recorded\n");
    }

    #[test]
    fn a_run_is_told_with_its_age_and_length_where_the_time_is_known() {
        let ran = |at_ns, took_ns| {
            let what = Happening::Ran(A, Outcome::Pending, PlaceId::UNKNOWN);
            Event { at_ns, took_ns, phase: Phase::Run, what }
        };
        let read = Read { events: vec![ran(600_000, 1_000)], next: 1, lost: 0, torn: 0 };
        let mut history = History::of(read, 1);
        history.now_ns = 1_000_000;
        let causes = why_ran(&history, &Names::default(), A.id());
        let said = "task #1.1 ran in turn 1 (400.0 us ago, ran 1.0 us) because of something";
        assert!(causes.steps[0].text.starts_with(said), "{}", causes.steps[0].text);
    }

    #[test]
    fn a_run_that_has_not_ended_is_told_by_its_wake() {
        let ran = |entry| Happening::Ran(entry, Outcome::Pending, PlaceId::UNKNOWN);
        let why = |what: &[Happening], lost| {
            let now = Now { item: B, phase: Some(Phase::Run), turn: 1 };
            why_ran(&history(what, lost).with_under_way(now, 0), &Names::default(), B.id())
        };
        let what = [Happening::Turn(1), ran(B), Happening::Woke(B, By::Item(A)), ran(A)];
        let causes = why(&what, 0);
        let said = "task #2.2 has been running since turn 1, because task #1.1 woke it in turn 1";
        assert_eq!((causes.steps.len(), &*causes.steps[0].text), (2, said));
        assert!(causes.steps[1].text.starts_with("task #1.1 ran in turn 1 because of something"));
        // Who woke it did so in a run that is missing.
        let causes = why(&what[..3], 0);
        assert_eq!(causes.steps[0].text, format!("{said}; the run of task #1.1 is not recorded"));
        // It woke itself meanwhile, for the time after.
        let timer = Happening::Woke(B, By::Timer(PlaceId::UNKNOWN));
        let causes = why(&[what[0], timer, Happening::Woke(B, By::Item(B))], 0);
        let said = "task #2.2 has been running since turn 1, because the timer was due in turn 1";
        assert_eq!((causes.steps.len(), &*causes.steps[0].text), (1, said));
        assert_eq!(causes.origin, Origin::Timer(PlaceId::UNKNOWN));
        // Its wake was overwritten: no earlier run is told in its place.
        let causes = why(&[ran(B), what[0], ran(A)], 3);
        let said = "task #2.2 has been running since turn 1; its wake is not recorded";
        assert_eq!((causes.steps.len(), &*causes.steps[0].text), (1, said));
        assert_eq!(causes.origin, Origin::Unrecorded);
    }

    #[test]
    fn a_walk_of_many_thousands_is_given_up_and_says_so() {
        let again = [
            Happening::Woke(A, By::Item(A)),
            Happening::Ran(A, Outcome::Pending, PlaceId::UNKNOWN),
        ];
        let history = history(&again.repeat(5_000), 0);
        let causes = why_ran(&history, &Names::default(), A.id());
        assert_eq!((causes.origin, causes.steps.len()), (Origin::TooFar, STEPS_MAX));
    }
}
