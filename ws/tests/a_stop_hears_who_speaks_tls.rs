//! A stop waits for who has begun to ask, and for nobody else: a handshake or a change of keys that
//! lies behind us is no request, a part of a record may be one.

#![cfg(feature = "tls")]

#[path = "common/by_hand.rs"]
mod by_hand;
mod common;
#[path = "common/tls.rs"]
mod tls;

use std::time::Duration;

use by_hand::ByHand;
use common::{Loop, Raw};
use glassloop_reactor::net::duplex;
use glassloop_ws::{Response, Server, ServerHandle, ServerLimits};
use tls::Authority;

const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A server, and a client that has said nothing yet.
fn serve(event_loop: &mut Loop, stop_idle_ms_max: u64) -> (ServerHandle, ByHand) {
    let (authority, spawner) = (Authority::new(), event_loop.spawner());
    let mut limits = ServerLimits::default();
    limits.stop_idle_ms_max = stop_idle_ms_max;
    let server = Server::new().get("/", |_| Response::text("home")).limits(limits);
    let server = server.tls(authority.identity().server());
    let serving = server.serve([], move |job| spawner(Box::pin(job)));
    let (handle, serving) = serving.expect("a good server");
    event_loop.spawn(serving);
    let (near, far) = duplex().expect("two ends");
    handle.admit(near);
    (handle, ByHand::new(&authority, Raw::new(far), &rustls::version::TLS13))
}

/// Lets both say what they have to say.
fn exchange(event_loop: &mut Loop, hand: &mut ByHand) {
    for _ in 0..4 {
        hand.turn(event_loop);
    }
}

/// One that has asked once, and is idle.
fn idle(event_loop: &mut Loop, stop_idle_ms_max: u64) -> (ServerHandle, ByHand) {
    let (handle, mut hand) = serve(event_loop, stop_idle_ms_max);
    hand.say(ASK);
    exchange(event_loop, &mut hand);
    assert!(hand.heard().0.ends_with(b"home"));
    (handle, hand)
}

#[test]
fn who_has_shaken_hands_and_asks_nothing_is_idle() {
    let mut event_loop = Loop::new();
    let (handle, mut hand) = serve(&mut event_loop, 250);
    exchange(&mut event_loop, &mut hand);
    assert!(!hand.session.is_handshaking());
    let report = event_loop.spawn(handle.stop(MINUTE));
    event_loop.settle();
    assert!(!hand.turn(&mut event_loop), "it has a while");
    event_loop.pass(SECOND / 4);
    assert!(hand.turn(&mut event_loop), "the server ends first");
    drop(hand);
    event_loop.settle();
    assert_eq!(event_loop.wait_for(&report).closed, 1);
}

#[test]
fn a_change_of_keys_is_no_request() {
    for at in [0, 7] {
        let mut event_loop = Loop::new();
        let (handle, mut hand) = idle(&mut event_loop, 0);
        hand.session.refresh_traffic_keys().expect("TLS 1.3");
        let words = hand.words();
        hand.raw.write(&mut event_loop, &words[..at]);
        event_loop.settle();
        let report = event_loop.spawn(handle.stop(MINUTE));
        if at > 0 {
            event_loop.settle();
            assert!(!hand.raw.take(&mut event_loop).1, "this may become a request");
        }
        hand.raw.write(&mut event_loop, &words[at..]);
        assert!(hand.turn(&mut event_loop), "the server ends first");
        drop(hand);
        event_loop.settle();
        assert_eq!(event_loop.wait_for(&report).closed, 1, "{at}");
        assert_eq!(handle.counts().missed, 0, "{at}");
    }
}

#[test]
fn a_change_of_keys_before_a_stop_holds_nothing_up() {
    let mut event_loop = Loop::new();
    let (handle, mut hand) = idle(&mut event_loop, 0);
    hand.session.refresh_traffic_keys().expect("TLS 1.3");
    exchange(&mut event_loop, &mut hand);
    event_loop.spawn(handle.stop(MINUTE));
    event_loop.settle();
    assert!(hand.turn(&mut event_loop), "the server ends first");
    assert_eq!(handle.counts().missed, 0);
}

