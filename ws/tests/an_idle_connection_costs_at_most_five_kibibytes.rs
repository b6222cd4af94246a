//! A thousand connections that have nothing to say are cheap: state machine, driver, handle and
//! the task that waits, all in. Measured as resident memory of the process, with sockets of the
//! kernel, after each connection has carried a message both ways, short or long.

#![cfg(target_os = "linux")]

mod common;
#[path = "common/process.rs"]
mod process;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

use common::{Loop, REQUEST, echo, masked, unmasked};
use glassloop_reactor::net::TcpListener;
use glassloop_ws::accept;
use process::{descriptors_max, resident_bytes};

const CONNECTIONS: usize = 1_000;
/// Opened before the first measurement: they pay for tables and the allocator's pools.
const WARM_UP: usize = 100;
const BYTES_MAX: usize = 5 * 1024;
/// Below, at and far above what a connection at rest keeps to read into.
/// The longest ones are read by tungstenite as they come.
const MESSAGE_LENGTHS: [usize; 4] = [100, 1_000, 60_000, 65_536];

/// A peer with a connection on which a message went both ways. It is a plain socket.
fn open(event_loop: &mut Loop, listener: &Rc<TcpListener>, length: usize) -> TcpStream {
    let address = listener.local_addr().expect("an address");
    let mut peer = TcpStream::connect(address).expect("a connection");
    peer.write_all(REQUEST).expect("a request");
    let listener = Rc::clone(listener);
    let accepted = event_loop.spawn(async move {
        let (stream, _) = listener.accept().await.expect("a stream");
        accept(stream).await
    });
    let pair = event_loop.wait_for(&accepted).expect("a good request");
    let end = event_loop.drive(pair);
    event_loop.spawn(echo(end.socket));
    peer.set_nonblocking(true).expect("an option");
    let payload = vec![b'm'; length];
    let (message, expected) = (masked(0x82, &payload), unmasked(0x82, &payload));
    let (mut unsent, mut answer, mut buffer) = (&message[..], Vec::new(), payload);
    while !answer.ends_with(&expected) {
        unsent = &unsent[peer.write(unsent).unwrap_or(0)..];
        event_loop.turn(Duration::ZERO);
        let count = peer.read(&mut buffer).unwrap_or(0);
        answer.extend_from_slice(&buffer[..count]);
    }
    peer
}

#[test]
fn a_thousand_idle_connections_cost_at_most_five_kibibytes_each() {
    let mut event_loop = Loop::new();
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let listener = Rc::new(listener);
    // Two descriptors a connection, and some for everything else.
    let affordable = (descriptors_max() - 64) / 2 - WARM_UP;
    let connections = CONNECTIONS.min(affordable);
    let mut peers = Vec::with_capacity(WARM_UP + connections);
    for _ in 0..WARM_UP {
        let length = MESSAGE_LENGTHS[peers.len() % MESSAGE_LENGTHS.len()];
        peers.push(open(&mut event_loop, &listener, length));
    }
    let before = resident_bytes();
    for _ in 0..connections {
        let length = MESSAGE_LENGTHS[peers.len() % MESSAGE_LENGTHS.len()];
        peers.push(open(&mut event_loop, &listener, length));
    }
    let each = (resident_bytes() - before) / connections;
    assert_eq!(event_loop.reactor.counts().sources, 1 + WARM_UP + connections);
    assert!(each <= BYTES_MAX, "expected at most {BYTES_MAX} bytes each, came {each}");
}
