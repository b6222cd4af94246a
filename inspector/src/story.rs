//! `Story`: what a loop did, turn by turn, in sentences.
//!
//! Each event of a history is told or counted once, in its order, in the words of the house, and
//! then what is under way. Long lists are cut and say how much was left out; many that ran alike in
//! one turn are told in one sentence, behind the last of them. A wake that changed nothing is told
//! as such.

use std::{collections::HashSet, fmt};

use glassloop::{By, Entry, Outcome, Phase, TaskId};
use serde_json::{Value, json};

use crate::{
    history::History,
    names::{self, Names, short_time},
    turns::{Step, Turn, Wake, Work},
};

mod fold;
mod group;
mod predicates;
mod under_way;

use fold::{Telling, plan};
use group::{GROUPS_TOLD, are_timers, first_group, more, timers_due};
use predicates::{counted, is_ready_again, together};

/// A history in sentences. Its `Display` is the text, a paragraph a turn.
///
/// ```
/// use glassloop::EventLoop;
/// use glassloop_inspector::{History, Names, Story};
///
/// let event_loop = EventLoop::test();
/// event_loop.record(true);
/// event_loop.block_on(async { glassloop::sleep(std::time::Duration::from_secs(2)).await })?;
/// let names = Names::of(&event_loop.snapshot());
/// let story = Story::tell(&History::read(&event_loop.watch(), 0), &names);
/// assert_eq!(story.turns[1].sentences[1], "task #0.0 `main` ran 0 ns and finished.");
/// assert_eq!(story.to_json()["turns"][1]["turn"], 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Story {
    /// The turns, oldest first.
    pub turns: Vec<TurnStory>,
    /// What is missing before the first, in a sentence, if anything is.
    pub missing: Option<String>,
}

/// One turn in sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnStory {
    /// Its number.
    pub turn: u64,
    /// When it began, in nanoseconds since the clock's origin.
    pub at_ns: u64,
    /// What happened, in order.
    pub sentences: Vec<String>,
}

impl Story {
    /// Tells a history, with these names.
    #[must_use]
    pub fn tell(history: &History, names: &Names) -> Story {
        let mut teller = Teller { history, names, ended: HashSet::new(), told: Vec::new() };
        let turns = history.turns.iter().map(|turn| teller.turn(turn)).collect();
        let missing = history.is_cut().then(|| {
            let before = history.first;
            let torn = history.torn;
            format!("{before} events came before these; {torn} of the last ones could not be read.")
        });
        Story { turns, missing }
    }

