//! The OS's clock that goes on while the machine is suspended.
//!
//! It promises to be `None` where there is no such clock, or where feature `os-time` is off. On
//! Linux it never runs backwards; Apple's may step back by microseconds, and follows the rate of
//! the wall clock. It is read and nothing more: what a gap means is decided elsewhere.

use std::time::Duration;

/// Time since some moment in the past, time suspended included.
// COST: as one reading of `Instant`, about 20 ns.
#[cfg(all(
    feature = "os-time",
    any(target_os = "linux", target_os = "android", target_vendor = "apple")
))]
#[inline]
pub(crate) fn boot_time() -> Option<Duration> {
    use rustix::time::{DynamicClockId, clock_gettime_dynamic};

    // FACT (Darwin): CLOCK_MONOTONIC goes on while the machine sleeps, and `Instant` doesn't.
    #[cfg(target_vendor = "apple")]
    const BOOT: DynamicClockId<'_> = DynamicClockId::Known(rustix::time::ClockId::Monotonic);
    #[cfg(not(target_vendor = "apple"))]
    const BOOT: DynamicClockId<'_> = DynamicClockId::Boottime;
    // An emulated kernel may not have it.
    Duration::try_from(clock_gettime_dynamic(BOOT).ok()?).ok()
}

/// Time since some moment in the past, time suspended included: not known here.
#[cfg(not(all(
    feature = "os-time",
    any(target_os = "linux", target_os = "android", target_vendor = "apple")
)))]
#[inline]
pub(crate) fn boot_time() -> Option<Duration> {
    None
}
