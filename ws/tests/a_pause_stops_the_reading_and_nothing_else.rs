//! While a program pauses a connection its socket is not read, and nothing else changes: what was
//! received can be had, what is sent leaves, and the peer is not blamed for the silence.

mod common;

use std::time::Duration;

use common::{Loop, close_code, close_payload, masked};
use glassloop_ws::{Config, TrySend};

#[test]
fn what_comes_during_a_pause_waits_in_the_socket_and_then_arrives() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    raw.write(&mut event_loop, &masked(0x81, b"before"));
    event_loop.settle();
    server.socket.pause();
    raw.write(&mut event_loop, &masked(0x81, b"during"));
    raw.write(&mut event_loop, &masked(0x89, b"ping"));
    assert_eq!(server.socket.try_send("still here".into()), TrySend::Sent);
    let (bytes, _) = raw.take(&mut event_loop);
    assert_eq!(bytes, b"\x81\x0astill here", "sending goes on, pings are not answered");
    assert_eq!(server.socket.counts().messages_received, 1);
    let before = event_loop.block_on(server.socket.recv()).expect("open");
    assert_eq!(before, Some("before".into()), "that makes room, and no reading");
    event_loop.settle();
    assert_eq!(server.socket.counts().messages_received, 1);
    server.socket.resume();
    let during = event_loop.block_on(server.socket.recv()).expect("open");
    assert_eq!(during, Some("during".into()));
    let (bytes, _) = raw.take(&mut event_loop);
    assert_eq!(bytes, b"\x8a\x04ping", "now it is answered");
}

#[test]
fn tcp_slows_the_peer_down_and_the_queue_stays_bounded() {
    let mut event_loop = Loop::new();
    let (client, server) = event_loop.pair(Config::default(), Config::default());
    server.socket.pause();
    let message = vec![7; 10_000];
    let mut taken = 0;
    for _ in 0..200 {
        while client.socket.try_send(message.clone().into()).is_taken() {
            taken += 1;
        }
        event_loop.settle();
    }
    assert!(taken < 40, "{taken} of any number: the socket's 64 KiB and high water");
    assert_eq!(server.socket.counts().messages_received, 0);
    server.socket.resume();
    for _ in 0..taken {
        let came = event_loop.block_on(server.socket.recv()).expect("open");
        assert_eq!(came.expect("a message").len(), message.len());
    }
}

#[test]
fn our_pause_is_not_the_peers_silence() {
    // Begun in silence, with our ping under way, and short of the verdict on it.
    for began_after in [0, 19_999, 20_000, 20_001, 30_000, 39_999] {
        for lasted in [1, 5_000, 20_000, 40_000, 3_600_000] {
            let mut event_loop = Loop::new();
            let (server, mut raw) = event_loop.raw_client(Config::default());
            event_loop.pass(Duration::from_millis(began_after));
            server.socket.pause();
            // The peer answers, and we don't look.
            raw.write(&mut event_loop, &masked(0x8a, &1_u64.to_be_bytes()));
            event_loop.pass(Duration::from_millis(lasted));
            assert_eq!(server.socket.close_info(), None, "{lasted} ms after {began_after}");
            server.socket.resume();
            event_loop.settle();
            assert_eq!(server.socket.close_info(), None, "{lasted} ms after {began_after}");
            raw.write(&mut event_loop, &masked(0x81, b"alive"));
            let came = event_loop.block_on(server.socket.recv()).expect("open");
            assert_eq!(came, Some("alive".into()));
        }
    }
}

#[test]
fn a_peer_that_went_away_during_a_pause_is_found_out_after_it() {
    let mut event_loop = Loop::new();
    let (server, raw) = event_loop.raw_client(Config::default());
    server.socket.pause();
    event_loop.pass(Duration::from_secs(60));
    server.socket.resume();
    // The silence counts from the pause's end: twenty seconds to the ping, twenty more after it.
    event_loop.settle();
    event_loop.pass(Duration::from_secs(20));
    event_loop.pass(Duration::from_millis(19_999));
    assert_eq!(server.socket.close_info(), None);
    event_loop.pass(Duration::from_millis(1));
    assert_eq!(server.socket.close_info().map(|info| info.code), Some(1011));
    drop(raw);
}

#[test]
fn a_close_ends_the_pause_since_its_answer_has_to_be_read() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    server.socket.pause();
    raw.write(&mut event_loop, &masked(0x81, b"unread"));
    event_loop.settle();
    server.socket.close(1000, "").expect("a good code");
    let (bytes, _) = raw.take(&mut event_loop);
    assert_eq!(close_code(&bytes), Some(1000));
    assert_eq!(server.socket.counts().messages_received, 1, "it is read again");
    server.socket.pause();
    raw.write(&mut event_loop, &masked(0x88, &close_payload(1000, "")));
    assert!(event_loop.wait_for(&server.driver).is_clean(), "too late for a pause");
    let unread = event_loop.block_on(server.socket.recv()).expect("it came before the end");
    assert_eq!(unread, Some("unread".into()));
}

#[test]
fn the_last_handle_of_a_paused_connection_says_goodbye() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    server.socket.pause();
    event_loop.settle();
    drop(server.socket);
    let (bytes, _) = raw.take(&mut event_loop);
    assert_eq!(close_code(&bytes), Some(1001));
    raw.write(&mut event_loop, &masked(0x88, &close_payload(1001, "")));
    assert!(event_loop.wait_for(&server.driver).is_clean());
}
