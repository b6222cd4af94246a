//! `Event`: one thing that happened in a loop, as data of four words.
//!
//! It names what it tells of by ids, which a snapshot puts names to. It holds nothing alive.

use glassloop_executor::{Entry, Kind, Outcome, PlaceId, TaskId};
use glassloop_reactor::SourceId;
use log::Level;

use crate::{Label, Lint, Note, Phase};

/// Something that happened, and how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it began, in nanoseconds since the loop's clock began. A wake has the time at which
    /// the item that made it began: between two items no clock is read.
    pub at_ns: u64,
    /// How long it took; zero for what has no length. For a wake by a timer, how late that was. At
    /// most 2^48 - 1.
    pub took_ns: u64,
    /// The phase it happened in.
    pub phase: Phase,
    /// What happened.
    pub what: Happening,
}

/// What an [`Event`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happening {
    /// The loop waited; this many events came.
    Waited(u32),
    /// A turn began: the low 32 bits of its number.
    Turn(u32),
    /// A phase had something to do: this many sources, timers, calls, writers.
    Served(u32),
    /// A snapshot was published for other threads: so many had asked. None: it was time, or a
    /// watch has switched recording.
    Published(u32),
    /// An item ran. Where the task waits since, if it does, and if for something of ours: of
    /// several that it awaits at once one is told. Where the callback was asked for. A deferred
    /// call names its place [itself](Entry::deferred_at).
    Ran(Entry, Outcome, PlaceId),
    /// An item was woken and joined the ready queue.
    Woke(Entry, By),
    /// An item was woken that was in the ready queue, or gone, already.
    WokeAgain(Entry, By),
    /// A task was spawned, at this place, and joined the ready queue.
    Born(TaskId, By, PlaceId),
    /// A lint has found something, of this item if it is about one. The finding is in the
    /// [snapshot](crate::Snapshot::lint).
    Found(Lint, Entry),
    /// The program said something of itself, in this item if one ran.
    Noted(Note, Entry),
}

/// Who woke somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum By {
    /// The item that was running: a task, a callback, a call.
    Item(Entry),
    /// A source that became ready.
    Source(SourceId),
    /// A timer, waited for at this place.
    Timer(PlaceId),
    /// A phase of the turn itself: a writer of phase `flush`, an observer.
    Phase(Phase),
    /// Another thread, or this one while no turn was under way.
    Thread,
    /// The loop's own thread, while no turn was under way.
    Host,
}

const WAITED: u64 = 1;
const TURN: u64 = 2;
const RAN: u64 = 3;
const SERVED: u64 = 4;
const WOKE: u64 = 5;
const WOKE_AGAIN: u64 = 6;
const BORN: u64 = 7;
const PUBLISHED: u64 = 8;
const FOUND: u64 = 9;
const NOTED: u64 = 10;
const TOOK_BITS: u32 = 48;

const OUTCOMES: [Outcome; 6] = [
    Outcome::Pending,
    Outcome::Finished,
    Outcome::Panicked,
    Outcome::Cancelled,
    Outcome::Called,
    Outcome::Stale,
];

impl By {
    /// The tag of what isn't an item lies where an entry has its kind, above the last of those.
    const TAG_SHIFT: u32 = 60;

    #[inline]
    pub(crate) fn pack(self) -> u64 {
        let (tag, payload) = match self {
            By::Item(entry) => return entry.to_bits(),
            // The generation's low bits will do: the ring is short.
            By::Source(id) => {
                (8, u64::from(id.generation & 0x0FFF_FFFF) << 32 | u64::from(id.index))
            }
            By::Timer(place) => (9, u64::from(place.to_bits())),
            By::Phase(phase) => (10, phase as u64),
            By::Thread => (11, 0),
            By::Host => (12, 0),
        };
        tag << By::TAG_SHIFT | payload
    }

    #[expect(clippy::cast_possible_truncation, reason = "taking a word apart")]
    pub(crate) fn unpack(bits: u64) -> Option<By> {
        Some(match bits >> By::TAG_SHIFT {
            8 => By::Source(SourceId {
                index: bits as u32,
                generation: (bits >> 32) as u32 & 0x0FFF_FFFF,
            }),
            9 => By::Timer(PlaceId::from_bits(bits as u32)),
            10 => By::Phase(Phase::from_number(bits as u8)?),
            11 => By::Thread,
            12 => By::Host,
            kind if kind <= Kind::Observer as u64 => By::Item(Entry::from_bits(bits)),
            _ => return None,
        })
    }
}

