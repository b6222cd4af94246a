//! Over TLS nothing is lost and nobody waits for ever, however the ciphertext is cut and wherever a
//! reading ends: what was decrypted is read before the socket is waited for.

#![cfg(feature = "tls")]

#[path = "common/by_hand.rs"]
mod by_hand;
mod common;
#[path = "common/tls.rs"]
mod tls;

use by_hand::ByHand;
use common::{Loop, REQUEST, Raw, echo, masked, next_turn, receive_all};
use glassloop_reactor::net::duplex;
use glassloop_ws::{Config, Message, TrySend, WebSocket, accept_tls, accept_tls_with};
use tls::{Authority, Relay, pair};

/// A reading of a few messages' length.
fn small_readings() -> Config {
    let mut config = Config::default();
    config.limits.read_bytes_per_turn_max = 100;
    config
}

/// Sends 50 messages in one turn: one record, of many times the budget.
fn send_fifty(event_loop: &mut Loop, socket: &WebSocket) {
    for number in 0..50 {
        assert_eq!(socket.try_send(message(number)), TrySend::Sent);
    }
    event_loop.settle();
    assert_eq!(socket.counts().writes, 1);
}

fn message(number: usize) -> Message {
    format!("the message with the number {number}").into()
}

#[test]
fn a_stream_that_comes_byte_by_byte_is_the_same_stream() {
    let mut event_loop = Loop::new();
    let mut relay = Relay::with(&mut event_loop, Config::default(), 1);
    let echoed = event_loop.spawn(echo(relay.server.socket.clone()));
    for length in [0, 1, 125, 126, 3_000] {
        let message = Message::from(vec![b'b'; length]);
        assert_eq!(relay.client.socket.try_send(message.clone()), TrySend::Sent);
        let socket = relay.client.socket.clone();
        let back = event_loop.spawn(async move { socket.recv().await });
        while back.borrow().is_none() {
            relay.pass(&mut event_loop, 1);
            event_loop.settle();
        }
        assert!(event_loop.wait_for(&back).expect("open") == Some(message), "{length} bytes");
    }
    relay.client.socket.close(1000, "done").expect("a code");
    while relay.client.driver.borrow().is_none() || relay.server.driver.borrow().is_none() {
        relay.pass(&mut event_loop, 1);
        event_loop.settle();
    }
    event_loop.wait_for(&echoed).expect("a regular end");
    assert!(event_loop.wait_for(&relay.client.driver).is_clean());
    assert!(event_loop.wait_for(&relay.server.driver).is_clean());
}

#[test]
fn the_driver_reads_on_what_one_reading_left_decrypted() {
    let mut event_loop = Loop::new();
    let (client, server) = pair(&mut event_loop, Config::default(), small_readings());
    send_fifty(&mut event_loop, &client.socket);
    assert_eq!(server.socket.counts().messages_received, 50, "nobody receives");
}

#[test]
fn who_receives_gets_all_that_lay_in_one_record() {
    let mut event_loop = Loop::new();
    let (client, server) = pair(&mut event_loop, Config::default(), small_readings());
    let received = event_loop.spawn(receive_all(server.socket));
    send_fifty(&mut event_loop, &client.socket);
    client.socket.close(1000, "").expect("a code");
    let (messages, error) = event_loop.wait_for(&received);
    assert!(error.is_none());
    assert_eq!(messages, (0..50).map(message).collect::<Vec<_>>());
}

#[test]
fn who_receives_once_leaves_the_rest_to_the_driver() {
    let mut event_loop = Loop::new();
    let (client, server) = pair(&mut event_loop, Config::default(), small_readings());
    let socket = server.socket.clone();
    let first = event_loop.spawn(async move { socket.recv().await });
    event_loop.settle();
    send_fifty(&mut event_loop, &client.socket);
    assert_eq!(event_loop.wait_for(&first).expect("open"), Some(message(0)));
    event_loop.settle();
    assert_eq!(server.socket.counts().messages_received, 50);
}

#[test]
fn a_full_mailbox_ends_the_reading_and_recv_begins_it_again() {
    let mut config = small_readings();
    config.limits.received_messages_max = 3;
    let mut event_loop = Loop::new();
    let (client, server) = pair(&mut event_loop, Config::default(), config);
    send_fifty(&mut event_loop, &client.socket);
    assert!(server.socket.counts().messages_received < 6, "{:?}", server.socket.counts());
    let socket = server.socket.clone();
    let received = event_loop.spawn(async move {
        let mut received = Vec::new();
        while received.len() < 50 {
            received.push(socket.recv().await.expect("open").expect("a message"));
            // Also in turns of their own.
            if received.len() % 4 == 0 {
                next_turn().await;
            }
        }
        received
    });
    let received = event_loop.wait_for(&received);
    assert_eq!(received, (0..50).map(message).collect::<Vec<_>>());
}

