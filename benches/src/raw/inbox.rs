//! The floor's way for calls from other threads: std's channel, an eventfd and one atomic word.
//!
//! The kernel is called once for each time the loop slept. Safe code throughout.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;

use rustix::event::{EventfdFlags, epoll, eventfd};
use rustix::fd::OwnedFd;

use super::{NO_DATA, Poller, Raw};
use crate::peer::{Call, Inbox, Sender};
use crate::tally;

const RUNNING: u8 = 0;
const WAITING: u8 = 1;
const NOTIFIED: u8 = 2;

/// What both ends share.
struct Bell {
    word: AtomicU8,
    event: OwnedFd,
}

#[derive(Clone)]
pub struct RawSender {
    calls: mpsc::Sender<Call>,
    bell: Arc<Bell>,
}

impl Sender for RawSender {
    fn send(&self, call: impl FnOnce() + Send + 'static) {
        self.calls.send(Box::new(call)).expect("the loop outlives its producers");
        if self.bell.word.swap(NOTIFIED, Ordering::AcqRel) == WAITING {
            rustix::io::write(&self.bell.event, &1_u64.to_ne_bytes()).expect("an eventfd has room");
        }
    }
}

impl Inbox for Raw {
    const NAME: &'static str = "raw floor";

    type Sender = RawSender;

    fn serve(start: impl FnOnce(RawSender)) {
        let poller = Poller::new();
        let event = eventfd(0, EventfdFlags::CLOEXEC).expect("eventfd is available");
        let bell = Arc::new(Bell { word: AtomicU8::new(RUNNING), event });
        // Edge-triggered: each write is one event, and nobody needs to read the eventfd.
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&poller.epoll, &bell.event, NO_DATA, flags).expect("an eventfd can be polled");
        let (calls, inbox) = mpsc::channel();
        start(RawSender { calls, bell: Arc::clone(&bell) });
        loop {
            bell.word.swap(RUNNING, Ordering::AcqRel);
            inbox.try_iter().for_each(|call: Call| call());
            if tally::is_full() {
                return;
            }
            let word = &bell.word;
            if word.compare_exchange(RUNNING, WAITING, Ordering::AcqRel, Ordering::Acquire).is_ok()
            {
                poller.wait_for_event();
            }
        }
    }
}

impl Poller {
    /// Sleeps until a registered descriptor is ready.
    fn wait_for_event(&self) {
        let mut events = [epoll::Event { flags: epoll::EventFlags::empty(), data: NO_DATA }; 8];
        match epoll::wait(&self.epoll, &mut events, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("epoll_wait: {error}"),
        }
    }
}