impl Happening {
    pub(crate) fn waited(events: usize) -> Happening {
        Happening::Waited(u32::try_from(events).unwrap_or(u32::MAX))
    }

    pub(crate) fn served(count: usize) -> Happening {
        Happening::Served(u32::try_from(count).unwrap_or(u32::MAX))
    }

    pub(crate) fn published(asked: u64) -> Happening {
        Happening::Published(u32::try_from(asked).unwrap_or(u32::MAX))
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low half of the number is kept")]
    pub(crate) fn turn(turn: u64) -> Happening {
        Happening::Turn(turn as u32)
    }
}

impl Event {
    /// How many words one takes.
    pub const WORDS: usize = 4;

    /// The words in which a loop's ring holds it, for who keeps a recording or sends it on.
    ///
    /// ```
    /// use glassloop::{Event, Happening, Phase};
    ///
    /// let event = Event { at_ns: 7, took_ns: 0, phase: Phase::Io, what: Happening::Turn(3) };
    /// assert_eq!(Event::from_words(event.to_words()), Some(event));
    /// ```
    #[must_use]
    pub fn to_words(self) -> [u64; Event::WORDS] {
        self.pack()
    }

    /// The event of such words; `None` if they are none.
    #[must_use]
    pub fn from_words(words: [u64; Event::WORDS]) -> Option<Event> {
        Event::unpack(words)
    }

    /// at | subject with the phase | took, outcome, kind | by
    // COST: inlined where the kind is known, the choice between kinds is none.
    #[inline(always)]
    pub(crate) fn pack(self) -> [u64; Event::WORDS] {
        let (kind, subject, outcome, by) = match self.what {
            Happening::Waited(events) => (WAITED, u64::from(events), 0, 0),
            Happening::Turn(turn) => (TURN, u64::from(turn), 0, 0),
            Happening::Served(count) => (SERVED, u64::from(count), 0, 0),
            Happening::Published(asked) => (PUBLISHED, u64::from(asked), 0, 0),
            Happening::Ran(entry, outcome, place) => {
                (RAN, entry.to_bits(), outcome as u64, pack_place(place))
            }
            Happening::Woke(entry, by) => (WOKE, entry.to_bits(), 0, by.pack()),
            Happening::WokeAgain(entry, by) => (WOKE_AGAIN, entry.to_bits(), 0, by.pack()),
            Happening::Born(task, by, _) => (BORN, entry_of(task).to_bits(), 0, by.pack()),
            Happening::Found(lint, item) => (FOUND, item.to_bits(), u64::from(lint.number()), 0),
            Happening::Noted(note, item) => {
                let (kind, _, value) = pack_note(note);
                (NOTED, item.to_bits(), kind, value)
            }
        };
        let took = match self.what {
            // A birth has no length: its place lies there.
            Happening::Born(_, _, place) => u64::from(place.to_bits()),
            Happening::Noted(note, _) => u64::from(pack_note(note).1),
            _ => self.took_ns.min((1 << TOOK_BITS) - 1),
        };
        let subject = subject | (u64::from(self.phase as u8) << Entry::PHASE_SHIFT);
        [self.at_ns, subject, took | (outcome << TOOK_BITS) | (kind << 56), by]
    }

