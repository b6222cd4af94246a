//! Two clerks, one of whom fills in a form that needs a stamp, and the other stamps.

use std::{cell::RefCell, io, rc::Rc};

use glassloop::{EventLoop, JoinHandle, Lint, yield_now};

use super::Patient;
use crate::{evidence::Evidence, fault::Fault};

pub(crate) const PATIENT: Patient = Patient {
    name: "the counter",
    complaint: "No form has come out since it opened. The processor is idle.",
    admit,
    fault: Fault::Deadlock,
    evidence: Evidence::Finding(Lint::SuspectedDeadlock, "Ada"),
    look: "`ps`: two tasks wait for a `join` each; `why Ada` goes from Ada to Ben and back to Ada. \
           (`run` ends with an error at a deadlock, but not where another thread may still call \
           into the loop, as here)",
    mended: "an order: one of the two gives without having got",
    file: file!(),
};

type Desk = Rc<RefCell<Option<JoinHandle<&'static str>>>>;

fn admit() -> io::Result<EventLoop> {
    let event_loop = EventLoop::new()?;
    let (ada, ben) = (Desk::default(), Desk::default());
    let task = event_loop.spawn(hand_over(Rc::clone(&ben), "a form")).named("Ada");
    ada.replace(Some(task));
    let task = event_loop.spawn(hand_over(Rc::clone(&ada), "a stamp")).named("Ben");
    ben.replace(Some(task));
    Ok(event_loop)
}

/// Takes what lies on the other one's desk, and gives `thing` for it.
async fn hand_over(other: Desk, thing: &'static str) -> &'static str {
    yield_now().await;
    let other = other.borrow_mut().take();
    // Here is the fault: each gives when the other one has given.
    let _got = other.expect("he is there").await;
    thing
}
