//! A server of Socket.IO: what is on the wire, both ways; who is let in; who is left, and when.
#![cfg(test)]
#![cfg(feature = "socketio")]

mod common;
#[path = "common/sio_server.rs"]
mod sio_server;

use common::Raw;
use glassloop_ws::socketio::{
    AckError, Binary, ConnectError, Disconnect, EmitError, NamespaceError, Server, ServerLimits,
};
use glassloop_ws::{Response, Server as HttpServer};
use serde_json::{Value, json};
use sio_server::{Came, Fixture, SECOND, fixture, serve};

#[test]
fn the_transcript_of_a_session_is_that_of_the_protocol() {
    let mut it = fixture(&["/", "/admin"]);
    let peer = it.open();
    let hello = peer.texts(&mut it).remove(0);
    let fields: Value = serde_json::from_str(hello.strip_prefix('0').unwrap()).unwrap();
    let sid = fields["sid"].as_str().unwrap().to_owned();
    let expected = json!({
        "sid": sid, "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000,
        "maxPayload": 1_000_000,
    });
    assert_eq!((fields, sid.len()), (expected, 22));

    peer.say(&mut it, r#"40{"token":"123"}"#);
    let (root, mut events, auth) = it.came.last();
    assert_eq!(auth, Some(json!({"token": "123"})));
    assert_eq!(peer.texts(&mut it), [format!(r#"40{{"sid":"{}"}}"#, root.id())]);
    assert!(root.id() != sid && root.namespace() == "/");
    assert_eq!(root.request().query(), Some("EIO=4&transport=websocket"));
    let (admin, _admin_events) = it.enter_too(&peer, "/admin");
    assert_ne!(admin.id(), root.id());

    peer.say(&mut it, r#"42["hey",1]"#);
    let hey = events.try_recv().unwrap();
    assert_eq!((hey.name(), hey.arguments::<(u64,)>().unwrap()), ("hey", (1,)));
    root.emit("news", ("a", json!({"b": null}))).unwrap();
    admin.emit("more", ()).unwrap();
    let said = [r#"42["news","a",{"b":null}]"#, r#"42/admin,["more"]"#];
    assert_eq!(peer.texts(&mut it), said);

    // Attachments, with a pong of Engine.IO between them.
    peer.say(&mut it, r#"452-["put",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#);
    peer.say_bytes(&mut it, &[1]);
    peer.say(&mut it, "3");
    assert!(events.try_recv().is_none());
    peer.say_bytes(&mut it, &[2, 3]);
    let put: (Binary, Binary) = events.try_recv().unwrap().arguments().unwrap();
    assert_eq!((&*put.0.0, &*put.1.0), (&[2, 3][..], &[1][..]));
    root.emit("get", Binary::from(vec![7])).unwrap();
    let heard = peer.heard(&mut it);
    assert_eq!(heard[0].as_text(), Some(r#"451-["get",{"_placeholder":true,"num":0}]"#));
    assert_eq!((heard.len(), heard[1].as_bytes()), (2, &[7][..]));

    peer.say(&mut it, "41/admin,");
    assert!(!admin.is_connected() && root.is_connected());
    root.disconnect();
    assert_eq!(peer.texts(&mut it), ["41"]);
    assert!(matches!(it.event_loop.block_on(root.closed()), Disconnect::ByServer));
    assert!(matches!(it.event_loop.block_on(admin.closed()), Disconnect::ByClient));
    assert!(peer.code(&mut it).is_none(), "the connection stays");
}

#[test]
fn answers_pass_both_ways() {
    let mut it = fixture(&["/"]);
    let (peer, socket, mut events) = it.enter("/");
    peer.say(&mut it, r#"427["ask","me"]"#);
    peer.say(&mut it, r#"428["later"]"#);
    events.try_recv().unwrap().ack(("well", 2)).unwrap();
    let later = events.try_recv().unwrap().responder().unwrap();
    socket.emit("between", ()).unwrap();
    later.ack((Binary::from(vec![9]),)).unwrap();
    let heard = peer.heard(&mut it);
    let texts: Vec<_> = heard.iter().filter_map(|it| it.as_text()).collect();
    let answer = r#"461-8[{"_placeholder":true,"num":0}]"#;
    assert_eq!(texts, [r#"437["well",2]"#, r#"42["between"]"#, answer]);
    assert_eq!(heard[3].as_bytes(), [9]);

    let asks =
        |it: &Fixture| it.event_loop.spawn(socket.emit_with_ack("q", 1_u32, SECOND).unwrap());
    let (answered, late, lost) = (asks(&it), asks(&it), asks(&it));
    assert_eq!(peer.texts(&mut it), [r#"420["q",1]"#, r#"421["q",1]"#, r#"422["q",1]"#]);
    peer.say(&mut it, r#"430["yes"]"#);
    peer.say(&mut it, r#"430["again"]"#);
    let answer = answered.take().unwrap().unwrap();
    assert_eq!(answer.argument::<String>(0).unwrap(), "yes");
    drop(lost);
    it.event_loop.pass(SECOND);
    assert!(matches!(late.take(), Some(Err(AckError::TimedOut(SECOND)))));
    let lost = asks(&it);
    it.event_loop.settle();
    peer.vanish(&mut it);
    let Some(Err(AckError::Disconnected(why))) = lost.take() else { panic!("it is said why") };
    assert_eq!(why.as_str(), "transport close");
    let refused = socket.emit("nobody", ());
    assert!(matches!(refused, Err(EmitError::Disconnected(_))), "{refused:?}");
    assert!(it.event_loop.block_on(events.recv()).is_none());
}

#[test]
fn who_is_not_let_in_is_told_why_and_the_connection_stays() {
    let came = Came::default();
    let admin = came.route("/admin").admit(|request, auth| {
        match auth.and_then(|auth| auth["token"].as_str()) {
            Some("secret") if request.peer_addr().is_none() => Ok(()),
            _ => Err(ConnectError::new("not you").with_data(json!({"code": 3}))),
        }
    });
    let mut limits = ServerLimits::default();
    limits.namespaces_per_connection_max = 2;
    let io = Server::new().route(came.route("/")).route(admin).route(came.route("/c"));
    let mut it = serve(io.limits(limits).attach(HttpServer::new()).unwrap(), came);
    let peer = it.greeted();
    peer.say(&mut it, "40/x,");
    peer.say(&mut it, "40/admin,");
    peer.say(&mut it, r#"40/admin,{"token":"guess"}"#);
    assert_eq!(
        peer.texts(&mut it),
        [
            r#"44/x,{"message":"Invalid namespace"}"#,
            r#"44/admin,{"data":{"code":3},"message":"not you"}"#,
            r#"44/admin,{"data":{"code":3},"message":"not you"}"#,
        ]
    );
    peer.say(&mut it, r#"40/admin,{"token":"secret"}"#);
    let (admin, _events, _) = it.came.last();
    assert_eq!(peer.texts(&mut it), [format!(r#"40/admin,{{"sid":"{}"}}"#, admin.id())]);
    let (root, _root_events) = it.enter_too(&peer, "/");
    peer.say(&mut it, "40/c,");
    assert_eq!(peer.texts(&mut it), [r#"44/c,{"message":"Too many namespaces"}"#]);
    root.disconnect();
    assert_eq!(peer.texts(&mut it), ["41"]);
    let (third, _events) = it.enter_too(&peer, "/c");
    assert!(third.is_connected());
}

#[test]
fn who_breaks_the_rules_is_left() {
    let said: [&[&str]; 10] = [
        &["2"],
        &["abc"],
        &["4"],
        &["0{}"],
        &["5"],
        &[r#"42["before it was let in"]"#],
        &["41"],
        &["40", "40"],
        &["40", r#"42/other,["not there"]"#],
        &["40", r#"451-["no bytes",{"_placeholder":true,"num":0}]"#, r#"42["between"]"#],
    ];
    for said in said {
        let mut it = fixture(&["/"]);
        let peer = it.greeted();
        said.iter().for_each(|text| peer.say(&mut it, text));
        assert_eq!(peer.code(&mut it), Some(1002), "{said:?}");
        let came = it.came.clone();
        if said[0] == "40" {
            let why = it.event_loop.block_on(came.last().0.closed());
            assert!(matches!(why, Disconnect::ParseError(_)), "{why}");
        }
        assert_eq!(it.handle.connections(), 0, "nothing of it is left");
    }
    // Bytes of no packet.
    let mut it = fixture(&["/"]);
    let (peer, _socket, _events) = it.enter("/");
    peer.say_bytes(&mut it, &[1]);
    assert_eq!(peer.code(&mut it), Some(1002));
    // More than it takes, which it has said.
    let (peer, _socket, _events) = it.enter("/");
    peer.say(&mut it, &format!(r#"42["{}"]"#, "x".repeat(1_000_000)));
    assert_eq!(peer.code(&mut it), Some(1009));
}

#[test]
fn who_was_shown_out_and_does_not_know_it_yet_breaks_no_rule() {
    let mut it = fixture(&["/", "/a"]);
    let (peer, root, mut events) = it.enter("/");
    let (other, _others) = it.enter_too(&peer, "/a");
    root.disconnect();
    peer.say(&mut it, r#"42["on its way"]"#);
    peer.say(&mut it, "41");
    assert_eq!(peer.texts(&mut it), ["41"]);
    assert!(events.try_recv().is_none() && other.is_connected());
    // It comes again, as somebody else.
    let (again, mut events) = it.enter_too(&peer, "/");
    assert!(again.is_connected() && !root.is_connected() && again.id() != root.id());
    peer.say(&mut it, r#"42["now"]"#);
    assert_eq!(events.try_recv().unwrap().name(), "now");
    // By itself it has left: it knows.
    peer.say(&mut it, "41");
    peer.say(&mut it, r#"42["later"]"#);
    assert_eq!(peer.code(&mut it), Some(1002));
}

#[test]
fn who_is_dropped_by_the_program_is_shown_out_behind_what_was_emitted() {
    let mut it = fixture(&["/"]);
    let (peer, socket, events) = it.enter("/");
    let copy = socket.clone();
    socket.emit("bye", ()).unwrap();
    drop((socket, events));
    assert_eq!(peer.texts(&mut it), [r#"42["bye"]"#]);
    copy.emit("now", ()).unwrap();
    drop(copy);
    assert_eq!(peer.texts(&mut it), [r#"42["now"]"#, "41"]);
}

#[test]
fn a_client_is_pinged_and_given_up_when_it_is_silent() {
    let mut it = fixture(&["/"]);
    let (peer, socket, _events) = it.enter("/");
    for _ in 0..3 {
        it.event_loop.pass(SECOND * 24);
        assert!(peer.texts(&mut it).is_empty());
        it.event_loop.pass(SECOND);
        assert_eq!(peer.texts(&mut it), ["2"]);
        peer.say(&mut it, "3");
    }
    it.event_loop.pass(SECOND * 25);
    assert_eq!(peer.texts(&mut it), ["2"]);
    it.event_loop.pass(SECOND * 19);
    assert!(socket.is_connected());
    it.event_loop.pass(SECOND);
    assert_eq!(peer.code(&mut it), Some(1011));
    let why = it.event_loop.block_on(socket.closed());
    assert!(matches!(why, Disconnect::PingTimeout(_)), "{why}");
}

#[test]
fn who_is_in_no_namespace_has_its_time() {
    let mut it = fixture(&["/"]);
    let peer = it.greeted();
    it.event_loop.pass(SECOND * 44);
    peer.say(&mut it, "3");
    let (_, late) = (it.event_loop.pass(SECOND), peer.code(&mut it));
    assert_eq!(late, Some(1008));
    // The time begins anew with the last namespace that it leaves.
    let (peer, _socket, _events) = it.enter("/");
    for _ in 0..4 {
        it.event_loop.pass(SECOND * 40);
        peer.say(&mut it, "3");
    }
    peer.say(&mut it, "41");
    it.event_loop.pass(SECOND * 44);
    peer.say(&mut it, "3");
    assert!(peer.code(&mut it).is_none());
    it.event_loop.pass(SECOND);
    assert_eq!(peer.code(&mut it), Some(1008));
}

#[test]
fn who_says_goodbye_or_vanishes_is_gone_at_once() {
    let mut it = fixture(&["/"]);
    let (peer, socket, _events) = it.enter("/");
    assert!(socket.join("a"));
    peer.say(&mut it, "1");
    assert_eq!(peer.code(&mut it), Some(1000));
    let why = it.event_loop.block_on(socket.closed());
    assert!(matches!(why, Disconnect::TransportClose(_)), "{why}");
    assert!(
        !socket.join("b") && socket.all().members() == 0 && socket.all().to("a").members() == 0
    );

    let (peer, socket, _events) = it.enter("/");
    let ended = it.event_loop.spawn(socket.closed());
    it.event_loop.settle();
    peer.vanish(&mut it);
    assert_eq!(ended.take().unwrap().as_str(), "transport close");
    assert_eq!(it.handle.connections(), 0);
}

#[test]
fn polling_and_other_versions_are_refused_in_words_that_clients_know() {
    let page = |_: &_| Response::text("a page");
    let io = Server::new().route(Came::default().route("/")).path("/io/");
    let server = io.attach(HttpServer::new().get("/", page)).unwrap();
    let mut it = serve(server, Came::default());
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let unknown = r#"{"code":0,"message":"Transport unknown"}"#;
    let session = r#"{"code":1,"message":"Session ID unknown"}"#;
    let version = r#"{"code":5,"message":"Unsupported protocol version"}"#;
    for (request, lines, status, body) in [
        ("GET /io/?EIO=4&transport=polling&t=x", "", "400", unknown),
        ("POST /io/?EIO=4&transport=polling&sid=y", "Content-Length: 0\r\n", "400", unknown),
        ("GET /io/?EIO=4", upgrade, "400", unknown),
        ("GET /io/?EIO=4&transport=websocket&sid=y", upgrade, "400", session),
        ("GET /io/?EIO=3&transport=websocket", upgrade, "400", version),
        ("GET /io/?transport=websocket", upgrade, "400", version),
        ("GET /io/?EIO=4&transport=websocket", "", "400", r#"{"code":3,"message":"Bad request"}"#),
        ("GET /socket.io/?EIO=4&transport=websocket", upgrade, "404", "Not Found\n"),
        ("GET /", "", "200", "a page"),
        ("GET /io/?EIO=4&transport=websocket", upgrade, "101", ""),
    ] {
        let mut raw = Raw::new(it.dial());
        let text = format!("{request} HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        raw.write(&mut it.event_loop, text.as_bytes());
        let (answer, _) = raw.take(&mut it.event_loop);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, said) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {head}");
        match status {
            "101" => assert!(said.contains(r#"0{"maxPayload""#), "{said}"),
            _ => assert_eq!(said, body, "{request}"),
        }
    }
}

#[test]
fn a_server_whose_namespaces_are_none_or_the_same_is_an_error() {
    for (names, expected) in [
        (&["chat"][..], "begins with /"),
        (&["/a,b"], "neither , nor ?"),
        (&["/a", "/a"], "\"/a\" a second time"),
    ] {
        let came = Came::default();
        let io = names.iter().fold(Server::new(), |io, name| io.route(came.route(name)));
        let error: NamespaceError = io.attach(HttpServer::new()).expect_err("a bad name");
        assert!(error.to_string().contains(expected), "{error}");
    }
}
