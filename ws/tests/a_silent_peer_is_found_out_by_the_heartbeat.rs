//! A link that dies says nothing. The heartbeat asks, waits, and names our own stall if we were
//! the ones who stood still. All of it in virtual time.

mod common;

use std::time::Duration;

use common::{Loop, close_code, masked, receive_all};
use glassloop_reactor::Stall;
use glassloop_ws::{Cause, CloseInfo, Config, Error, Side, StallNote, code};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn two_live_peers_stay_connected_through_a_silent_day() {
    let mut event_loop = Loop::new();
    let (client, server) = event_loop.pair(Config::default(), Config::default());
    for _ in 0..24 * 60 {
        event_loop.pass(60 * SECOND);
    }
    assert_eq!(client.socket.close_info(), None);
    assert_eq!(server.socket.close_info(), None);
    assert!(client.socket.try_send("still here".into()).is_taken());
    let received = event_loop.block_on(server.socket.recv()).expect("open");
    assert_eq!(received, Some("still here".into()));
}

#[test]
fn a_peer_that_falls_silent_is_given_up_with_1011_after_forty_seconds() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let received = event_loop.spawn(receive_all(server.socket.clone()));
    event_loop.pass(10 * SECOND);
    raw.write(&mut event_loop, &masked(0x8a, b"a sign of life"));
    event_loop.settle();
    event_loop.pass(20 * SECOND);
    let (ping, _) = raw.take(&mut event_loop);
    assert_eq!(ping[..2], [0x89, 8], "a ping, 20 s after the last byte");
    event_loop.pass(19 * SECOND);
    assert_eq!(server.socket.close_info(), None);
    event_loop.pass(SECOND);
    let (_, error) = event_loop.wait_for(&received);
    let Some(Error::Closed(info)) = error else { panic!("expected an end, came {error:?}") };
    assert_eq!((info.code, &info.cause), (1011, &Cause::HeartbeatLost));
    let (answer, _) = raw.take(&mut event_loop);
    assert_eq!(close_code(&answer), Some(code::INTERNAL));
    event_loop.pass(5 * SECOND);
    assert_eq!(event_loop.wait_for(&server.driver), *info);
}

#[test]
fn a_stall_of_ours_while_the_answer_was_due_is_named() {
    let mut event_loop = Loop::new();
    let (server, _raw) = event_loop.raw_client(Config::default());
    event_loop.pass(20 * SECOND);
    event_loop.pass(10 * SECOND);
    let (label, at) = (String::from("task 7 at src/render.rs:12"), event_loop.clock.now());
    event_loop.reactor.set_last_stall(Stall { label: label.clone(), millis: 9_000, at });
    event_loop.pass(10 * SECOND);
    let info = server.socket.close_info().expect("given up");
    let stall = Some(StallNote { label, millis: 9_000 });
    assert_eq!((&info.cause, &info.stall), (&Cause::HeartbeatLost, &stall));
    assert!(info.to_string().contains("9000 ms in task 7"), "{info}");
}

/// A peer that sends, a stall of ours, and then the peer's end: `last` comes first, if anything.
fn ends_after_a_stall(millis: u64, last: &[u8]) -> CloseInfo {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    event_loop.pass(SECOND);
    raw.write(&mut event_loop, &masked(0x8a, b"a sign of life"));
    event_loop.settle();
    // The clock runs on while an item holds the loop; what the peer does meanwhile lies there.
    event_loop.clock.advance(Duration::from_millis(millis));
    let (label, at) = (String::from("task 7 `export`, src/render.rs:40"), event_loop.clock.now());
    event_loop.reactor.set_last_stall(Stall { label, millis, at });
    raw.stream.try_write(last).expect("room");
    drop(raw);
    // No two turns begin at the same instant; a Close takes effect in the turn after its read.
    for _ in 0..10 {
        event_loop.clock.advance(Duration::from_micros(100));
        event_loop.turn(Duration::ZERO);
    }
    event_loop.pass(10 * SECOND);
    server.socket.close_info().expect("the peer is gone")
}

