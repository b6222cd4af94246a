//! An end takes nothing with it that came before: it is received, also by who had paused, and who
//! receives it at once may still answer.

#![cfg(test)]

mod common;

use common::{Loop, close_payload, echo, masked, receive_all, unmasked};
use glassloop_ws::{Cause, Config, Message, Side};

#[test]
fn a_message_with_a_close_at_its_heels_is_answered_before_the_close_is() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    event_loop.spawn(echo(server.socket.clone()));
    let close = close_payload(4001, "that was all");
    raw.write(&mut event_loop, &[masked(0x81, b"hello"), masked(0x88, &close)].concat());
    let (bytes, ended) = raw.take(&mut event_loop);
    let expected = [unmasked(0x81, b"hello"), unmasked(0x88, &close)].concat();
    assert_eq!((bytes, ended), (expected, true));
    let info = event_loop.wait_for(&server.driver);
    assert_eq!((info.code, info.side, info.is_clean()), (4001, Side::Peer, true));
    assert_eq!(info.reason.as_str(), "that was all");
}

#[test]
fn a_message_with_a_fault_at_its_heels_is_answered_before_the_fault_is() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    event_loop.spawn(echo(server.socket.clone()));
    raw.write(&mut event_loop, &[masked(0x81, b"hello"), masked(0x83, b"?")].concat());
    let (bytes, _) = raw.take(&mut event_loop);
    assert!(bytes.starts_with(&unmasked(0x81, b"hello")), "{}", bytes.escape_ascii());
    assert_eq!(bytes[7], 0x88, "then the Close");
}

#[test]
fn who_closes_while_the_peers_close_is_being_read_closes_once() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let socket = server.socket.clone();
    event_loop.spawn(async move {
        let asked = socket.recv().await.expect("open");
        socket.send(asked.expect("a message")).await.expect("open");
        socket.close(4002, "enough").expect("a good code");
    });
    let frames = [masked(0x81, b"bye?"), masked(0x88, &close_payload(4001, ""))];
    raw.write(&mut event_loop, &frames.concat());
    let (bytes, ended) = raw.take(&mut event_loop);
    let expected = [unmasked(0x81, b"bye?"), unmasked(0x88, &close_payload(4002, "enough"))];
    assert_eq!((bytes, ended), (expected.concat(), true));
    assert!(event_loop.wait_for(&server.driver).is_clean());
}

#[test]
fn a_socket_that_breaks_while_nobody_receives_loses_nothing_that_came() {
    let mut event_loop = Loop::new();
    let mut config = Config::default();
    config.limits.received_messages_max = 1;
    // With its beginning read, the rest in the socket, or all of it there.
    for before_the_pause in [0, 1, 5] {
        let (server, mut raw) = event_loop.raw_client(config.clone());
        let message = |n: u32| Message::from(format!("message {n}"));
        let sent: Vec<Message> = (0..10).map(message).collect();
        let (first, last) = sent.split_at(before_the_pause);
        for (part, pauses) in [(first, true), (last, false)] {
            for message in part {
                raw.write(&mut event_loop, &masked(0x81, message.as_bytes()));
            }
            event_loop.settle();
            if pauses {
                server.socket.pause();
            }
        }
        drop(raw);
        // The socket is not read, so only a write can find out.
        assert!(server.socket.try_send("are you there?".into()).is_taken());
        event_loop.settle();
        let (messages, error) = event_loop.block_on(receive_all(server.socket.clone()));
        assert_eq!(messages, sent, "{before_the_pause} before the pause");
        assert!(error.is_some(), "it broke");
        let info = event_loop.wait_for(&server.driver);
        assert!(matches!(info.cause, Cause::Io(_)), "{info}");
        drop(server);
    }
    assert_eq!((event_loop.task_count(), event_loop.reactor.counts().sources), (0, 0));
}

#[test]
fn a_forbidden_code_is_told_as_the_peers_mistake_and_by_its_number() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535] {
        let mut event_loop = Loop::new();
        let (server, mut raw) = event_loop.raw_client(Config::default());
        raw.write(&mut event_loop, &masked(0x88, &close_payload(code, "reason")));
        let words = format!("expected a close code that may be sent, came {code}");
        let (bytes, ended) = raw.take(&mut event_loop);
        assert_eq!((bytes, ended), (unmasked(0x88, &close_payload(1002, &words)), true));
        let info = event_loop.wait_for(&server.driver);
        assert_eq!((info.code, info.side), (1002, Side::Us));
        assert_eq!(info.cause, Cause::Violation(words));
    }
}
