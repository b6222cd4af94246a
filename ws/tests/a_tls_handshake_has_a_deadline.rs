//! Who never finishes the TLS handshake keeps nobody waiting: not a client, not a server that was
//! given a stream, and not a place of a server with many.

#![cfg(feature = "tls")]

mod common;
#[path = "common/tls.rs"]
mod tls;

use std::time::Duration;

use common::{Loop, Raw};
use glassloop_reactor::net::{TcpStream, duplex};
use glassloop_ws::{
    Config, ConnectStage, Error, Response, Server, ServerHandle, ServerLimits, accept_tls,
    connect_on_with,
};
use tls::{Authority, HOST, believing};

const SECOND: Duration = Duration::from_secs(1);

fn url() -> String {
    format!("wss://{HOST}/")
}

#[test]
fn a_silent_peer_is_given_up_on_either_side() {
    let mut event_loop = Loop::new();
    let authority = Authority::new();
    let (near, _far) = duplex().expect("two ends");
    let client = event_loop.spawn(connect_on_with(near, &url(), believing(authority.client())));
    let (near, _far) = duplex().expect("two ends");
    let server = event_loop.spawn(accept_tls(near, &authority.identity().server()));
    event_loop.settle();
    event_loop.pass(5 * SECOND);
    assert!(client.borrow().is_none() && server.borrow().is_none());
    event_loop.pass(SECOND);
    for output in [client, server] {
        let error = event_loop.wait_for(&output).expect_err("the deadline of the stage");
        let Error::HandshakeTimeout { stage: ConnectStage::Tls, millis: 6_000 } = error else {
            panic!("{error}");
        };
    }
    assert_eq!(event_loop.reactor.counts().timers_armed, 0);
}

/// A server over TLS, and its handle.
fn serve(event_loop: &mut Loop, authority: &Authority, limits: ServerLimits) -> ServerHandle {
    let spawner = event_loop.spawner();
    let (handle, serving) = Server::new()
        .get("/", |_| Response::text("hello"))
        .websocket("/", |socket, _| async move {
            while let Ok(Some(message)) = socket.recv().await {
                drop(socket.send(message).await);
            }
        })
        .limits(limits)
        .tls(authority.identity().server())
        .serve([], move |job| spawner(Box::pin(job)))
        .expect("a good server");
    event_loop.spawn(serving);
    handle
}

/// The far end of a connection that the server was given.
fn admitted(event_loop: &mut Loop, handle: &ServerHandle) -> TcpStream {
    let (near, far) = duplex().expect("two ends");
    handle.admit(near);
    event_loop.settle();
    far
}

#[test]
fn a_place_is_free_after_the_deadline_of_a_request() {
    let mut event_loop = Loop::new();
    let handle = serve(&mut event_loop, &Authority::new(), ServerLimits::default());
    let silent = admitted(&mut event_loop, &handle);
    let slow = admitted(&mut event_loop, &handle);
    // The head of a record: so much is to come.
    for byte in [22, 3, 1, 2, 0, 1, 0, 1, 252] {
        slow.try_write(&[byte]).expect("room");
        event_loop.pass(SECOND);
    }
    assert_eq!(handle.connections(), 2);
    event_loop.pass(SECOND);
    assert_eq!((handle.connections(), handle.counts().late), (0, 2));
    drop((silent, slow));
}

#[test]
fn the_handshake_and_the_first_request_have_one_deadline() {
    let mut event_loop = Loop::new();
    let authority = Authority::new();
    let handle = serve(&mut event_loop, &authority, ServerLimits::default());
    let (near, far) = duplex().expect("two ends");
    handle.admit(near);
    event_loop.settle();
    event_loop.pass(6 * SECOND);
    // A client that shakes hands and then never asks: its request is a server's end that is silent.
    let config = believing(authority.client());
    let (client_near, client_far) = duplex().expect("two ends");
    let client = event_loop.spawn(connect_on_with(client_near, &url(), config));
    event_loop.settle();
    let (mut up, mut down) = (Raw::new(client_far), Raw::new(far));
    for _ in 0..2 {
        let (bytes, _) = up.take(&mut event_loop);
        // The request comes behind the handshake, and is left out.
        let handshake = if bytes.first() == Some(&22) { &bytes[..] } else { &bytes[..80] };
        down.write(&mut event_loop, handshake);
        let (bytes, _) = down.take(&mut event_loop);
        up.write(&mut event_loop, &bytes);
    }
    assert_eq!(handle.counts().tls_failed, 0);
    event_loop.pass(3 * SECOND);
    assert_eq!(handle.connections(), 1);
    event_loop.pass(SECOND);
    assert_eq!((handle.connections(), handle.counts().late), (0, 1), "10 s from the accept on");
    drop(client);
}

#[test]
fn a_websocket_opens_beside_clients_that_never_do() {
    let mut event_loop = Loop::new();
    let authority = Authority::new();
    let handle = serve(&mut event_loop, &authority, ServerLimits::default());
    let _silent = admitted(&mut event_loop, &handle);
    let plain = admitted(&mut event_loop, &handle);
    plain.try_write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("room");
    let far = admitted(&mut event_loop, &handle);
    let opened = event_loop.spawn(connect_on_with(far, &url(), believing(authority.client())));
    let opened = event_loop.wait_for(&opened).expect("a WebSocket");
    let end = event_loop.drive(opened);
    let socket = end.socket.clone();
    let echoed = event_loop.block_on(async move {
        socket.send("hello".into()).await?;
        socket.recv().await
    });
    assert_eq!(echoed.expect("open"), Some("hello".into()));
    let counts = handle.counts();
    assert_eq!((counts.upgrades, counts.tls_failed, handle.connections()), (1, 1, 2));

    let stop = handle.stop(5 * SECOND);
    let report = event_loop.spawn(stop);
    event_loop.settle();
    // Who shakes hands may still want to ask, and is then seen off as who is idle.
    event_loop.pass(SECOND);
    assert!(report.borrow().is_none());
    event_loop.pass(SECOND);
    let report = event_loop.wait_for(&report);
    assert_eq!(report.dropped, 0, "who shakes hands goes with the others");
    assert!(event_loop.wait_for(&end.driver).is_clean());
}

#[test]
fn who_finds_no_place_is_told_over_tls_and_not_for_long() {
    let mut event_loop = Loop::new();
    let authority = Authority::new();
    let mut limits = ServerLimits::default();
    limits.connections_max = 0;
    let handle = serve(&mut event_loop, &authority, limits);
    let _silent = admitted(&mut event_loop, &handle);
    let far = admitted(&mut event_loop, &handle);
    let config: Config = believing(authority.client());
    let refused = event_loop.spawn(connect_on_with(far, &url(), config));
    let error = event_loop.wait_for(&refused).expect_err("no place");
    assert!(matches!(error, Error::Refused { status: 503, .. }), "{error}");
    event_loop.settle();
    let before = event_loop.task_count();
    event_loop.pass(SECOND);
    assert!(event_loop.task_count() < before, "the silent one is gone");
}