#[test]
fn a_part_of_a_record_is_a_sign_of_life() {
    let mut event_loop = Loop::new();
    let mut relay = Relay::new(&mut event_loop, Config::default());
    assert_eq!(relay.client.socket.try_send("slowly".into()), TrySend::Sent);
    event_loop.settle();
    // The client hears nothing and would ping, which nobody carries.
    for _ in 0..20 {
        event_loop.pass(std::time::Duration::from_secs(15));
        relay.pass_on(&mut event_loop, 1);
    }
    let counts = relay.server.socket.counts();
    assert_eq!((counts.writes, counts.messages_received), (0, 0), "the server has not asked");
    assert!(relay.server.driver.borrow().is_none());
}

#[test]
fn a_loop_at_rest_has_nothing_left_to_do() {
    let mut event_loop = Loop::new();
    let (client, server) = pair(&mut event_loop, small_readings(), small_readings());
    send_fifty(&mut event_loop, &client.socket);
    let turns = event_loop.turns;
    event_loop.settle();
    assert_eq!(event_loop.turns, turns, "no wake that leads to nothing");
    drop((client, server));
}

/// A server, echoing, and its client by hand, which has upgraded.
fn echoing(event_loop: &mut Loop, version: &'static rustls::SupportedProtocolVersion) -> ByHand {
    let authority = Authority::new();
    let (near, far) = duplex().expect("two ends");
    let server = event_loop.spawn(accept_tls(near, &authority.identity().server()));
    let mut hand = ByHand::new(&authority, Raw::new(far), version);
    event_loop.settle();
    hand.say(REQUEST);
    for _ in 0..4 {
        hand.turn(event_loop);
    }
    let opened = event_loop.wait_for(&server).expect("a server");
    let end = event_loop.drive(opened);
    event_loop.spawn(echo(end.socket));
    let (head, _) = hand.heard();
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", head.escape_ascii());
    hand
}

#[test]
fn a_peer_that_changes_its_keys_is_answered() {
    let mut event_loop = Loop::new();
    let mut hand = echoing(&mut event_loop, &rustls::version::TLS13);
    for _ in 0..100 {
        hand.session.refresh_traffic_keys().expect("a good moment");
        hand.say(&masked(0x81, b"again"));
        hand.turn(&mut event_loop);
        assert_eq!(hand.heard().0, b"\x81\x05again");
    }
}

#[test]
fn the_end_is_said_behind_the_close_in_both_versions() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut event_loop = Loop::new();
        let mut hand = echoing(&mut event_loop, version);
        hand.say(&masked(0x88, &1000_u16.to_be_bytes()));
        assert!(hand.turn(&mut event_loop), "the server ends first");
        let (heard, clean) = hand.heard();
        assert_eq!(heard, b"\x88\x02\x03\xe8");
        assert!(clean, "a close_notify");
    }
}

#[test]
fn what_came_before_a_broken_record_is_received() {
    let mut event_loop = Loop::new();
    let authority = Authority::new();
    let (near, far) = duplex().expect("two ends");
    let identity = authority.identity().server();
    let server = event_loop.spawn(accept_tls_with(near, &identity, Config::default()));
    let mut hand = ByHand::new(&authority, Raw::new(far), &rustls::version::TLS13);
    event_loop.settle();
    hand.say(REQUEST);
    for _ in 0..4 {
        hand.turn(&mut event_loop);
    }
    let opened = event_loop.wait_for(&server).expect("a server");
    let end = event_loop.drive(opened);
    let received = event_loop.spawn(receive_all(end.socket.clone()));
    hand.say(&masked(0x81, b"good"));
    let mut bytes = Vec::new();
    hand.session.write_tls(&mut bytes).expect("room");
    bytes.extend([23, 3, 3, 0, 32]);
    bytes.extend([0; 32]);
    hand.raw.write(&mut event_loop, &bytes);
    let (messages, error) = event_loop.wait_for(&received);
    assert_eq!(messages, [Message::from("good")]);
    error.expect("a broken connection");
    assert!(!event_loop.wait_for(&end.driver).is_clean());
    // An alert, and not a word of the WebSocket's.
    let (alert, _) = hand.raw.take(&mut event_loop);
    assert_eq!(alert.first(), Some(&23), "records of TLS 1.3 look alike");
}
