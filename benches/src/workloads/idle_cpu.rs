//! Idle: what a loop with nothing to do costs its host while both of them wait.
//!
//! The processor time of the whole process, with the loop parked in each of its shapes. What the
//! host itself does is the same everywhere: it sleeps, in one piece or in frames of 16 ms.

use std::thread;
use std::time::{Duration, Instant};

use super::Workload;
use crate::contest::{Contestant, Reading};
#[cfg(feature = "glib")]
use crate::hosts::glib;
#[cfg(feature = "ours")]
use crate::hosts::ours;
use crate::hosts::{Pumped, calloop, parked, poll, tokio};
use crate::machine::cpu_time;
use crate::measure::{Measure, Unit};

pub const WORKLOAD: Workload = Workload {
    name: "idle-cpu",
    title: "a second in which nothing happens",
    measures: &[Measure { name: "processor time", unit: Unit::Micros }],
    rounds: 5,
    ratios_to: [NOTHING, FRAMES],
    enter: |effort, _| {
        let time = effort.time(Duration::from_secs(1));
        let shapes: &[(&'static str, Shape)] = &[
            #[cfg(feature = "ours")]
            ("glassloop thread", |time| parked::our_thread(|| asleep(time))),
            #[cfg(feature = "ours")]
            ("glassloop descriptor", |time| {
                let mut host = parked::Nested::start();
                idle(time, |left| host.wait(left))
            }),
            #[cfg(feature = "ours")]
            ("glassloop guest", |time| {
                let host = parked::AsGuest::start();
                idle(time, |left| host.wait(left))
            }),
            #[cfg(feature = "ours")]
            ("glassloop pumped", in_frames::<ours::OneTurn>),
            ("tokio thread", |time| parked::tokio_thread(|| asleep(time))),
            ("tokio pumped", in_frames::<tokio::OneYield>),
            #[cfg(feature = "glib")]
            ("glib pumped", in_frames::<glib::Iteration>),
            ("calloop pumped", in_frames::<calloop::Dispatch>),
            ("epoll_wait pumped", in_frames::<poll::Poll>),
            (FRAMES, |time| idle(time, |left| thread::sleep(FRAME.min(left)))),
            (NOTHING, asleep),
        ];
        let contestant = |&(name, shape): &(_, Shape)| Contestant::new(name, move || shape(time));
        shapes.iter().map(contestant).collect()
    },
};

/// Idles for that long.
type Shape = fn(Duration) -> Reading;

/// No loop at all: the host sleeps in one piece.
const NOTHING: &str = "no loop";

/// No loop at all, in frames.
const FRAMES: &str = "no loop, frames";

/// A frame at 60 Hz.
const FRAME: Duration = Duration::from_millis(16);

/// What was just begun has come to rest by then.
const SETTLE: Duration = Duration::from_millis(10);

/// Has the host `rest` until the time is over, each time at most for what is left of it. The
/// processor time of a second.
fn idle(time: Duration, mut rest: impl FnMut(Duration)) -> Reading {
    thread::sleep(SETTLE);
    let (begun, cpu_before) = (Instant::now(), cpu_time());
    while let Some(left) = time.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
        rest(left);
    }
    let (took, cpu) = (begun.elapsed(), cpu_time() - cpu_before);
    vec![cpu.as_secs_f64() * 1e6 / took.as_secs_f64()]
}

fn asleep(time: Duration) -> Reading {
    idle(time, thread::sleep)
}

/// Pumps once a frame.
fn in_frames<P: Pumped>(time: Duration) -> Reading {
    let mut host = P::start();
    idle(time, |left| {
        host.pump();
        thread::sleep(FRAME.min(left));
    })
}
