//! A peer that reads too slowly meets the policy of its connection, whoever sends: what waits for
//! it stays below its bound, what is lost is counted, and nobody else notices.

mod common;

use std::time::Duration;

use common::frames::{frames, messages};
use common::{End, Loop, Raw, close_payload, masked};
use glassloop_ws::{Cause, Config, Error, Hub, Message, Overflow, TrySend, code};

const MESSAGE_BYTES: usize = 1_000;
/// High water, the message that passes it, and the heads.
const BUFFERED_MAX: usize = 256 * 1024 + MESSAGE_BYTES + 14;
const POLICIES: [Overflow; 4] =
    [Overflow::Wait, Overflow::DropNewest, Overflow::DropOldest, Overflow::Close];

fn with(overflow: Overflow) -> Config {
    let mut config = Config::default();
    config.overflow = overflow;
    config.limits.heartbeat_idle_ms_max = u64::MAX;
    config
}

fn numbered(number: u32) -> Message {
    let mut bytes = vec![0; MESSAGE_BYTES];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes.into()
}

fn number_of(message: &[u8]) -> u32 {
    u32::from_be_bytes(message[..4].try_into().expect("four bytes"))
}

/// A server whose peer reads nothing, sent `count` messages, twenty a turn, by `send`.
fn flooded(
    event_loop: &mut Loop,
    overflow: Overflow,
    count: u32,
    mut send: impl FnMut(&End, Message) -> bool,
) -> (End, Raw, u32) {
    let (server, raw) = event_loop.raw_client(with(overflow));
    let mut taken = 0;
    for number in 0..count {
        taken += u32::from(send(&server, numbered(number)));
        assert!(server.socket.buffered_amount() <= BUFFERED_MAX, "{overflow:?}");
        if number % 20 == 0 {
            event_loop.settle();
        }
    }
    (server, raw, taken)
}

/// The numbers that arrive once the peer reads after all, in their order.
fn arrived(event_loop: &mut Loop, raw: &mut Raw) -> Vec<u32> {
    let (bytes, _) = raw.take(event_loop);
    let (messages, _) = messages(frames(&bytes).0);
    messages.iter().map(|message| number_of(message)).collect()
}

fn try_send(server: &End, message: Message) -> bool {
    server.socket.try_send(message).is_taken()
}

#[test]
fn by_default_what_does_not_fit_comes_back_and_nothing_is_lost() {
    let mut event_loop = Loop::new();
    let (server, mut raw, taken) = flooded(&mut event_loop, Overflow::Wait, 1_000, try_send);
    assert!((300..400).contains(&taken), "{taken} of 1,000 fit into a socket and high water");
    assert_eq!(server.socket.counts().messages_dropped, 0);
    assert!(matches!(server.socket.try_send("more".into()), TrySend::Full(_)));
    assert_eq!(arrived(&mut event_loop, &mut raw), (0..taken).collect::<Vec<_>>());
    assert_eq!(server.socket.try_send("more".into()), TrySend::Sent);
}

#[test]
fn the_newest_may_be_dropped() {
    let mut event_loop = Loop::new();
    let policy = Overflow::DropNewest;
    let (server, mut raw, taken) = flooded(&mut event_loop, policy, 1_000, try_send);
    assert_eq!(u64::from(1_000 - taken), server.socket.counts().messages_dropped);
    // `send` doesn't wait, and doesn't say.
    event_loop.block_on(server.socket.send(numbered(7))).expect("open");
    assert_eq!(u64::from(1_001 - taken), server.socket.counts().messages_dropped);
    assert_eq!(arrived(&mut event_loop, &mut raw), (0..taken).collect::<Vec<_>>());
    assert_eq!(server.socket.close_info(), None);
}

#[test]
fn the_oldest_may_be_dropped_if_they_have_not_begun() {
    let mut event_loop = Loop::new();
    let policy = Overflow::DropOldest;
    let (server, mut raw, taken) = flooded(&mut event_loop, policy, 1_000, try_send);
    assert_eq!(taken, 1_000, "each was taken at first");
    event_loop.block_on(server.socket.send(numbered(1_000))).expect("open");
    let dropped = server.socket.counts().messages_dropped;
    let numbers = arrived(&mut event_loop, &mut raw);
    assert_eq!(numbers.len() as u64 + dropped, 1_001);
    assert!(dropped > 500, "{dropped} were dropped");
    assert!(numbers.is_sorted(), "in order");
    assert_eq!(numbers.last(), Some(&1_000), "the latest has arrived");
    let gaps = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
    assert_eq!(gaps, 1, "what was under way, and the latest");
}

#[test]
fn a_message_that_has_begun_is_never_dropped() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(with(Overflow::DropOldest));
    assert!(server.socket.try_send(vec![7; 1 << 20].into()).is_taken());
    event_loop.settle();
    for number in 0..1_000 {
        assert!(server.socket.try_send(numbered(number)).is_taken());
    }
    assert_eq!(server.socket.counts().messages_dropped, 999);
    let (bytes, _) = raw.take(&mut event_loop);
    let (messages, _) = messages(frames(&bytes).0);
    assert_eq!(messages.len(), 2);
    assert_eq!((messages[0].len(), number_of(&messages[1])), (1 << 20, 999));
}

