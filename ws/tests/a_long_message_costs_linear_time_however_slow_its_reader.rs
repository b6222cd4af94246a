//! A message of any length leaves frame by frame as its reader takes it: what is encoded stays
//! small, the work grows with the length and no faster, and control frames find their way between
//! two frames. Counted; the full sizes print their times, too.

mod common;

use std::time::{Duration, Instant};

use common::frames::{frames, messages};
use common::{End, Loop, Raw, close_payload, masked};
use glassloop_ws::{Config, Counts, TrySend};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// High water, and a frame with its head.
const ENCODED_MAX: u64 = 256 * 1024 + 64 * 1024 + 10;

fn patient() -> Config {
    let mut config = Config::default();
    config.limits.outgoing_bytes_max = 64 * MIB;
    config.limits.heartbeat_idle_ms_max = u64::MAX;
    config
}

/// Reads at most `most` bytes; how many.
fn sip(raw: &mut Raw, buffer: &mut [u8]) -> usize {
    raw.stream.try_read(buffer).unwrap_or(0)
}

/// Sends one message to a reader that takes 16 KiB a turn. What it cost.
fn send_slowly(length: usize) -> Counts {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(patient());
    assert!(matches!(server.socket.try_send(vec![7; length].into()), TrySend::Buffered(_)));
    let (mut buffer, mut read) = (vec![0; 16 * KIB], 0);
    while server.socket.buffered_amount() > 0 || read < length {
        event_loop.turn(Duration::ZERO);
        read += sip(&mut raw, &mut buffer);
    }
    let counts = server.socket.counts();
    let frames = length.div_ceil(64 * KIB);
    assert_eq!(counts.bytes_written, (length + frames * 10) as u64, "each frame once");
    assert_eq!(counts.messages_sent, 1);
    assert!(counts.encoded_bytes_most <= ENCODED_MAX, "{counts:?}");
    // One write for each sip, and one for each time that the ring was filled.
    let writes_max = length.div_ceil(16 * KIB) + length.div_ceil(256 * KIB) + 2;
    assert!(counts.writes <= writes_max as u64, "{} writes", counts.writes);
    counts
}

#[test]
fn the_writes_grow_with_the_length_and_what_is_encoded_at_once_does_not() {
    let (short, long) = (send_slowly(MIB), send_slowly(4 * MIB));
    assert_eq!(long.encoded_bytes_most, short.encoded_bytes_most, "the ring stays as it is");
}

#[test]
#[ignore = "the full size, for .ci/full"]
fn full_sixty_four_mebibytes_take_four_times_as_long_as_sixteen() {
    let mut millis = Vec::new();
    for length in [16 * MIB, 64 * MIB] {
        let start = Instant::now();
        let counts = send_slowly(length);
        millis.push(start.elapsed().as_millis());
        println!("{} MiB: {} ms, {} writes", length / MIB, millis[millis.len() - 1], counts.writes);
    }
    // Quadratic would be sixteen times as long; a busy machine is forgiven much of that.
    assert!(millis[1] <= 12 * millis[0].max(1), "{millis:?} ms");
}

#[test]
fn a_client_sends_a_long_message_to_a_slow_server_frame_by_frame_too() {
    let mut event_loop = Loop::with_pipes_of(8 * KIB);
    let (client, server) = event_loop.pair(patient(), Config::default());
    let payload: Vec<u8> = (0..=u8::MAX).cycle().take(3 * MIB).collect();
    assert!(client.socket.try_send(payload.clone().into()).is_taken());
    let received = event_loop.block_on(server.socket.recv()).expect("open").expect("a message");
    assert!(received.as_bytes() == payload, "the same bytes");
    // A client's heads have masks.
    assert!(client.socket.counts().encoded_bytes_most <= ENCODED_MAX + 4 * 6);
}

/// A server of which a reader has taken the beginning of a long message and no more.
fn half_sent(event_loop: &mut Loop) -> (End, Raw) {
    let (server, mut raw) = event_loop.raw_client(patient());
    assert!(server.socket.try_send(vec![7; MIB].into()).is_taken());
    event_loop.settle();
    let mut buffer = vec![0; 16 * KIB];
    let count = sip(&mut raw, &mut buffer);
    raw.bytes.extend_from_slice(&buffer[..count]);
    event_loop.settle();
    assert!(server.socket.buffered_amount() > MIB / 2, "most of it waits");
    (server, raw)
}

#[test]
fn pongs_and_pings_leave_between_the_frames_of_a_long_message() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = half_sent(&mut event_loop);
    for word in ["one", "two"] {
        raw.write(&mut event_loop, &masked(0x89, word.as_bytes()));
    }
    let ping = event_loop.spawn(server.socket.ping());
    let (bytes, _) = raw.take(&mut event_loop);
    assert!(ping.borrow().is_none(), "we have not answered");
    let (frames, rest) = frames(&bytes);
    assert_eq!(rest, b"", "whole frames");
    let (messages, controls) = messages(frames);
    assert_eq!(messages[0], vec![7; MIB]);
    let before: Vec<u8> = controls.iter().filter(|it| it.2 == 0).map(|it| it.0).collect();
    assert!(before.contains(&9), "our ping didn't wait for the message: {controls:?}");
    assert!(before.contains(&10), "nor did the pong: {controls:?}");
}

#[test]
fn a_close_of_ours_leaves_behind_what_was_sent_before_it() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = half_sent(&mut event_loop);
    server.socket.close(4001, "done").expect("a good code");
    let (bytes, _) = raw.take(&mut event_loop);
    let (messages, controls) = messages(frames(&bytes).0);
    assert_eq!(messages[0], vec![7; MIB]);
    assert_eq!(controls, [(8, close_payload(4001, "done"), messages.len())]);
}

#[test]
fn the_answer_to_a_close_leaves_behind_a_message_that_has_hardly_begun() {
    for (close, answer, code) in [
        (close_payload(4002, "enough"), close_payload(4002, "enough"), 4002),
        (Vec::new(), Vec::new(), 1005),
    ] {
        let mut event_loop = Loop::new();
        let (server, mut raw) = half_sent(&mut event_loop);
        let drained = event_loop.spawn(server.socket.drained());
        raw.write(&mut event_loop, &masked(0x88, &close));
        event_loop.settle();
        assert_eq!(server.socket.close_info().expect("known at once").code, code);
        assert!(server.driver.borrow().is_none(), "but not over");
        let (bytes, ended) = raw.take(&mut event_loop);
        assert!(ended, "the server closes first");
        let (messages, controls) = messages(frames(&bytes).0);
        assert_eq!(messages[0], vec![7; MIB]);
        assert_eq!(controls, [(8, answer, messages.len())]);
        assert!(event_loop.wait_for(&server.driver).is_clean());
        event_loop.wait_for(&drained).expect("all of it has left");
    }
}

#[test]
fn a_reader_that_closes_and_never_reads_on_is_dropped_in_time() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = half_sent(&mut event_loop);
    let drained = event_loop.spawn(server.socket.drained());
    raw.write(&mut event_loop, &masked(0x88, &close_payload(1000, "")));
    event_loop.settle();
    event_loop.pass(Duration::from_millis(4_999));
    assert!(server.driver.borrow().is_none(), "not yet");
    event_loop.pass(Duration::from_millis(1));
    assert!(server.driver.borrow().is_some(), "five seconds are enough");
    let lost = event_loop.wait_for(&drained);
    assert!(matches!(lost, Err(glassloop_ws::Error::Closed(_))), "{lost:?}");
}
