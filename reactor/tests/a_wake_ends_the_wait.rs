//! A wake ends the wait under way or the next one, and costs a system call only in the first case.

#![cfg(test)]

mod common;

use std::{
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Waker,
    thread,
    time::Duration,
};

use common::Harness;
use glassloop_reactor::{Events, Options, PollerKind, Reactor, net, sleep};

fn each_poller(test: impl Fn(&Rc<Reactor>)) {
    for poller in [PollerKind::Mio, PollerKind::TimersOnly, PollerKind::Scripted] {
        test(&Reactor::new(Options { poller, ..Options::default() }).unwrap());
    }
}

#[test]
fn a_wake_that_comes_first_makes_the_next_wait_return_at_once_without_a_system_call() {
    each_poller(|reactor| {
        let waker = Waker::from(Arc::clone(reactor.notifier()));
        waker.wake_by_ref();
        waker.wake();
        reactor.wait(None, &mut Events::new()).unwrap();
        let counts = reactor.counts();
        assert_eq!((counts.waits, counts.blocked, counts.wake_calls), (1, 0, 0));
        assert!(reactor.notifier().disarm(), "and something is to be looked at");
        assert!(!reactor.notifier().disarm(), "once");
    });
}

#[test]
fn another_thread_ends_a_wait_that_has_no_timeout() {
    each_poller(|reactor| {
        let rounds = if cfg!(miri) { 10 } else { 2_000 };
        let waker = Waker::from(Arc::clone(reactor.notifier()));
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let sender = thread::spawn(move || {
            for _ in 0..rounds {
                count.fetch_add(1, Ordering::Relaxed);
                waker.wake_by_ref();
            }
        });
        let mut events = Events::new();
        let mut seen = 0;
        while seen < rounds {
            reactor.wait(None, &mut events).unwrap();
            if reactor.notifier().disarm() {
                seen = sent.load(Ordering::Relaxed);
            }
        }
        sender.join().unwrap();
        let counts = reactor.counts();
        assert!(counts.wake_calls <= counts.blocked, "{counts:?}");
    });
}

#[test]
fn a_host_is_called_once_for_each_time_the_loop_is_parked() {
    each_poller(|reactor| {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&calls);
        let notifier = reactor.notifier();
        notifier.set_on_wake(Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        }));
        for round in 1..=3 {
            assert!(notifier.park());
            notifier.notify();
            notifier.notify();
            assert_eq!(calls.load(Ordering::Relaxed), round);
            notifier.unpark_by_host();
            assert!(!notifier.park(), "what came in is still to be looked at");
            assert!(notifier.disarm());
        }
        assert_eq!(reactor.counts().host_wakes, 3);
        assert_eq!(reactor.counts().wake_calls, 0);
    });
}

#[test]
fn a_host_whose_function_panics_is_reported_and_harms_nobody() {
    each_poller(|reactor| {
        let notifier = reactor.notifier();
        notifier.set_on_wake(Box::new(|| panic!("the host's own mistake")));
        assert!(notifier.park());
        notifier.notify();
        assert!(notifier.disarm());
        assert!(notifier.park(), "the word still works");
    });
}

/// A reactor parked with its host, which counts how often it is called.
fn parked(reactor: &Reactor) -> Arc<AtomicUsize> {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    reactor.notifier().set_on_wake(Box::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    }));
    assert!(reactor.notifier().park());
    calls
}

#[test]
fn a_timer_armed_outside_a_turn_calls_the_host_if_it_is_earlier_than_what_the_host_knows() {
    let (harness, _clock) = Harness::manual();
    let mut first = sleep(Duration::from_secs(10));
    assert!(harness.poll_once(&mut first).is_pending());
    assert!(harness.reactor.next_deadline().is_some());
    let calls = parked(&harness.reactor);
    let mut later = sleep(Duration::from_secs(20));
    assert!(harness.poll_once(&mut later).is_pending());
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    let mut sooner = sleep(Duration::from_secs(5));
    assert!(harness.poll_once(&mut sooner).is_pending());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[test]
fn bytes_written_in_memory_outside_a_turn_call_the_host() {
    let (harness, _clock) = Harness::manual();
    let (here, _there) = net::duplex().unwrap();
    harness.settle();
    let calls = parked(&harness.reactor);
    here.try_write(b"edge").unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert!(harness.reactor.has_pending_events());
}
