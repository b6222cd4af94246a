//! Each end has its code: those asked for, those earned, and those there is nobody to send.

mod common;

use std::time::Duration;

use common::{Loop, Raw, close_code, close_payload, echo, masked, receive_all, unmasked};
use glassloop_ws::{Cause, Config, Error, Side, TrySend, code};

#[test]
fn either_side_may_close_and_both_learn_the_code() {
    for client_closes in [true, false] {
        let mut event_loop = Loop::new();
        let (client, server) = event_loop.pair(Config::default(), Config::default());
        let (closing, closed) = if client_closes { (client, server) } else { (server, client) };
        closing.socket.close(4001, "enough").expect("a good code");
        let (messages, error) = event_loop.block_on(receive_all(closed.socket.clone()));
        assert!(messages.is_empty() && error.is_none(), "{error:?}");
        let ours = event_loop.wait_for(&closing.driver);
        let theirs = event_loop.wait_for(&closed.driver);
        for (info, side) in [(&ours, Side::Us), (&theirs, Side::Peer)] {
            assert_eq!((info.code, info.reason.as_str()), (4001, "enough"));
            assert_eq!((info.side, info.is_clean()), (side, true));
        }
        assert_eq!(closing.socket.close_info(), Some(ours));
        assert_eq!(closed.socket.try_send("late".into()), TrySend::Closed("late".into()));
    }
}

#[test]
fn both_sides_may_close_at_once() {
    let mut event_loop = Loop::new();
    let (client, server) = event_loop.pair(Config::default(), Config::default());
    client.socket.close(4001, "").expect("a good code");
    server.socket.close(4002, "").expect("a good code");
    let ours = event_loop.wait_for(&client.driver);
    let theirs = event_loop.wait_for(&server.driver);
    assert_eq!((ours.code, ours.is_clean()), (4001, true));
    assert_eq!((theirs.code, theirs.is_clean()), (4002, true));
}

#[test]
fn what_was_sent_before_a_close_arrives_before_it() {
    let mut event_loop = Loop::new();
    let (client, server) = event_loop.pair(Config::default(), Config::default());
    for word in ["one", "two", "three"] {
        assert!(client.socket.try_send(word.into()).is_taken());
    }
    client.socket.close(1000, "").expect("a good code");
    let (messages, error) = event_loop.block_on(receive_all(server.socket));
    assert!(error.is_none(), "{error:?}");
    assert_eq!(messages, vec!["one".into(), "two".into(), "three".into()]);
}

#[test]
fn the_last_handle_says_goodbye_with_1001() {
    let mut event_loop = Loop::new();
    let (client, server) = event_loop.pair(Config::default(), Config::default());
    let twin = client.socket.clone();
    drop(client.socket);
    event_loop.settle();
    assert_eq!(server.socket.close_info(), None, "a handle is left");
    assert!(twin.try_send("last words".into()).is_taken());
    drop(twin);
    let (messages, _) = event_loop.block_on(receive_all(server.socket));
    assert_eq!(messages, vec!["last words".into()]);
    assert_eq!(event_loop.wait_for(&server.driver).code, code::AWAY);
    assert_eq!(event_loop.wait_for(&client.driver).side, Side::Us);
}

#[test]
fn the_answer_to_a_close_leaves_behind_everything_that_waits() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let payload = vec![b'w'; 200_000];
    assert!(server.socket.try_send(payload.clone().into()).is_taken());
    event_loop.settle();
    assert!(server.socket.buffered_amount() > 100_000, "the socket is full");
    // The ring is above low water, so the answer has to wait for room in it.
    raw.write(&mut event_loop, &masked(0x88, &close_payload(4000, "")));
    event_loop.settle();
    let (bytes, ended) = raw.take(&mut event_loop);
    assert!(ended, "the server closes first");
    assert!(bytes.len() > payload.len());
    assert_eq!(close_code(&bytes[bytes.len() - 4..]), Some(4000));
    assert!(event_loop.wait_for(&server.driver).is_clean());
}

