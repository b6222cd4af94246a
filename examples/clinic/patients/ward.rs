//! A ward: a nurse who answers the bell, and many who do a little, all the time.

use std::{
    io,
    time::{Duration, Instant},
};

use glassloop::{EventLoop, Lint, interval, yield_now};

use super::Patient;
use crate::{evidence::Evidence, fault::Fault};

pub(crate) const PATIENT: Patient = Patient {
    name: "the ward",
    complaint: "The bell is answered a third of a second late, though nobody is slow.",
    admit,
    fault: Fault::Starvation,
    evidence: Evidence::Finding(Lint::Starvation, "nurse"),
    look: "`ps`: hundreds of tasks, each short, and the SCHED of `nurse` is a thousand times her \
        BUSY; `top`: 99 of a hundred polls take about a millisecond, and 99 of a hundred delays \
        hundreds",
    mended: "less at once: a bound for how many work side by side; or another loop, on a thread of \
        its own, for who must answer at once",
    file: file!(),
};

const WORKERS: u32 = 300;

fn admit() -> io::Result<EventLoop> {
    let event_loop = EventLoop::new()?;
    event_loop.spawn(nurse()).named("nurse").detach();
    // Here is the fault: so many take turns before it is her turn again.
    for worker in 0..WORKERS {
        event_loop.spawn(works()).named(format!("worker {worker}")).detach();
    }
    Ok(event_loop)
}

async fn nurse() {
    let mut bell = interval(Duration::from_millis(500));
    loop {
        bell.tick().await;
    }
}

/// A millisecond of work at a time, and it lets the others go first in between.
async fn works() {
    loop {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(1) {
            std::hint::spin_loop();
        }
        yield_now().await;
    }
}
