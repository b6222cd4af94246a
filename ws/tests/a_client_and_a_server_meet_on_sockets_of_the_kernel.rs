//! What holds in memory holds on 127.0.0.1, too: connecting by address, by `localhost` and by a
//! resolver's word; long messages; the close.

mod common;

use std::net::SocketAddr;
use std::rc::Rc;

use common::twins::everything_comes_back;
use common::{End, Loop};
use glassloop_reactor::Resolver;
use glassloop_reactor::net::TcpListener;
use glassloop_ws::{Error, accept, connect};

fn listen() -> (Rc<TcpListener>, u16) {
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (Rc::new(listener), port)
}

/// A client at `url` and the server it met.
fn meet(event_loop: &mut Loop, listener: &Rc<TcpListener>, url: &str) -> (End, End) {
    let listener = Rc::clone(listener);
    let server = event_loop.spawn(async move {
        let (stream, _) = listener.accept().await.expect("a stream");
        accept(stream).await
    });
    let client = event_loop.spawn(connect(url));
    let client = event_loop.wait_for(&client).expect("a client");
    let server = event_loop.wait_for(&server).expect("a server");
    (event_loop.drive(client), event_loop.drive(server))
}

#[test]
fn messages_of_every_length_come_back_and_both_sides_close() {
    let mut event_loop = Loop::new();
    let (listener, port) = listen();
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("ws://{host}:{port}/");
        let (client, server) = meet(&mut event_loop, &listener, &url);
        assert_eq!(client.socket.peer_addr().map(|address| address.port()), Some(port));
        let lengths = [0, 1, 125, 126, 65_535, 65_536, 4 << 20];
        everything_comes_back(&mut event_loop, (&client, server), &lengths);
    }
}

#[test]
fn a_resolver_of_the_loop_turns_names_into_addresses() {
    let mut event_loop = Loop::new();
    let (listener, port) = listen();
    event_loop.reactor.set_resolver(Resolver::new(|host, port| {
        assert_eq!(host, "silex.test");
        // The first address refuses, the second answers.
        let addresses = [([127, 0, 0, 1], 1), ([127, 0, 0, 1], port)].map(SocketAddr::from);
        Box::pin(async move { Ok(addresses.to_vec()) })
    }));
    let url = format!("ws://silex.test:{port}/");
    let (client, _server) = meet(&mut event_loop, &listener, &url);
    assert_eq!(client.socket.close_info(), None);
}

#[test]
fn a_port_where_nobody_listens_is_an_error_of_the_socket() {
    let mut event_loop = Loop::new();
    let (listener, port) = listen();
    drop(listener);
    let url = format!("ws://127.0.0.1:{port}/");
    let error = event_loop.block_on(connect(&url)).expect_err("nobody listens");
    let Error::Io(error) = error else { panic!("expected the socket's error, came {error}") };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn outside_a_loop_the_error_says_what_to_do() {
    let connecting = connect("ws://127.0.0.1:9/");
    let mut connecting = std::pin::pin!(connecting);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(outcome) = connecting.as_mut().poll(&mut cx) else {
        panic!("expected an error, came a wait");
    };
    let text = outcome.expect_err("no loop").to_string();
    assert!(text.contains("came none"), "{text}");
}