#[test]
fn a_slow_reader_may_be_closed_with_1013() {
    let mut event_loop = Loop::new();
    let policy = Overflow::Close;
    let (server, mut raw, taken) = flooded(&mut event_loop, policy, 1_000, try_send);
    assert!(matches!(server.socket.try_send("late".into()), TrySend::Closed(_)));
    let refused = event_loop.block_on(server.socket.send("late".into()));
    let Err(Error::Closed(info)) = refused else { panic!("{refused:?}") };
    assert_eq!((info.code, info.cause), (code::TRY_AGAIN, Cause::Overflow));
    let (bytes, _) = raw.take(&mut event_loop);
    let (messages, controls) = messages(frames(&bytes).0);
    let dropped = server.socket.counts().messages_dropped;
    assert_eq!(messages.len() as u64 + dropped, u64::from(taken), "sent or counted");
    let reason = "expected a reader that keeps up";
    assert_eq!(controls, [(8, close_payload(1013, reason), messages.len())]);
    // The answer changes nothing about the cause.
    raw.write(&mut event_loop, &masked(0x88, &close_payload(1013, reason)));
    let (_, ended) = raw.take(&mut event_loop);
    assert!(ended, "our direction is shut");
    drop(raw);
    let end = event_loop.wait_for(&server.driver);
    assert_eq!((end.code, end.cause), (code::TRY_AGAIN, Cause::Overflow));
}

#[test]
fn a_slow_reader_that_was_closed_and_never_reads_is_dropped_in_time() {
    let mut event_loop = Loop::new();
    let policy = Overflow::Close;
    let (server, _raw, _) = flooded(&mut event_loop, policy, 1_000, try_send);
    event_loop.pass(Duration::from_secs(5));
    assert_eq!(event_loop.wait_for(&server.driver).cause, Cause::Overflow);
}

#[test]
fn a_burst_of_one_turn_is_no_slow_reader() {
    let mut event_loop = Loop::new();
    for policy in [Overflow::DropNewest, Overflow::DropOldest, Overflow::Close] {
        let (client, server) = event_loop.pair(Config::default(), with(policy));
        // More than high water, and all that the memory socket and high water hold.
        for number in 0..310 {
            assert!(server.socket.try_send(numbered(number)).is_taken(), "{policy:?}: {number}");
        }
        for number in 0..310 {
            let message = event_loop.block_on(client.socket.recv()).expect("open");
            assert_eq!(number_of(message.expect("a message").as_bytes()), number, "{policy:?}");
        }
        assert_eq!(server.socket.counts().messages_dropped, 0);
    }
}

#[test]
fn a_hub_delays_nobody_for_a_slow_member_whatever_its_policy() {
    for policy in POLICIES {
        let mut event_loop = Loop::new();
        let hub = Hub::new();
        let mut config = with(policy);
        config.limits.outgoing_bytes_max = 512 * 1024;
        let buffered_max = if policy == Overflow::Wait { 512 * 1024 } else { BUFFERED_MAX };
        let (client, healthy) = event_loop.pair(Config::default(), config.clone());
        assert!(hub.join("news", &healthy.socket));
        let mut missed = 0;
        let (slow, mut raw) = event_loop.raw_client(config);
        assert!(hub.join("news", &slow.socket));
        for number in 0..1_000 {
            let published = hub.publish("news", numbered(number));
            assert!(slow.socket.buffered_amount() <= buffered_max, "{policy:?}");
            assert!(published.sent >= 1, "{policy:?}: the healthy member is never behind");
            missed += match policy {
                Overflow::Wait => published.full,
                Overflow::DropNewest => published.dropped,
                _ => published.closed,
            };
            let message = event_loop.block_on(client.socket.recv()).expect("open");
            assert_eq!(number_of(message.expect("a message").as_bytes()), number, "in order");
        }
        let dropped = slow.socket.counts().messages_dropped;
        let (bytes, _) = raw.take(&mut event_loop);
        let came = messages(frames(&bytes).0).0;
        let came: Vec<u32> = came.iter().map(|message| number_of(message)).collect();
        assert!(came.is_sorted() && came.len() >= 64, "{policy:?}: {} came", came.len());
        match policy {
            Overflow::Wait => {
                assert!(missed > 300, "the cap was reached: {missed} missed");
                assert_eq!((came.len() + missed, dropped), (1_000, 0));
            }
            Overflow::DropNewest => {
                assert_eq!((came.len() + missed, dropped), (1_000, missed as u64))
            }
            Overflow::DropOldest => assert_eq!((came.len() as u64 + dropped, missed), (1_000, 0)),
            _ => assert_eq!(came.len() as u64 + dropped + missed as u64, 1_000),
        }
        assert_eq!(healthy.socket.counts().messages_dropped, 0);
        let closed = matches!(slow.socket.try_send("late".into()), TrySend::Closed(_));
        assert_eq!(closed, policy == Overflow::Close);
    }
}
