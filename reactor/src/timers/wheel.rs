//! The wheel: indices of timers, sorted coarsely by tick.
//!
//! It promises that inserting and removing cost the same however many timers it holds, that each
//! timer is moved at most once a level on its way to its tick, and that a bucket's memory stays
//! within four times what is in it, or a small constant.
//! It does not order within a bucket, and knows of a timer only its index.
//!
//! Read a tick as a number of eight digits in base 64. A level has a bucket for each value of one
//! digit, and a timer lies at the level of the highest digit in which its tick differs from the
//! current one. So a timer of a lower level is always earlier than one of a higher level, and the
//! first occupied bucket of the lowest occupied level holds the earliest timer of all.

use std::mem;

use super::TICK_BITS;
use super::entry::Place;

/// Bits of a digit: a level's occupancy is then one `u64`.
const DIGIT_BITS: usize = 6;
const DIGITS: usize = 1 << DIGIT_BITS;
const DIGIT_MASK: u64 = 0b11_1111;

/// Enough digits for every tick of a `u64` of nanoseconds, so that no deadline is a special case.
const LEVELS: usize = ((u64::BITS - TICK_BITS) as usize).div_ceil(DIGIT_BITS);

/// The highest digit has fewer values than the others, so its level has fewer buckets.
const BUCKETS: usize = (LEVELS - 1) * DIGITS + digit_of(u64::MAX >> TICK_BITS, LEVELS - 1) + 1;

/// An emptied bucket keeps room for this many indices, so that a steady trickle doesn't allocate.
const BUCKET_KEPT: usize = 32;

#[derive(Debug)]
pub(super) struct Wheel {
    /// The current tick. INVARIANT: every timer here has a later one.
    tick: u64,
    /// INVARIANT: bit b of level l is set if and only if bucket `l * DIGITS + b` isn't empty.
    occupied: [u64; LEVELS],
    /// Level by level; no buckets at all before the first timer.
    buckets: Vec<Vec<u32>>,
}

impl Wheel {
    pub(super) fn new(tick: u64) -> Self {
        Wheel { tick, occupied: [0; LEVELS], buckets: Vec::new() }
    }

    #[inline]
    pub(super) fn tick(&self) -> u64 {
        self.tick
    }

    /// Puts a timer of a later tick into its bucket.
    #[inline]
    pub(super) fn insert(&mut self, tick: u64, index: u32) -> Place {
        debug_assert!(tick > self.tick, "a tick that has begun belongs to the due list");
        if self.buckets.is_empty() {
            self.buckets.resize_with(BUCKETS, Vec::new);
        }
        let level = (tick ^ self.tick).ilog2() as usize / DIGIT_BITS;
        let digit = digit_of(tick, level);
        self.occupied[level] |= 1 << digit;
        let bucket = level * DIGITS + digit;
        let indices = &mut self.buckets[bucket];
        let offset = u32::try_from(indices.len()).expect("a bucket holds an index once");
        indices.push(index);
        let bucket = u16::try_from(bucket).expect("a wheel has a few hundred buckets");
        Place::Wheel { bucket, offset }
    }

    /// Takes one timer out. If another one filled the gap at `offset`, returns that one's index.
    #[inline]
    pub(super) fn remove(&mut self, bucket: u16, offset: u32) -> Option<u32> {
        let bucket = usize::from(bucket);
        let indices = &mut self.buckets[bucket];
        indices.swap_remove(offset as usize);
        let moved = indices.get(offset as usize).copied();
        if indices.is_empty() {
            self.occupied[bucket / DIGITS] &= !(1 << (bucket % DIGITS));
        }
        trim(indices);
        moved
    }

    /// The bucket that holds the earliest timer, and the tick at which it begins.
    pub(super) fn first(&self) -> Option<(&[u32], u64)> {
        let level = self.occupied.iter().position(|&occupied| occupied != 0)?;
        let digit = self.occupied[level].trailing_zeros() as usize;
        let shift = shift_of(level);
        let above = self.tick >> shift >> DIGIT_BITS << DIGIT_BITS;
        let tick = (above | digit as u64) << shift;
        debug_assert!(tick > self.tick, "a bucket that has begun was not emptied");
        Some((&self.buckets[level * DIGITS + digit], tick))
    }

    /// Makes `tick` the current one, and moves what lies in the buckets that have begun by then
    /// to `reached`. The others keep their place: their highest different digit is the same.
    // COST: a few operations a level, and one a timer reached.
    pub(super) fn turn_to(&mut self, tick: u64, reached: &mut Vec<u32>) {
        debug_assert!(tick > self.tick, "the wheel turns one way");
        let changed = self.tick ^ tick;
        self.tick = tick;
        for level in 0..LEVELS {
            // A level whose higher digits changed has begun whole; else only up to the new digit.
            let whole = changed >> shift_of(level) >> DIGIT_BITS != 0;
            let digit = if whole { DIGITS - 1 } else { digit_of(tick, level) };
            let mut begun = self.occupied[level] & (u64::MAX >> (DIGITS - 1 - digit));
            self.occupied[level] &= !begun;
            while begun != 0 {
                let bucket = level * DIGITS + begun.trailing_zeros() as usize;
                reached.append(&mut self.buckets[bucket]);
                trim(&mut self.buckets[bucket]);
                begun &= begun - 1;
            }
            if !whole {
                return;
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let indices: usize = self.buckets.iter().map(Vec::capacity).sum();
        self.buckets.capacity() * mem::size_of::<Vec<u32>>() + indices * mem::size_of::<u32>()
    }
}

/// Gives back what a vector no longer needs. It shrinks only at a quarter of its capacity, and to
/// twice what is left, so that the copying is a constant per removal.
pub(super) fn trim(indices: &mut Vec<u32>) {
    if indices.capacity() > BUCKET_KEPT && indices.len() < indices.capacity() / 4 {
        indices.shrink_to((2 * indices.len()).max(BUCKET_KEPT));
    }
}

const fn shift_of(level: usize) -> usize {
    level * DIGIT_BITS
}

const fn digit_of(tick: u64, level: usize) -> usize {
    ((tick >> shift_of(level)) & DIGIT_MASK) as usize
}
