//! `NowRecord`: what the loop runs at this moment, for any thread to read while the loop hangs.
//!
//! One word, stored before each item and before each phase that has something to do: the ready
//! entry itself with the phase in its free bits. And the number of the turn, stored once a turn.
//! Without feature `observe` it is never written.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use glassloop_executor::Entry;

use crate::Phase;

/// What runs now, and in which turn.
#[derive(Debug, Default)]
pub struct NowRecord {
    item: AtomicU64,
    turn: AtomicU64,
}

/// What a loop was doing when its now-record was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The item; [`Entry::NOTHING`] between items. The microtasks after an item are a part of it.
    pub item: Entry,
    /// The phase; `None` outside of turns and waits, and in what [`outside`](crate::outside) runs.
    /// What is dropped when the loop is closed is dropped in phase `finish`.
    pub phase: Option<Phase>,
    /// The turn, counted from 1.
    pub turn: u64,
}

fn phase_of(bits: u64) -> Option<Phase> {
    Phase::from_number(((bits >> Entry::PHASE_SHIFT) & 0xF) as u8)
}

impl NowRecord {
    #[inline]
    pub(crate) fn set(&self, item: Entry, phase: Phase) {
        if cfg!(feature = "observe") {
            let phase = u64::from(phase as u8) << Entry::PHASE_SHIFT;
            self.item.store(item.to_bits() | phase, Relaxed);
        }
    }

    /// While `f` runs, this is what runs.
    pub(crate) fn during<T>(&self, item: Entry, phase: Phase, f: impl FnOnce() -> T) -> T {
        let before = self.item.load(Relaxed);
        self.set(item, phase);
        let told = f();
        if cfg!(feature = "observe") {
            self.item.store(before, Relaxed);
        }
        told
    }

    /// Outside of turns.
    pub(crate) fn clear(&self) {
        if cfg!(feature = "observe") {
            self.item.store(0, Relaxed);
        }
    }

    #[inline]
    pub(crate) fn set_turn(&self, turn: u64) {
        if cfg!(feature = "observe") {
            self.turn.store(turn, Relaxed);
        }
    }

    /// What the loop does now. The two words are read one after the other: the turn may be one
    /// ahead of the item.
    #[must_use]
    pub fn read(&self) -> Now {
        let bits = self.item.load(Relaxed);
        Now { item: Entry::from_bits(bits), phase: phase_of(bits), turn: self.turn.load(Relaxed) }
    }
}
