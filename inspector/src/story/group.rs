//! A group: wakes of one step that have one reason, and are told in one sentence.
//!
//! Timers of one place that are due together are one reason, be there a hundred of them.

use glassloop::By;

use crate::turns::Wake;

/// A timer is called late from here on.
pub(super) const LATE_NS: u64 = 1_000_000;

/// The first wakes with one reason. How late a timer was makes another one only if that is told.
pub(super) fn first_group(wakes: &[Wake]) -> &[Wake] {
    let told_late = |wake: &Wake| if wake.late_ns < LATE_NS { 0 } else { wake.late_ns };
    let by = wakes.first().map(|wake| (wake.by, told_late(wake)));
    let len = wakes.iter().take_while(|wake| Some((wake.by, told_late(wake))) == by).count();
    &wakes[..len]
}

/// Whether a group is of several timers, each of which woke one.
pub(super) fn are_timers(group: &[Wake]) -> bool {
    group.len() > 1 && matches!(group[0].by, By::Timer(_))
}
