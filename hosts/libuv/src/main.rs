//! A host on libuv, as node is: our descriptor is a poll of its loop, and our next deadline a
//! timer of its loop.

mod uv;

use std::{
    cell::{Cell, RefCell},
    os::fd::AsRawFd,
    rc::Rc,
    time::Duration,
};

use glassloop::EventLoop;
use host_common::{Document, Failure, Visit, milliseconds};

use uv::{Loop, Readable, Timer};

/// Our loop, as the handles of libuv's hold it.
struct Guest {
    ours: EventLoop,
    host: Loop,
    /// When to pump though the descriptor says nothing.
    timer: RefCell<Option<Timer>>,
    pumps: Cell<u32>,
    failed: RefCell<Option<Failure>>,
}

impl Guest {
    fn pump(&self) {
        if let Err(error) = self.pump_and_set_timer() {
            self.failed.replace(Some(error));
            self.host.stop();
        }
    }

    fn pump_and_set_timer(&self) -> Result<(), Failure> {
        self.pumps.set(self.pumps.get() + 1);
        let pumped = self.ours.pump(Duration::ZERO)?;
        // If there is more the descriptor is readable already.
        let next = pumped.next.filter(|_| !pumped.more);
        if let Some(timer) = self.timer.borrow().as_ref() {
            timer.set(next.map(milliseconds))?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Failure> {
    let theirs = Loop::new()?;
    let guest = Rc::new(Guest {
        ours: EventLoop::new()?,
        host: theirs.clone(),
        timer: RefCell::default(),
        pumps: Cell::new(0),
        failed: RefCell::default(),
    });

    let document = Document::new();
    let quit = theirs.clone();
    let visit = Visit::open(&guest.ours, move |line| document.add(line), move || quit.stop());

    let due = Rc::clone(&guest);
    guest.timer.replace(Some(Timer::new(&theirs, move || due.pump())?));
    let readable = Rc::clone(&guest);
    let descriptor = guest.ours.descriptor()?.as_raw_fd();
    let watched = Readable::new(&theirs, descriptor, move || readable.pump())?;
    theirs.run();

    // libuv closes its handles in one more run.
    drop(watched);
    drop(guest.timer.take());
    theirs.run();

    match guest.failed.take() {
        Some(failed) => Err(failed),
        None => visit.end(&guest.ours, "libuv", format_args!("{} pumps", guest.pumps.get())),
    }
}
