//! A listener that fails again and again neither spins nor floods the log, and the other listeners
//! of its server go on; failures in passing delay nobody.

#![cfg(target_os = "linux")]

mod common;

use std::{
    cell::Cell,
    net::{Shutdown, TcpListener as StdListener, TcpStream},
    os::fd::OwnedFd,
    time::Duration,
};

use common::Loop;
use glassloop_reactor::{Limits, Options, net::TcpListener};
use glassloop_ws::{Response, Server, ServerHandle, ServerLimits};

fn bind() -> StdListener {
    StdListener::bind("127.0.0.1:0").expect("a port")
}

/// A listener of which every accept fails from now on: here a kernel's, which somebody shut down.
fn broken() -> TcpListener {
    let listener = bind();
    let handle = OwnedFd::from(listener.try_clone().expect("a descriptor"));
    TcpStream::from(handle).shutdown(Shutdown::Both).expect("a socket");
    TcpListener::from_std(listener).expect("a loop")
}

fn serve(event_loop: &Loop, listeners: Vec<TcpListener>, limits: ServerLimits) -> ServerHandle {
    let spawn = event_loop.spawner();
    let server = Server::new().get("/", |_| Response::text("home")).limits(limits);
    let served = server.serve(listeners, move |job| spawn(Box::pin(job)));
    let (handle, serving) = served.expect("a good route");
    event_loop.spawn(serving);
    handle
}

/// Turns until so many have come in; no time passes.
fn admit(event_loop: &mut Loop, server: &ServerHandle, count: u64) {
    for _ in 0..10_000 {
        if server.counts().admitted == count {
            return;
        }
        event_loop.turn(Duration::from_millis(1));
    }
    panic!("expected {count} to come in, came {}", server.counts().admitted);
}

thread_local! {
    /// Of the test on this thread: others run beside it.
    static WARNINGS: Cell<u32> = const { Cell::new(0) };
}

struct Counter;

impl log::Log for Counter {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Info
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) && record.args().to_string().contains("in a row") {
            WARNINGS.set(WARNINGS.get() + 1);
        }
    }

    fn flush(&self) {}
}

#[test]
fn one_that_fails_for_good_is_tried_ever_more_seldom_and_told_of_once() {
    log::set_logger(&Counter).expect("no other test of this file sets one");
    log::set_max_level(log::LevelFilter::Info);
    let mut event_loop = Loop::new();
    let healthy = bind();
    let address = healthy.local_addr().expect("an address");
    let healthy = TcpListener::from_std(healthy).expect("a loop");
    let server = serve(&event_loop, vec![broken(), healthy], ServerLimits::default());
    let turns = event_loop.turns;
    while server.counts().accept_errors < 17 {
        event_loop.turn(Duration::from_millis(1));
    }
    event_loop.settle();
    assert!(event_loop.turns - turns < 100, "{} turns", event_loop.turns - turns);
    assert_eq!(server.counts().accept_errors, 17, "the sixteen that may be, and one more");
    let mut errors = 17;
    for rest_ms in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000, 1_000, 1_000] {
        event_loop.pass(Duration::from_millis(rest_ms - 1));
        assert_eq!(server.counts().accept_errors, errors, "it rests {rest_ms} ms");
        event_loop.pass(Duration::from_millis(1));
        errors += 1;
        assert_eq!(server.counts().accept_errors, errors, "then it is tried once");
    }
    assert_eq!(WARNINGS.get(), 1);
    // Nobody waits for the one that rests.
    let client = TcpStream::connect(address).expect("it listens");
    admit(&mut event_loop, &server, 1);
    assert_eq!(server.counts().accept_errors, errors);
    drop(client);
}

/// A loop with room for a listener and two connections, and a server there; three clients too many
/// come and go, each a failure. Gives whether a later one comes in without time passing.
fn delays_nobody(failures_max: usize) -> bool {
    let limits = Limits { sources_max: 3, ..Limits::default() };
    let mut event_loop = Loop::with(Options { limits, ..Options::default() });
    let listener = bind();
    let address = listener.local_addr().expect("an address");
    let connect = || TcpStream::connect(address).expect("the backlog has room");
    let mut crowd: Vec<TcpStream> = (0..5).map(|_| connect()).collect();
    let mut limits = ServerLimits::default();
    limits.accept_failures_in_a_row_max = failures_max;
    limits.accept_rest_ms_max = 1;
    let listener = TcpListener::from_std(listener).expect("a loop");
    let server = serve(&event_loop, vec![listener], limits);
    while server.counts().accept_errors < 3 {
        event_loop.turn(Duration::from_millis(1));
        // Those who found it full rest once each, if they do.
        event_loop.pass(Duration::from_millis(u64::from(server.counts().accept_errors < 3)));
    }
    assert_eq!(server.counts().admitted, 2);
    crowd.clear();
    while server.connections() > 0 {
        event_loop.turn(Duration::from_millis(1));
    }
    let _late = connect();
    for _ in 0..20 {
        event_loop.turn(Duration::from_millis(1));
    }
    let came_in = server.counts().admitted == 3;
    event_loop.pass(Duration::from_millis(1));
    admit(&mut event_loop, &server, 3);
    came_in
}

#[test]
fn failures_in_passing_delay_nobody() {
    assert!(delays_nobody(3), "three in a row are in passing here");
    assert!(!delays_nobody(2), "the third is one too many");
}
