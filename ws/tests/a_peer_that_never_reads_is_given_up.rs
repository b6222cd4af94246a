//! A peer that sends and never reads gives signs of life for ever. What waits for it is bounded,
//! and so is how long it waits.

#![cfg(test)]

mod common;

use std::time::Duration;

use common::{Loop, masked, receive_all};
use glassloop_ws::{Cause, Config, Message};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_socket_that_takes_nothing_for_a_minute_is_dropped_although_its_peer_talks() {
    let mut event_loop = Loop::new();
    let (server, raw) = event_loop.raw_client(Config::default());
    let received = event_loop.spawn(receive_all(server.socket.clone()));
    // More than the memory pipe takes, less than makes a sender wait.
    assert!(server.socket.try_send(vec![7; 200_000].into()).is_taken());
    event_loop.settle();
    assert!(server.socket.buffered_amount() > 0);
    for _ in 0..59 {
        event_loop.pass(SECOND);
        raw.stream.try_write(&masked(0x81, b"alive")).expect("room");
    }
    event_loop.settle();
    assert_eq!(server.socket.close_info(), None, "not before its time");
    event_loop.pass(SECOND);
    let info = event_loop.wait_for(&server.driver);
    assert_eq!((info.code, &info.cause), (1006, &Cause::WriteStalled), "{info}");
    let (messages, _) = event_loop.wait_for(&received);
    assert_eq!(messages, vec![Message::from("alive"); 59], "what it said was heard");
}

#[test]
fn a_peer_that_reads_a_little_now_and_then_is_slow_and_no_more() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let sent = vec![7; 200_000];
    assert!(server.socket.try_send(sent.clone().into()).is_taken());
    event_loop.settle();
    let mut read = 0;
    for _ in 0..10 {
        event_loop.pass(59 * SECOND);
        let mut little = [0; 100];
        read += raw.stream.try_read(&mut little).expect("bytes wait");
        raw.stream.try_write(&masked(0x81, b"alive")).expect("room");
        event_loop.settle();
    }
    assert_eq!(server.socket.close_info(), None);
    let (rest, _) = raw.take(&mut event_loop);
    assert!(read + rest.len() > sent.len(), "nothing is lost");
}
