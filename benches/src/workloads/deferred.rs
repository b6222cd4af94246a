//! Deferred calls: threads leave closures for the loop's thread as fast as they can.
//!
//! The producers share one processor and the loop has the other. A closure captures a number, so
//! that its box is a real allocation, and the numbers are summed up where it runs.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

use super::{OfInboxes, RUNTIMES, Workload, of_inboxes};
use crate::contest::Reading;
use crate::effort::Effort;
use crate::machine::{Place, Processors, cpu_time};
use crate::measure::{Measure, Unit};
use crate::peer::{Inbox, Sender};
use crate::tally;

/// `calls` in all, from `producers` threads.
#[derive(Clone, Copy)]
struct Deferred {
    calls: u64,
    producers: u64,
    processors: Processors,
}

/// The workload with that many producers.
pub const fn workload<const PRODUCERS: u64>(name: &'static str, title: &'static str) -> Workload {
    Workload {
        name,
        title,
        measures: &[
            Measure { name: "calls", unit: Unit::PerSecond },
            Measure { name: "processor time a call, both sides", unit: Unit::Nanos },
        ],
        rounds: 9,
        ratios_to: RUNTIMES,
        enter: |effort, processors| {
            // A short sample would miss what a producer that loses its processor does to others.
            let calls = match effort {
                Effort::Full => 1_000_000,
                Effort::Quick => 400_000,
                Effort::Smoke => 4_000,
            };
            of_inboxes(Deferred { calls, producers: PRODUCERS, processors })
        },
    }
}

impl OfInboxes for Deferred {
    fn sample<P: Inbox>(self) -> Reading {
        let each = self.calls / self.producers;
        let calls = each * self.producers;
        tally::begin(calls);
        let mut begun = None;
        let mut threads = Vec::new();
        P::serve(|sender: P::Sender| {
            let gate = Arc::new(Barrier::new(self.producers as usize + 1));
            for _ in 0..self.producers {
                let (sender, gate) = (sender.clone(), Arc::clone(&gate));
                threads.push(thread::spawn(move || {
                    self.processors.pin(Place::Feeder);
                    gate.wait();
                    for number in 0..each {
                        sender.send(move || tally::hit(number));
                    }
                }));
            }
            gate.wait();
            begun = Some((Instant::now(), cpu_time()));
        });
        let (instant, cpu_before) = begun.expect("serve calls start");
        let (took, cpu) = (instant.elapsed(), cpu_time() - cpu_before);
        threads.into_iter().for_each(|thread| thread.join().expect("a producer ends well"));
        let sum = self.producers * (each * (each - 1) / 2);
        assert_eq!(tally::sum(), sum, "{}: each call ran once", P::NAME);
        vec![calls as f64 / took.as_secs_f64(), cpu.as_nanos() as f64 / calls as f64]
    }
}
