//! What holds in the clear holds over TLS, in memory and on sockets of the kernel: messages of
//! every length both ways, whoever is slow, and the close.

#![cfg(feature = "tls")]

mod common;
#[path = "common/tls.rs"]
mod tls;

use std::rc::Rc;

use common::twins::everything_comes_back;
use common::{End, Loop, echo};
use glassloop_reactor::net::TcpListener;
use glassloop_ws::{
    Config, Error, Response, Server, TlsClient, TlsFault, accept_tls, connect_with,
};
use tls::{Authority, Relay, believing, pair};

/// A client and a server on 127.0.0.1.
fn kernel_pair(event_loop: &mut Loop) -> (End, End) {
    let authority = Authority::new();
    let listener = Rc::new(TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port"));
    let port = listener.local_addr().expect("an address").port();
    let identity = authority.sign("127.0.0.1", (2000, 4000)).server();
    let server = event_loop.spawn(async move {
        let (stream, _) = listener.accept().await.expect("a stream");
        accept_tls(stream, &identity).await
    });
    let url = format!("wss://127.0.0.1:{port}/");
    let client = event_loop.spawn(connect_with(&url, believing(authority.client())));
    let client = event_loop.wait_for(&client).expect("a client");
    let server = event_loop.wait_for(&server).expect("a server");
    (event_loop.drive(client), event_loop.drive(server))
}

const LENGTHS: [usize; 8] = [0, 1, 125, 126, 16_383, 16_384, 65_536, 4 << 20];

#[test]
fn messages_of_every_length_come_back_in_memory() {
    let mut event_loop = Loop::new();
    let (client, server) = pair(&mut event_loop, Config::default(), Config::default());
    everything_comes_back(&mut event_loop, (&client, server), &LENGTHS);
    assert_eq!(event_loop.task_count(), 0);
}

#[test]
fn messages_of_every_length_come_back_on_sockets_of_the_kernel() {
    let mut event_loop = Loop::new();
    let (client, server) = kernel_pair(&mut event_loop);
    everything_comes_back(&mut event_loop, (&client, server), &LENGTHS);
    assert_eq!(event_loop.task_count(), 0);
}

#[test]
fn a_client_that_comes_back_is_shown_no_certificate_again() {
    let mut event_loop = Loop::new();
    let authority = Authority::new();
    let (config, identity) = (believing(authority.client()), authority.identity().server());
    let mut shake = || {
        let (relay, sent) = Relay::between(&mut event_loop, config.clone(), &identity, usize::MAX);
        drop(relay);
        sent
    };
    let (first, second) = (shake(), shake());
    assert!(second < first - 300, "{first} bytes of the server's, then {second}");
}

#[test]
fn both_sides_may_talk_at_once() {
    let mut event_loop = Loop::new();
    let (client, server) = kernel_pair(&mut event_loop);
    let mut outputs = Vec::new();
    for end in [&client, &server] {
        let (sender, receiver) = (end.socket.clone(), end.socket.clone());
        event_loop.spawn(async move {
            for number in 0..200_u32 {
                let length = usize::try_from(number).expect("small") * 100;
                sender.send(vec![0; length].into()).await.expect("open");
            }
        });
        outputs.push(event_loop.spawn(async move {
            for number in 0..200 {
                let message = receiver.recv().await.expect("open").expect("a message");
                assert_eq!(message.len(), number * 100);
            }
        }));
    }
    for output in outputs {
        event_loop.wait_for(&output);
    }
}

#[test]
fn a_server_of_many_speaks_tls_on_its_port() {
    let mut event_loop = Loop::new();
    let authority = Authority::new();
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let spawner = event_loop.spawner();
    let (handle, serving) = Server::new()
        .get("/", |_| Response::text("hello"))
        .websocket("/echo", |socket, _| async move { drop(echo(socket).await) })
        .tls(authority.sign("localhost", (2000, 4000)).server())
        .serve([listener], move |job| spawner(Box::pin(job)))
        .expect("a good server");
    event_loop.spawn(serving);
    let mut open = |host: &str, path: &str, client: TlsClient| {
        let url = format!("wss://{host}:{port}{path}");
        let opened = event_loop.spawn(connect_with(&url, believing(client)));
        event_loop.wait_for(&opened).map(drop)
    };
    open("localhost", "/echo", authority.client()).expect("a WebSocket");
    let error = open("127.0.0.1", "/echo", authority.client()).expect_err("by address");
    assert!(matches!(error, Error::Tls { fault: TlsFault::WrongHost, .. }), "{error}");
    let error = open("localhost", "/", authority.client()).expect_err("a page");
    assert!(matches!(error, Error::Refused { status: 426 | 200, .. }), "{error}");
    assert_eq!(handle.counts().upgrades, 1);
}
