//! Places: source locations as numbers, and a side table of them that any thread may read.
//!
//! A `Location` becomes a `PlaceId` in one append-only table of the process, bounded by the
//! number of call sites. `Sites` holds each task's place of birth and the place of its last
//! wait in atomics, so that another thread can name a stuck task while the loop hangs. Nothing is
//! ever removed, and nothing here blocks the loop but the first sight of a call site.

use std::{
    cell::Cell,
    collections::HashMap,
    panic::Location,
    ptr,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

/// A source location: its row in the process's table of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlaceId(u32);

#[derive(Default)]
struct Table {
    rows: Vec<&'static Location<'static>>,
    by_address: HashMap<usize, u32>,
}

fn table() -> &'static Mutex<Table> {
    static TABLE: OnceLock<Mutex<Table>> = OnceLock::new();
    TABLE.get_or_init(Mutex::default)
}

impl PlaceId {
    /// No place is known.
    pub const UNKNOWN: PlaceId = PlaceId(u32::MAX);

    /// The id of a location, entered into the table when it is new.
    ///
    /// A lock and a hash: callers in a hot path keep a cache of their own.
    #[must_use]
    pub fn of(place: &'static Location<'static>) -> PlaceId {
        let mut table = table().lock().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
        let row = *table.by_address.entry(ptr::from_ref(place).addr()).or_insert(next);
        if row == next && next != u32::MAX {
            table.rows.push(place);
        }
        PlaceId(row)
    }

    /// The number itself, to be kept in a word.
    #[must_use]
    pub const fn to_bits(self) -> u32 {
        self.0
    }

    /// The id of a number that [`to_bits`](PlaceId::to_bits) gave.
    ///
    /// ```
    /// use glassloop_executor::PlaceId;
    ///
    /// let here = PlaceId::of(std::panic::Location::caller());
    /// assert_eq!(PlaceId::from_bits(here.to_bits()), here);
    /// ```
    #[must_use]
    pub const fn from_bits(bits: u32) -> PlaceId {
        PlaceId(bits)
    }

    /// The location itself.
    #[must_use]
    pub fn location(self) -> Option<&'static Location<'static>> {
        let table = table().lock().unwrap_or_else(PoisonError::into_inner);
        table.rows.get(usize::try_from(self.0).ok()?).copied()
    }
}

/// The places this loop saw lately, so that a known call site costs a compare and no lock.
///
/// COST: 1 KiB a loop; a hit is about 1 ns where the table's lock and hash are about 30.
pub(crate) struct PlaceCache {
    rows: [Cell<(usize, PlaceId)>; PlaceCache::ROWS],
}

impl PlaceCache {
    const ROWS: usize = 64;

    pub(crate) fn new() -> PlaceCache {
        PlaceCache { rows: [const { Cell::new((0, PlaceId::UNKNOWN)) }; PlaceCache::ROWS] }
    }

    #[inline]
    pub(crate) fn id(&self, place: &'static Location<'static>) -> PlaceId {
        let address = ptr::from_ref(place).addr();
        // A Location is 24 bytes: its low three bits are always zero.
        let row = &self.rows[(address >> 3) % PlaceCache::ROWS];
        let (known, id) = row.get();
        if known == address {
            return id;
        }
        let id = PlaceId::of(place);
        row.set((address, id));
        id
    }
}

/// The number of chunks: each is twice the one before, the first has `FIRST` rows.
const CHUNKS: usize = 16;
const FIRST: usize = 1 << 10;

#[derive(Default)]
struct Site {
    born: AtomicU32,
    awaits: AtomicU32,
}

/// Each task's place of birth and of its last wait, by the task's index, and that of the callback
/// that runs, for any thread to read.
///
/// Written by the loop alone. A reader may see a task's row while it changes hands; the now-record
/// tells it which generation runs.
pub struct Sites {
    chunks: [OnceLock<Box<[Site]>>; CHUNKS],
    /// Of the callback that was called last: its generation, and below it the place.
    called: AtomicU64,
}

impl Sites {
    pub(crate) fn new() -> Sites {
        let none = u64::from(PlaceId::UNKNOWN.0);
        Sites { chunks: [const { OnceLock::new() }; CHUNKS], called: AtomicU64::new(none) }
    }

    /// Which chunk holds an index, and where in it.
    #[inline]
    fn locate(index: u32) -> (usize, usize) {
        let from_one = index as usize / FIRST + 1;
        let chunk = from_one.ilog2() as usize;
        (chunk, index as usize - FIRST * ((1 << chunk) - 1))
    }

    #[inline]
    fn site(&self, index: u32) -> Option<&Site> {
        let (chunk, row) = Sites::locate(index);
        self.chunks.get(chunk)?.get()?.get(row)
    }

    pub(crate) fn set_born(&self, index: u32, place: PlaceId) {
        let (chunk, row) = Sites::locate(index);
        let Some(cell) = self.chunks.get(chunk) else { return };
        let rows = cell.get_or_init(|| (0..FIRST << chunk).map(|_| Site::default()).collect());
        rows[row].born.store(place.0, Relaxed);
        rows[row].awaits.store(PlaceId::UNKNOWN.0, Relaxed);
    }

    pub(crate) fn set_awaits(&self, index: u32, place: PlaceId) {
        if let Some(site) = self.site(index) {
            site.awaits.store(place.0, Relaxed);
        }
    }

    pub(crate) fn set_called(&self, generation: u32, place: PlaceId) {
        self.called.store(u64::from(generation) << 32 | u64::from(place.0), Relaxed);
    }

    /// Where the callback of this generation was asked for, if it is the one that runs.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "taking a word apart")]
    pub fn called(&self, generation: u32) -> PlaceId {
        let last = self.called.load(Relaxed);
        match last >> 32 == u64::from(generation) {
            true => PlaceId(last as u32),
            false => PlaceId::UNKNOWN,
        }
    }

    /// Where the task with this index was spawned.
    #[must_use]
    pub fn born(&self, index: u32) -> PlaceId {
        self.site(index).map_or(PlaceId::UNKNOWN, |site| PlaceId(site.born.load(Relaxed)))
    }

    /// Where the task with this index last waited.
    #[must_use]
    pub fn awaits(&self, index: u32) -> PlaceId {
        self.site(index).map_or(PlaceId::UNKNOWN, |site| PlaceId(site.awaits.load(Relaxed)))
    }
}

impl std::fmt::Debug for Sites {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let chunks = self.chunks.iter().filter(|chunk| chunk.get().is_some()).count();
        f.debug_struct("Sites").field("chunks", &chunks).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::INDEX_MAX;

    #[test]
    fn a_place_comes_back_as_itself() {
        let here = Location::caller();
        let cache = PlaceCache::new();
        assert_eq!(cache.id(here), PlaceId::of(here));
        assert_eq!(cache.id(here), PlaceId::of(here), "from the cache");
        assert_eq!(PlaceId::of(here).location(), Some(here));
        assert_eq!(PlaceId::UNKNOWN.location(), None);
    }

    #[test]
    fn every_index_has_its_own_row() {
        let mut next = (0, 0);
        for index in 0..20_000 {
            let (chunk, row) = Sites::locate(index);
            assert!(
                (chunk, row) == next,
                "index {index}: expected {next:?}, came {:?}",
                (chunk, row)
            );
            next = if row + 1 == FIRST << chunk { (chunk + 1, 0) } else { (chunk, row + 1) };
        }
        assert!(Sites::locate(INDEX_MAX).0 < CHUNKS);
    }
}