#[test]
fn an_end_from_the_peer_after_our_stall_names_the_stall() {
    let info = ends_after_a_stall(31_000, b"");
    assert_eq!((info.side, &info.cause), (Side::Peer, &Cause::Reset));
    let text = "before it our own loop stood still for 31000 ms in task 7 `export`, \
                src/render.rs:40, so the peer may have timed us out";
    assert!(info.to_string().ends_with(text), "{info}");
    let info = ends_after_a_stall(31_000, &masked(0x88, &1011_u16.to_be_bytes()));
    assert_eq!((info.code, &info.cause), (1011, &Cause::Handshake));
    assert!(info.to_string().ends_with(text), "{info}");
    let info = ends_after_a_stall(999, b"");
    assert_eq!(info.stall, None, "nobody gives up on a peer for that");
}

#[test]
fn nobody_receives_for_a_minute_and_the_connection_lives_on_pings() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let mut pings = 0;
    for _ in 0..60 {
        event_loop.pass(SECOND);
        let (bytes, _) = raw.take(&mut event_loop);
        for ping in bytes.chunks(10) {
            assert_eq!(ping[..2], [0x89, 8]);
            raw.write(&mut event_loop, &masked(0x8a, &ping[2..]));
            event_loop.settle();
            pings += 1;
        }
    }
    assert_eq!((pings, server.socket.close_info()), (3, None), "one each 20 s of silence");
}

#[test]
fn an_older_stall_is_no_excuse() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let at = event_loop.clock.now();
    event_loop.reactor.set_last_stall(Stall { label: String::from("old"), millis: 9_000, at });
    event_loop.pass(SECOND);
    raw.write(&mut event_loop, &masked(0x8a, b"a sign of life"));
    event_loop.settle();
    event_loop.pass(20 * SECOND);
    event_loop.pass(20 * SECOND);
    let info = server.socket.close_info().expect("given up");
    assert_eq!((info.cause, info.stall), (Cause::HeartbeatLost, None));
}

#[test]
fn bytes_that_came_during_our_stall_are_read_before_the_peer_is_judged() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    event_loop.pass(20 * SECOND);
    let (ping, _) = raw.take(&mut event_loop);
    // The answer lies in the socket while the clock runs past every deadline in one leap.
    raw.stream.try_write(&masked(0x8a, &ping[2..])).expect("room");
    event_loop.pass(60 * SECOND);
    assert_eq!(server.socket.close_info(), None);
}

#[test]
fn the_silence_of_a_peer_we_do_not_read_is_ours() {
    let mut event_loop = Loop::new();
    let mut config = Config::default();
    config.limits.received_messages_max = 1;
    let (server, mut raw) = event_loop.raw_client(config);
    raw.write(&mut event_loop, &masked(0x81, b"one").repeat(5));
    for _ in 0..10 {
        event_loop.pass(60 * SECOND);
    }
    assert_eq!(server.socket.close_info(), None);
    let socket = server.socket.clone();
    event_loop.block_on(async move {
        for _ in 0..5 {
            socket.recv().await.expect("open");
        }
    });
    event_loop.pass(19 * SECOND);
    assert_eq!(server.socket.close_info(), None, "the silence begins when we read again");
}

#[test]
fn a_ping_tells_how_long_its_answer_took_and_is_shared() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let first = event_loop.spawn(server.socket.ping());
    let second = event_loop.spawn(server.socket.ping());
    let (ping, _) = raw.take(&mut event_loop);
    assert_eq!(ping.len(), 2 + 8, "one ping for both");
    event_loop.pass(Duration::from_millis(250));
    raw.write(&mut event_loop, &masked(0x8a, &ping[2..]));
    for output in [first, second] {
        let round_trip = event_loop.wait_for(&output).expect("an answer");
        assert_eq!(round_trip, Duration::from_millis(250));
    }
    let unanswered = event_loop.spawn(server.socket.ping());
    event_loop.settle();
    drop(raw);
    let error = event_loop.wait_for(&unanswered).expect_err("the peer is gone");
    assert!(matches!(error, Error::Closed(_)), "{error}");
}