/// What a server answers to `bytes`, as a close code, and how it ended.
fn fault(bytes: &[u8], config: Config) -> (Option<u16>, Cause) {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(config);
    let received = event_loop.spawn(receive_all(server.socket));
    raw.write(&mut event_loop, bytes);
    let (answer, _) = raw.take(&mut event_loop);
    let (_, error) = event_loop.wait_for(&received);
    let Some(Error::Closed(info)) = error else { panic!("expected an end, came {error:?}") };
    assert!(server.driver.borrow().is_none(), "the peer has not closed yet");
    drop(raw);
    assert_eq!(event_loop.wait_for(&server.driver), *info);
    (close_code(&answer), info.cause)
}

#[test]
fn a_peer_that_breaks_a_rule_is_told_which() {
    let small = || {
        let mut config = Config::default();
        config.limits.frame_bytes_max = 100;
        config.limits.message_bytes_max = 150;
        config.limits.fragments_per_message_max = 5;
        config
    };
    let half = vec![b'x'; 80];
    let cases: Vec<(u16, Vec<u8>)> = vec![
        (code::PROTOCOL, unmasked(0x81, b"not masked")),
        (code::PROTOCOL, masked(0xc1, b"a reserved bit")),
        (code::PROTOCOL, masked(0x83, b"a reserved opcode")),
        (code::PROTOCOL, masked(0x80, b"nothing to go on with")),
        (code::PROTOCOL, [masked(0x01, b"a"), masked(0x81, b"b")].concat()),
        (code::PROTOCOL, masked(0x09, b"half a ping")),
        (code::PROTOCOL, masked(0x88, &[3])),
        (code::NOT_UTF8, masked(0x81, &[0xff, 0xfe])),
        (code::NOT_UTF8, masked(0x01, &[b'a', 0xc3, 0x28])),
        (code::TOO_BIG, masked(0x82, &[0; 101])),
        (code::TOO_BIG, [masked(0x02, &half), masked(0x80, &half)].concat()),
        (code::POLICY, [masked(0x01, b""), masked(0x00, b"").repeat(5)].concat()),
    ];
    for (expected, bytes) in cases {
        let (came, cause) = fault(&bytes, small());
        assert_eq!(came, Some(expected), "{cause:?} after {}", bytes.escape_ascii());
        let Cause::Violation(words) = cause else { panic!("expected a fault, came {cause:?}") };
        assert!(words.len() <= 123, "it fits into a Close: {words}");
        if expected == code::TOO_BIG {
            assert!(words.starts_with("expected at most 1"), "{words}");
            assert!(words.ends_with(" came 101") || words.ends_with(" came 160"), "{words}");
        }
    }
}

#[test]
fn a_head_that_announces_two_to_the_63_bytes_is_refused_at_once() {
    let head = [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4];
    assert_eq!(fault(&head, Config::default()).0, Some(code::TOO_BIG));
}

#[test]
fn messages_before_a_fault_are_delivered() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let bytes = [masked(0x81, b"good"), masked(0x83, b"bad"), masked(0x81, b"late")].concat();
    raw.write(&mut event_loop, &bytes);
    let (messages, error) = event_loop.block_on(receive_all(server.socket));
    assert_eq!(messages, vec!["good".into()]);
    assert!(matches!(error, Some(Error::Closed(_))), "{error:?}");
}

#[test]
fn a_stream_that_ends_without_a_close_is_1006() {
    let mut event_loop = Loop::new();
    let (server, raw) = event_loop.raw_client(Config::default());
    drop(raw);
    let info = event_loop.wait_for(&server.driver);
    assert_eq!((info.code, info.side, info.cause), (code::ABNORMAL, Side::Peer, Cause::Reset));
    let (_, error) = event_loop.block_on(receive_all(server.socket));
    assert!(matches!(error, Some(Error::Closed(_))), "{error:?}");
}

