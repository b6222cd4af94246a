//! Spans of time and sizes for the tests of the timer queue.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

/// As long as a tick of the queue, in nanoseconds, as are the others.
pub(crate) const TICK: u64 = 1 << 20;
pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1000 * MS;
pub(crate) const YEAR: u64 = 365 * 24 * 3600 * SECOND;

/// Under Miri a thousandth of everything must do.
pub(crate) const fn shrunk(size: usize) -> usize {
    if cfg!(miri) { size.div_ceil(1000) } else { size }
}

/// The `n`th of a series of numbers that look random but need no seed.
pub(crate) fn scattered(n: usize, bound: u64) -> u64 {
    (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29) % bound
}