#[test]
fn a_ping_counts_from_when_it_has_left() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let clock = event_loop.clock.clone();
    // Woken when the driver is, polled behind it: the ping waits for the turn's end meanwhile.
    event_loop.spawn(async move {
        glassloop_reactor::sleep(20 * SECOND).await;
        clock.advance(60 * SECOND);
    });
    event_loop.settle();
    event_loop.pass(20 * SECOND);
    let (ping, _) = raw.take(&mut event_loop);
    assert_eq!(ping[..2], [0x89, 8]);
    assert_eq!(server.socket.close_info(), None, "the peer has had no time to answer");
    event_loop.pass(19 * SECOND);
    assert_eq!(server.socket.close_info(), None);
    event_loop.pass(SECOND);
    assert_eq!(server.socket.close_info().map(|info| info.cause), Some(Cause::HeartbeatLost));
}

#[test]
fn a_slow_reader_is_not_given_up_for_a_ping_that_it_can_not_have_read() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    // More than the memory pipe takes: the ping will wait behind it.
    let sent = 250_000;
    assert!(server.socket.try_send(vec![7; sent].into()).is_taken());
    let mut read = 0;
    for _ in 0..20 {
        event_loop.pass(15 * SECOND);
        let mut some = [0; 4096];
        read += raw.stream.try_read(&mut some).expect("bytes wait");
    }
    event_loop.settle();
    assert_eq!(server.socket.close_info(), None, "five minutes in which it read {read} bytes");
    // Now it reads all of it, and falls silent.
    let (rest, _) = raw.take(&mut event_loop);
    assert!(read + rest.len() > sent, "the message, and perhaps a ping");
    event_loop.pass(20 * SECOND);
    event_loop.pass(20 * SECOND);
    assert_eq!(server.socket.close_info().map(|info| info.cause), Some(Cause::HeartbeatLost));
}

#[test]
fn a_ping_that_a_talking_peer_does_not_answer_ends_in_an_error() {
    for idle_ms in [20_000, u64::MAX] {
        let mut event_loop = Loop::new();
        let mut config = Config::default();
        config.limits.heartbeat_idle_ms_max = idle_ms;
        let (server, mut raw) = event_loop.raw_client(config);
        let answer = event_loop.spawn(server.socket.ping());
        for second in 0..20 {
            event_loop.settle();
            assert!(answer.borrow().is_none(), "not before its time: after {second} s");
            raw.write(&mut event_loop, &masked(0x81, b"la la la"));
            event_loop.pass(SECOND);
        }
        let error = event_loop.wait_for(&answer).expect_err("it was not answered");
        assert!(matches!(error, Error::PongTimeout { millis: 20_000 }), "{error}");
        assert_eq!(server.socket.close_info(), None, "it lives");
        let again = event_loop.spawn(server.socket.ping());
        let (pings, _) = raw.take(&mut event_loop);
        raw.write(&mut event_loop, &masked(0x8a, &pings[pings.len() - 8..]));
        event_loop.wait_for(&again).expect("this one is answered");
    }
}

#[test]
fn a_ping_that_nobody_reads_the_answer_of_ends_in_an_error() {
    let mut event_loop = Loop::new();
    let mut config = Config::default();
    config.limits.received_messages_max = 1;
    let (server, mut raw) = event_loop.raw_client(config);
    raw.write(&mut event_loop, &masked(0x81, b"unread").repeat(3));
    event_loop.settle();
    let answer = event_loop.spawn(server.socket.ping());
    let (ping, _) = raw.take(&mut event_loop);
    raw.write(&mut event_loop, &masked(0x8a, &ping[2..]));
    event_loop.pass(20 * SECOND);
    let error = event_loop.wait_for(&answer).expect_err("it was not read");
    assert!(matches!(error, Error::PongTimeout { .. }), "{error}");
    assert_eq!(server.socket.close_info(), None, "the silence is ours");
}
