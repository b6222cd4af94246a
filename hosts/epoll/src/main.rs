//! A host that waits with epoll: our descriptor is one of those it waits for.

use std::{cell::Cell, rc::Rc, time::Duration};

use glassloop::EventLoop;
use host_common::{Document, Failure, Visit};
use rustix::event::{
    Timespec,
    epoll::{self, CreateFlags, EventData, EventFlags},
};

fn main() -> Result<(), Failure> {
    let ours = EventLoop::new()?;
    let document = Document::new();
    let over = Rc::new(Cell::new(false));
    let quit = Rc::clone(&over);
    let visit = Visit::open(&ours, move |line| document.add(line), move || quit.set(true));

    let host = epoll::create(CreateFlags::CLOEXEC)?;
    let descriptor = ours.descriptor()?;
    epoll::add(&host, descriptor, EventData::new_u64(0), EventFlags::IN)?;

    let mut pumps = 0;
    while !over.get() {
        let mut events = Vec::with_capacity(8);
        let timeout = ours.timeout().map(time_of);
        epoll::wait(&host, rustix::buffer::spare_capacity(&mut events), timeout.as_ref())?;
        // A host with descriptors of its own looks here whose they are. Ours is the only one, and
        // if nothing came the timeout was ours, too.
        let _pumped = ours.pump(Duration::ZERO)?;
        pumps += 1;
    }
    visit.end(&ours, "epoll", format_args!("{pumps} pumps"))
}

/// As epoll wants it. Here it may be exact: the wait takes nanoseconds.
fn time_of(wait: Duration) -> Timespec {
    let tv_sec = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
    Timespec { tv_sec, tv_nsec: wait.subsec_nanos().into() }
}
