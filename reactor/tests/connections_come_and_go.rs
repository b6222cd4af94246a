//! Connecting and accepting, with sockets of the OS.

#![cfg(test)]

mod common;

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
};

use common::{Harness, join, kernel_pair};
use glassloop_reactor::net::{TcpListener, TcpStream, duplex};

fn anywhere() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

#[test]
fn both_ends_of_a_connection_know_each_other() {
    let harness = Harness::kernel();
    let listener = TcpListener::bind(anywhere()).unwrap();
    let connect = TcpStream::connect(listener.local_addr().unwrap());
    let (here, accepted) = harness.block_on(join(connect, listener.accept()));
    let (here, (there, from)) = (here.unwrap(), accepted.unwrap());
    assert_eq!(here.local_addr().unwrap(), from);
    assert_eq!(there.peer_addr().unwrap(), from);
    here.set_nodelay(true).unwrap();
    let mut buffer = [0; 5];
    let talk = join(here.write_all(b"hello"), there.read_exact(&mut buffer));
    let (wrote, read) = harness.block_on(talk);
    wrote.and(read).unwrap();
    assert_eq!(&buffer, b"hello");
}

#[test]
fn a_connection_nobody_listens_for_is_refused() {
    let harness = Harness::kernel();
    let address = std::net::TcpListener::bind(anywhere()).unwrap().local_addr().unwrap();
    let error = harness.block_on(TcpStream::connect(address)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(harness.reactor.counts().sources, 0);
}

#[test]
fn a_hundred_connections_at_one_edge_are_all_accepted() {
    let harness = Harness::kernel();
    let listener = TcpListener::bind(anywhere()).unwrap();
    let address = listener.local_addr().unwrap();
    let count = if cfg!(miri) { 5 } else { 100 };
    let clients: Vec<_> = (0..count).map(|_| std::net::TcpStream::connect(address)).collect();
    harness.settle();
    for _ in 0..count {
        harness.block_on(listener.accept()).unwrap();
    }
    assert!(common::poll_with(|cx| listener.poll_accept(cx)).is_pending());
    assert!(clients.iter().all(Result::is_ok));
}

#[test]
fn a_stream_goes_to_the_standard_library_and_comes_back() {
    let harness = Harness::kernel();
    let (here, there) = kernel_pair().unwrap();
    let mut standard = here.into_std().unwrap();
    assert_eq!(harness.reactor.counts().sources, 1);
    standard.write_all(b"by hand").unwrap();
    let mut buffer = [0; 7];
    harness.block_on(there.read_exact(&mut buffer)).unwrap();
    let here = TcpStream::from_std(standard).unwrap();
    harness.block_on(there.write_all(&buffer)).unwrap();
    harness.block_on(here.read_exact(&mut buffer)).unwrap();
    let mut standard = here.into_std().unwrap();
    let error = standard.read(&mut buffer).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "it stays nonblocking");
}

#[test]
fn a_socket_in_memory_says_what_it_does_not_have() {
    let harness = Harness::kernel();
    let (here, _there) = duplex().unwrap();
    let errors = [
        here.peer_addr().map(drop),
        here.local_addr().map(drop),
        here.set_nodelay(true),
        here.into_std().map(drop),
    ];
    for error in errors.map(Result::unwrap_err) {
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        assert!(error.to_string().contains("duplex"), "{error}");
    }
    harness.settle();
}

/// FACT: an open file stays watched while a duplicate of its descriptor lives, whatever becomes of
/// the descriptor itself.
#[cfg(unix)]
#[test]
fn a_closed_stream_is_not_heard_of_again_though_a_duplicate_lives() {
    let harness = Harness::kernel();
    let (here, there) = kernel_pair().unwrap();
    let duplicate = here.descriptor().unwrap().try_clone_to_owned().unwrap();
    harness.settle();
    drop(here);
    harness.block_on(there.write_all(b"to the duplicate")).unwrap();
    let before = harness.reactor.counts();
    harness.turn(std::time::Duration::ZERO);
    let after = harness.reactor.counts();
    assert_eq!(after.stale_events, before.stale_events);
    drop(duplicate);
}

#[cfg(feature = "futures-io")]
#[test]
fn streams_speak_the_traits_of_futures_io() {
    use std::{future::poll_fn, pin::Pin};

    use futures_io::{AsyncRead, AsyncWrite};

    common::both(|harness, mut here, there| {
        let wrote = poll_fn(|cx| Pin::new(&mut here).poll_write(cx, b"hello"));
        assert_eq!(harness.block_on(wrote).unwrap(), 5);
        harness.block_on(poll_fn(|cx| Pin::new(&mut here).poll_flush(cx))).unwrap();
        harness.block_on(poll_fn(|cx| Pin::new(&mut here).poll_close(cx))).unwrap();
        let mut buffer = [0; 8];
        for expected in [5, 0] {
            let read = poll_fn(|cx| Pin::new(&mut &there).poll_read(cx, &mut buffer));
            assert_eq!(harness.block_on(read).unwrap(), expected);
        }
    });
}
