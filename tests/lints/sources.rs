//! Sources: given up too early, or never asked.
#![cfg(unix)]

use std::{
    io::{ErrorKind, Read, Write},
    os::unix::net::UnixStream,
};

use glassloop_reactor::{Direction, Interest, Registered, net::FdSource};

use super::*;

type Socket = Registered<FdSource<UnixStream>>;

/// A loop on the system's poller and a clock that is moved by hand, a socket of it, and the
/// other end.
fn with_socket() -> (EventLoop, ManualClock, Socket, UnixStream) {
    let clock = ManualClock::new();
    let event_loop = EventLoop::builder().clock(Clock::Manual(clock.clone())).build().unwrap();
    event_loop.lint(true);
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let source = FdSource::new("their socket", ours);
    let socket = event_loop.enter(|| Registered::new(source, Interest::Read)).unwrap();
    (event_loop, clock, socket, theirs)
}

/// So many turns, a while apart.
fn turns(event_loop: &EventLoop, clock: &ManualClock, count: usize) {
    for _ in 0..count {
        event_loop.pump(Duration::ZERO).map(|_| ()).unwrap();
        clock.advance(400 * MS);
    }
}

/// Reads four bytes one by one, and says of each but the last that it would block.
async fn reads_a_word(socket: Rc<Socket>) -> [u8; 4] {
    let (mut word, mut at) = ([0; 4], 0);
    socket
        .io(Direction::Read, "read a word", |source| {
            at += source.get_ref().read(&mut word[at..=at])?;
            if at < 4 { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
        })
        .await
        .unwrap();
    word
}

#[test]
#[cfg_attr(miri, ignore = "the system's sockets")]
fn stale_readiness_is_found() {
    let (event_loop, clock, socket, mut theirs) = with_socket();
    let reader = event_loop.spawn(reads_a_word(Rc::new(socket))).named("reader");
    turns(&event_loop, &clock, 1);
    theirs.write_all(b"word").unwrap();
    turns(&event_loop, &clock, 4);
    let finding = the_finding(&event_loop, Lint::StaleReadiness);
    assert!(!reader.is_finished() && finding.task == reader.id(), "{finding}");
    assert!(finding.subject.contains("their socket") && finding.place.is_some(), "{finding}");
    assert!(finding.reason.contains("read a word"), "{finding}");
}

#[test]
#[cfg_attr(miri, ignore = "the system's sockets")]
fn stale_readiness_is_silent_where_more_is_to_come() {
    let (event_loop, clock, socket, mut theirs) = with_socket();
    let reader = event_loop.spawn(reads_a_word(Rc::new(socket)));
    for letter in b"word" {
        turns(&event_loop, &clock, 3);
        theirs.write_all(&[*letter]).unwrap();
    }
    turns(&event_loop, &clock, 3);
    assert!(reader.is_finished(), "what it said each time was so");
    all_silent(&event_loop);
}

#[test]
#[cfg_attr(miri, ignore = "the system's sockets")]
fn interest_without_waiter_is_found() {
    let (event_loop, clock, socket, mut theirs) = with_socket();
    turns(&event_loop, &clock, 5);
    all_silent(&event_loop);
    theirs.write_all(b"hello?").unwrap();
    turns(&event_loop, &clock, 5);
    let finding = the_finding(&event_loop, Lint::InterestWithoutWaiter);
    assert!(finding.subject.contains("their socket") && finding.place.is_some(), "{finding}");
    drop(socket);
}

#[test]
#[cfg_attr(miri, ignore = "the system's sockets")]
fn interest_without_waiter_is_silent_on_who_reads_now_and_then() {
    let (event_loop, clock, socket, mut theirs) = with_socket();
    for _ in 0..5 {
        theirs.write_all(b"hello").unwrap();
        turns(&event_loop, &clock, 2);
        let read = |source: &FdSource<UnixStream>| source.get_ref().read(&mut [0; 4]);
        assert_eq!(socket.try_io(Direction::Read, read).unwrap(), 4);
    }
    turns(&event_loop, &clock, 5);
    all_silent(&event_loop);
}
