//! A client's request has the lines that its endpoint was given, each whole and in its place, and
//! nobody but the server sees the secrets among them.

mod common;

use common::{Loop, Raw, response};
use glassloop_reactor::net::duplex;
use glassloop_ws::{Config, Endpoint, Error, Server, WebSocket, WebSocketRoute};

fn endpoint() -> Endpoint {
    Endpoint::new("ws://example.test:8080/room?token=hidden").expect("a good address")
}

/// The head that a server sees, without the key.
fn request_of(endpoint: &Endpoint) -> String {
    let mut event_loop = Loop::new();
    let (near, far) = duplex().expect("two ends");
    event_loop.spawn(endpoint.connect_on(near));
    let head = Raw::new(far).read_until(&mut event_loop, b"\r\n\r\n");
    let head = String::from_utf8(head).expect("ASCII");
    let (before, key) = head.split_once("Sec-WebSocket-Key: ").expect("a key");
    assert_eq!(key.find("\r\n"), Some(24), "sixteen bytes in base64");
    format!("{before}{}", &key[24 + 2..])
}

/// The lines behind those that each request has.
fn lines_of(endpoint: &Endpoint) -> String {
    let head = request_of(endpoint);
    let (_, lines) = head.split_once("Sec-WebSocket-Version: 13\r\n").expect("a version");
    lines.to_owned()
}

