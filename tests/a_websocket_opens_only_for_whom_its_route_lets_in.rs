//! A WebSocket opens only for whom its route lets in: by origin, by subprotocol, by the program's
//! own judgement. What was refused never reaches the program's future; what was let in loses no
//! byte.

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/web.rs"]
mod web;

use std::{cell::Cell, rc::Rc};

use glassloop::{
    net::duplex,
    spawn,
    ws::{self, Response, Server, ServerHandle, WebSocketRoute},
};
use web::{Client, UPGRADE, frame, in_memory};

/// Serves a route at `/chat` that says which subprotocol it speaks, and counts who came in.
fn serve(change: impl Fn(WebSocketRoute) -> WebSocketRoute) -> (ServerHandle, Rc<Cell<usize>>) {
    let entered = Rc::new(Cell::new(0));
    let count = Rc::clone(&entered);
    let route = WebSocketRoute::new("/chat", move |socket, request| {
        count.set(count.get() + 1);
        async move {
            let spoken = request.subprotocol().unwrap_or("none");
            drop(socket.send(spoken.into()).await);
            drop(socket.recv().await);
        }
    });
    let server = Server::new().route(change(route));
    (ws::serve(server, []).expect("a good route"), entered)
}

#[test]
fn only_the_listed_origins_may_connect() {
    in_memory(65_536, async |_| {
        let known = ["https://a.example", "https://b.example:8443"];
        let (server, entered) = serve(|route| route.origins(known));
        for (lines, status) in [
            ("Origin: https://a.example\r\n", 101),
            ("Origin: https://b.example:8443\r\n", 101),
            ("Origin: https://b.example\r\n", 403),
            ("Origin: http://a.example\r\n", 403),
            ("Origin: https://a.example.evil.example\r\n", 403),
            ("Origin: https://evil.example\r\n", 403),
            ("Origin: null\r\n", 403),
            ("Origin:\r\n", 403),
            ("Origin: https://a.example\r\nOrigin: https://a.example\r\n", 403),
            ("", 403),
        ] {
            let mut client = Client::enter(&server);
            assert_eq!(client.upgrade("/chat", lines).await.status, status, "{lines}");
        }
        assert_eq!((entered.get(), server.counts().upgrades), (2, 2));
    });
}

#[test]
fn a_missing_origin_is_let_in_only_if_the_route_says_so() {
    in_memory(65_536, async |_| {
        let (server, entered) = serve(|route| route.origins(["https://a"]).allow_missing_origin());
        assert_eq!(Client::enter(&server).upgrade("/chat", "").await.status, 101);
        let evil = Client::enter(&server).upgrade("/chat", "Origin: https://b\r\n").await;
        assert_eq!((evil.status, entered.get()), (403, 1));
        let (open, _) = serve(|route| route);
        let any = Client::enter(&open).upgrade("/chat", "Origin: https://b\r\n").await;
        assert_eq!(any.status, 101, "a route without a list judges no origin");
    });
}

#[test]
fn the_first_of_the_client_s_subprotocols_that_is_known_is_chosen() {
    in_memory(65_536, async |_| {
        let (server, _) = serve(|route| route.subprotocols(["v1", "v2"]));
        let (strict, entered) = serve(|route| route.subprotocols(["v1"]).require_subprotocol());
        for (lines, chosen) in [
            ("Sec-WebSocket-Protocol: v2, v1\r\n", Some("v2")),
            ("Sec-WebSocket-Protocol: v3\r\nSec-WebSocket-Protocol: v4 ,\tv1\r\n", Some("v1")),
            ("Sec-WebSocket-Protocol: V1\r\n", None),
            ("", None),
        ] {
            let mut client = Client::enter(&server);
            let answer = client.upgrade("/chat", lines).await;
            assert_eq!(answer.status, 101, "{lines}");
            let line =
                answer.head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
            assert_eq!(line, chosen, "{lines}");
            while client.bytes.len() < 4 {
                assert!(client.read().await);
            }
            let told = &client.bytes[2..];
            assert_eq!(told, chosen.unwrap_or("none").as_bytes(), "what the program sees");

            let strictly = Client::enter(&strict).upgrade("/chat", lines).await.status;
            let status = if lines.contains("v1") { 101 } else { 400 };
            assert_eq!(strictly, status, "{lines}");
        }
        assert_eq!(entered.get(), 2);
    });
}

