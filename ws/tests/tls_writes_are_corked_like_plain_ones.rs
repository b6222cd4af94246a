//! All that a turn wants sent becomes records and leaves in one write over TLS, too; and what a
//! slow reader holds up counts as waiting until its ciphertext has left.

#![cfg(feature = "tls")]

mod common;
#[path = "common/tls.rs"]
mod tls;

use common::twins::a_hundred_sends_of_a_turn_are_one_write;
use common::{Loop, next_turn, receive_all};
use glassloop_ws::{Config, Message, Overflow, TrySend};
use tls::{Relay, pair};

#[test]
fn a_hundred_sends_of_one_turn_are_one_write() {
    let mut event_loop = Loop::new();
    let pair = pair(&mut event_loop, Config::default(), Config::default());
    a_hundred_sends_of_a_turn_are_one_write(&mut event_loop, pair);
}

#[test]
fn a_hundred_sends_of_one_turn_are_one_record_and_one_piece_of_the_socket() {
    let mut event_loop = Loop::new();
    let mut relay = Relay::new(&mut event_loop, Config::default());
    let socket = relay.client.socket.clone();
    event_loop.settle();
    assert!(relay.pass(&mut event_loop, usize::MAX).is_empty());
    for number in 0..100 {
        assert_eq!(socket.try_send(format!("message {number}").into()), TrySend::Sent);
    }
    event_loop.turn(std::time::Duration::ZERO);
    // Type 23, application data: those of TLS 1.3 are all of it.
    assert_eq!(relay.pass(&mut event_loop, usize::MAX), [23]);
    event_loop.settle();
    assert_eq!(relay.server.socket.counts().messages_received, 100);
}

#[test]
fn long_messages_leave_in_as_few_writes_as_plain_ones() {
    let mut writes = Vec::new();
    for secure in [false, true] {
        let mut event_loop = Loop::with_pipes_of(1 << 20);
        let (client, server) = match secure {
            true => pair(&mut event_loop, Config::default(), Config::default()),
            false => event_loop.pair(Config::default(), Config::default()),
        };
        let message = Message::from(vec![7; 200_000]);
        let (socket, copy) = (client.socket.clone(), message.clone());
        event_loop.block_on(async move { socket.send(copy).await }).expect("open");
        event_loop.settle();
        let received = event_loop.block_on(async move { server.socket.recv().await });
        assert!(received.expect("open") == Some(message));
        writes.push(client.socket.counts().writes);
    }
    assert_eq!(writes[0], writes[1], "plain and over TLS");
}

#[test]
fn what_the_reader_holds_up_waits_in_sight_and_arrives_whole() {
    let mut event_loop = Loop::new();
    let mut relay = Relay::new(&mut event_loop, Config::default());
    let socket = relay.client.socket.clone();
    let mut sent = 0;
    // Nothing is relayed: the socket holds 64 KiB, and high water is 256.
    while socket.try_send(vec![1; 10_000].into()).is_taken() {
        sent += 1;
        event_loop.settle();
    }
    assert!((26..40).contains(&sent), "{sent} messages of 10,000 bytes");
    assert!(socket.buffered_amount() > 256 * 1024, "{}", socket.buffered_amount());
    let counts = socket.counts();
    assert!(counts.bytes_written < 66_000, "no more than the socket took: {counts:?}");
    let drained = event_loop.spawn(async move { socket.drained().await });
    let received = event_loop.spawn(receive_all(relay.server.socket.clone()));
    while relay.client.socket.counts().bytes_written < 10_004 * sent {
        relay.pass(&mut event_loop, 1_000);
        event_loop.settle();
    }
    event_loop.wait_for(&drained).expect("open");
    relay.client.socket.close(1000, "").expect("a code");
    while received.borrow().is_none() {
        relay.pass(&mut event_loop, usize::MAX);
        event_loop.settle();
    }
    let (messages, error) = event_loop.wait_for(&received);
    assert!(error.is_none() && messages.len() as u64 == sent);
    assert!(messages.iter().all(|message| message.as_bytes() == [1; 10_000]));
}

#[test]
fn sends_and_the_pong_due_are_one_write_too() {
    let mut event_loop = Loop::new();
    let (client, server) = pair(&mut event_loop, Config::default(), Config::default());
    let ping = event_loop.spawn(server.socket.ping());
    for number in 0..10 {
        let socket = client.socket.clone();
        event_loop.spawn(async move {
            next_turn().await;
            assert_eq!(socket.try_send(format!("task {number}").into()), TrySend::Sent);
        });
    }
    event_loop.wait_for(&ping).expect("an answer");
    event_loop.settle();
    assert_eq!(client.socket.counts().writes, 1);
}

/// A peer that reads everything is no slow reader, whatever the policy.
#[test]
fn a_socket_that_takes_everything_is_not_full() {
    for overflow in [Overflow::Close, Overflow::DropNewest, Overflow::DropOldest] {
        for secure in [false, true] {
            let mut event_loop = Loop::with_pipes_of(16 << 20);
            let mut config = Config::default();
            config.overflow = overflow;
            let (client, server) = match secure {
                true => pair(&mut event_loop, config, Config::default()),
                false => event_loop.pair(config, Config::default()),
            };
            let socket = client.socket.clone();
            let first = socket.try_send(Message::from(vec![7; 1_000_000]));
            let second = socket.try_send("small".into());
            event_loop.settle();
            assert!(
                first.is_taken() && second.is_taken() && client.driver.borrow().is_none(),
                "{overflow:?}, over TLS: {secure}: {second:?}, {:?}",
                client.socket.counts()
            );
            drop(server);
        }
    }
}

/// What was told as written has left in records that the peer can read.
#[test]
fn half_a_record_is_nothing_that_was_written() {
    let mut event_loop = Loop::with_pipes_of(8 * 1024);
    let relay = Relay::new(&mut event_loop, Config::default());
    let socket = relay.client.socket.clone();
    for number in 0..15_u8 {
        assert_eq!(socket.try_send(vec![number; 1_000].into()), TrySend::Sent);
    }
    event_loop.settle();
    // One record of 15 KiB, of which the socket has 8: nobody can read a byte of it.
    let written = socket.counts().bytes_written;
    assert_eq!(written, 0, "{:?}", socket.counts());
}
