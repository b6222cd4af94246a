//! However much lies there, one turn takes its budget and no more. Counted in bytes and frames,
//! which are the same on every machine; a frame costs well below a microsecond, so that the 10,923
//! of a full turn stay below 4 ms.

mod common;

use std::time::Duration;

use common::polls::most_of_a_turn;
use common::{End, Loop, Raw, close_code, close_payload, masked, receive_all, unmasked};
use glassloop_ws::{Cause, Config, Error, code};

const READ_BUDGET: u64 = 64 * 1024;
/// Two bytes and a mask.
const EMPTY_FRAME_BYTES: u64 = 6;

/// A loop whose memory sockets hold several turns' worth of bytes.
fn roomy_loop() -> Loop {
    Loop::with_pipes_of(1024 * 1024)
}

/// Floods a server with `bytes`; gives the most bytes and frames that any turn took.
fn flood(event_loop: &mut Loop, server: &End, raw: &mut Raw, mut bytes: &[u8]) -> (u64, u64) {
    most_of_a_turn(event_loop, server, || {
        if let Ok(count) = raw.stream.try_write(bytes) {
            bytes = &bytes[count..];
        }
        !bytes.is_empty()
    })
}

/// `fragments` empty fragments that never become a message.
fn endless_message(fragments: usize) -> Vec<u8> {
    let mut bytes = masked(0x02, b"");
    bytes.extend(masked(0x00, b"").repeat(fragments - 1));
    bytes
}

fn a_flood_of_fragments_is_taken_by_the_budget(fragments: u32) {
    let mut event_loop = roomy_loop();
    let mut config = Config::default();
    config.limits.fragments_per_message_max = u32::MAX;
    let (server, mut raw) = event_loop.raw_client(config);
    let bytes = endless_message(fragments as usize);
    let (most_bytes, most_frames) = flood(&mut event_loop, &server, &mut raw, &bytes);
    assert_eq!(most_bytes, READ_BUDGET, "a full turn takes exactly its budget");
    assert!(most_frames <= READ_BUDGET.div_ceil(EMPTY_FRAME_BYTES), "{most_frames} frames");
    let counts = server.socket.counts();
    assert_eq!(counts.frames_read, u64::from(fragments));
    assert_eq!(counts.bytes_read, bytes.len() as u64);
    assert_eq!(server.socket.close_info(), None, "the connection is as good as before");
    raw.write(&mut event_loop, &masked(0x80, b"at last"));
    let received = event_loop.block_on(server.socket.recv()).expect("open");
    assert_eq!(received, Some(b"at last"[..].into()));
}

#[test]
fn a_hundred_thousand_empty_fragments_are_taken_by_the_budget() {
    a_flood_of_fragments_is_taken_by_the_budget(100_000);
}

#[test]
#[ignore = "the full size, for .ci/full"]
fn full_a_million_empty_fragments_are_taken_by_the_budget() {
    a_flood_of_fragments_is_taken_by_the_budget(1_000_000);
}

#[test]
fn a_message_past_the_fragment_limit_is_closed_with_1008() {
    let mut event_loop = roomy_loop();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let received = event_loop.spawn(receive_all(server.socket.clone()));
    flood(&mut event_loop, &server, &mut raw, &endless_message(131_072));
    assert_eq!(server.socket.close_info(), None, "exactly the limit is allowed");
    flood(&mut event_loop, &server, &mut raw, &masked(0x00, b""));
    let (answer, _) = raw.take(&mut event_loop);
    assert_eq!(close_code(&answer), Some(code::POLICY));
    let (messages, error) = event_loop.wait_for(&received);
    assert!(messages.is_empty());
    let Some(Error::Closed(info)) = error else { panic!("expected an end, came {error:?}") };
    let what = "expected at most 131072 fragments a message, came more";
    assert_eq!(info.cause, Cause::Violation(what.into()));
}

#[test]
fn a_flood_of_small_messages_waits_in_the_socket_while_nobody_receives() {
    let mut event_loop = roomy_loop();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    raw.write(&mut event_loop, &masked(0x82, b"").repeat(10_000));
    event_loop.settle();
    let counts = server.socket.counts();
    assert_eq!(counts.messages_received, 1_024, "the queue is full, and no fuller");
    assert!(counts.bytes_read <= READ_BUDGET, "the socket is left alone: {counts:?}");
    let received = event_loop.spawn(receive_all(server.socket));
    drop(raw);
    let (messages, _) = event_loop.wait_for(&received);
    assert_eq!(messages.len(), 10_000, "nothing was lost");
}

/// A server that was pinged 40,000 times by a peer who reads nothing.
fn flooded_with_pings(event_loop: &mut Loop) -> (End, Raw) {
    let mut config = Config::default();
    config.limits.heartbeat_idle_ms_max = u64::MAX;
    let (server, mut raw) = event_loop.raw_client(config);
    let ping = masked(0x89, &[b'p'; 125]);
    // The memory socket holds a mebibyte of pongs; the ring and the encoder what comes after.
    flood(event_loop, &server, &mut raw, &ping.repeat(40_000));
    assert_eq!(server.socket.counts().frames_read, 40_000, "pings are read all the same");
    (server, raw)
}

#[test]
fn a_flood_of_pings_from_a_peer_that_never_reads_is_answered_within_bounds() {
    let mut event_loop = roomy_loop();
    let (server, mut raw) = flooded_with_pings(&mut event_loop);
    let buffered = server.socket.buffered_amount();
    assert!(buffered <= 65 * 1024, "expected pongs below low water, came {buffered} bytes");
    let last = [b'!'; 125];
    raw.write(&mut event_loop, &masked(0x89, &last));
    let (pongs, _) = raw.take(&mut event_loop);
    assert!(pongs.ends_with(&last), "the newest ping has its pong");
}

#[test]
fn a_close_has_its_answer_behind_all_those_pongs() {
    let mut event_loop = roomy_loop();
    let (server, mut raw) = flooded_with_pings(&mut event_loop);
    // Long, so that it finds no gap behind the pongs.
    let goodbye = close_payload(4000, &"so long ".repeat(15));
    raw.write(&mut event_loop, &masked(0x88, &goodbye));
    let (answer, ended) = raw.take(&mut event_loop);
    assert!(ended, "the server closes first");
    assert!(answer.ends_with(&unmasked(0x88, &goodbye)), "the answer repeats the Close");
    assert!(event_loop.wait_for(&server.driver).is_clean());
}

#[test]
fn a_peer_that_never_stops_sending_hears_us_all_the_same() {
    let mut event_loop = Loop::new();
    let (server, raw) = event_loop.raw_client(Config::default());
    let socket = server.socket.clone();
    event_loop.spawn(async move { while let Ok(Some(_)) = socket.recv().await {} });
    assert!(server.socket.try_send(vec![7; 200_000].into()).is_taken());
    event_loop.settle();
    assert!(server.socket.buffered_amount() > 0, "more than the socket takes at once");
    let flood = masked(0x82, &[0; 60_000]);
    let (mut sent, mut heard) = (0, 0);
    for _ in 0..20 {
        while sent < flood.len()
            && let Ok(count) = raw.stream.try_write(&flood[sent..])
        {
            sent += count;
        }
        sent %= flood.len();
        while let Ok(count @ 1..) = raw.stream.try_read(&mut [0; 65_536]) {
            heard += count;
        }
        event_loop.turn(Duration::ZERO);
    }
    assert!(heard > 200_000, "expected all of it, came {heard} bytes");
}
