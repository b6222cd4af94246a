//! However a peer abuses the closing, the socket is gone at the deadline at the latest, nothing
//! of it is left, and what is told of the end is true.

mod common;

use std::time::Duration;

use common::{End, Loop, Raw, close_code, close_payload, masked};
use glassloop_ws::{Cause, CloseInfo, Config, Side, code};

const CLOSE_SECONDS: u64 = 5;

#[test]
fn every_code_of_a_peer_is_answered_with_itself_or_as_a_fault() {
    let mut event_loop = Loop::new();
    for asked in 0..=5_100 {
        let may_be_sent = matches!(asked, 1000..=1003 | 1007..=1013 | 3000..=4999);
        let expected = if may_be_sent { asked } else { code::PROTOCOL };
        let (server, mut raw) = event_loop.raw_client(Config::default());
        raw.write(&mut event_loop, &masked(0x88, &close_payload(asked, "")));
        let (answer, ended) = raw.take(&mut event_loop);
        assert_eq!((close_code(&answer), ended), (Some(expected), true), "code {asked}");
        assert_eq!(event_loop.wait_for(&server.driver).code, expected, "code {asked}");
    }
    assert_eq!((event_loop.task_count(), event_loop.reactor.counts().sources), (0, 0));
}

/// A server that has closed with 1000, and what becomes of it while `peer` acts each second. The
/// peer's end stays open to the last.
fn closed_beside(peer: impl Fn(&mut Loop, &mut Raw)) -> (CloseInfo, u64) {
    let mut event_loop = Loop::new();
    let (End { socket, driver }, mut raw) = event_loop.raw_client(Config::default());
    socket.close(code::NORMAL, "bye").expect("a good code");
    event_loop.settle();
    let mut seconds = 0;
    while driver.borrow().is_none() {
        assert!(seconds < CLOSE_SECONDS, "the deadline has passed");
        peer(&mut event_loop, &mut raw);
        event_loop.pass(Duration::from_secs(1));
        seconds += 1;
    }
    assert!(raw.read(), "the socket is closed");
    drop(raw);
    assert_eq!((event_loop.task_count(), event_loop.reactor.counts().sources), (0, 0));
    (event_loop.wait_for(&driver), seconds)
}

#[test]
fn who_goes_on_talking_after_our_close_is_dropped_at_the_deadline() {
    let talks: [&[u8]; 4] = [
        &masked(0x81, b"I was not done"),
        &masked(0x89, b"are you there?"),
        &masked(0x00, b"no fragment of anything"),
        b"\x88",
    ];
    for (n, bytes) in talks.into_iter().enumerate() {
        let (info, seconds) = closed_beside(|event_loop, raw| raw.write(event_loop, bytes));
        assert_eq!((info.side, seconds), (Side::Us, CLOSE_SECONDS), "talk {n}: {info}");
        match info.cause {
            // A fault is a fault, also behind our Close.
            Cause::Violation(_) if n == 2 => assert_eq!(info.code, code::PROTOCOL),
            cause => assert_eq!((info.code, cause, n == 2), (1000, Cause::CloseTimeout, false)),
        }
    }
}

#[test]
fn who_reads_nothing_after_our_close_is_dropped_at_the_deadline() {
    let (info, seconds) = closed_beside(|_, _| ());
    assert_eq!((info.cause, seconds), (Cause::CloseTimeout, CLOSE_SECONDS));
}

#[test]
fn who_closes_twice_is_answered_once() {
    for second in [masked(0x88, &close_payload(4002, "")), masked(0x81, b"late"), vec![0xff; 99]] {
        let mut event_loop = Loop::new();
        let (server, mut raw) = event_loop.raw_client(Config::default());
        let first = masked(0x88, &close_payload(4001, ""));
        raw.write(&mut event_loop, &[first, second].concat());
        let (answer, ended) = raw.take(&mut event_loop);
        assert_eq!((answer.len(), close_code(&answer), ended), (4, Some(4001), true));
        let info = event_loop.wait_for(&server.driver);
        assert_eq!((info.code, info.side, info.is_clean()), (4001, Side::Peer, true));
    }
}

#[test]
fn who_ends_the_stream_without_a_close_is_told_from_who_closes() {
    let mut event_loop = Loop::new();
    let (server, raw) = event_loop.raw_client(Config::default());
    server.socket.close(code::NORMAL, "bye").expect("a good code");
    event_loop.settle();
    drop(raw);
    let info = event_loop.wait_for(&server.driver);
    assert!(!info.is_clean(), "{info}");
    assert_eq!(info.side, Side::Peer, "{info}");
}
