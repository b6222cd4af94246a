//! Wakers are anybody's code. Whatever they do when woken or dropped, no table of ours is borrowed.

#![cfg(test)]

mod common;

use std::{
    future::Future,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use common::Harness;
use glassloop_reactor::{
    Direction, Events, Interest, Options, PollerKind, Reactor, Registered, Script, Source, Step,
    Wait, net,
    net::{TcpListener, TcpStream},
    sleep,
};

/// A waker that uses the reactor in every way it can think of, when woken and when dropped.
#[derive(Default)]
struct Meddler {
    calls: Arc<AtomicUsize>,
}

impl Meddler {
    fn waker() -> (Arc<AtomicUsize>, Waker) {
        let calls = Arc::new(AtomicUsize::new(0));
        (Arc::clone(&calls), Waker::from(Arc::new(Meddler { calls })))
    }

    fn meddle(&self) {
        let Some(reactor) = Reactor::current() else { return };
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mut cx = Context::from_waker(Waker::noop());
        let mut nap = pin!(sleep(Duration::from_secs(1)));
        assert!(nap.as_mut().poll(&mut cx).is_pending());
        let (here, there) = net::duplex().unwrap();
        assert!(here.poll_read(&mut cx, &mut [0; 8]).is_pending());
        drop(there);
        assert!(!reactor.sources().is_empty());
        assert!(!reactor.timer_views().is_empty());
        assert!(reactor.counts().sources > 0);
        assert!(reactor.next_deadline().is_some());
    }
}

impl Wake for Meddler {
    fn wake(self: Arc<Self>) {
        self.meddle();
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        self.meddle();
    }
}

fn poll_read(stream: &TcpStream, waker: &Waker) {
    assert!(stream.poll_read(&mut Context::from_waker(waker), &mut [0; 8]).is_pending());
}

#[test]
fn a_waker_may_meddle_when_it_is_woken() {
    let harness = Harness::kernel();
    let (here, there) = net::duplex().unwrap();
    harness.settle();
    let (calls, waker) = Meddler::waker();
    poll_read(&here, &waker);
    let mut nap = pin!(sleep(Duration::ZERO));
    assert!(nap.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    there.try_write(b"edge").unwrap();
    harness.turn(Duration::from_secs(5));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[test]
fn a_waker_may_meddle_when_another_takes_its_place() {
    let harness = Harness::kernel();
    let (here, _there) = net::duplex().unwrap();
    let mut nap = pin!(sleep(Duration::from_secs(1)));
    harness.settle();
    for _ in 0..3 {
        let (_, waker) = Meddler::waker();
        poll_read(&here, &waker);
    }
    let (calls, waker) = Meddler::waker();
    poll_read(&here, &waker);
    drop(waker);
    poll_read(&here, Waker::noop());
    assert_eq!(calls.load(Ordering::Relaxed), 1, "dropped as it was replaced");
    let (calls, waker) = Meddler::waker();
    assert!(nap.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    assert!(nap.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(calls.load(Ordering::Relaxed), 1, "dropped as it was replaced");
}

#[test]
fn a_waker_may_meddle_when_what_it_waits_for_is_dropped() {
    let harness = Harness::kernel();
    let (here, _there) = net::duplex().unwrap();
    harness.settle();
    let (calls, waker) = Meddler::waker();
    poll_read(&here, &waker);
    drop(waker);
    drop(here);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    let (calls, waker) = Meddler::waker();
    {
        let mut nap = pin!(sleep(Duration::from_secs(1)));
        assert!(nap.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

/// A source whose registration uses the reactor.
struct Nosy(mio::net::TcpStream);

impl mio::event::Source for Nosy {
    fn register(
        &mut self,
        registry: &mio::Registry,
        token: mio::Token,
        interest: mio::Interest,
    ) -> std::io::Result<()> {
        Meddler::default().meddle();
        self.0.register(registry, token, interest)
    }

    fn reregister(
        &mut self,
        registry: &mio::Registry,
        token: mio::Token,
        interest: mio::Interest,
    ) -> std::io::Result<()> {
        self.0.reregister(registry, token, interest)
    }

    fn deregister(&mut self, registry: &mio::Registry) -> std::io::Result<()> {
        Meddler::default().meddle();
        self.0.deregister(registry)
    }
}

impl Source for Nosy {
    fn kind(&self) -> &'static str {
        "nosy"
    }

    fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
        Some(self)
    }
}

#[test]
fn a_source_and_its_operations_may_meddle() {
    let harness = Harness::kernel();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = mio::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let nosy = Registered::new(Nosy(stream), Interest::Both).unwrap();
    harness.turn(Duration::from_secs(5));
    let place = std::panic::Location::caller();
    let wait = Wait { direction: Direction::Write, operation: "meddle", place };
    let done = common::poll_with(|cx| {
        nosy.poll_io(cx, wait, |_| {
            Meddler::default().meddle();
            Ok(7)
        })
    });
    assert!(matches!(done, std::task::Poll::Ready(Ok(7))));
    drop(nosy);
    assert_eq!(harness.reactor.counts().sources, 0);
}

#[test]
fn sockets_and_sleeps_may_outlive_their_loop_and_its_thread_locals() {
    struct Late(Option<(TcpStream, glassloop_reactor::Sleep)>);
    impl Drop for Late {
        fn drop(&mut self) {
            assert!(self.0.is_some());
            // The thread's locals are being destroyed, or were: there is no current reactor.
            drop(Reactor::current());
        }
    }
    thread_local! {
        static LATE: std::cell::RefCell<Late> = const { std::cell::RefCell::new(Late(None)) };
    }
    let thread = std::thread::spawn(|| {
        LATE.with(|late| assert!(late.borrow().0.is_none()));
        let harness = Harness::kernel();
        let (here, _there) = net::duplex().unwrap();
        let mut nap = sleep(Duration::from_secs(1));
        assert!(harness.poll_once(&mut nap).is_pending());
        let (_, waker) = Meddler::waker();
        poll_read(&here, &waker);
        LATE.with(|late| late.borrow_mut().0 = Some((here, nap)));
    });
    thread.join().unwrap();
}

#[test]
fn a_host_is_called_for_what_the_program_does_to_a_script_and_not_for_what_peers_do() {
    let at = |port| SocketAddr::from(([10, 0, 0, 1], port));
    let script = Script::new(0).connects(at(7), [Step::send("hello"), Step::Close]);
    let poller = PollerKind::Scripted;
    let harness = Harness::new(Options { poller, script, ..Options::default() });
    let (reactor, listener) = (&harness.reactor, TcpListener::bind(at(7)).unwrap());
    let meddling = || drop(TcpListener::bind(([10, 0, 0, 1], 0).into()).unwrap());
    reactor.notifier().set_on_wake(Box::new(meddling));

    assert!(reactor.notifier().park());
    reactor.wait(Some(Duration::ZERO), &mut Events::new()).unwrap();
    assert_eq!(reactor.counts().host_wakes, 0, "the peer has connected, the loop is at work");
    assert!(reactor.has_pending_events());
    drop(listener);
    assert_eq!(reactor.counts().host_wakes, 1, "nobody would look otherwise");
}
