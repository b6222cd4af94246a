//! `History`: what a loop did lately, as far as its recording holds it.
//!
//! It is read from a watch, from any thread, also while the loop hangs, and then is data: the
//! events in their order, the turns that they were cut into, and how much of them is missing.

use glassloop::{Entry, Event, Kind, Now, Phase, Read, Watch};
use serde_json::{Value, json};

use crate::{
    arrows::At,
    turns::{self, Turn, Work},
};

/// The recorded events of one loop.
///
/// ```
/// use glassloop::EventLoop;
/// use glassloop_inspector::History;
///
/// let event_loop = EventLoop::test();
/// event_loop.record(true);
/// event_loop.block_on(async { glassloop::sleep(std::time::Duration::from_secs(2)).await })?;
/// let history = History::read(&event_loop.watch(), 0);
/// assert_eq!((history.lost, history.torn), (0, 0));
/// assert_eq!(history.span_ns(), 2_000_000_000);
/// assert_eq!(history.turns.len(), 2, "one before the sleep, one after it");
/// assert_eq!(history.to_json()["turns"], 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct History {
    /// The number of the first event in the ring. Where some were torn, numbers are counted back
    /// from the last: each is given once, but may be off by as many.
    pub first: u64,
    /// Give this to the next [`read`](History::read) to go on where this one ended.
    pub next: u64,
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// Events that were overwritten before they were read.
    pub lost: u64,
    /// Events that changed while they were read.
    pub torn: u64,
    /// The same events as turns.
    pub turns: Vec<Turn>,
    /// What the loop has not come back from, in the last of the turns. It has no event yet.
    pub under_way: Option<Now>,
    /// The time by the loop's clock when that was still so; zero where nobody knows.
    pub(crate) now_ns: u64,
    /// Whether it is known that recording is off, so that the last turn may be told in part.
    pub(crate) is_off: bool,
}

impl History {
    /// Reads the events of a loop from number `from` on; 0 begins with the oldest that is left.
    #[must_use]
    pub fn read(watch: &Watch, from: u64) -> History {
        History::read_at_most(watch, from, u64::MAX)
    }

    /// The same, and no more events than this; `next` is where they end.
    pub(crate) fn read_at_most(watch: &Watch, from: u64, events_max: u64) -> History {
        let mut read = watch.events(from);
        let len = read.events.len();
        let kept = usize::try_from(events_max).unwrap_or(usize::MAX).min(len);
        read.events.truncate(kept);
        read.next -= (len - kept) as u64;
        // Read afterwards, so that it is not before the last event's turn.
        History::of(read, watch.now().turn)
    }

    /// The history in what was read already, of a loop that is in turn `turn_now`, or was there
    /// after its last event.
    ///
    /// ```
    /// use glassloop_inspector::History;
    ///
    /// let history = History::of(glassloop::Read::default(), 0);
    /// assert!(history.turns.is_empty());
    /// ```
    #[must_use]
    pub fn of(read: Read, turn_now: u64) -> History {
        let Read { events, next, lost, torn } = read;
        let first = next.saturating_sub(events.len() as u64);
        let turns = turns::cut(&events, first, turn_now);
        let (under_way, now_ns, is_off) = (None, 0, false);
        History { first, next, events, lost, torn, turns, under_way, now_ns, is_off }
    }

    /// The same of a loop that has not come back from this after the last event. By its clock it is
    /// `now_ns`, in nanoseconds since the clock's origin; zero where that is not known. Unless the
    /// loop is at something, nothing changes.
    ///
    /// ```
    /// use glassloop::{Entry, Kind, Now, Phase, Read};
    /// use glassloop_inspector::{History, Names, Story};
    ///
    /// let now = Now { item: Entry::new(Kind::Task, 3, 9), phase: Some(Phase::Run), turn: 7 };
    /// let history = History::of(Read::default(), 7).with_under_way(now, 0);
    /// let story = Story::tell(&history, &Names::default());
    /// let said = "turn 7: task #3.9 has been running since turn 7 and has not come back.\n";
    /// assert_eq!(story.to_string(), said);
    /// ```
    #[must_use]
    pub fn with_under_way(mut self, now: Now, now_ns: u64) -> History {
        if !is_at_something(&now) {
            return self;
        }
        if self.turns.last().is_none_or(|turn| turn.number != now.turn) {
            let at_ns = self.end_ns();
            self.turns.push(Turn {
                number: now.turn,
                wait: None,
                at_ns,
                took_ns: 0,
                steps: Vec::new(),
                begun: false,
            });
        }
        (self.under_way, self.now_ns) = (Some(now), now_ns);
        self
    }

    /// What is under way in this turn, if it is the last.
    pub(crate) fn under_way_in(&self, turn: &Turn) -> Option<Now> {
        self.under_way.filter(|_| self.turns.last().is_some_and(|last| std::ptr::eq(last, turn)))
    }

    /// Whether recording was switched off in this turn, if nothing of it is recorded: it is the
    /// last, or the next one that is recorded doesn't follow it.
    pub(crate) fn is_switched_off_in(&self, turn: &Turn) -> bool {
        let after = self.turns.partition_point(|other| other.number <= turn.number);
        match self.turns.get(after) {
            Some(next) => self.torn == 0 && next.number > turn.number + 1,
            None => self.is_off,
        }
    }

    /// When that began, if the recording knows: where the last event ended. Where its turn is not
    /// recorded neither is what came before it.
    pub(crate) fn under_way_since(&self) -> Option<u64> {
        let turn = self.turns.last().filter(|turn| turn.begun)?;
        self.under_way.map(|_| self.end_ns().max(turn.at_ns))
    }

