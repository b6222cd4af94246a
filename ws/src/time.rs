//! The time: limits are milliseconds, clocks are nanoseconds.
//!
//! Promises that "never", `u64::MAX` of either, stays never. It reads no clock.

const NS_PER_MS: u64 = 1_000_000;

/// So many milliseconds, in nanoseconds.
pub(crate) fn nanos(millis: u64) -> u64 {
    millis.saturating_mul(NS_PER_MS)
}

/// `millis` after `start`.
pub(crate) fn deadline(start: u64, millis: u64) -> u64 {
    start.saturating_add(nanos(millis))
}

/// The whole milliseconds from `start` to `now`.
pub(crate) fn millis_between(start: u64, now: u64) -> u64 {
    now.saturating_sub(start) / NS_PER_MS
}

/// What `now` has left of `ms_max` milliseconds from `start`, whole ones.
pub(crate) fn millis_left(start: u64, ms_max: u64, now: u64) -> u64 {
    ms_max.saturating_sub(now.saturating_sub(start).div_ceil(NS_PER_MS))
}
