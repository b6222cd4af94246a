//! Host calls: a loop asks the host's main thread for something and awaits the answer.
//!
//! One at a time, a trip is two wakes of a sleeping thread; many in flight, neither side sleeps for
//! long. Both where each thread has a processor, and where they share one: there a wake is a switch
//! of threads, and the machine adds nothing of its own.

use std::time::{Duration, Instant};

use super::Workload;
use crate::contest::{Contestant, Reading};
use crate::floors::TOKIO;
#[cfg(feature = "glib")]
use crate::hosts::glib;
#[cfg(feature = "ours")]
use crate::hosts::ours;
use crate::hosts::{self, Asker, Host, Seat, calloop, channel, tokio};
use crate::machine::{Place, Processors, cpu_time};
use crate::measure::{Measure, Unit};
use crate::series::Series;
use crate::tally;

pub const WORKLOAD: Workload = Workload {
    name: "host-call",
    title: "calls of a host's thread",
    measures: &[
        Measure { name: "one at a time, p50", unit: Unit::Micros },
        Measure { name: "one at a time, p99", unit: Unit::Micros },
        Measure { name: "one at a time on one processor, p50", unit: Unit::Micros },
        Measure { name: "1,000 in flight", unit: Unit::PerSecond },
        Measure { name: "1,000 in flight, processor time a call, both sides", unit: Unit::Nanos },
        Measure { name: "the same on one processor", unit: Unit::Nanos },
    ],
    rounds: 9,
    ratios_to: [TOKIO, channel::NAME],
    enter: |effort, processors| {
        let (trips, each) = (effort.operations(2_000).max(10), effort.operations(200).max(2));
        let work = HostCalls { trips, in_flight: 1_000, each, processors };
        vec![
            #[cfg(feature = "ours")]
            work.contestant::<ours::Kicked>(),
            #[cfg(feature = "ours")]
            work.contestant::<ours::Blocked>(),
            #[cfg(feature = "ours")]
            work.contestant::<ours::PumpedAndDrained>(),
            work.contestant::<tokio::OwnChannel>(),
            work.contestant::<tokio::StdChannel>(),
            #[cfg(feature = "glib")]
            work.contestant::<glib::Invoked>(),
            work.contestant::<calloop::Channel>(),
            Contestant::new(channel::NAME, move || {
                work.sample(channel::one_at_a_time, channel::in_flight)
            }),
        ]
    },
};

/// `trips` one after the other; `each` of so many `in_flight`.
#[derive(Clone, Copy)]
struct HostCalls {
    trips: u64,
    in_flight: u64,
    each: u64,
    processors: Processors,
}

type OneAtATime = fn(u64, Seat) -> Vec<Duration>;
type InFlight = fn(u64, u64, Seat) -> [Duration; 2];

impl HostCalls {
    fn contestant<H: Host>(self) -> Contestant {
        Contestant::new(H::NAME, move || self.sample(one_at_a_time::<H>, in_flight::<H>))
    }

    fn sample(self, one_at_a_time: OneAtATime, in_flight: InFlight) -> Reading {
        hosts::begin_to_host();
        let [apart, together] = [Place::Feeder, Place::Loop]
            .map(|place| Seat { processors: self.processors, place })
            .map(|seat| {
                let trips = one_at_a_time(self.trips, seat);
                let trips = trips.iter().map(|trip| trip.as_secs_f64() * 1e6).collect();
                let [took, cpu] = in_flight(self.in_flight, self.each, seat);
                // The loop may have run on this thread, and moved it.
                self.processors.pin(Place::Loop);
                (Series::new(trips), took, cpu)
            });
        let calls = (self.in_flight * self.each) as f64;
        vec![
            apart.0.median(),
            apart.0.quantile(0.99),
            together.0.median(),
            calls / apart.1.as_secs_f64(),
            apart.2.as_nanos() as f64 / calls,
            together.2.as_nanos() as f64 / calls,
        ]
    }
}

fn one_at_a_time<H: Host>(trips: u64, seat: Seat) -> Vec<Duration> {
    H::serve(move |host| async move {
        seat.take();
        let mut took = Vec::with_capacity(trips as usize);
        for number in 0..trips {
            let begun = Instant::now();
            let answer = host.ask(hosts::job(number)).await;
            took.push(begun.elapsed());
            assert_eq!(answer, number, "{}: each call has its own answer", H::NAME);
        }
        took
    })
}

/// The clock's and the processors' time.
fn in_flight<H: Host>(tasks: u64, each: u64, seat: Seat) -> [Duration; 2] {
    H::serve(move |host| async move {
        seat.take();
        let calls = tasks * each;
        tally::begin(calls);
        let (begun, cpu_before) = (Instant::now(), cpu_time());
        for task in 0..tasks {
            let asker = host.clone();
            host.spawn(async move {
                for number in task * each..(task + 1) * each {
                    tally::hit(asker.ask(hosts::job(number)).await);
                }
            });
        }
        tally::filled().await;
        let took = [begun.elapsed(), cpu_time() - cpu_before];
        assert_eq!(tally::sum(), calls * (calls - 1) / 2, "{}: each was answered once", H::NAME);
        took
    })
}
