//! Recording: what it costs a poll that a loop writes down what happens in it.
//!
//! Tasks yield, with a recording switched on and without one, in turns of many items or of one
//! each. A sample makes its loop anew and checks that what should be in the ring is.

use std::cell::Cell;
use std::rc::Rc;

use glassloop::EventLoop;

use super::{INSPECTION, Workload};
use crate::contest::{Contestant, Reading};
use crate::effort::Effort;
use crate::floors::{NOT_RECORDED, RECORDED};
use crate::machine::cpu_time;
use crate::measure::{Measure, Unit};

/// A wake and a poll: each yield is at least these two.
const EVENTS_A_YIELD: u64 = 2;

/// The workload with so many tasks, all of which run in each turn.
pub const fn workload<const TASKS: u64>(name: &'static str, title: &'static str) -> Workload {
    Workload {
        name,
        title,
        measures: &[Measure { name: "a poll", unit: Unit::Nanos }],
        rounds: 11,
        ratios_to: INSPECTION,
        enter: |effort, _| contestants(TASKS, effort),
    }
}

fn contestants(tasks: u64, effort: Effort) -> Vec<Contestant> {
    let yields = effort.operations(1_000_000) / tasks;
    [(NOT_RECORDED, false), (RECORDED, true)]
        .map(|(peer, record)| Contestant::new(peer, move || sample(tasks, yields, record)))
        .into()
}

fn sample(tasks: u64, yields: u64, record: bool) -> Reading {
    let event_loop = EventLoop::new().expect("glassloop starts");
    event_loop.record(record);
    let watch = event_loop.watch();
    let polls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&polls);
    let nanos = event_loop.block_on(async move {
        let begun = cpu_time();
        let tasks: Vec<_> = (0..tasks)
            .map(|_| {
                let polls = Rc::clone(&counted);
                glassloop::spawn(async move {
                    for _ in 0..yields {
                        glassloop::yield_now().await;
                        polls.set(polls.get() + 1);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("a task that only yields ends well");
        }
        (cpu_time() - begun).as_nanos()
    });
    assert_eq!(polls.get(), tasks * yields, "each yield returned");
    let written = watch.events(u64::MAX).next;
    assert_eq!(written >= EVENTS_A_YIELD * tasks * yields, record, "{written} events");
    vec![nanos.expect("the loop runs") as f64 / (tasks * yields) as f64]
}