#[test]
fn an_endpoint_asks_for_no_more_than_it_was_told() {
    assert_eq!(
        request_of(&endpoint()),
        "GET /room?token=hidden HTTP/1.1\r\nHost: example.test:8080\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    let literal = Endpoint::new("ws://[::1]").expect("a good address");
    assert!(request_of(&literal).starts_with("GET / HTTP/1.1\r\nHost: [::1]\r\n"));
}

#[test]
fn lines_stand_in_their_order_and_single_ones_once() {
    let all = endpoint()
        .header("Cookie", "a=1; b=2")
        .and_then(|it| it.origin("https://old.example"))
        .and_then(|it| it.header("AUTHORIZATION", "Digest x"))
        .and_then(|it| it.header("X-Note", "caf\u{e9}\tand more"))
        .and_then(|it| it.header("x-note", ""))
        .and_then(|it| it.origin("https://example.org"))
        .and_then(|it| it.bearer("t0k.en=="))
        .and_then(|it| it.subprotocols(["v2", "v1"]))
        .expect("all of them are good");
    assert_eq!(
        lines_of(&all),
        "Sec-WebSocket-Protocol: v2, v1\r\nCookie: a=1; b=2\r\nX-Note: caf\u{e9}\tand more\r\n\
         x-note: \r\nOrigin: https://example.org\r\nAuthorization: Bearer t0k.en==\r\n\r\n"
    );
}

#[test]
fn who_we_are_may_stand_in_the_address_or_beside_it() {
    let basic = |value| format!("Authorization: Basic {value}\r\n\r\n");
    let known = Endpoint::new("ws://us%65r:p%40ss@example.test/").expect("a good address");
    assert_eq!(lines_of(&known), basic("dXNlcjpwQHNz"));
    assert!(request_of(&known).contains("\r\nHost: example.test\r\n"));
    let other = known.clone().basic("Aladdin", "open sesame").expect("good");
    assert_eq!(lines_of(&other), basic("QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    assert_eq!(lines_of(&known), basic("dXNlcjpwQHNz"), "a clone is a thing of its own");
    let last = other.bearer("token").expect("good");
    assert_eq!(lines_of(&last), "Authorization: Bearer token\r\n\r\n");
}

#[test]
fn what_would_break_the_request_is_refused() {
    for (name, value) in [
        ("Host", "elsewhere"),
        ("connection", "close"),
        ("UPGRADE", "h2c"),
        ("Sec-WebSocket-Key", "x"),
        ("sec-websocket-protocol", "x"),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
        ("Content-Length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("", "x"),
        ("X Y", "x"),
        ("X:", "x"),
        ("X\r\nY", "x"),
        ("X", "a\r\nY: b"),
        ("X", "a\nb"),
        ("X", "a\0b"),
        ("X", "a\u{85}b"),
    ] {
        let error = endpoint().header(name, value).expect_err(name);
        assert!(matches!(error, Error::InvalidHeader { .. }) && error.is_fatal(), "{error}");
    }
    assert!(endpoint().origin("https://a\r\nX: y").is_err());
    for bad in [&["a", "b", "a"][..], &["a b"], &["a,b"], &[""]] {
        let error = endpoint().subprotocols(bad.iter().copied()).expect_err("not such a list");
        assert!(matches!(error, Error::InvalidHeader { .. }), "{error}");
    }
}

#[test]
fn nobody_is_shown_a_secret() {
    let full = Endpoint::new("ws://user:hidden@example.test/room?token=hidden")
        .and_then(|it| it.header("Cookie", "session=hidden"))
        .and_then(|it| it.header("Proxy-Authorization", "hidden"))
        .expect("good");
    let mut told = vec![format!("{full:?} {full:#?}")];
    told.push(format!("{:?}", full.clone().bearer("hidden").expect("good")));
    for error in [
        full.clone().bearer("hidden hidden").expect_err("a blank"),
        full.clone().basic("hid:den", "hidden").expect_err("a colon"),
        full.clone().basic("user", "hidden\n").expect_err("a line end"),
        full.header("Cookie", "hidden\r\n").expect_err("a line end"),
        Endpoint::new("https://user:hidden@example.test/").expect_err("no WebSocket"),
        Endpoint::new("ws://user:hid%zzden@example.test/").expect_err("no byte in base 16"),
    ] {
        told.push(format!("{error} {error:?}"));
    }
    for told in told {
        assert!(!told.contains("hid") && !told.contains("aGlkZGVu"), "{told}");
    }
}

#[test]
fn a_debug_says_where_to_and_what_is_asked_for() {
    let known = endpoint().bearer("x").and_then(|it| it.subprotocols(["v1"])).expect("good");
    assert_eq!(
        format!("{known:?}"),
        "Endpoint { url: ws://example.test:8080/room, headers: [\"Authorization\"], \
         subprotocols: [\"v1\"], .. }"
    );
}

#[test]
fn an_endpoint_may_go_to_another_thread() {
    fn goes<T: Send + Sync>(_: &T) {}
    goes(&endpoint());
}

/// A client and a server that speaks `v1` and `v2`, both open, or why not.
fn meet(event_loop: &mut Loop, endpoint: &Endpoint) -> Result<(WebSocket, Option<String>), Error> {
    let (near, far) = duplex().expect("two ends");
    let route = WebSocketRoute::new("/room", |socket, request| async move {
        assert_eq!(socket.subprotocol(), request.subprotocol());
        let chosen = socket.subprotocol().unwrap_or("none").to_owned();
        drop(socket.send(chosen.into()).await);
        drop(socket.recv().await);
    });
    let route = route.subprotocols(["v1", "v2"]);
    let spawn = event_loop.spawner();
    let served = Server::new().route(route).serve([], move |job| spawn(Box::pin(job)));
    let (handle, serving) = served.expect("a good route");
    event_loop.spawn(serving);
    handle.admit(far);
    let opened = event_loop.spawn(endpoint.connect_on(near));
    let (socket, driver) = event_loop.wait_for(&opened)?;
    event_loop.spawn(driver);
    let receiver = socket.clone();
    let told = event_loop.block_on(async move { receiver.recv().await });
    let told = told.expect("it is open").and_then(|told| told.as_text().map(str::to_owned));
    Ok((socket, told))
}

#[test]
fn both_sides_know_the_subprotocol_that_was_chosen() {
    let mut event_loop = Loop::new();
    for (offered, chosen) in
        [(&["v2", "v1"][..], Some("v2")), (&["v9", "v1"], Some("v1")), (&["v9"], None), (&[], None)]
    {
        let endpoint = endpoint().subprotocols(offered.iter().copied()).expect("good");
        let (socket, told) = meet(&mut event_loop, &endpoint).expect("a connection");
        assert_eq!(socket.subprotocol(), chosen);
        assert_eq!(socket.clone().subprotocol(), chosen);
        assert_eq!(told.as_deref(), Some(chosen.unwrap_or("none")));

        let strict = endpoint.require_subprotocol();
        match meet(&mut event_loop, &strict) {
            Ok((socket, _)) => assert!(socket.subprotocol().is_some() || offered.is_empty()),
            Err(error) => {
                assert_eq!(offered, ["v9"]);
                assert!(matches!(error, Error::BadUpgrade { status: 101, .. }), "{error}");
                assert!(error.is_fatal());
            }
        }
    }
}

#[test]
fn a_server_that_chooses_what_was_not_offered_is_left() {
    for line in ["v3", "v1, v2", "V1", ""] {
        let mut event_loop = Loop::new();
        let (near, far) = duplex().expect("two ends");
        let offering = endpoint().subprotocols(["v1", "v2"]).expect("good");
        let connected = event_loop.spawn(offering.connect_on(near));
        let mut raw = Raw::new(far);
        let answer = response(&raw.read_until(&mut event_loop, b"\r\n\r\n"));
        let end = answer.len() - 2;
        let chosen = format!("Sec-WebSocket-Protocol: {line}\r\n\r\n");
        raw.write(&mut event_loop, &[&answer[..end], chosen.as_bytes()].concat());
        let error = event_loop.wait_for(&connected).expect_err(line);
        let told = format!("expected one subprotocol of those offered, came {line:?}");
        assert_eq!(error.to_string(), told);
        assert!(error.is_fatal());
    }
}

#[test]
fn an_endpoint_connects_again_and_again_with_its_limits() {
    let mut event_loop = Loop::new();
    let mut config = Config::default();
    config.limits.message_bytes_max = 10;
    let endpoint = endpoint().config(config);
    for _ in 0..3 {
        let (near, far) = duplex().expect("two ends");
        let client = event_loop.spawn(endpoint.clone().connect_on(near));
        let server = event_loop.spawn(glassloop_ws::accept(far));
        let client = event_loop.wait_for(&client).expect("a client");
        let server = event_loop.wait_for(&server).expect("a server");
        let (client, server) = (event_loop.drive(client), event_loop.drive(server));
        let (sender, receiver) = (server.socket.clone(), client.socket.clone());
        let ended = event_loop.block_on(async move {
            sender.send("eleven signs".into()).await.expect("it is open");
            receiver.recv().await
        });
        assert!(matches!(ended, Err(Error::Closed(info)) if info.code == 1009));
    }
}
