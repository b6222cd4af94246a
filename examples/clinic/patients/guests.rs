//! A hotel: guests arrive all the time.

use std::{cell::RefCell, io, rc::Rc, time::Duration};

use glassloop::{CancelToken, EventLoop, Snapshot, interval, spawn};

use super::Patient;
use crate::{evidence::Evidence, fault::Fault};

pub(crate) const PATIENT: Patient = Patient {
    name: "the hotel",
    complaint: "Everybody is served at once. But after a week it is out of memory.",
    admit,
    fault: Fault::Leak,
    evidence: Evidence::State(guests),
    look: "`top` or `ps`, twice: the tasks grow by twenty a second, all of them `guest`, all at \
        one line, with one poll each",
    mended: "who departs is told so, and is taken out of the book",
    file: file!(),
};

fn admit() -> io::Result<EventLoop> {
    let event_loop = EventLoop::new()?;
    event_loop.spawn(arrivals()).named("arrivals").detach();
    Ok(event_loop)
}

async fn arrivals() {
    let departures = Rc::new(RefCell::new(Vec::new()));
    let mut arrival = interval(Duration::from_millis(50));
    loop {
        arrival.tick().await;
        let departs = CancelToken::new();
        // Here is the fault: the book of departures is written and never read.
        departures.borrow_mut().push(departs.clone());
        spawn(guest(departs)).named("guest").detach();
    }
}

async fn guest(departs: CancelToken) {
    departs.cancelled().await;
}

/// How many there are, and three of them.
fn guests(snapshot: &Snapshot) -> Option<Vec<String>> {
    let guests: Vec<_> = snapshot.tasks.iter().filter(|task| task.name == "guest").collect();
    let first = guests.get(..3).filter(|_| guests.len() >= 20)?;
    let lines = first.iter().map(|task| task.to_string());
    Some(lines.chain([format!("and {} more", guests.len() - 3)]).collect())
}
