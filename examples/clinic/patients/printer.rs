//! An office: a clock on the wall, and now and then something is printed.

use std::{io, thread, time::Duration};

use glassloop::{EventLoop, Lint, interval, sleep};

use super::Patient;
use crate::{evidence::Evidence, fault::Fault};

pub(crate) const PATIENT: Patient = Patient {
    name: "the office",
    complaint: "The clock on the wall ticks four times a second, but stands still now and then.",
    admit,
    fault: Fault::BlockingSleep,
    evidence: Evidence::Finding(Lint::SlowPoll, "printer"),
    look: "`top`: the longest poll has a second; `slow` names `printer`; `where`, while it lasts, \
        says where it was spawned and where it last waited",
    mended: "`offload(|| ..).await`: what blocks is for a thread of the pool",
    file: file!(),
};

fn admit() -> io::Result<EventLoop> {
    let event_loop = EventLoop::new()?;
    event_loop.spawn(clock()).named("clock").detach();
    event_loop.spawn(printer()).named("printer").detach();
    Ok(event_loop)
}

async fn clock() {
    let mut tick = interval(Duration::from_millis(250));
    loop {
        tick.tick().await;
    }
}

async fn printer() {
    loop {
        sleep(Duration::from_millis(1_500)).await;
        // Here is the fault: this is the thread's sleep, and the thread is the loop's.
        thread::sleep(Duration::from_secs(1));
    }
}
