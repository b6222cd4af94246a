//! A night watch: somebody waits for the day, and somebody goes his rounds.

use std::{cell::Cell, future::poll_fn, io, rc::Rc, task::Poll, time::Duration};

use glassloop::{EventLoop, Lint, interval};

use super::Patient;
use crate::{evidence::Evidence, fault::Fault};

pub(crate) const PATIENT: Patient = Patient {
    name: "the night watch",
    complaint: "It does what it should, and is never late. But the laptop's fan never stops.",
    admit,
    fault: Fault::SelfWakeStorm,
    evidence: Evidence::Finding(Lint::SelfWakeStorm, "watchman"),
    look: "`top`: utilisation 100 %, and `watchman` has millions of polls; `wakes watchman`: by \
        itself, each time",
    mended: "leave the waker with whoever brings the day, in place of waking it at once",
    file: file!(),
};

fn admit() -> io::Result<EventLoop> {
    let event_loop = EventLoop::new()?;
    let day = Rc::new(Cell::new(false));
    event_loop.spawn(watchman(day)).named("watchman").detach();
    event_loop.spawn(rounds()).named("rounds").detach();
    Ok(event_loop)
}

fn watchman(day: Rc<Cell<bool>>) -> impl Future<Output = ()> {
    poll_fn(move |context| {
        if day.get() {
            return Poll::Ready(());
        }
        // Here is the fault: "not yet, ask me again at once".
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

async fn rounds() {
    let mut round = interval(Duration::from_millis(100));
    loop {
        round.tick().await;
    }
}