    /// For how long it has been under way.
    pub(crate) fn under_way_ns(&self) -> Option<u64> {
        self.now_ns.checked_sub(self.under_way_since()?).filter(|ns| *ns > 0)
    }

    /// The recorded run after which microtasks are under way. They are a part of their item.
    ///
    /// An item that runs twice in a row in one turn, as policies other than `Batch` allow, looks
    /// the same.
    pub(crate) fn under_way_after(&self) -> Option<At> {
        let now = self.under_way.filter(|now| now.item.kind() != Kind::Deferred)?;
        let turn = self.turns.len().checked_sub(1)?;
        let steps = &self.turns[turn].steps;
        let step = steps.iter().rposition(|step| step.work != Work::After(now.item))?;
        matches!(steps[step].work, Work::Item(item, _) if item == now.item).then_some((turn, step))
    }

    /// The step that holds the wakes of the item under way so far: the last one, if it is its own.
    pub(crate) fn under_way_step(&self) -> Option<At> {
        let now = self.under_way.filter(|_| self.under_way_after().is_none())?;
        let turn = self.turns.len().checked_sub(1)?;
        let step = self.turns[turn].steps.len().checked_sub(1)?;
        let last = &self.turns[turn].steps[step];
        let is_its = last.work == Work::After(now.item) && Some(last.phase) == now.phase;
        is_its.then_some((turn, step))
    }

    /// When the oldest event began, in nanoseconds since the clock's origin.
    pub(crate) fn begin_ns(&self) -> u64 {
        self.events.iter().map(|event| event.at_ns).min().unwrap_or(0)
    }

    /// When the newest event ended.
    pub(crate) fn end_ns(&self) -> u64 {
        self.events.iter().map(end_of).max().unwrap_or(0)
    }

    /// How long a time the events tell of, in nanoseconds.
    #[must_use]
    pub fn span_ns(&self) -> u64 {
        self.end_ns().saturating_sub(self.begin_ns())
    }

    /// The same, in seconds.
    #[expect(clippy::cast_precision_loss, reason = "a span of 104 days is exact")]
    pub(crate) fn span_s(&self) -> f64 {
        self.span_ns() as f64 / 1e9
    }

    /// Whether something before the first event may have been recorded, and is gone.
    pub(crate) fn is_cut(&self) -> bool {
        self.lost > 0 || self.torn > 0 || self.first > 0
    }

    /// How much it holds and how much is missing, as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "first": self.first,
            "next": self.next,
            "events": self.events.len(),
            "lost": self.lost,
            "torn": self.torn,
            "span_s": self.span_s(),
            "turns": self.turns.len(),
        })
    }
}

/// Whether it is more than to wait, or to be outside of turns.
pub(crate) fn is_at_something(now: &Now) -> bool {
    now.item != Entry::NOTHING || now.phase.is_some_and(|phase| phase != Phase::Wait)
}

/// When an event ended. What a wake or a birth carries there is no length.
fn end_of(event: &Event) -> u64 {
    use glassloop::Happening::{Published, Ran, Served, Waited};
    match event.what {
        Waited(_) | Ran(..) | Served(_) | Published(_) => event.at_ns.saturating_add(event.took_ns),
        _ => event.at_ns,
    }
}

#[cfg(test)]
mod tests {
    use glassloop::{By, Entry, Happening, Phase, PlaceId};

    use super::*;

    #[test]
    fn a_turn_in_which_recording_was_switched_off_is_not_told_as_idle() {
        let off = "recording was switched off in it: what it did is not recorded.";
        let told = |turns: &[u32], is_off, torn| {
            let of = |&number: &u32| {
                [(Phase::Wait, Happening::Waited(0)), (Phase::Io, Happening::Turn(number))]
            };
            let event = |(phase, what)| Event { at_ns: 0, took_ns: 0, phase, what };
            let events: Vec<_> = turns.iter().flat_map(of).map(event).collect();
            let next = events.len() as u64;
            let mut history = History::of(Read { events, next, lost: 0, torn }, 20);
            history.is_off = is_off;
            let turns = crate::story::Story::tell(&history, &crate::names::Names::default()).turns;
            turns.into_iter().map(|turn| turn.sentences[1] == off).collect::<Vec<_>>()
        };
        assert_eq!(told(&[7, 8], false, 0), [false, false]);
        assert_eq!(told(&[7, 8], true, 0), [false, true]);
        // It was switched on again some turns later.
        assert_eq!(told(&[7, 9, 10], false, 0), [true, false, false]);
        assert_eq!(told(&[7, 9, 10], false, 1), [false, false, false], "they may be torn ones");
    }

    #[test]
    fn a_span_goes_from_the_oldest_beginning_to_the_newest_end() {
        let event = |at_ns, took_ns, what| Event { at_ns, took_ns, phase: Phase::Wait, what };
        let timer = By::Timer(PlaceId::UNKNOWN);
        let events = vec![
            event(7, 0, Happening::Woke(Entry::DEFERRED, By::Host)),
            event(5, 20, Happening::Waited(0)),
            // So late was the timer: no length.
            event(25, 9_000, Happening::Woke(Entry::DEFERRED, timer)),
            event(25, 15, Happening::Published(1)),
        ];
        let read = Read { events, next: 11, lost: 6, torn: 1 };
        let history = History::of(read, 1);
        assert_eq!((history.first, history.span_ns(), history.is_cut()), (7, 35, true));
        assert_eq!(history.to_json()["torn"], 1);
        assert_eq!(History::default().span_ns(), 0);
    }
}