    #[expect(clippy::cast_possible_truncation, reason = "each field is masked to its width")]
    pub(crate) fn unpack([at_ns, subject, rest, by]: [u64; Event::WORDS]) -> Option<Event> {
        let phase = Phase::from_number(((subject >> Entry::PHASE_SHIFT) & 0xF) as u8)?;
        let mut took_ns = rest & ((1 << TOOK_BITS) - 1);
        let entry = Entry::from_bits(subject);
        let what = match rest >> 56 {
            WAITED => Happening::Waited(subject as u32),
            TURN => Happening::Turn(subject as u32),
            SERVED => Happening::Served(subject as u32),
            PUBLISHED => Happening::Published(subject as u32),
            RAN => {
                let outcome = *OUTCOMES.get(((rest >> TOOK_BITS) & 0xFF) as usize)?;
                Happening::Ran(entry, outcome, unpack_place(by))
            }
            FOUND => {
                let number = ((rest >> TOOK_BITS) & 0xFF) as u8;
                Happening::Found(Lint::from_number(number)?, entry)
            }
            NOTED => {
                let kind = (rest >> TOOK_BITS) & 0xFF;
                let label = std::mem::take(&mut took_ns) as u32;
                Happening::Noted(unpack_note(kind, label, by)?, entry)
            }
            WOKE => Happening::Woke(entry, By::unpack(by)?),
            WOKE_AGAIN => Happening::WokeAgain(entry, By::unpack(by)?),
            BORN => {
                let place = PlaceId::from_bits(std::mem::take(&mut took_ns) as u32);
                Happening::Born(entry.task_id(), By::unpack(by)?, place)
            }
            _ => return None,
        };
        Some(Event { at_ns, took_ns, phase, what })
    }
}

/// Which note it is, what it is called, and how much.
fn pack_note(note: Note) -> (u64, u32, u64) {
    match note {
        Note::Mark(label) => (0, label.to_bits(), 0),
        Note::Counter(label, value) => (1, label.to_bits(), value.cast_unsigned()),
        Note::SpanBegan(label, number) => (2, label.to_bits(), number),
        Note::SpanEnded(label, number) => (3, label.to_bits(), number),
        Note::Logged(level, line) => (4, line, level as u64),
    }
}

fn unpack_note(kind: u64, label: u32, value: u64) -> Option<Note> {
    let called = Label::from_bits(label);
    Some(match kind {
        0 => Note::Mark(called),
        1 => Note::Counter(called, value.cast_signed()),
        2 => Note::SpanBegan(called, value),
        3 => Note::SpanEnded(called, value),
        4 => Note::Logged(Level::iter().find(|level| *level as u64 == value)?, label),
        _ => return None,
    })
}

/// No place is 0: recordings from before runs had one say nothing else.
#[inline]
fn pack_place(place: PlaceId) -> u64 {
    u64::from(place.to_bits().wrapping_add(1))
}

#[expect(clippy::cast_possible_truncation, reason = "the low half of the word")]
fn unpack_place(bits: u64) -> PlaceId {
    PlaceId::from_bits((bits as u32).wrapping_sub(1))
}

/// The entry of a task in the ready queue.
pub(crate) fn entry_of(task: TaskId) -> Entry {
    Entry::new(Kind::Task, task.index, task.generation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_out_as_it_went_in() {
        let entry = Entry::new(Kind::Task, 77, u32::MAX);
        let place = PlaceId::from_bits(u32::MAX - 1);
        let source = SourceId { index: u32::MAX, generation: 0x0FFF_FFFF };
        let by = [
            By::Item(entry),
            By::Item(Entry::NOTHING),
            By::Source(source),
            By::Timer(place),
            By::Phase(Phase::Finish),
            By::Thread,
            By::Host,
        ];
        let ran = OUTCOMES.map(|outcome| Happening::Ran(entry, outcome, place));
        let nowhere = Happening::Ran(entry, Outcome::Pending, PlaceId::UNKNOWN);
        assert_eq!(Event { at_ns: 0, took_ns: 0, phase: Phase::Run, what: nowhere }.pack()[3], 0);
        let found = Lint::ALL.map(|lint| Happening::Found(lint, entry));
        let others = [Happening::Waited(9), Happening::Turn(u32::MAX), Happening::Served(3)];
        let woke = by.map(|by| Happening::Woke(entry, by));
        let again = by.map(|by| Happening::WokeAgain(Entry::DEFERRED, by));
        let label = Label::from_bits(u32::MAX);
        let notes = [
            Note::Mark(label),
            Note::Counter(label, -7),
            Note::SpanBegan(label, u64::MAX),
            Note::SpanEnded(label, 3),
            Note::Logged(Level::Trace, u32::MAX),
        ];
        for note in notes {
            let what = Happening::Noted(note, entry);
            let event = Event { at_ns: 5, took_ns: 0, phase: Phase::Run, what };
            assert_eq!(Event::unpack(event.pack()), Some(event));
        }
        let all =
            ran.into_iter().chain([nowhere]).chain(others).chain(found).chain(woke).chain(again);
        for what in all {
            let event = Event { at_ns: 5, took_ns: 6, phase: Phase::Run, what };
            assert_eq!(Event::unpack(event.pack()), Some(event));
        }
        for by in by {
            let what = Happening::Born(entry.task_id(), by, place);
            let event = Event { at_ns: u64::MAX, took_ns: 0, phase: Phase::Wait, what };
            assert_eq!(Event::unpack(event.pack()), Some(event));
        }
    }
}
