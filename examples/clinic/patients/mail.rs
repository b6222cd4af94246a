//! A mail room: letters come in by a thread, and are sorted on the loop.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use glassloop::{EventLoop, Limits, Lint};

use super::Patient;
use crate::{evidence::Evidence, fault::Fault};

pub(crate) const PATIENT: Patient = Patient {
    name: "the mail room",
    complaint: "In the morning a letter is sorted at once, at noon an hour after it came.",
    admit,
    fault: Fault::UnboundedQueue,
    evidence: Evidence::Finding(Lint::UnboundedGrowth, "queue"),
    look: "`top`, or `res` twice: `deferred` grows and is never empty again; no poll is long, and \
        the calls have all been deferred at one line",
    mended: "backpressure: whoever brings letters waits for room, or is told that there is none; a \
        channel with a bound does that, and so does a smaller `Limits::executor.deferred_max`",
    file: file!(),
};

/// What one letter takes to be sorted.
const SORTING: Duration = Duration::from_millis(2);
/// How often one comes.
const MAIL: Duration = Duration::from_micros(500);

fn admit() -> io::Result<EventLoop> {
    // Room for a day of letters. And whoever has named the fault need not wait for long.
    let mut limits = Limits::default();
    limits.executor.deferred_max = 1 << 30;
    limits.lint.rise_ms_min = 100;
    let event_loop = EventLoop::builder().limits(limits).build()?;
    let remote = event_loop.remote();
    let postman = move || {
        // Here is the fault: it brings four in the time that one takes, and never waits.
        while remote.defer(sort).is_ok() {
            thread::sleep(MAIL);
        }
    };
    thread::Builder::new().name("postman".to_owned()).spawn(postman)?;
    Ok(event_loop)
}

fn sort() {
    let begun = Instant::now();
    while begun.elapsed() < SORTING {
        std::hint::spin_loop();
    }
}
