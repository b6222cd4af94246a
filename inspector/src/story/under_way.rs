//! What a loop has not come back from, in a sentence: the last one of the last turn.
//!
//! It says for how long if that is known, and whom it woke so far.

use glassloop::Now;

use super::{Teller, together};
use crate::{
    names::short_time,
    turns::{Step, Turn},
};

impl Teller<'_> {
    /// The step with the wakes of what is under way.
    pub(super) fn its_step<'t>(&self, turn: &'t Turn) -> Option<&'t Step> {
        self.history.under_way_in(turn)?;
        self.history.under_way_step().and_then(|(_, step)| turn.steps.get(step))
    }

    /// What the loop has not come back from.
    pub(super) fn under_way(&mut self, now: Now, its: Option<&Step>) {
        let item = self.names.under_way(now);
        let (who, has) = match self.history.under_way_after() {
            Some(_) => (format!("the microtasks after {item}"), "have"),
            None => (item, "has"),
        };
        let mut parts = vec![match self.history.under_way_ns() {
            Some(ns) => format!("{has} been running for {}", short_time(ns)),
            None => format!("{has} been running since turn {}", now.turn),
        }];
        parts.extend(its.into_iter().flat_map(|its| self.effects(&its.wakes, now.item)));
        parts.push(format!("{has} not come back"));
        self.say(format!("{who} {}", together(parts)));
    }
}

#[cfg(test)]
mod tests {
    use glassloop::{By, Entry, Event, Happening, Kind, Outcome, Phase, PlaceId, Read};

    use super::*;
    use crate::{history::History, names::Names, story::Story};

    const A: Entry = Entry::new(Kind::Task, 1, 1);

    #[test]
    fn what_has_not_come_back_is_told_and_its_turn_was_not_idle() {
        let event = |at_ns, phase, what| Event { at_ns, took_ns: 0, phase, what };
        let told = |events: &[Event], item, phase, now_ns| {
            let read = Read { events: events.to_vec(), next: 9, ..Read::default() };
            let now = Now { item, phase: Some(phase), turn: 7 };
            let history = History::of(read, 7).with_under_way(now, now_ns);
            let mut turns = Story::tell(&history, &Names::default()).turns;
            assert_eq!(turns.last().map(|turn| turn.turn), Some(7));
            turns.pop().unwrap().sentences
        };
        let begin =
            [event(4, Phase::Wait, Happening::Waited(0)), event(5, Phase::Io, Happening::Turn(7))];
        let lasts = "task #1.1 has been running for 2.000 s and has not come back.";
        let now_ns = 2_000_000_005;
        assert_eq!(told(&begin, A, Phase::Run, now_ns), ["did not wait.", lasts]);
        let made = "phase finish has been running for 2.000 s and has not come back.";
        assert_eq!(told(&begin, Entry::NOTHING, Phase::Finish, now_ns)[1], made);
        // Nobody knows what time it is; nothing of the turn was recorded.
        let lasts = "task #1.1 has been running since turn 7 and has not come back.";
        assert_eq!(told(&begin, A, Phase::Run, 0)[1], lasts);
        let earlier = [event(1, Phase::Io, Happening::Turn(3))];
        assert_eq!(told(&earlier, A, Phase::Run, now_ns), [lasts]);
        // What it woke so far is its own; behind its run it is the microtasks'.
        let woke = event(5, Phase::Run, Happening::Woke(A, By::Item(A)));
        let ran = event(5, Phase::Run, Happening::Ran(A, Outcome::Pending, PlaceId::UNKNOWN));
        let wakes = [&begin[..], &[woke]].concat();
        let lasts = "task #1.1 has been running for 2.000 s, woke itself, and has not come back.";
        assert_eq!(told(&wakes, A, Phase::Run, now_ns), ["did not wait.", lasts]);
        let after = [&begin[..], &[ran]].concat();
        let lasts = "the microtasks after task #1.1 have been running for 2.000 s and have not \
                     come back.";
        assert_eq!(told(&after, A, Phase::Run, now_ns)[2], lasts);
        // To wait, or to be outside of turns, is nothing that it could not come back from.
        let idle = ["did not wait.", "nothing was ready."];
        assert_eq!(told(&begin, Entry::NOTHING, Phase::Wait, now_ns), idle);
    }
}
