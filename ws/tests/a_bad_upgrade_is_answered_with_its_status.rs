//! Whoever asks wrongly is told so: a server writes 400, 405, 426 or 431 and closes, a client says
//! what it expected, and nobody holds a socket past its deadline.

mod common;

use std::{io::ErrorKind, time::Duration};

use common::{Loop, REQUEST, Raw};
use glassloop_reactor::{Resolver, net::duplex};
use glassloop_ws::{Config, ConnectStage, Error, accept_with, connect, connect_on};

/// The server's answer to `request`, and its own error. The client closes after it has read.
fn refused(request: &[u8]) -> (String, Error) {
    let mut event_loop = Loop::new();
    let (accepted, mut raw) = event_loop.accepting(Config::default());
    raw.write(&mut event_loop, request);
    let (answer, ended) = raw.take(&mut event_loop);
    assert!(ended, "a refused client sees the end of the stream");
    drop(raw);
    let error = event_loop.wait_for(&accepted).expect_err("a bad request");
    (String::from_utf8(answer).expect("ASCII"), error)
}

fn request(from: &str, to: &str) -> Vec<u8> {
    let good = std::str::from_utf8(REQUEST).expect("ASCII");
    assert!(good.contains(from));
    good.replace(from, to).into_bytes()
}

#[test]
fn a_request_without_upgrade_or_with_another_version_gets_426_and_the_version() {
    for bad in [
        request("Upgrade: websocket\r\n", ""),
        request("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8"),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
    ] {
        let (answer, error) = refused(&bad);
        assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
        assert!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{answer}");
        assert!(matches!(error, Error::BadUpgrade { status: 426, .. }), "{error}");
    }
}

#[test]
fn other_mistakes_get_400_or_405() {
    let (answer, error) = refused(&request("GET", "POST"));
    assert!(answer.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{answer}");
    assert!(answer.contains("\r\nAllow: GET\r\n"), "{answer}");
    assert!(matches!(error, Error::BadUpgrade { status: 405, .. }), "{error}");
    for bad in [
        request("Connection: Upgrade", "Connection: close"),
        request("Host: server.example.com\r\n", ""),
        request("dGhlIHNhbXBsZSBub25jZQ==", "short"),
        b"nonsense\r\n\r\n".to_vec(),
    ] {
        let (answer, error) = refused(&bad);
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
        assert!(matches!(error, Error::BadUpgrade { status: 400, .. }), "{error}");
    }
}

#[test]
fn a_head_of_twenty_megabytes_is_refused_after_its_first_kilobytes() {
    let mut event_loop = Loop::new();
    let (accepted, raw) = event_loop.accepting(Config::default());
    let mut written = 0;
    while written < 20_000_000 && accepted.borrow().is_none() {
        written += raw.stream.try_write(&[b'x'; 4096]).unwrap_or(0);
        event_loop.turn(Duration::ZERO);
    }
    assert!(written < 256 * 1024, "the server stopped reading: {written} bytes");
    let error = event_loop.wait_for(&accepted).expect_err("a bad request");
    assert!(matches!(error, Error::BadUpgrade { status: 431, .. }), "{error}");
}

#[test]
fn a_silent_or_dripping_client_is_dropped_at_the_deadline() {
    for drips in [0, 1] {
        let mut event_loop = Loop::new();
        let (accepted, mut raw) = event_loop.accepting(Config::default());
        event_loop.settle();
        for second in 1..=9 {
            raw.write(&mut event_loop, &REQUEST[..drips]);
            event_loop.pass(Duration::from_secs(1));
            assert!(accepted.borrow().is_none(), "{second} s are within the deadline");
        }
        event_loop.pass(Duration::from_secs(1));
        let error = event_loop.wait_for(&accepted).expect_err("no upgrade");
        let Error::HandshakeTimeout { stage, millis } = error else { panic!("came {error}") };
        assert_eq!((stage, millis), (ConnectStage::Upgrade, 10_000));
        assert!(raw.read(), "the socket is closed");
    }
}

#[test]
fn a_refused_client_that_stays_is_left_after_five_seconds() {
    let mut event_loop = Loop::new();
    let (accepted, mut raw) = event_loop.accepting(Config::default());
    raw.write(&mut event_loop, &request("GET", "PUT"));
    event_loop.settle();
    assert!(accepted.borrow().is_none(), "the answer is being seen off");
    event_loop.pass(Duration::from_secs(5));
    assert!(accepted.borrow().is_some());
}

#[test]
fn a_client_says_what_it_expected_of_a_bad_answer() {
    for (answer, what) in [
        ("HTTP/1.1 404 Not Found\r\n\r\n", "expected status 101, came 404 Not Found"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: AAAA\r\n\r\n",
            "expected Sec-WebSocket-Accept for our key, came \"AAAA\"",
        ),
        (
            "",
            "expected a working socket, came: expected the head of an upgrade, came the end of \
              the stream",
        ),
    ] {
        let mut event_loop = Loop::new();
        let (near, far) = duplex().expect("two ends");
        let connected = event_loop.spawn(connect_on(near, "ws://memory/"));
        let mut raw = Raw::new(far);
        raw.read_until(&mut event_loop, b"\r\n\r\n");
        raw.write(&mut event_loop, answer.as_bytes());
        drop(raw);
        let error = event_loop.wait_for(&connected).expect_err("a bad answer");
        assert_eq!(error.to_string(), what);
    }
}

#[test]
fn a_name_without_an_address_and_a_bad_address_are_told_apart() {
    let mut event_loop = Loop::new();
    event_loop.reactor.set_resolver(Resolver::new(|_, _| Box::pin(async { Ok(Vec::new()) })));
    let error = event_loop.block_on(connect("ws://example.test/")).expect_err("no address");
    let Error::Unresolvable { host, why } = &error else { panic!("came {error}") };
    assert_eq!((host.as_str(), why.kind()), ("example.test", ErrorKind::NotFound));
    let error = event_loop.block_on(connect("http://127.0.0.1/")).expect_err("no WebSocket");
    assert!(matches!(error, Error::InvalidUrl { .. }), "{error}");
}

#[test]
fn limits_of_zero_do_not_stop_everything() {
    let mut event_loop = Loop::new();
    let mut config = Config::default();
    config.limits.read_bytes_per_turn_max = 0;
    config.limits.outgoing_frame_bytes_max = 0;
    config.limits.outgoing_high_bytes_max = 0;
    config.limits.received_messages_max = 0;
    config.limits.received_bytes_max = 0;
    let (near, far) = duplex().expect("two ends");
    let server = event_loop.spawn(accept_with(far, config));
    let client = event_loop.spawn(connect_on(near, "ws://memory/"));
    let client = event_loop.wait_for(&client).expect("a client");
    let server = event_loop.wait_for(&server).expect("a server");
    let (client, server) = (event_loop.drive(client), event_loop.drive(server));
    let echo = event_loop.spawn(common::echo(server.socket));
    let socket = client.socket.clone();
    let answer = event_loop.block_on(async move {
        socket.send("slow but sure".into()).await?;
        socket.recv().await
    });
    assert_eq!(answer.expect("an echo"), Some("slow but sure".into()));
    client.socket.close(1000, "").expect("a good code");
    event_loop.wait_for(&echo).expect("a regular end");
}
