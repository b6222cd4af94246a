//! Whatever hostile peers send, the process grows by less than a mebibyte. In a file of its own,
//! because it measures the whole process. Linux only.
#![cfg(target_os = "linux")]

mod common;

use std::time::Duration;

use common::{End, Loop, Raw, masked};
use glassloop_ws::{Config, Limits, code};

const GROWTH_BYTES_MAX: usize = 1024 * 1024;

fn resident_bytes() -> usize {
    const PAGE_BYTES: usize = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = statm.split(' ').nth(1).and_then(|field| field.parse::<usize>().ok());
    pages.expect("the second field is a number") * PAGE_BYTES
}

/// How much the process grows while `attack` lasts. The first time warms up what is kept.
fn grown(what: &str, mut attack: impl FnMut(&mut Loop)) {
    let mut event_loop = Loop::new();
    attack(&mut event_loop);
    let before = resident_bytes();
    attack(&mut event_loop);
    let growth = resident_bytes().saturating_sub(before);
    assert!(growth < GROWTH_BYTES_MAX, "{what}: {growth} bytes");
}

/// Sends all of it to a server and reads nothing. The ends live on.
fn flooded(event_loop: &mut Loop, config: Config, frame: &[u8], count: usize) -> (End, Raw) {
    let (server, mut raw) = event_loop.raw_client(config);
    for _ in 0..count {
        raw.write(event_loop, frame);
    }
    event_loop.settle();
    (server, raw)
}

fn floods_leave_memory_as_it_was(shrink: usize) {
    let huge = [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4];
    grown("frames of 2^63 bytes", |event_loop| {
        for _ in 0..1_000 / shrink {
            let (server, raw) = flooded(event_loop, Config::default(), &huge, 1);
            assert_eq!(server.socket.close_info().expect("an end").code, code::TOO_BIG);
            drop(raw);
        }
    });
    grown("pings of a peer that never reads", |event_loop| {
        let ping = masked(0x89, &[b'p'; 125]);
        let (server, raw) = flooded(event_loop, Config::default(), &ping, 400_000 / shrink);
        let low = Limits::default().outgoing_low_bytes_max;
        assert!(server.socket.buffered_amount() < low + 1024);
        drop(raw);
    });
    grown("empty fragments", |event_loop| {
        let mut config = Config::default();
        config.limits.fragments_per_message_max = u32::MAX;
        let fragment = masked(0x02, b"").into_iter().chain(masked(0x00, b"")).collect::<Vec<_>>();
        let (mut raw, socket) = {
            let (server, raw) = flooded(event_loop, config, &fragment[..6], 1);
            (raw, server.socket)
        };
        for _ in 0..10_000_000 / shrink / 1_000 {
            raw.write(event_loop, &fragment[6..].repeat(1_000));
        }
        event_loop.settle();
        assert_eq!(socket.close_info(), None);
        drop(raw);
        event_loop.pass(Duration::from_secs(60));
    });
}

#[test]
fn small_floods_leave_memory_as_it_was() {
    floods_leave_memory_as_it_was(100);
}

#[test]
#[ignore = "the full size, for .ci/full"]
fn full_floods_leave_memory_as_it_was() {
    floods_leave_memory_as_it_was(1);
}
