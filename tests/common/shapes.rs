//! The shapes in which a loop lives in its host, each with a host that only does as it is called.

use std::{
    io,
    rc::Rc,
    sync::mpsc,
    time::{Duration, Instant},
};

use glassloop::{EventLoop, Guest, mio};

use crate::guest_host::Host;

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A host with a loop.
pub(crate) trait Shape {
    fn event_loop(&self) -> &EventLoop;

    /// Serves the loop until it has nothing to do, and leaves it parked.
    fn park(&mut self);

    /// Waits for whatever the loop calls its host by, and serves it, until `done`. Nothing else
    /// makes it look, but the loop's own timeout.
    fn serve_until(&mut self, done: &dyn Fn() -> bool);

    /// The same for what arrives at a socket, of which some loops don't call their host.
    fn look_until(&mut self, done: &dyn Fn() -> bool) {
        self.serve_until(done);
    }

    /// How often the loop has called its host.
    fn calls_of_host(&self) -> u64 {
        self.event_loop().snapshot().reactor.host_wakes
    }
}

/// A host that pumps when it is called, and when the timeout is over.
pub(crate) struct Pump {
    event_loop: EventLoop,
    called: mpsc::Receiver<()>,
}

impl Pump {
    pub(crate) fn new() -> Pump {
        let (call, called) = mpsc::channel();
        let event_loop = EventLoop::new().unwrap();
        event_loop.on_wake(move || call.send(()).unwrap());
        Pump { event_loop, called }
    }

    fn pump(&self) -> bool {
        self.event_loop.pump(Duration::from_millis(2)).unwrap().more
    }
}

impl Shape for Pump {
    fn event_loop(&self) -> &EventLoop {
        &self.event_loop
    }

    fn park(&mut self) {
        while self.called.try_recv().is_ok() {}
        while self.pump() {}
        assert!(self.called.try_recv().is_err(), "a call that nobody needed");
    }

    fn serve_until(&mut self, done: &dyn Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done() {
            assert!(Instant::now() < end, "it did not come");
            let patience = self.event_loop.timeout().unwrap_or(PATIENCE).min(PATIENCE);
            self.called.recv_timeout(patience).ok();
            self.pump();
        }
    }

    /// As a game does, with each frame.
    fn look_until(&mut self, done: &dyn Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done() {
            assert!(Instant::now() < end, "it did not come");
            self.pump();
        }
    }
}

/// A host that waits for descriptors, the loop's among them.
pub(crate) struct Descriptor {
    event_loop: EventLoop,
    host: mio::Poll,
}

impl Descriptor {
    pub(crate) fn new() -> Descriptor {
        let event_loop = EventLoop::new().unwrap();
        let host = mio::Poll::new().unwrap();
        let descriptor = event_loop.descriptor().unwrap();
        let mut source = mio::unix::SourceFd(&descriptor);
        host.registry().register(&mut source, mio::Token(7), mio::Interest::READABLE).unwrap();
        Descriptor { event_loop, host }
    }

    fn turn(&self) -> bool {
        self.event_loop.pump(Duration::ZERO).unwrap().more
    }
}

impl Shape for Descriptor {
    fn event_loop(&self) -> &EventLoop {
        &self.event_loop
    }

    fn park(&mut self) {
        while self.turn() {}
    }

    fn serve_until(&mut self, done: &dyn Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        let mut events = mio::Events::with_capacity(8);
        while !done() {
            assert!(Instant::now() < end, "it did not come");
            let timeout = self.event_loop.timeout().unwrap_or(PATIENCE).min(PATIENCE);
            match self.host.poll(&mut events, Some(timeout)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                polled => polled.unwrap(),
            }
            self.turn();
        }
    }
}

/// A host that runs the ticks it is given.
pub(crate) struct Lodger {
    event_loop: Rc<EventLoop>,
    host: Host,
    _guest: Guest,
    posted_when_parked: u64,
}

impl Lodger {
    pub(crate) fn new() -> Lodger {
        let (event_loop, host) = (Rc::new(EventLoop::new().unwrap()), Host::new());
        let guest = host.start(&event_loop);
        Lodger { event_loop, host, _guest: guest, posted_when_parked: 0 }
    }
}

impl Shape for Lodger {
    fn event_loop(&self) -> &EventLoop {
        &self.event_loop
    }

    fn park(&mut self) {
        self.host.park(&self.event_loop);
        self.posted_when_parked = self.host.posted();
    }

    fn serve_until(&mut self, done: &dyn Fn() -> bool) {
        self.host.serve_until(done);
        assert!(self.host.posted() > self.posted_when_parked, "it came without a tick");
    }

    /// Its helper is called, and gives the host a tick.
    fn calls_of_host(&self) -> u64 {
        self.event_loop().snapshot().reactor.wake_calls
    }
}
