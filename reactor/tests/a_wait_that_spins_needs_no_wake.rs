//! A reactor that looks for work before it blocks: whoever wakes it meanwhile calls nobody.

#![cfg(test)]

mod common;

use std::{
    io::Write,
    net::{TcpListener, TcpStream as StdStream},
    sync::{Arc, mpsc},
    task::Waker,
    thread,
    time::Duration,
};

use common::{Harness, poll_with};
use glassloop_reactor::{Events, Options, PollerKind, nanoseconds, net::TcpStream, sleep};

/// Longer than any test: the loop never gets to block.
const LONG_US: u64 = 60_000_000;
const MS: Duration = Duration::from_millis(1);

fn spinning(poller: PollerKind, spin_us: u64) -> Harness {
    Harness::new(Options { poller, spin_us, ..Options::default() })
}

const POLLERS: [PollerKind; 2] = [PollerKind::Mio, PollerKind::TimersOnly];

#[test]
fn a_wake_while_the_loop_spins_costs_no_system_call() {
    for poller in POLLERS {
        let Harness { reactor, .. } = &spinning(poller, LONG_US);
        let rounds = if cfg!(miri) { 3 } else { 500 };
        let waker = Waker::from(Arc::clone(reactor.notifier()));
        let (ask, asked) = mpsc::channel();
        let sender = thread::spawn(move || {
            for () in asked {
                waker.wake_by_ref();
            }
        });
        for _ in 0..rounds {
            ask.send(()).unwrap();
            reactor.wait(None, &mut Events::new()).unwrap();
            assert!(reactor.notifier().disarm(), "only the wake could end it");
        }
        drop(ask);
        sender.join().unwrap();
        let counts = reactor.counts();
        assert_eq!((counts.waits, counts.spun), (rounds, rounds));
        assert_eq!((counts.blocked, counts.wake_calls), (0, 0));
    }
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no sockets of this kind")]
fn a_socket_is_heard_while_the_loop_spins() {
    let harness = spinning(PollerKind::Mio, LONG_US);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut far = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    let near = TcpStream::from_std(listener.accept().unwrap().0).unwrap();
    harness.settle();
    let mut byte = [0];
    let mut read = near.read(&mut byte);
    assert!(poll_with(|cx| std::pin::Pin::new(&mut read).poll(cx)).is_pending());
    let writer = thread::spawn(move || far.write_all(b"!").map(|()| far));
    let mut events = Events::new();
    while events.is_empty() {
        harness.reactor.wait(None, &mut events).unwrap();
    }
    let counts = harness.reactor.counts();
    assert_eq!((events.len(), counts.blocked), (1, 0));
    drop(writer.join().unwrap());
}

#[test]
fn a_deadline_ends_the_spinning() {
    for poller in POLLERS {
        let harness = spinning(poller, LONG_US);
        let began = harness.reactor.read_clock();
        harness.block_on(async { sleep(2 * MS).await });
        assert!(harness.reactor.now() >= began + nanoseconds(2 * MS), "never early");
        assert_eq!(harness.reactor.counts().blocked, 0);
    }
}

#[test]
fn a_loop_that_has_spun_long_enough_blocks_for_what_is_left() {
    for poller in POLLERS {
        let harness = spinning(poller, 1);
        let began = harness.reactor.read_clock();
        harness.reactor.wait(Some(3 * MS), &mut Events::new()).unwrap();
        let counts = harness.reactor.counts();
        assert_eq!((counts.waits, counts.spun), (1, 1));
        // Held up for those three milliseconds it has nothing left to block for.
        assert!(counts.blocked <= 1);
        assert!(harness.reactor.now() >= began + nanoseconds(3 * MS));
    }
}

#[test]
fn a_loop_that_has_something_already_or_that_is_not_told_to_spins_not_at_all() {
    for poller in POLLERS {
        let harness = spinning(poller, LONG_US);
        harness.reactor.wait(Some(Duration::ZERO), &mut Events::new()).unwrap();
        assert_eq!(harness.reactor.counts().spun, 0);
        assert!(harness.reactor.notifier().park(), "it is with its host");
        harness.reactor.wait(None, &mut Events::new()).unwrap();
        let counts = harness.reactor.counts();
        assert_eq!((counts.spun, counts.blocked), (0, 0));
        let harness = spinning(poller, 0);
        harness.reactor.wait(Some(MS), &mut Events::new()).unwrap();
        let counts = harness.reactor.counts();
        assert_eq!((counts.spun, counts.blocked), (0, 1));
    }
}
