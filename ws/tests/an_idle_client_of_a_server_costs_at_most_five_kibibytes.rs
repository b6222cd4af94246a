//! A thousand WebSockets of a server that have nothing to say are cheap: place, jobs, state
//! machine and the program's own future, all in. Measured as resident memory of the process.

#![cfg(target_os = "linux")]

mod common;
#[path = "common/process.rs"]
mod process;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use common::{Loop, REQUEST, echo, masked, unmasked};
use glassloop_reactor::net::TcpListener;
use glassloop_ws::{Server, ServerLimits};
use process::{descriptors_max, resident_bytes};

const CONNECTIONS: usize = 1_000;
/// Opened before the first measurement: they pay for tables and the allocator's pools.
const WARM_UP: usize = 100;
const BYTES_MAX: usize = 5 * 1024;

/// A peer with a WebSocket on which a message went both ways. It is a plain socket.
fn open(event_loop: &mut Loop, address: SocketAddr) -> TcpStream {
    let mut peer = TcpStream::connect(address).expect("a connection");
    peer.write_all(&[REQUEST, &masked(0x82, b"hello")].concat()).expect("a request");
    peer.set_nonblocking(true).expect("an option");
    let expected = unmasked(0x82, b"hello");
    let (mut answer, mut buffer) = (Vec::new(), [0; 1024]);
    while !answer.ends_with(&expected) {
        event_loop.turn(Duration::ZERO);
        let count = peer.read(&mut buffer).unwrap_or(0);
        answer.extend_from_slice(&buffer[..count]);
    }
    peer
}

#[test]
fn a_thousand_idle_clients_cost_at_most_five_kibibytes_each() {
    let mut event_loop = Loop::new();
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut limits = ServerLimits::default();
    limits.connections_per_address_max = usize::MAX;
    let server = Server::new().limits(limits).websocket("/chat", |socket, _| async move {
        drop(echo(socket).await);
    });
    let spawn = event_loop.spawner();
    let served = server.serve([listener], move |job| spawn(Box::pin(job)));
    let (handle, serving) = served.expect("a good route");
    event_loop.spawn(serving);
    // Two descriptors a connection, and some for everything else.
    let affordable = (descriptors_max() - 64) / 2 - WARM_UP;
    let connections = CONNECTIONS.min(affordable);
    let mut peers = Vec::with_capacity(WARM_UP + connections);
    peers.extend((0..WARM_UP).map(|_| open(&mut event_loop, address)));
    let before = resident_bytes();
    peers.extend((0..connections).map(|_| open(&mut event_loop, address)));
    let each = (resident_bytes() - before) / connections;
    assert_eq!(handle.connections(), WARM_UP + connections);
    assert!(each <= BYTES_MAX, "expected at most {BYTES_MAX} bytes each, came {each}");
    println!("{each} bytes each");
}
