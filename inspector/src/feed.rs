//! The feed: what one watcher is pushed, push after push.
//!
//! Each push is a text: the state when it is time for it, else the bare sign of life. Who wants the
//! events of a loop gets them behind it as one binary message, and in the text the places that it
//! names for the first time. Promises that each event is sent once or counted as lost, that one
//! message holds a bounded number of them, and that the state costs a loop at most a hundredth of
//! its time, however many tasks it has.

use std::{collections::HashSet, time::Duration};

use glassloop::{Event, PlaceId, Read, Watch, sleep, ws::Message};
use serde_json::{Map, Value};

use crate::{
    facts::Facts,
    packed,
    rows::Detail,
    state::{self, Wanted},
};

/// So long the loops have to answer. Nobody waits for them meanwhile but this push.
pub(crate) const ANSWER_IN: Duration = Duration::from_millis(5);

/// From one state to the next, of who wants events: those say what happens between two.
const STATE_EVERY: Duration = Duration::from_millis(250);
/// The same for each task: a snapshot costs a loop about a microsecond a task.
const STATE_EVERY_PER_TASK: Duration = Duration::from_micros(100);

/// How many events one message holds: 256 KiB. Twenty pushes a second are 160,000 events.
const EVENTS_PER_PUSH_MAX: usize = 8_192;

/// What a binary message begins with.
const MAGIC: [u8; 4] = *b"GLG1";

/// What one watcher gets.
pub(crate) struct Feed {
    wanted: Wanted,
    /// Those of a loop that is not there yet.
    awaits_first: bool,
    events: Option<Events>,
    /// The number of the event at which the last push ends, when the program does.
    goal: Option<u64>,
    /// From one push to the next, and how long no state is due.
    every: Duration,
    state_in: Duration,
}

/// Whose events are wanted.
pub(crate) enum EventsOf {
    Nobody,
    Loop(Watch),
    /// The first loop that the process makes.
    First,
}

/// The events of one loop, as far as they were sent.
struct Events {
    watch: Watch,
    /// The number of the next event.
    next: u64,
    /// Overwritten before they were read, and not told yet.
    lost: u64,
    /// Which places the watcher knows.
    told: HashSet<PlaceId>,
}

/// Events that are to be sent.
pub(crate) struct Batch {
    pub(crate) message: Message,
    next: u64,
}

impl Feed {
    pub(crate) fn new(wanted: Wanted, every: Duration, events_of: EventsOf) -> Feed {
        let awaits_first = matches!(events_of, EventsOf::First);
        let events = match events_of {
            EventsOf::Loop(watch) => Some(Events::of(watch)),
            EventsOf::First | EventsOf::Nobody => None,
        };
        Feed { wanted, awaits_first, events, goal: None, every, state_in: Duration::ZERO }
    }

    /// The fields of the next text, and the events behind it. It takes [`ANSWER_IN`]. Where the
    /// program ends it has the state once more, whether that is due or not.
    pub(crate) async fn next(
        &mut self,
        facts: &Facts,
        is_ending: bool,
    ) -> (Map<String, Value>, Option<Batch>) {
        let mut fields = Map::new();
        self.state_in = self.state_in.saturating_sub(self.every);
        let is_first_of_end = is_ending && self.goal.is_none();
        if (self.awaits_first && self.find_first()) || is_first_of_end {
            self.state_in = Duration::ZERO;
        }
        if self.events.is_none() || self.state_in.is_zero() {
            let (state, tasks) = self.state(facts).await;
            fields.insert("state".into(), state);
            self.state_in = STATE_EVERY.max(STATE_EVERY_PER_TASK.saturating_mul(tasks));
        } else {
            sleep(ANSWER_IN).await;
        }
        if is_first_of_end {
            // A loop that goes on has no last event: what it has recorded by now is all.
            self.goal = Some(self.events.as_ref().map_or(0, |of| of.watch.events(u64::MAX).next));
        }
        if self.has_all() {
            fields.insert("ending".into(), true.into());
            return (fields, None);
        }
        let batch = self.events.as_mut().and_then(|events| events.batch(&mut fields));
        (fields, batch)
    }

    /// Whether the program ends, and everything was sent.
    pub(crate) fn has_all(&self) -> bool {
        let next = self.events.as_ref().map_or(0, |events| events.next);
        self.goal.is_some_and(|goal| next >= goal)
    }

    /// Whether the loop that was awaited is there.
    fn find_first(&mut self) -> bool {
        let first = self.wanted.loops().into_iter().next();
        self.awaits_first = first.is_none();
        self.events = first.map(Events::of);
        self.events.is_some()
    }

    /// These were sent.
    pub(crate) fn sent(&mut self, batch: &Batch) {
        if let Some(events) = &mut self.events {
            (events.next, events.lost) = (batch.next, 0);
        }
    }

    /// The state, and how many tasks it tells of.
    async fn state(&self, facts: &Facts) -> (Value, u32) {
        let asked = state::ask(&self.wanted.loops());
        sleep(ANSWER_IN).await;
        let looked = state::answered(asked);
        let seen = looked.iter().filter_map(|looked| looked.seen.as_ref());
        let tasks: usize = seen.map(|seen| seen.snapshot.tasks.len()).sum();
        let detail = if self.events.is_some() { Detail::Brief } else { Detail::Whole };
        let state = state::of(facts, looked, ANSWER_IN, detail);
        (state, u32::try_from(tasks).unwrap_or(u32::MAX))
    }
}

impl Events {
    fn of(watch: Watch) -> Events {
        Events { watch, next: 0, lost: 0, told: HashSet::new() }
    }

    /// What was recorded since the last message; new places go into the text before it.
    fn batch(&mut self, fields: &mut Map<String, Value>) -> Option<Batch> {
        let Read { mut events, next, lost, torn } = self.watch.events(self.next);
        let first = next.saturating_sub(events.len() as u64);
        self.lost += lost + torn;
        // The numbers go on behind what was lost.
        self.next = first;
        if events.is_empty() && self.lost == 0 {
            return None;
        }
        events.truncate(EVENTS_PER_PUSH_MAX);
        let places = events.iter().flat_map(packed::places_of);
        let new: Vec<_> = places.filter(|place| self.told.insert(*place)).collect();
        if !new.is_empty() {
            fields.insert("places".into(), packed::places(new));
        }
        let message = Message::Binary(self.bytes(first, &events).into());
        Some(Batch { message, next: first + events.len() as u64 })
    }

    /// The message: a head of 32 bytes, then 32 a event.
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a word")]
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, which are years of events")]
    fn bytes(&self, first: u64, events: &[Event]) -> Vec<u8> {
        let (number, turn) = (self.watch.name().number, self.watch.now().turn);
        let mut bytes = MAGIC.to_vec();
        bytes.extend((number as u32).to_le_bytes());
        bytes.extend((first as f64).to_le_bytes());
        bytes.extend((self.lost as f64).to_le_bytes());
        bytes.extend((turn as u32).to_le_bytes());
        bytes.extend(((turn >> 32) as u32).to_le_bytes());
        bytes.extend(packed::bytes(events));
        bytes
    }
}
