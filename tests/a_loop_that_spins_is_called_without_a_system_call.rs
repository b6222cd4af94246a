//! With `spin_us` a loop looks for work before it blocks, and a call left meanwhile wakes nobody.
#![cfg(test)]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream as StdStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use glassloop::{EventLoop, PollerKind, Precision, net::TcpStream};

/// Longer than any test: the loop never gets to block.
const LONG_US: u64 = 60_000_000;
const MS: Duration = Duration::from_millis(1);

fn spinning(poller: PollerKind, spin_us: u64) -> EventLoop {
    EventLoop::builder().poller(poller).spin_us(spin_us).build().unwrap()
}

#[test]
fn calls_of_another_thread_reach_a_spinning_loop_without_a_wake() {
    for poller in [PollerKind::Mio, PollerKind::TimersOnly] {
        let event_loop = spinning(poller, LONG_US);
        let remote = event_loop.remote();
        let caller = thread::spawn(move || {
            let (says, done) = mpsc::channel();
            for _ in 0..200 {
                let says = says.clone();
                remote.defer(move || says.send(()).unwrap()).unwrap();
                // The loop has nothing left: it spins, or is about to.
                done.recv().unwrap();
            }
            remote.stop();
        });
        event_loop.run().unwrap();
        caller.join().unwrap();
        let counts = event_loop.snapshot().reactor;
        assert_eq!((counts.blocked, counts.wake_calls), (0, 0), "{counts:?}");
        assert!(counts.spun > 0);
    }
}

#[test]
fn a_socket_reaches_a_spinning_loop() {
    let event_loop = spinning(PollerKind::Mio, LONG_US);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut far = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    let near = listener.accept().unwrap().0;
    let peer = thread::spawn(move || {
        let mut byte = [0];
        for _ in 0..50 {
            far.write_all(b"!").unwrap();
            far.read_exact(&mut byte).unwrap();
        }
    });
    let echoed = event_loop.block_on(async move {
        let near = TcpStream::from_std(near).unwrap();
        let (mut byte, mut echoed) = ([0], 0);
        while let Ok(1) = near.read(&mut byte).await {
            near.write_all(&byte).await.unwrap();
            echoed += 1;
        }
        echoed
    });
    peer.join().unwrap();
    assert_eq!(echoed.unwrap(), 50);
    assert_eq!(event_loop.snapshot().reactor.blocked, 0);
}

#[test]
fn a_sleep_on_a_spinning_loop_and_on_a_precise_one_is_never_early() {
    let precise = EventLoop::builder().timeout_precision(Precision::Precise).build().unwrap();
    let loops = [spinning(PollerKind::Mio, LONG_US), spinning(PollerKind::Mio, 1), precise];
    for event_loop in loops {
        let early = event_loop.block_on(async {
            let mut early = 0;
            for sleep in 0..20_u32 {
                let (began, sleep) = (Instant::now(), sleep * MS / 10);
                glassloop::sleep(sleep).await;
                early += u32::from(began.elapsed() < sleep);
            }
            early
        });
        assert_eq!(early.unwrap(), 0);
    }
}

#[test]
fn a_loop_that_was_told_nothing_blocks_and_does_not_spin() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.block_on(async { glassloop::sleep(3 * MS).await }).unwrap();
    let counts = event_loop.snapshot().reactor;
    assert_eq!((counts.spun, counts.alarms_set), (0, 0));
}