#[test]
fn a_request_that_comes_with_the_last_word_of_the_handshake_is_answered() {
    let mut event_loop = Loop::new();
    let (handle, mut hand) = serve(&mut event_loop, 0);
    hand.turn(&mut event_loop);
    hand.say(ASK);
    let words = hand.words();
    // Nobody has told the server of it when it is stopped.
    assert_eq!(hand.raw.stream.try_write(&words).expect("room"), words.len());
    let report = event_loop.spawn(handle.stop(MINUTE));
    event_loop.settle();
    assert!(hand.turn(&mut event_loop), "that was the last one");
    let (heard, clean) = hand.heard();
    assert!(clean && heard.ends_with(b"home"), "{}", heard.escape_ascii());
    drop(hand);
    event_loop.settle();
    assert_eq!(event_loop.wait_for(&report).closed, 1);
    assert_eq!((handle.counts().requests, handle.counts().missed), (1, 0));
}

#[test]
fn what_crosses_the_end_of_a_handshake_is_counted_and_sees_an_orderly_end() {
    let mut event_loop = Loop::new();
    let (handle, mut hand) = serve(&mut event_loop, 0);
    hand.turn(&mut event_loop);
    hand.say(ASK);
    let report = event_loop.spawn(handle.stop(MINUTE));
    event_loop.settle();
    let words = hand.words();
    hand.raw.stream.try_write(&words).expect("the server still reads");
    event_loop.settle();
    let mut buffer = [0; 4_096];
    assert_eq!(hand.raw.stream.try_read_untold(&mut buffer).expect("an end, and no reset"), 0);
    drop(hand);
    event_loop.settle();
    assert_eq!(event_loop.wait_for(&report).closed, 1);
    assert_eq!((handle.counts().missed, handle.counts().tls_failed), (1, 0));
}

#[test]
fn a_part_of_a_record_is_waited_for_when_the_patience_with_an_idle_client_ends() {
    let mut event_loop = Loop::new();
    let (handle, mut hand) = idle(&mut event_loop, 0);
    hand.say(ASK);
    let record = hand.words();
    hand.raw.write(&mut event_loop, &record[..7]);
    event_loop.settle();
    event_loop.pass(5 * SECOND);
    hand.raw.write(&mut event_loop, &record[7..]);
    exchange(&mut event_loop, &mut hand);
    assert!(hand.heard().0.ends_with(b"home"));
    // But not for ever.
    hand.say(ASK);
    let record = hand.words();
    hand.raw.write(&mut event_loop, &record[..7]);
    event_loop.pass(5 * SECOND);
    assert_eq!(handle.connections(), 1);
    event_loop.pass(10 * SECOND);
    assert_eq!((handle.connections(), handle.counts().late), (0, 1));
}

#[test]
fn a_stop_waits_for_the_rest_of_a_record_and_for_nothing_else() {
    for part in [0, 1, 7, usize::MAX] {
        let mut event_loop = Loop::new();
        let (handle, mut hand) = idle(&mut event_loop, 0);
        hand.say(ASK);
        let mut record = Vec::new();
        hand.session.write_tls(&mut record).expect("room");
        let (now, later) = record.split_at(part.min(record.len()));
        hand.raw.write(&mut event_loop, now);
        event_loop.settle();
        event_loop.spawn(handle.stop(MINUTE));
        event_loop.settle();
        hand.raw.write(&mut event_loop, later);
        assert!(hand.turn(&mut event_loop), "the server ends first");
        let (heard, clean) = hand.heard();
        let heard = String::from_utf8(heard).expect("text");
        assert!(clean, "a close_notify");
        assert_eq!(heard.contains("Connection: close"), 0 < part && part < usize::MAX, "{heard}");
        assert_eq!(heard.ends_with("home"), part > 0, "{heard}");
        assert_eq!(handle.counts().missed, u64::from(part == 0), "{part}");
    }
}
