//! Names of things that run: `TaskId`, and `Entry`, the one word that a queue holds.
//!
//! An entry says what to run without owning it, so that a stale one is harmless: its generation
//! no longer matches and it is skipped. The same word, with a phase added, is the now-record.
//! Nothing here looks anything up.

use std::fmt;

use crate::place::PlaceId;

/// The name of a task: where it lives, and which birth of that place it is.
///
/// A generation comes from one counter a loop, so an id repeats only after 2^32 births.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId {
    /// The slot in the task table.
    pub index: u32,
    /// Which of the loop's births this is.
    pub generation: u32,
}

impl TaskId {
    /// Nobody: the parent of a task that no task spawned.
    pub const NONE: TaskId = TaskId { index: u32::MAX, generation: u32::MAX };

    /// Whether this is [`TaskId::NONE`].
    #[must_use]
    pub fn is_none(self) -> bool {
        self == TaskId::NONE
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            f.write_str("-")
        } else {
            write!(f, "#{}.{}", self.index, self.generation)
        }
    }
}

/// What kind of thing an [`Entry`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing runs.
    Nothing = 0,
    /// A task, to be polled.
    Task = 1,
    /// A callback of this thread, to be called.
    Callback = 2,
    /// The oldest call that another thread deferred.
    Deferred = 3,
    /// A microtask, run in a checkpoint.
    Microtask = 4,
    /// A waker that the reactor or a timer fires.
    Wake = 5,
    /// A corked writer, flushed at the end of the turn.
    Flush = 6,
    /// An observer, told of something.
    Observer = 7,
}

impl Kind {
    fn from_bits(bits: u64) -> Kind {
        match bits {
            1 => Kind::Task,
            2 => Kind::Callback,
            3 => Kind::Deferred,
            4 => Kind::Microtask,
            5 => Kind::Wake,
            6 => Kind::Flush,
            7 => Kind::Observer,
            _ => Kind::Nothing,
        }
    }
}

/// One entry of the ready queue, in one word.
///
/// Kind in the top 4 bits, then 4 bits left free for a phase, 24 bits of index, 32 of generation.
///
/// ```
/// use glassloop_executor::{Entry, Kind};
///
/// let entry = Entry::new(Kind::Task, 3, 9);
/// assert!(entry.is_task());
/// assert_eq!((entry.index(), entry.generation()), (3, 9));
/// assert_eq!(entry.task_id().to_string(), "#3.9");
/// assert_eq!(Entry::from_bits(entry.to_bits()), entry);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry(u64);

/// The highest index that fits an [`Entry`], and so the bound of every table it points into.
pub const INDEX_MAX: u32 = (1 << 24) - 1;

impl Entry {
    /// The entry that names nothing.
    pub const NOTHING: Entry = Entry(0);
    /// A deferred call that nothing more is known of.
    pub const DEFERRED: Entry = Entry::deferred(PlaceId::UNKNOWN);
    /// The microtasks of a checkpoint.
    pub const MICROTASKS: Entry = Entry::new(Kind::Microtask, 0, 0);
    /// A waker that the reactor or a timer fires.
    pub const WAKER: Entry = Entry::new(Kind::Wake, 0, 0);
    /// A corked writer that is flushed.
    pub const WRITER: Entry = Entry::new(Kind::Flush, 0, 0);
    /// An observer that is told of something.
    pub const OBSERVER: Entry = Entry::new(Kind::Observer, 0, 0);
    /// The entry of the loop itself, left by a thread that asks it to stop.
    pub const STOP: Entry = Entry::new(Kind::Nothing, 0, 1);
    /// Where the 4 bits of the phase begin.
    pub const PHASE_SHIFT: u32 = 56;

    /// Packs an entry. An index past [`INDEX_MAX`] is a bug of the table that gave it.
    #[must_use]
    pub const fn new(kind: Kind, index: u32, generation: u32) -> Entry {
        debug_assert!(index <= INDEX_MAX);
        Entry(((kind as u64) << 60) | ((index as u64) << 32) | generation as u64)
    }

    pub(crate) const fn task(id: TaskId) -> Entry {
        Entry::new(Kind::Task, id.index, id.generation)
    }

    /// The entry of a call that was deferred at this place. The queue of calls is in step with its
    /// entries, so that nothing else need be known of it.
    #[must_use]
    pub const fn deferred(place: PlaceId) -> Entry {
        Entry::new(Kind::Deferred, 0, place.to_bits())
    }

    /// Where the call that it names was deferred; `UNKNOWN` of anything else.
    #[must_use]
    pub fn deferred_at(self) -> PlaceId {
        match self.kind() {
            Kind::Deferred => PlaceId::from_bits(self.generation()),
            _ => PlaceId::UNKNOWN,
        }
    }

    /// What kind of thing it names.
    #[must_use]
    pub fn kind(self) -> Kind {
        Kind::from_bits(self.0 >> 60)
    }

    /// Whether it names a task: the one question of the hot path.
    #[inline]
    #[must_use]
    pub fn is_task(self) -> bool {
        self.0 >> 60 == Kind::Task as u64
    }

    /// Its index and generation, read as a task's.
    #[must_use]
    pub fn id(self) -> TaskId {
        TaskId { index: self.index(), generation: self.generation() }
    }

    /// The task it names, or [`TaskId::NONE`].
    #[must_use]
    pub fn task_id(self) -> TaskId {
        if self.is_task() { self.id() } else { TaskId::NONE }
    }

    /// The index in its table.
    #[must_use]
    pub fn index(self) -> u32 {
        ((self.0 >> 32) as u32) & INDEX_MAX
    }

    /// Which birth of the index it means.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are the generation")]
    pub fn generation(self) -> u32 {
        self.0 as u32
    }

    /// The word itself.
    #[must_use]
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The entry in a word, the phase bits taken out.
    #[must_use]
    pub fn from_bits(bits: u64) -> Entry {
        Entry(bits & !(0xF << Entry::PHASE_SHIFT))
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.kind(), self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_gives_back_what_was_packed() {
        for kind in [Kind::Task, Kind::Callback, Kind::Microtask, Kind::Flush] {
            for index in [0, 1, INDEX_MAX] {
                for generation in [0, 1, u32::MAX] {
                    let entry = Entry::new(kind, index, generation);
                    let with_phase = entry.to_bits() | (5 << Entry::PHASE_SHIFT);
                    assert_eq!(Entry::from_bits(with_phase), entry);
                    assert_eq!((entry.kind(), entry.index()), (kind, index));
                    assert_eq!(entry.generation(), generation);
                }
            }
        }
    }
}