#[test]
fn a_peer_that_never_answers_a_close_is_dropped_after_five_seconds() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    server.socket.close(1000, "bye").expect("a good code");
    event_loop.settle();
    event_loop.pass(Duration::from_millis(4_999));
    assert!(server.driver.borrow().is_none());
    event_loop.pass(Duration::from_millis(1));
    let info = event_loop.wait_for(&server.driver);
    assert_eq!((info.code, info.cause), (1000, Cause::CloseTimeout));
    assert!(raw.read(), "the socket is closed");
    assert_eq!(close_code(&raw.bytes), Some(1000));
}

#[test]
fn a_peer_that_sends_on_after_a_fault_is_heard_out_and_then_dropped() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    raw.write(&mut event_loop, &masked(0x83, b"bad"));
    event_loop.settle();
    for _ in 0..100 {
        raw.write(&mut event_loop, &vec![0x55; 10_000]);
        event_loop.settle();
    }
    let (answer, ended) = raw.take(&mut event_loop);
    assert!(ended, "our direction is shut");
    assert_eq!(close_code(&answer), Some(code::PROTOCOL));
    event_loop.pass(Duration::from_secs(5));
    assert!(matches!(event_loop.wait_for(&server.driver).cause, Cause::Violation(_)));
}

#[test]
fn codes_that_must_not_be_sent_are_refused() {
    let mut event_loop = Loop::new();
    let (client, _server) = event_loop.pair(Config::default(), Config::default());
    for code in [0, 999, 1005, 1006, 1015, 2000, 5000] {
        let refused = client.socket.close(code, "");
        assert!(matches!(refused, Err(Error::InvalidClose { .. })), "{code}");
    }
    let long = "x".repeat(124);
    assert!(client.socket.close(1000, &long).is_err());
    assert!(client.socket.close(1000, &long[1..]).is_ok());
}

#[test]
fn a_dropped_driver_ends_everything_that_waits() {
    let mut event_loop = Loop::new();
    let (near, far) = glassloop_reactor::net::duplex().expect("two ends");
    let client = event_loop.spawn(glassloop_ws::connect_on(near, "ws://memory/"));
    let _raw = Raw::new(far);
    event_loop.settle();
    assert!(client.borrow().is_none());

    let (near, far) = glassloop_reactor::net::duplex().expect("two ends");
    let client = event_loop.spawn(glassloop_ws::connect_on(near, "ws://memory/"));
    let server = event_loop.spawn(glassloop_ws::accept(far));
    let (socket, driver) = event_loop.wait_for(&client).expect("a client");
    let received = event_loop.spawn(receive_all(socket.clone()));
    let closed = event_loop.spawn(socket.closed());
    event_loop.settle();
    assert_eq!(socket.waits().len(), 2);
    drop(driver);
    assert_eq!(event_loop.wait_for(&closed).cause, Cause::DriverDropped);
    let (_, error) = event_loop.wait_for(&received);
    assert!(matches!(error, Some(Error::Closed(_))), "{error:?}");
    drop(server);
}

#[test]
fn what_came_before_a_fault_in_one_piece_with_it_is_answered_before_the_close() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    event_loop.spawn(echo(server.socket));
    let bytes = [masked(0x81, b"good"), masked(0x83, b"bad"), masked(0x89, b"late")].concat();
    raw.write(&mut event_loop, &bytes);
    let (answer, ended) = raw.take(&mut event_loop);
    assert!(ended, "our direction is shut");
    assert!(answer.starts_with(&unmasked(0x81, b"good")), "{}", answer.escape_ascii());
    assert_eq!(close_code(&answer), Some(code::PROTOCOL));
    assert!(!answer.windows(4).any(|four| four == b"late"), "nothing is read past a fault");
}

#[test]
fn a_fault_with_the_end_of_the_stream_behind_it_stays_a_fault() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    raw.write(&mut event_loop, &masked(0x83, b"bad"));
    drop(raw);
    let info = event_loop.wait_for(&server.driver);
    assert!(matches!(info.cause, Cause::Violation(_)), "{info:?}");
}
