//! Offloaded jobs: a microsecond of work each, on a thread of the peer's pool, awaited by a task.
//!
//! One at a time, a job is two wakes of a sleeping thread; with more in flight neither side sleeps
//! for long. The loop and the pool share both processors as the system likes. A pool starts anew in
//! each sample, but for that of `blocking`, of which a process has one.

use std::time::{Duration, Instant};

use super::Workload;
use crate::contest::{Contestant, Reading};
use crate::floors::{BLOCKING, SPAWN_BLOCKING};
use crate::machine::{Place, Processors, cpu_time};
use crate::measure::{Measure, Unit};
use crate::peer::Offloads;
#[cfg(feature = "ours")]
use crate::peers::ours::Ours;
use crate::peers::{smol::Smol, tokio::Tokio};
use crate::toil::a_microsecond_of_work;

pub const WORKLOAD: Workload = Workload {
    name: "offload",
    title: "jobs of a microsecond on other threads",
    measures: &[
        Measure { name: "all at once", unit: Unit::Nanos },
        Measure { name: "all at once, processor time", unit: Unit::Nanos },
        Measure { name: "64 in flight", unit: Unit::Nanos },
        Measure { name: "64 in flight, processor time", unit: Unit::Nanos },
        Measure { name: "one at a time", unit: Unit::Nanos },
        Measure { name: "one at a time, processor time", unit: Unit::Nanos },
    ],
    rounds: 9,
    ratios_to: [SPAWN_BLOCKING, BLOCKING],
    enter: |effort, processors| {
        let work = Jobs { jobs: effort.operations(100_000), processors };
        vec![
            #[cfg(feature = "ours")]
            work.contestant::<Ours>(),
            work.contestant::<Tokio>(),
            work.contestant::<Smol>(),
        ]
    },
};

/// How many are in flight in the middle one.
const TASKS: u64 = 64;

#[derive(Clone, Copy)]
struct Jobs {
    jobs: u64,
    processors: Processors,
}

impl Jobs {
    fn contestant<P: Offloads>(self) -> Contestant {
        Contestant::new(P::POOL, move || self.sample::<P>())
    }

    fn sample<P: Offloads>(self) -> Reading {
        self.processors.unpin();
        let at_once = timed(self.jobs, P::block_on(at_once::<P>(self.jobs)));
        let each = (self.jobs / TASKS).max(1);
        let in_flight = timed(TASKS * each, P::block_on(in_flight::<P>(each)));
        // The slowest of the three needs the fewest.
        let trips = self.jobs / 10;
        let in_turn = timed(trips, P::block_on(in_turn::<P>(trips)));
        self.processors.pin(Place::Loop);
        [at_once, in_flight, in_turn].concat()
    }
}

/// The clock's and the processors' time a job.
fn timed(jobs: u64, [took, cpu]: [Duration; 2]) -> Reading {
    [took, cpu].map(|time| time.as_nanos() as f64 / jobs as f64).to_vec()
}

fn job(number: u64) -> impl FnOnce() -> u64 + Send + 'static {
    move || {
        a_microsecond_of_work();
        number
    }
}

async fn at_once<P: Offloads>(jobs: u64) -> [Duration; 2] {
    let (begun, cpu_before) = (Instant::now(), cpu_time());
    let all: Vec<_> = (0..jobs).map(|number| P::offload(job(number))).collect();
    for (number, one) in (0..jobs).zip(all) {
        assert_eq!(one.await, number, "{}: each job has its own result", P::POOL);
    }
    [begun.elapsed(), cpu_time() - cpu_before]
}

async fn in_flight<P: Offloads>(each: u64) -> [Duration; 2] {
    let (begun, cpu_before) = (Instant::now(), cpu_time());
    let tasks: Vec<_> = (0..TASKS).map(|_| P::spawn(one_by_one::<P>(each))).collect();
    for task in tasks {
        assert_eq!(task.await, each, "{}: each job ran", P::POOL);
    }
    [begun.elapsed(), cpu_time() - cpu_before]
}

async fn in_turn<P: Offloads>(trips: u64) -> [Duration; 2] {
    let (begun, cpu_before) = (Instant::now(), cpu_time());
    assert_eq!(one_by_one::<P>(trips).await, trips, "{}: each job ran", P::POOL);
    [begun.elapsed(), cpu_time() - cpu_before]
}

async fn one_by_one<P: Offloads>(jobs: u64) -> u64 {
    let mut ran = 0;
    for number in 0..jobs {
        ran += u64::from(P::offload(job(number)).await == number);
    }
    ran
}
