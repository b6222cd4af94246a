//! The simplest host that a guest can have: a thread with a queue of events.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    cell::Cell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    time::{Duration, Instant},
};

use glassloop::{EventLoop, Guest, GuestEnd, GuestTick};
use glassloop_reactor::Reactor;

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a tick may take.
pub(crate) const BUDGET: Duration = Duration::from_millis(2);

pub(crate) enum Event {
    Tick(GuestTick),
    Ended(GuestEnd),
    /// Something of the host's own.
    Call(Box<dyn FnOnce() + Send>),
}

/// What the wake word of a loop says: RUNNING, WAITING, PARKED or NOTIFIED.
pub(crate) fn word(event_loop: &EventLoop) -> String {
    let reactor = event_loop.enter(Reactor::current).expect("it was just entered");
    let told = format!("{:?}", reactor.notifier());
    told.split('"').nth(1).expect("the word is its first field").to_owned()
}

/// A host, and its queue.
pub(crate) struct Host {
    pub(crate) queue: mpsc::Sender<Event>,
    events: mpsc::Receiver<Event>,
    posted: Arc<AtomicU64>,
    ran: Cell<u64>,
}

impl Host {
    pub(crate) fn new() -> Host {
        let (queue, events) = mpsc::channel();
        Host { queue, events, posted: Arc::default(), ran: Cell::new(0) }
    }

    /// Takes a loop in.
    pub(crate) fn start(&self, event_loop: &Rc<EventLoop>) -> Guest {
        let (post, ended) = (self.queue.clone(), self.queue.clone());
        let posted = Arc::clone(&self.posted);
        let post = move |tick| {
            posted.fetch_add(1, SeqCst);
            drop(post.send(Event::Tick(tick)));
        };
        Guest::start(event_loop, post, move |end| drop(ended.send(Event::Ended(end)))).unwrap()
    }

    /// How many ticks it was given.
    pub(crate) fn posted(&self) -> u64 {
        self.posted.load(SeqCst)
    }

    /// Runs the host's loop until the guest has ended.
    pub(crate) fn run(&self) -> GuestEnd {
        let end = Rc::new(Cell::new(None));
        self.run_until(&|| false, &end);
        end.take().unwrap()
    }

    /// Runs the host's loop until `done`.
    pub(crate) fn serve_until(&self, done: &dyn Fn() -> bool) {
        let end = Rc::new(Cell::new(None));
        self.run_until(done, &end);
        assert!(end.take().is_none(), "the guest has ended");
    }

    /// Runs every tick that is here or on its way, until the helper waits, its wake word armed.
    pub(crate) fn park(&self, event_loop: &EventLoop) {
        let reactor = event_loop.enter(Reactor::current).expect("it was just entered");
        // A tick posts the next one before it returns, or arms the word.
        while self.ran.get() < self.posted() || !reactor.notifier().is_armed() {
            self.step();
        }
    }

    /// Runs exactly so many ticks, each for as long as `budget`. Then none is on its way, and the
    /// helper waits for something that has not come.
    pub(crate) fn rests_after(&self, ticks: u64, budget: Duration, event_loop: &EventLoop) {
        for _ in 0..ticks {
            self.next_tick().run(budget);
            self.ran.set(self.ran.get() + 1);
        }
        assert!(self.is_idle() && self.ran.get() == self.posted(), "more than {ticks} ticks");
        assert_eq!(word(event_loop), "WAITING");
    }

    fn run_until(&self, done: &dyn Fn() -> bool, end: &Cell<Option<GuestEnd>>) {
        while !done() {
            end.set(self.step());
            let ended = end.take();
            if ended.is_some() {
                return end.set(ended);
            }
        }
    }

    /// The next event, whatever it is.
    pub(crate) fn step(&self) -> Option<GuestEnd> {
        match self.next() {
            Event::Tick(tick) => {
                self.ran.set(self.ran.get() + 1);
                tick.run(BUDGET);
            }
            Event::Call(call) => call(),
            Event::Ended(end) => return Some(end),
        }
        None
    }

    /// Takes the next event out.
    pub(crate) fn next(&self) -> Event {
        let until = Instant::now() + PATIENCE;
        let left = until.saturating_duration_since(Instant::now());
        self.events.recv_timeout(left).expect("the host's queue stayed empty for ten seconds")
    }

    /// The same, which is a tick.
    pub(crate) fn next_tick(&self) -> GuestTick {
        match self.next() {
            Event::Tick(tick) => tick,
            Event::Call(_) => panic!("a call in the place of a tick"),
            Event::Ended(end) => panic!("{end:?} in the place of a tick"),
        }
    }

    /// Whether nothing is in the queue.
    pub(crate) fn is_idle(&self) -> bool {
        match self.events.try_recv() {
            Err(_) => true,
            Ok(event) => {
                self.queue.send(event).unwrap();
                false
            }
        }
    }
}