#[test]
fn the_program_s_own_refusal_is_sent_as_it_is() {
    in_memory(65_536, async |_| {
        let asked = Rc::new(Cell::new(0));
        let asking = Rc::clone(&asked);
        let (server, entered) = serve(|route| {
            let asking = Rc::clone(&asking);
            route.origins(["https://a"]).auth(move |request| {
                asking.set(asking.get() + 1);
                match request.header("Authorization") {
                    Some("Bearer good") => Ok(()),
                    Some(_) => Err(Response::json("{\"who\":\"unknown\"}").with_status(403)),
                    None => {
                        let answer = Response::status(401);
                        Err(answer.with_header("WWW-Authenticate", "Bearer").expect("a line"))
                    }
                }
            })
        });
        let origin = "Origin: https://a\r\n";
        let mut client = Client::enter(&server);
        let answer = client.upgrade("/chat", origin).await;
        assert_eq!(answer.status, 401);
        assert!(answer.has("WWW-Authenticate: Bearer"), "{}", answer.head);
        assert!(client.rest().await.is_empty(), "what follows may be frames, so nothing may");
        let bad = format!("{origin}Authorization: Bearer bad\r\n");
        let answer = Client::enter(&server).upgrade("/chat", &bad).await;
        assert_eq!((answer.status, answer.text()), (403, "{\"who\":\"unknown\"}"));
        assert_eq!(entered.get(), 0);
        let good = format!("{origin}Authorization: Bearer good\r\n");
        assert_eq!(Client::enter(&server).upgrade("/chat", &good).await.status, 101);
        assert_eq!((entered.get(), asked.get()), (1, 3));
        // Who is refused already is not asked about.
        assert_eq!(Client::enter(&server).upgrade("/chat", "").await.status, 403);
        assert_eq!(asked.get(), 3);
    });
}

#[test]
fn bytes_behind_the_head_are_the_first_message_wherever_they_are_cut() {
    in_memory(65_536, async |_| {
        let request = format!("GET /echo HTTP/1.1\r\n{UPGRADE}\r\n");
        let bytes = [request.as_bytes(), &frame(0x81, b"first"), &frame(0x81, b"second")].concat();
        let server = Server::new().websocket("/echo", |socket, _| async move {
            while let Ok(Some(message)) = socket.recv().await {
                drop(socket.send(message).await);
            }
        });
        let server = ws::serve(server, []).expect("a good route");
        for cut in 0..=bytes.len() {
            let mut client = Client::enter(&server);
            client.say(&bytes[..cut]).await;
            glassloop::sleep(std::time::Duration::from_millis(1)).await;
            client.say(&bytes[cut..]).await;
            assert_eq!(client.bare_answer().await.status, 101, "cut at {cut}");
            let echo = b"\x81\x05first\x81\x06second";
            while client.bytes.len() < echo.len() {
                assert!(client.read().await, "cut at {cut}");
            }
            assert_eq!(client.bytes, echo, "cut at {cut}");
        }
    });
}

#[test]
fn each_route_has_limits_of_its_own_and_its_connections_are_tasks_by_name() {
    in_memory(65_536, async |_| {
        let mut config = ws::Config::default();
        config.limits.message_bytes_max = 4;
        let (server, _) = serve(|route| route.config(config.clone()));
        let (near, far) = duplex().expect("two ends");
        server.admit(far);
        let opened = glassloop_ws::connect_on(near, "ws://memory/chat").await;
        let (socket, driver) = opened.expect("it opens");
        spawn(driver).detach();
        assert_eq!(socket.recv().await.expect("open"), Some("none".into()));
        let names: Vec<_> = glassloop::snapshot().tasks.into_iter().map(|task| task.name).collect();
        assert!(names.iter().any(|name| name == "ws /chat"), "{names:?}");
        assert!(names.iter().any(|name| name == "server"), "{names:?}");
        socket.send("too long".into()).await.expect("open");
        assert_eq!(socket.closed().await.code, ws::code::TOO_BIG);
    });
}
