//! Ten thousand tasks that never sleep: what a loop still gets done while it is watched.
//!
//! One process, by turns watched and not: two would differ by more than what that costs. The loop
//! has its own processor; its inspector shares one with the watcher. `page.sh` asks the same of
//! the page in a browser.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::Workload;
use crate::contest::{Contestant, Reading};
use crate::effort::Effort;
use crate::floors::{INSPECTED, WATCHED};
use crate::inspection::{Crowd, Watcher};
use crate::machine::{Place, Processors};
use crate::measure::{Measure, Unit};

/// From one account to the next. The inspector finds a loop, and lets go of who has gone, within a
/// tenth of a second.
const SAMPLE: Duration = Duration::from_secs(1);
const SAMPLE_LEAST: Duration = Duration::from_millis(200);

pub const WORKLOAD: Workload = Workload {
    name: "crowd",
    title: "10,000 tasks that compute and yield",
    measures: &[
        Measure { name: "polls", unit: Unit::PerSecond },
        Measure { name: "processor time a poll", unit: Unit::Nanos },
        Measure { name: "events", unit: Unit::PerSecond },
        Measure { name: "other threads' processor time a second", unit: Unit::Nanos },
    ],
    rounds: 7,
    ratios_to: [INSPECTED, WATCHED],
    enter,
};

fn enter(effort: Effort, processors: Processors) -> Vec<Contestant> {
    processors.pin(Place::Feeder);
    let every = effort.time(SAMPLE).max(SAMPLE_LEAST);
    let crowd = Crowd::start("saturated", every, processors.of_loop);
    processors.pin(Place::Loop);
    crowd.wait_until_recorded();
    let crowd = Rc::new(RefCell::new(crowd));
    let watched = Rc::clone(&crowd);
    vec![
        Contestant::new(INSPECTED, move || sample(&mut crowd.borrow_mut())),
        Contestant::new(WATCHED, move || {
            let crowd = &mut watched.borrow_mut();
            let watcher = Watcher::attach(&crowd.door, processors);
            let reading = sample(crowd);
            let seen = watcher.detach();
            assert!(seen.messages > 0 && seen.events > 0, "something was pushed: {seen:?}");
            reading
        }),
    ]
}

/// Between two accounts. The one before them may be from before somebody came, or went.
fn sample(crowd: &mut Crowd) -> Reading {
    crowd.account();
    let (begin, end) = (crowd.account(), crowd.account());
    let seconds = (end.at - begin.at).as_secs_f64();
    let polls = (end.polls - begin.polls) as f64;
    let of_loop = end.of_loop - begin.of_loop;
    let of_others = (end.of_process - begin.of_process).saturating_sub(of_loop);
    vec![
        polls / seconds,
        of_loop.as_nanos() as f64 / polls,
        (end.events - begin.events) as f64 / seconds,
        of_others.as_nanos() as f64 / seconds,
    ]
}
