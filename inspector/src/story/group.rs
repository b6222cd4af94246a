//! A group: wakes of one step that have one reason, and are told in one sentence.
//!
//! Timers of one place that are due together are one reason, be there a hundred of them; and so
//! are those that are late together. Of many reasons of one step the last ones are counted.

use glassloop::By;

use crate::{names::short_time, turns::Wake};

/// A timer is called late from here on.
const LATE_NS: u64 = 1_000_000;

/// So many groups of one step are told one by one.
pub(super) const GROUPS_TOLD: usize = 6;

/// The first wakes with one reason. Whether a timer was late makes another one.
pub(super) fn first_group(wakes: &[Wake]) -> &[Wake] {
    let reason = |wake: &Wake| (wake.by, wake.late_ns >= LATE_NS);
    let first = wakes.first().map(reason);
    let len = wakes.iter().take_while(|wake| Some(reason(wake)) == first).count();
    &wakes[..len]
}

/// "due", "2.500 ms late" or "1.500 ms to 2.500 ms late", of a group of timers.
pub(super) fn timers_due(group: &[Wake]) -> String {
    let late = || group.iter().map(|wake| wake.late_ns);
    let (least, most) = (late().min().unwrap_or(0), late().max().unwrap_or(0));
    match (short_time(least), short_time(most)) {
        _ if most < LATE_NS => "due".to_owned(),
        (least, most) if least == most => format!("{most} late"),
        (least, most) => format!("{least} to {most} late"),
    }
}

/// The reasons of these wakes, counted.
pub(super) fn more(mut wakes: &[Wake]) -> String {
    let (mut groups, all) = (0, wakes);
    while !wakes.is_empty() {
        wakes = &wakes[first_group(wakes).len()..];
        groups += 1;
    }
    if all.iter().all(|wake| matches!(wake.by, By::Source(_))) {
        format!("{groups} more sources became ready")
    } else if all.iter().all(|wake| matches!(wake.by, By::Timer(_))) {
        format!("{} more timers were due", all.len())
    } else {
        format!("{groups} more reasons came")
    }
}

/// Whether a group is of several timers, each of which woke one.
pub(super) fn are_timers(group: &[Wake]) -> bool {
    group.len() > 1 && matches!(group[0].by, By::Timer(_))
}

#[cfg(test)]
mod tests {
    use glassloop::{Entry, Kind, PlaceId, SourceId};

    use super::*;
    use crate::turns::Effect;

    fn woke(by: By, late_ns: u64) -> Wake {
        let item = Entry::new(Kind::Task, 1, 1);
        Wake { number: 0, item, by, late_ns, effect: Effect::Queued }
    }

    #[test]
    fn timers_that_are_late_together_are_one_reason_and_say_how_late() {
        let timer = |late_ns| woke(By::Timer(PlaceId::UNKNOWN), late_ns);
        let wakes = [timer(10), timer(1_500_000), timer(3_000_000), timer(2_000_000)];
        assert_eq!(first_group(&wakes).len(), 1);
        let late = first_group(&wakes[1..]);
        assert_eq!((late.len(), timers_due(late).as_str()), (3, "1.500 ms to 3.000 ms late"));
        assert_eq!(timers_due(&wakes[1..2]), "1.500 ms late");
        assert_eq!(more(&wakes), "4 more timers were due");
    }

    #[test]
    fn what_is_left_out_is_counted_by_reason() {
        let source = |index| woke(By::Source(SourceId { index, generation: 0 }), 0);
        let wakes = [source(1), source(1), source(2)];
        assert_eq!(more(&wakes), "2 more sources became ready");
        let mixed = [source(1), woke(By::Thread, 0)];
        assert_eq!(more(&mixed), "2 more reasons came");
    }
}
