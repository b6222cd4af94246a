//! A datagram is received whole, once, and the next one needs no edge of its own.

#![cfg(test)]
// Miri sends no datagrams.
#![cfg(not(miri))]

mod common;

use std::{future::poll_fn, io, net::SocketAddr, task::Poll, time::Duration};

use common::{Harness, join, poll_with};
use glassloop_reactor::{Direction, net::UdpSocket};

fn bind() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap()
}

/// Two sockets connected with each other.
fn pair() -> (UdpSocket, UdpSocket) {
    let (here, there) = (bind(), bind());
    here.connect(there.local_addr().unwrap()).unwrap();
    there.connect(here.local_addr().unwrap()).unwrap();
    (here, there)
}

#[test]
fn datagrams_go_to_and_fro_with_their_addresses() {
    let harness = Harness::kernel();
    let (here, there) = (bind(), bind());
    let to: SocketAddr = there.local_addr().unwrap();
    here.set_ttl(3).and(here.set_broadcast(true)).unwrap();
    let (mut peeked, mut buffer) = ([0; 16], [0; 16]);
    harness.block_on(async {
        assert_eq!(here.send_to(b"hello", to).await.unwrap(), 5);
        let from = here.local_addr().unwrap();
        assert_eq!(there.peek_from(&mut peeked).await.unwrap(), (5, from));
        assert_eq!(there.recv_from(&mut buffer).await.unwrap(), (5, from));
        there.connect(from).unwrap();
        assert_eq!(there.peer_addr().unwrap(), from);
        assert_eq!(there.send(b"back").await.unwrap(), 4);
        assert_eq!(here.recv(&mut buffer).await.unwrap(), 4);
    });
    assert_eq!((&peeked[..5], &buffer[..4]), (&b"hello"[..], &b"back"[..]));
}

#[test]
fn a_short_datagram_says_nothing_of_the_next() {
    let harness = Harness::kernel();
    let (here, there) = pair();
    harness.settle();
    // No turn in between: one edge tells of all three.
    for bytes in [&b"one"[..], b"", b"three"] {
        assert!(poll_with(|cx| here.poll_send(cx, bytes)).is_ready());
    }
    harness.turn(Duration::from_secs(5));
    let edges = harness.reactor.counts().events;
    let mut buffer = [0; 64];
    let mut sizes = Vec::new();
    while let Poll::Ready(size) = poll_with(|cx| there.poll_recv(cx, &mut buffer)) {
        sizes.push(size.unwrap());
    }
    assert_eq!(sizes, [3, 0, 5]);
    assert_eq!(harness.reactor.counts().events, edges, "nobody was asked in between");
}

#[test]
fn a_receive_that_is_dropped_loses_nothing() {
    let harness = Harness::kernel();
    let (here, there) = pair();
    harness.settle();
    let mut buffer = [0; 8];
    let mut dropped = Box::pin(there.recv(&mut buffer));
    assert!(harness.poll_once(&mut dropped).is_pending());
    drop(dropped);
    assert_eq!(harness.reactor.counts().waiters, 0);
    let (sent, received) = harness.block_on(join(here.send(b"kept"), there.recv(&mut buffer)));
    assert_eq!((sent.unwrap(), received.unwrap(), &buffer[..4]), (4, 4, &b"kept"[..]));
}

#[test]
fn a_port_where_nobody_listens_is_an_error_of_the_next_receive() {
    let harness = Harness::kernel();
    let (here, there) = pair();
    drop(there);
    let mut buffer = [0; 8];
    harness.block_on(here.send(b"anybody?")).unwrap();
    let error = harness.block_on(here.recv(&mut buffer)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    // The error flag stays, the belief doesn't: the next receive waits.
    harness.settle();
    assert!(poll_with(|cx| here.poll_recv(cx, &mut buffer)).is_pending());
}

#[test]
fn a_socket_goes_to_the_standard_library_and_comes_back() {
    let harness = Harness::kernel();
    let (here, there) = pair();
    let to = there.local_addr().unwrap();
    let standard = here.into_std();
    assert_eq!(harness.reactor.counts().sources, 1);
    let here = UdpSocket::from_std(standard).unwrap();
    let mut buffer = [0; 8];
    harness.block_on(poll_fn(|cx| here.poll_send_to(cx, b"again", to))).unwrap();
    let received = harness.block_on(poll_fn(|cx| there.poll_recv_from(cx, &mut buffer)));
    assert_eq!(received.unwrap(), (5, here.local_addr().unwrap()));
}

#[test]
fn who_waits_for_a_datagram_is_shown() {
    let harness = Harness::kernel();
    let (_here, there) = pair();
    harness.settle();
    let mut buffer = [0; 8];
    harness.reactor.set_owner(9);
    let (line, mut receive) = (line!(), Box::pin(there.recv_from(&mut buffer)));
    assert!(harness.poll_once(&mut receive).is_pending());
    let view = harness.reactor.sources().into_iter().find(|view| view.id == there.id()).unwrap();
    let waiter = view.waiters[0];
    assert_eq!(view.kind, "udp");
    assert_eq!((waiter.operation, waiter.direction), ("recv_from", Direction::Read));
    assert_eq!((waiter.owner, waiter.place.file(), waiter.place.line()), (9, file!(), line));
}
