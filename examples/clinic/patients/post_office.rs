//! A post office: letters come, and two wait for one each.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use glassloop::{EventLoop, Lint, sleep};

use super::Patient;
use crate::{evidence::Evidence, fault::Fault};

pub(crate) const PATIENT: Patient = Patient {
    name: "the post office",
    complaint: "Two wait for letters, and plenty come. One of the two never gets any.",
    admit,
    fault: Fault::LostWake,
    evidence: Evidence::Finding(Lint::LostWake, "Ada"),
    look: "`ps`: `Ada` waits, and WAKERS is 0; `why Ada`: in a leaf that isn't ours, and nobody \
        holds a waker of it; `Ben` was woken each time",
    mended: "a place for each who waits, or a channel that has one",
    file: file!(),
};

#[derive(Default)]
struct Office {
    letters: Cell<u32>,
    /// Here is the fault: there is room for one who waits.
    waits: RefCell<Option<Waker>>,
}

fn admit() -> io::Result<EventLoop> {
    let (event_loop, office) = (EventLoop::new()?, Rc::new(Office::default()));
    for name in ["Ada", "Ben"] {
        event_loop.spawn(fetches(Rc::clone(&office))).named(name).detach();
    }
    event_loop.spawn(post(office)).named("post").detach();
    Ok(event_loop)
}

async fn fetches(office: Rc<Office>) {
    loop {
        poll_fn(|context| {
            let letters = office.letters.get();
            if letters == 0 {
                office.waits.replace(Some(context.waker().clone()));
                return Poll::Pending;
            }
            office.letters.set(letters - 1);
            Poll::Ready(())
        })
        .await;
    }
}

async fn post(office: Rc<Office>) {
    loop {
        sleep(Duration::from_millis(200)).await;
        office.letters.set(office.letters.get() + 1);
        let waits = office.waits.take();
        waits.into_iter().for_each(Waker::wake);
    }
}
