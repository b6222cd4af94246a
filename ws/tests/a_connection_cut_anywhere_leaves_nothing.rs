//! However a peer vanishes, nothing of its connection is left: no source, no task, no descriptor,
//! and no complaint in the log. Who is merely quiet is kept.
#![cfg(test)]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Loop, REQUEST, Raw, echo, masked, receive_all, unmasked};
use glassloop_reactor::net::{TcpListener, duplex};
use glassloop_ws::{Cause, Config, accept};

/// Counts what is logged above debug.
struct Complaints(AtomicUsize);

static COMPLAINTS: Complaints = Complaints(AtomicUsize::new(0));

impl log::Log for Complaints {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() < log::Level::Debug
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self) {}
}

/// The seed, from outside or by the clock; it is printed when a test fails.
fn seed() -> u64 {
    let given = std::env::var("GLASSLOOP_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(1, |now| now.as_secs())
    });
    println!("GLASSLOOP_SEED={seed}");
    seed
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).expect("below a usize")
    }
}

/// What a peer may say before it vanishes: the handshake and some frames.
fn conversation() -> Vec<u8> {
    let frames = [masked(0x81, b"a message"), masked(0x01, b"half of one"), masked(0x89, b"ping")];
    [REQUEST, &frames.concat()].concat()
}

/// Serves a stream to its end, whatever that is.
async fn serve(stream: glassloop_reactor::net::TcpStream) {
    if let Ok((socket, driver)) = accept(stream).await {
        // The echo has its say through the driver, which ends first.
        let echoing = echo(socket);
        let mut both = (Box::pin(driver), Box::pin(echoing));
        std::future::poll_fn(|cx| {
            let _echoed = both.1.as_mut().poll(cx);
            both.0.as_mut().poll(cx)
        })
        .await;
    }
}

fn cut_in_memory(times: usize) {
    let seed = seed();
    let (mut random, bytes) = (Random(seed), conversation());
    let mut event_loop = Loop::new();
    for time in 0..times {
        let (near, far) = duplex().expect("two ends");
        let served = event_loop.spawn(serve(far));
        let mut raw = Raw::new(near);
        let mut left = &bytes[..random.below(bytes.len() + 1)];
        while !left.is_empty() {
            let (piece, rest) = left.split_at(1 + random.below(left.len()));
            raw.write(&mut event_loop, piece);
            (0..random.below(4)).for_each(|_| event_loop.turn(Duration::ZERO));
            left = rest;
        }
        // What was not read makes it a reset, else it is the end of the stream.
        if random.below(2) == 0 {
            raw.read();
        }
        drop(raw);
        event_loop.settle();
        assert!(served.borrow().is_some(), "seed {seed}, time {time}: it is served to nobody");
    }
    let counts = event_loop.reactor.counts();
    assert_eq!((counts.sources, counts.timers_armed, event_loop.task_count()), (0, 0, 0), "{seed}");
}

#[test]
fn a_hundred_peers_in_memory_that_vanish_anywhere_leave_nothing() {
    cut_in_memory(100);
}

#[test]
#[ignore = "the full size, for .ci/full"]
fn full_ten_thousand_peers_in_memory_that_vanish_anywhere_leave_nothing() {
    cut_in_memory(10_000);
}

/// Over sockets of the kernel. A peer that closes with bytes unread sends a reset.
fn cut_in_the_kernel(times: usize) {
    // Two at once would count each other's sockets.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock();
    // The other may have set it.
    let _set = log::set_logger(&COMPLAINTS);
    log::set_max_level(log::LevelFilter::Info);
    let seed = seed();
    let (mut random, bytes) = (Random(seed), conversation());
    let mut event_loop = Loop::new();
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let (address, listener) = (listener.local_addr().expect("an address"), Rc::new(listener));
    let descriptors = descriptors();
    for time in 0..times {
        let mut peer = TcpStream::connect(address).expect("a connection");
        let said = random.below(bytes.len() + 1);
        let vanishes_first = random.below(2) == 0;
        peer.write_all(&bytes[..said]).expect("room");
        if vanishes_first && said < REQUEST.len() {
            peer.shutdown(std::net::Shutdown::Both).expect("a connection");
        }
        let accepting = Rc::clone(&listener);
        let served = event_loop.spawn(async move {
            let (stream, _) = accepting.accept().await.expect("a stream");
            serve(stream).await;
        });
        (0..random.below(6)).for_each(|_| event_loop.turn(Duration::ZERO));
        if random.below(2) == 0 {
            peer.set_nonblocking(true).expect("an option");
            let _some = peer.read(&mut [0; 512]);
        }
        drop(peer);
        event_loop.wait_for(&served);
        assert_eq!(event_loop.reactor.counts().sources, 1, "seed {seed}, time {time}");
    }
    assert_eq!(event_loop.task_count(), 0, "seed {seed}");
    assert_eq!(self::descriptors(), descriptors, "seed {seed}: descriptors");
    assert_eq!(COMPLAINTS.0.load(Ordering::Relaxed), 0, "seed {seed}: complaints in the log");
}

/// Sockets this process has open, where the OS says so. The loops of other tests have none.
fn descriptors() -> usize {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return 0 };
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

#[test]
fn a_hundred_peers_that_vanish_anywhere_leave_nothing() {
    cut_in_the_kernel(100);
}

#[test]
#[ignore = "the full size, for .ci/full"]
fn full_ten_thousand_peers_that_vanish_anywhere_leave_nothing() {
    cut_in_the_kernel(10_000);
}

#[test]
fn a_peer_whose_cable_is_cut_is_given_up_after_forty_seconds_and_leaves_nothing() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let received = event_loop.spawn(receive_all(server.socket));
    for _ in 0..10 {
        raw.write(&mut event_loop, &masked(0x81, b"still here"));
        event_loop.pass(Duration::from_secs(1));
    }
    // From here on nothing comes, and after a while of that we ping.
    event_loop.pass(Duration::from_secs(20));
    event_loop.pass(Duration::from_millis(19_999));
    assert!(received.borrow().is_none(), "it may still answer the ping");
    event_loop.pass(Duration::from_millis(1));
    let (messages, _) = event_loop.wait_for(&received);
    assert_eq!(messages.len(), 10);
    event_loop.pass(Duration::from_secs(5));
    let info = event_loop.wait_for(&server.driver);
    assert!(info.cause == Cause::HeartbeatLost, "{info}");
    drop(raw);
    let counts = event_loop.reactor.counts();
    assert_eq!((counts.sources, counts.timers_armed, event_loop.task_count()), (0, 0, 0));
}

#[test]
fn a_peer_that_only_answers_pings_is_kept_for_a_day() {
    const DAY: u64 = 24 * 60 * 60;
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let mut pings = 0;
    for _ in 0..DAY {
        event_loop.pass(Duration::from_secs(1));
        raw.read();
        if let [0x89, 8, payload @ ..] = &raw.bytes[..] {
            let pong = masked(0x8a, payload);
            raw.bytes.clear();
            raw.write(&mut event_loop, &pong);
            pings += 1;
        }
    }
    assert_eq!(server.socket.close_info(), None);
    assert_eq!(pings, DAY / 21, "a pong comes a second late here, and then 20 s are quiet");
    raw.write(&mut event_loop, &masked(0x81, b"good morning"));
    let message = event_loop.block_on(server.socket.recv()).expect("open").expect("a message");
    assert!(server.socket.try_send(message).is_taken(), "room");
    assert_eq!(raw.take(&mut event_loop).0, unmasked(0x81, b"good morning"));
}
