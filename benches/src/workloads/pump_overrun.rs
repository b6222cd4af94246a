//! Overrun: how long a pump really keeps the host's thread, when there is far more to do than fits
//! into its budget.
//!
//! Timers that are due, calls from other threads and sockets with a message to answer, each item
//! with a microsecond of work of its own, all there when the first pump begins. calloop has no
//! budget: its row says how long a host is without its thread when one dispatch does what it finds.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::Workload;
use crate::contest::{Contestant, Reading};
use crate::effort::Effort;
use crate::floors::OURS;
#[cfg(feature = "ours")]
use crate::hosts::backlog::Ours;
use crate::hosts::backlog::{Backlog, Calloop, Heap};
use crate::measure::{Measure, Unit};
use crate::peer::Inbox;
use crate::peers;
use crate::series::Series;
use crate::tally;
use crate::toil::a_microsecond_of_work;

pub const WORKLOAD: Workload = Workload {
    name: "pump-overrun",
    title: "a pump of 2,000 us with ten times as much to do",
    measures: &[
        Measure { name: "keeps the thread, p50", unit: Unit::Micros },
        Measure { name: "keeps the thread, p99", unit: Unit::Micros },
        Measure { name: "keeps the thread, max", unit: Unit::Micros },
        Measure { name: "its processor time, max", unit: Unit::Micros },
    ],
    rounds: 7,
    ratios_to: [CALLOOP, OURS],
    enter: |effort, _| {
        let (heaps, heap) = match effort {
            Effort::Full => (20, Heap { timers: 10_000, calls: 10_000, sockets: 1_000 }),
            Effort::Quick => (10, Heap { timers: 10_000, calls: 10_000, sockets: 1_000 }),
            Effort::Smoke => (1, Heap { timers: 5_000, calls: 5_000, sockets: 50 }),
        };
        vec![
            #[cfg(feature = "ours")]
            Contestant::new(OURS, move || sample::<Ours>(heaps, heap)),
            Contestant::new(CALLOOP, move || sample::<Calloop>(heaps, heap)),
        ]
    },
};

const CALLOOP: &str = <peers::calloop::Calloop as Inbox>::NAME;

/// What the host spares for one pump.
const BUDGET: Duration = Duration::from_millis(2);

/// A message of a socket.
const MESSAGE: [u8; 64] = [7; 64];

/// What each item does: about a microsecond of work, counted.
pub fn item() {
    a_microsecond_of_work();
    tally::hit(1);
}

fn sample<B: Backlog>(heaps: u32, heap: Heap) -> Reading {
    let pumps = (0..heaps).flat_map(|_| pumps::<B>(heap)).map(|both| both.map(micros));
    let (took, cpu): (Vec<_>, Vec<_>) = pumps.map(<(f64, f64)>::from).unzip();
    let took = Series::new(took);
    vec![took.median(), took.quantile(0.99), took.max(), Series::new(cpu).max()]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The clock's and the processor's time of each pump. The last one counts only if it was late: it
/// has found too little to do.
fn pumps<B: Backlog>(heap: Heap) -> Vec<[Duration; 2]> {
    let (far_ends, near_ends): (Vec<_>, Vec<_>) =
        (0..heap.sockets).map(|_| UnixStream::pair().expect("there are descriptors")).unzip();
    let mut backlog = B::start(near_ends);
    let items = (heap.timers + heap.calls + heap.sockets) as u64;
    tally::begin(items);
    far_ends.iter().for_each(|mut end| end.write_all(&MESSAGE).expect("a socket takes that much"));
    backlog.pile_up(heap, Duration::from_millis(1));
    thread::sleep(Duration::from_millis(3));
    let mut took = Vec::new();
    while !tally::is_full() {
        let (begun, cpu_before) = (Instant::now(), thread_cpu_time());
        backlog.pump(BUDGET);
        took.push([begun.elapsed(), thread_cpu_time() - cpu_before]);
    }
    took.pop_if(|[clock, _]| *clock < BUDGET);
    assert_eq!(tally::sum(), items, "each item ran once");
    took
}

fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("processor time is not negative")
}
