//! `flush_now` writes what was sent so far, in place of the turn's end; `drained` is ready once
//! nothing waits any more, or says that it never will be.

mod common;

use std::time::Duration;

use common::Loop;
use common::frames::{frames, messages};
use glassloop_ws::{Cause, Config, Error, TrySend, WaitsFor};

#[test]
fn a_flush_writes_at_once_and_the_rest_of_the_turn_leaves_at_its_end() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    server.socket.flush_now();
    assert_eq!(server.socket.counts().writes, 0, "there is nothing to write");
    for number in 0..3 {
        assert_eq!(server.socket.try_send(format!("{number}").into()), TrySend::Sent);
    }
    assert_eq!(server.socket.counts().writes, 0);
    server.socket.flush_now();
    assert_eq!((server.socket.counts().writes, server.socket.buffered_amount()), (1, 0));
    assert_eq!(server.socket.counts().bytes_written, 9, "and no turn has passed");
    assert_eq!(server.socket.try_send("3".into()), TrySend::Sent);
    let (bytes, _) = raw.take(&mut event_loop);
    assert_eq!(bytes, b"\x81\x010\x81\x011\x81\x012\x81\x013");
    assert_eq!(server.socket.counts().writes, 2);
}

#[test]
fn a_flush_gives_the_socket_what_it_takes_and_leaves_it_the_rest() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    // Each of them less than is worth a write before the turn ends.
    let payload = vec![7; 60_000];
    for left in [0, 2 * 60_004 - 64 * 1024] {
        assert_eq!(server.socket.try_send(payload.clone().into()), TrySend::Sent);
        server.socket.flush_now();
        assert_eq!(server.socket.buffered_amount(), left, "what the socket has no room for");
    }
    assert_eq!(server.socket.counts().writes, 2);
    server.socket.flush_now();
    assert_eq!(server.socket.counts().writes, 2, "a full socket is not asked again");
    let (bytes, _) = raw.take(&mut event_loop);
    assert_eq!(messages(frames(&bytes).0).0, [payload.clone(), payload]);
}

#[test]
fn drained_is_ready_at_once_when_nothing_waits_and_else_with_the_last_byte() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    event_loop.block_on(server.socket.drained()).expect("nothing waits");
    assert!(server.socket.try_send(vec![7; 100_000].into()).is_taken());
    let drained = event_loop.spawn(server.socket.drained());
    event_loop.settle();
    assert!(drained.borrow().is_none(), "the socket holds 64 KiB");
    let waits: Vec<WaitsFor> = server.socket.waits().iter().map(|wait| wait.what).collect();
    assert_eq!(waits, [WaitsFor::Drain]);
    raw.read();
    event_loop.wait_for(&drained).expect("all of it has left");
    assert_eq!(server.socket.buffered_amount(), 0);
    assert!(server.socket.waits().is_empty());
}

#[test]
fn a_close_is_waited_for_like_a_message() {
    let mut event_loop = Loop::new();
    let (server, _raw) = event_loop.raw_client(Config::default());
    assert_eq!(server.socket.try_send("last words".into()), TrySend::Sent);
    server.socket.close(1000, "").expect("a good code");
    let drained = event_loop.spawn(server.socket.drained());
    event_loop.turn(Duration::ZERO);
    event_loop.wait_for(&drained).expect("both have left");
    assert_eq!(server.socket.counts().bytes_written, 12 + 4);
}

#[test]
fn a_connection_that_ends_with_something_unsent_says_so() {
    // All encoded, and the beginning alone.
    for length in [100_000, 1 << 20] {
        let mut event_loop = Loop::new();
        let (server, raw) = event_loop.raw_client(Config::default());
        assert!(server.socket.try_send(vec![7; length].into()).is_taken());
        let drained = event_loop.spawn(server.socket.drained());
        event_loop.settle();
        drop(raw);
        let Err(Error::Closed(info)) = event_loop.wait_for(&drained) else { panic!("lost") };
        assert!(matches!(info.cause, Cause::Reset | Cause::Io(_)), "{info}");
        let again = event_loop.block_on(server.socket.drained());
        assert!(matches!(again, Err(Error::Closed(_))), "and stays lost");
    }
}

#[test]
fn a_connection_that_ends_with_nothing_unsent_is_drained() {
    let mut event_loop = Loop::new();
    let (server, raw) = event_loop.raw_client(Config::default());
    assert_eq!(server.socket.try_send("heard".into()), TrySend::Sent);
    event_loop.settle();
    drop(raw);
    event_loop.wait_for(&server.driver);
    event_loop.block_on(server.socket.drained()).expect("all of it has left");
    server.socket.flush_now();
    assert_eq!(server.socket.try_send("late".into()), TrySend::Closed("late".into()));
}
