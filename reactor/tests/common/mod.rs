//! A loop for these tests: a reactor and one future, polled whenever it is woken.
//!
//! It never sleeps: a manual clock is moved to the next deadline, and a wait for the OS that brings
//! nothing for five seconds fails the test.

#![allow(dead_code, reason = "each test uses its own part")]

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    io,
    net::{TcpListener, TcpStream as StdStream},
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use glassloop_reactor::{
    Clock, Entered, Events, Limits, ManualClock, Options, PollerKind, Reactor, Woken, net,
    net::TcpStream,
};

/// The wait for the OS after which a test is taken to hang.
const PATIENCE: Duration = Duration::from_secs(5);

/// A waker that counts.
#[derive(Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn waker() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Waker::from(count))
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A reactor at work, current on this thread.
pub(crate) struct Harness {
    pub(crate) reactor: Rc<Reactor>,
    pub(crate) turns: Cell<usize>,
    _entered: Entered,
}

impl Harness {
    pub(crate) fn new(options: Options) -> Harness {
        let reactor = Reactor::new(options).unwrap();
        let entered = reactor.enter();
        Harness { reactor, turns: Cell::new(0), _entered: entered }
    }

    /// Sockets of the OS, and its clock.
    pub(crate) fn kernel() -> Harness {
        Harness::new(Options::default())
    }

    /// No descriptors, and a clock that only this test moves.
    pub(crate) fn manual() -> (Harness, ManualClock) {
        let clock = ManualClock::new();
        let options = Options {
            poller: PollerKind::TimersOnly,
            clock: Clock::Manual(clock.clone()),
            ..Options::default()
        };
        (Harness::new(options), clock)
    }

    /// One turn that blocks for at most `timeout`.
    pub(crate) fn turn(&self, timeout: Duration) -> usize {
        let mut events = Events::new();
        let mut woken = Woken::default();
        self.reactor.wait(Some(timeout), &mut events).unwrap();
        self.reactor.io(&events, &mut woken);
        self.reactor.timers(&mut woken);
        let count = woken.len();
        woken.drain().for_each(|(waker, _)| waker.wake());
        self.reactor.finish(&mut woken);
        woken.drain().for_each(|(waker, _)| waker.wake());
        self.turns.set(self.turns.get() + 1);
        count
    }

    /// Turns that don't block, until the OS has told all it knows by now.
    pub(crate) fn settle(&self) {
        for _ in 0..4 {
            self.turn(Duration::ZERO);
        }
    }

    /// Polls a future once.
    pub(crate) fn poll_once<F: Future + Unpin>(&self, future: &mut F) -> Poll<F::Output> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Runs a future to its end.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let (count, waker) = Count::waker();
        let mut future = pin!(future);
        let mut seen = usize::MAX;
        loop {
            if seen != count.get() {
                seen = count.get();
                self.reactor.set_owner(1);
                let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
                self.reactor.set_owner(0);
                if let Poll::Ready(output) = polled {
                    return output;
                }
            }
            let timeout = if seen == count.get() { self.timeout() } else { Duration::ZERO };
            let before = self.reactor.counts().events;
            self.turn(timeout);
            assert!(
                timeout < PATIENCE || self.reactor.counts().events > before,
                "expected the future to be woken, came nothing; sources: {:#?}",
                self.reactor.sources()
            );
        }
    }

    /// How long to block; a manual clock jumps instead.
    fn timeout(&self) -> Duration {
        if self.reactor.has_pending_events() {
            return Duration::ZERO;
        }
        let deadline = self.reactor.earliest_deadline();
        match (self.reactor.clock(), deadline) {
            (Clock::Manual(clock), Some(deadline)) => {
                clock.jump_to(deadline);
                Duration::ZERO
            }
            (Clock::System | Clock::Boot, Some(deadline)) => {
                Duration::from_nanos(deadline.saturating_sub(self.reactor.read_clock()))
                    .min(PATIENCE / 2)
            }
            _ => PATIENCE,
        }
    }
}

/// Runs a test with two connected streams of the OS, then with two in memory.
pub(crate) fn both(test: impl Fn(&Harness, TcpStream, TcpStream)) {
    both_with(Limits::default(), test);
}

/// As `both`, with other limits.
pub(crate) fn both_with(limits: Limits, test: impl Fn(&Harness, TcpStream, TcpStream)) {
    let kernel = Harness::new(Options { limits, ..Options::default() });
    let (here, there) = kernel_pair().unwrap();
    test(&kernel, here, there);
    drop(kernel);
    let options = Options { limits, poller: PollerKind::TimersOnly, ..Options::default() };
    let memory = Harness::new(options);
    let (here, there) = net::duplex().unwrap();
    test(&memory, here, there);
}

/// Two connected streams of the OS.
pub(crate) fn kernel_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let here = StdStream::connect(listener.local_addr()?)?;
    let (there, _) = listener.accept()?;
    Ok((TcpStream::from_std(here)?, TcpStream::from_std(there)?))
}

/// Two futures at once, until both are ready.
pub(crate) async fn join<A, B>(
    one: impl Future<Output = A>,
    two: impl Future<Output = B>,
) -> (A, B) {
    let (mut one, mut two) = (pin!(one), pin!(two));
    let (mut a, mut b) = (None, None);
    poll_fn(|cx| {
        if a.is_none()
            && let Poll::Ready(output) = one.as_mut().poll(cx)
        {
            a = Some(output);
        }
        if b.is_none()
            && let Poll::Ready(output) = two.as_mut().poll(cx)
        {
            b = Some(output);
        }
        if a.is_some() && b.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    (a.unwrap(), b.unwrap())
}

/// Polls with a function once.
pub(crate) fn poll_with<T>(poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll(&mut Context::from_waker(Waker::noop()))
}
