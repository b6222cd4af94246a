//! Loops that wait beside a host that waits.

use std::thread;

use tokio::sync::oneshot;

#[cfg(feature = "ours")]
pub use self::ours::{AsGuest, Nested, our_thread};
use crate::peers::tokio::runtime;

/// With a tokio that waits on a thread of its own.
pub fn tokio_thread<T>(host: impl FnOnce() -> T) -> T {
    let (end, ended) = oneshot::channel::<()>();
    let thread = thread::spawn(move || runtime().block_on(ended));
    let result = host();
    end.send(()).expect("it waits for the end");
    thread.join().expect("the runtime's thread ends well").expect("the end was told");
    result
}

#[cfg(feature = "ours")]
mod ours {
    use std::os::fd::AsRawFd;
    use std::rc::Rc;
    use std::sync::mpsc;
    use std::time::Duration;

    use glassloop::{EventLoop, Guest, GuestTick, LoopThread};
    use mio::unix::SourceFd;

    /// With a `LoopThread` that waits.
    pub fn our_thread<T>(host: impl FnOnce() -> T) -> T {
        let thread = LoopThread::start("waits").expect("glassloop starts");
        let result = host();
        drop(thread);
        result
    }

    /// A loop whose descriptor the host waits for, in an epoll of its own.
    pub struct Nested {
        event_loop: EventLoop,
        host: mio::Poll,
        events: mio::Events,
    }

    impl Nested {
        pub fn start() -> Nested {
            let event_loop = EventLoop::new().expect("glassloop starts");
            let descriptor = event_loop.descriptor().expect("it has one").as_raw_fd();
            let host = mio::Poll::new().expect("there is a free descriptor");
            let readable = mio::Interest::READABLE;
            let watched =
                host.registry().register(&mut SourceFd(&descriptor), mio::Token(0), readable);
            watched.expect("a descriptor can be watched");
            let mut nested = Nested { event_loop, host, events: mio::Events::with_capacity(8) };
            nested.pump();
            nested
        }

        /// Waits until the loop has something to do, or `left` is over.
        pub fn wait(&mut self, left: Duration) {
            let timeout = self.event_loop.timeout().map_or(left, |timeout| timeout.min(left));
            self.host.poll(&mut self.events, Some(timeout)).expect("an epoll can be asked");
            if !self.events.is_empty() || timeout < left {
                self.pump();
            }
        }

        fn pump(&mut self) {
            let _more = self.event_loop.pump(Duration::ZERO).expect("the loop runs");
        }
    }

    /// A loop as the guest of this thread; a channel stands for the host's queue of events.
    pub struct AsGuest {
        // Dropped before the channel: a tick that nobody takes would tell that the host has gone.
        _guest: Guest,
        ticks: mpsc::Receiver<GuestTick>,
    }

    impl AsGuest {
        pub fn start() -> AsGuest {
            let event_loop = Rc::new(EventLoop::new().expect("glassloop starts"));
            let (post, ticks) = mpsc::channel();
            let guest = Guest::start(&event_loop, move |tick| drop(post.send(tick)), |_end| {});
            AsGuest { _guest: guest.expect("this thread has no other guest"), ticks }
        }

        /// Waits until the loop has something to do, or `left` is over.
        pub fn wait(&self, left: Duration) {
            if let Ok(tick) = self.ticks.recv_timeout(left) {
                tick.run(Duration::ZERO);
            }
        }
    }
}