    /// The same as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let turn = |told: &TurnStory| {
            let (turn, at_ns) = (told.turn, told.at_ns);
            json!({ "turn": turn, "at_ns": at_ns, "sentences": told.sentences })
        };
        let turns: Vec<_> = self.turns.iter().map(turn).collect();
        json!({ "missing": self.missing, "turns": turns })
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(missing) = &self.missing {
            writeln!(f, "{missing}")?;
        }
        for told in &self.turns {
            write!(f, "turn {}:", told.turn)?;
            for (at, sentence) in told.sentences.iter().enumerate() {
                let indent = if at == 0 { " " } else { "\n  " };
                write!(f, "{indent}{sentence}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Who tells, and what it remembers of the turns before.
struct Teller<'a> {
    history: &'a History,
    names: &'a Names,
    /// Tasks that were seen to end.
    ended: HashSet<TaskId>,
    told: Vec<String>,
}

impl Teller<'_> {
    fn turn(&mut self, turn: &Turn) -> TurnStory {
        for step in turn.steps.iter().filter(|step| step.work == Work::Host) {
            let effects = self.effects(&step.wakes, Entry::NOTHING);
            self.say(format!("before it, the host {}", together(effects)));
        }
        let others = || turn.steps.iter().filter(|step| step.work != Work::Host);
        self.wait(turn, others().next());
        // The reasons of the first wait were told with it.
        let first = others().next().filter(|step| woke_up(turn, step));
        let under_way = self.history.under_way_in(turn);
        let its = self.its_step(turn);
        for (step, telling) in turn.steps.iter().zip(plan(&turn.steps, its)) {
            if step.work == Work::Host || its.is_some_and(|its| std::ptr::eq(its, step)) {
                continue;
            }
            match telling {
                Telling::Alone => {
                    self.step(turn, step, first.is_some_and(|first| std::ptr::eq(first, step)));
                }
                Telling::Later => {}
                Telling::Together(places) => {
                    self.fold(&places.iter().map(|&at| &turn.steps[at]).collect::<Vec<_>>());
                }
            }
            self.note_end(step);
        }
        if let Some(now) = under_way {
            self.under_way(now, its);
        } else if turn.begun && others().all(|step| step.work == Work::Published(0)) {
            self.say(match self.history.is_switched_off_in(turn) {
                true => "recording was switched off in it: what it did is not recorded".to_owned(),
                false => "nothing was ready".to_owned(),
            });
        }
        let sentences = std::mem::take(&mut self.told);
        TurnStory { turn: turn.number, at_ns: turn.at_ns, sentences }
    }

    /// One step. Its first group of wakes may have been told with the wait.
    fn step(&mut self, turn: &Turn, step: &Step, first_told: bool) {
        match step.work {
            Work::Item(entry, outcome) => self.item(step, entry, outcome),
            Work::After(entry) => {
                let effects = self.effects(&step.wakes, entry);
                let item = self.names.item(entry);
                let told = |step: &Step| matches!(step.work, Work::Item(ran, _) if ran == entry);
                let who = if turn.steps.iter().any(told) {
                    format!("the microtasks after {item}")
                } else {
                    format!("{item}, whose run is not told of here,")
                };
                self.say(format!("{who} {}", together(effects)));
            }
            Work::Published(asked) => self.published(step, asked),
            _ => self.phase(step, first_told),
        }
    }

    /// Remembers a task that ended.
    fn note_end(&mut self, step: &Step) {
        let Work::Item(entry, outcome) = step.work else { return };
        let ends = matches!(outcome, Outcome::Finished | Outcome::Panicked | Outcome::Cancelled);
        if entry.is_task() && ends {
            self.ended.insert(entry.id());
        }
    }

    fn say(&mut self, sentence: String) {
        self.told.push(sentence + ".");
    }

    /// How the wait before a turn ended, and why.
    fn wait(&mut self, turn: &Turn, first: Option<&Step>) {
        let Some(wait) = turn.wait else {
            if !turn.begun && turn.steps.iter().any(|step| step.work != Work::Host) {
                self.say("its beginning is not recorded".to_owned());
            }
            return;
        };
        let waited = match wait.took_ns {
            0 => "did not wait".to_owned(),
            took_ns => format!("waited {}", short_time(took_ns)),
        };
        let reason = first.filter(|first| woke_up(turn, first)).map(|first| {
            let group = first_group(&first.wakes);
            let (reason, effects) = self.reason(group);
            match effects {
                Some(effects) => {
                    let who = if are_timers(group) { "they" } else { "it" };
                    format!(", until {reason}; {who} {effects}")
                }
                None => format!(", until {reason}"),
            }
        });
        let reason = reason.unwrap_or_else(|| match wait.events {
            _ if first.is_some_and(is_look) && wait.took_ns > 0 => {
                ", until somebody looked".to_owned()
            }
            _ if first.is_some_and(is_look) => ": somebody looked".to_owned(),
            0 => String::new(),
            1 => "; an event came".to_owned(),
            events => format!("; {events} events came"),
        });
        self.say(format!("{waited}{reason}"));
    }

    fn published(&mut self, step: &Step, asked: u32) {
        let took = short_time(step.took_ns);
        self.say(match asked {
            0 => format!("it was time for a snapshot, which took {took}"),
            1 => format!("a snapshot was made for who looked, in {took}"),
            _ => format!("a snapshot was made for {asked} who looked, in {took}"),
        });
    }

    /// A phase that isn't `run`: who was woken, by what. Its first group may have been told.
    fn phase(&mut self, step: &Step, first_told: bool) {
        let mut wakes = &step.wakes[..];
        if first_told {
            wakes = &wakes[first_group(wakes).len()..];
        }
        for told in 0.. {
            let (group, rest) = wakes.split_at(first_group(wakes).len());
            if group.is_empty() {
                break;
            }
            if told == GROUPS_TOLD && !rest.is_empty() {
                self.say(format!("{} and {}", more(wakes), together(counted(wakes))));
                break;
            }
            let (reason, effects) = self.reason(group);
            self.say(match effects {
                Some(effects) => format!("{reason} and {effects}"),
                None => reason,
            });
            wakes = rest;
        }
        if let (Phase::Flush, Work::Phase(count @ 1..)) = (step.phase, step.work) {
            let writers = if count == 1 { "corked writer" } else { "corked writers" };
            self.say(format!("{count} {writers} wrote, in {}", short_time(step.took_ns)));
        }
    }

    /// What woke a group, and whom it woke if that is not said with it.
    fn reason(&self, group: &[Wake]) -> (String, Option<String>) {
        let Some(first) = group.first() else { return ("nothing".to_owned(), None) };
        let effects = together(self.effects(group, Entry::NOTHING));
        match first.by {
            By::Source(id) => (format!("{} became ready", self.names.source(id)), Some(effects)),
            By::Timer(place) => {
                let timer = names::timer(place);
                let due = timers_due(group);
                let reason = match are_timers(group) {
                    true => format!(
                        "{} {} were {due}",
                        group.len(),
                        timer.replacen("timer", "timers", 1)
                    ),
                    false => format!("the {timer} was {due}"),
                };
                (reason, Some(effects))
            }
            by => (format!("{} {effects}", self.names.by(by)), None),
        }
    }

    fn item(&mut self, step: &Step, entry: Entry, outcome: Outcome) {
        let item = self.names.item(entry);
        let took = short_time(step.took_ns);
        let mut parts = match outcome {
            Outcome::Stale => vec!["was in the ready queue and had ended".to_owned()],
            Outcome::Cancelled => vec![format!("was aborted (its future dropped in {took})")],
            _ if step.phase == Phase::Run => vec![format!("ran {took}")],
            _ => vec![format!("ran {took} in phase {}", step.phase)],
        };
        parts.extend(self.effects(&step.wakes, entry));
        match outcome {
            Outcome::Pending if is_ready_again(step, entry) => {
                parts.push("is ready again (Pending)".to_owned());
            }
            Outcome::Pending => parts.push("waits (Pending)".to_owned()),
            Outcome::Finished => parts.push("finished".to_owned()),
            Outcome::Panicked => parts.push("panicked".to_owned()),
            _ => {}
        }
        self.say(format!("{item} {}", together(parts)));
    }
}

/// Whether a step tells why the wait before its turn ended.
fn woke_up(turn: &Turn, step: &Step) -> bool {
    let from_outside = matches!(step.phase, Phase::Io | Phase::Timers | Phase::Deferred);
    let waited = turn.wait.is_some_and(|wait| wait.took_ns > 0);
    waited && from_outside && !step.wakes.is_empty()
}

/// Whether a step tells that somebody looked.
fn is_look(step: &Step) -> bool {
    matches!(step.work, Work::Published(1..))
}

#[cfg(test)]
mod tests {
    use glassloop::{Event, Happening, Kind, PlaceId, Read};

    use super::*;

    const A: Entry = Entry::new(Kind::Task, 1, 1);
    const BEGIN: [(Phase, u64, Happening); 2] =
        [(Phase::Wait, 2_000, Happening::Waited(0)), (Phase::Io, 0, Happening::Turn(1))];

    fn told(events: &[(Phase, u64, Happening)]) -> Vec<String> {
        let event = |&(phase, took_ns, what): &(Phase, u64, Happening)| Event {
            at_ns: 0,
            took_ns,
            phase,
            what,
        };
        let events: Vec<_> = events.iter().map(event).collect();
        let next = events.len() as u64;
        let history = History::of(Read { events, next, ..Read::default() }, 1);
        Story::tell(&history, &Names::default()).turns.remove(0).sentences
    }

    #[test]
    fn a_late_timer_says_how_late_and_an_idle_turn_that_it_was_idle() {
        let timer = Happening::Woke(A, By::Timer(PlaceId::UNKNOWN));
        let late = [BEGIN[0], BEGIN[1], (Phase::Timers, 2_500_000, timer)];
        let sentence = "waited 2.0 us, until the timer was 2.500 ms late; it woke task #1.1.";
        assert_eq!(told(&late), [sentence]);
        assert_eq!(told(&BEGIN), ["waited 2.0 us.", "nothing was ready."]);
    }

    #[test]
    fn who_looked_is_why_the_loop_woke_if_nothing_else_is() {
        let turn = |asked| {
            [
                (Phase::Wait, 2_000, Happening::Waited(0)),
                (Phase::Io, 0, Happening::Turn(1)),
                (Phase::Finish, 3_000, Happening::Published(asked)),
            ]
        };
        let looked = "waited 2.0 us, until somebody looked.";
        let made = "a snapshot was made for who looked, in 3.0 us.";
        assert_eq!(told(&turn(1)), [looked, made]);
        let time = "it was time for a snapshot, which took 3.0 us.";
        assert_eq!(told(&turn(0)), ["waited 2.0 us.", time, "nothing was ready."]);
    }

    #[test]
    fn timers_of_one_place_that_are_due_together_are_told_together() {
        let due = |index: u32, late_ns| {
            let task = Entry::new(Kind::Task, index, index);
            (Phase::Timers, late_ns, Happening::Woke(task, By::Timer(PlaceId::UNKNOWN)))
        };
        let three = [BEGIN[0], BEGIN[1], due(1, 10), due(2, 20), due(3, 1_500_000)];
        let together = "waited 2.0 us, until 2 timers were due; they woke task #1.1 and woke \
            task #2.2.";
        let late = "the timer was 1.500 ms late and woke task #3.3.";
        assert_eq!(told(&three), [together, late]);
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let wakes = (0..12).map(|index| Entry::new(Kind::Task, index, index));
        let by = By::Item(A);
        let mut events: Vec<_> =
            wakes.map(|item| (Phase::Run, 0, Happening::WokeAgain(item, by))).collect();
        events.push((Phase::Run, 41_000, Happening::Ran(A, Outcome::Finished, PlaceId::UNKNOWN)));
        let told = told(&events);
        assert_eq!(told[0], "its beginning is not recorded.");
        assert!(told[1].starts_with("task #1.1 ran 41.0 us, woke task #0.0, which was awake"));
        assert!(told[1].ends_with("woke 4 more, and finished."), "{}", told[1]);
    }
}
