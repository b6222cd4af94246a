//! A guard is asked for each whole request before any route is, and what it says is the answer.
//! The lines of a server stand in each of its answers, also in those that no route and no guard
//! gave. POST has routes of its own.

mod common;

use std::{cell::RefCell, rc::Rc, time::Duration};

use common::{Loop, Raw};
use glassloop_reactor::net::duplex;
use glassloop_ws::{Error, Response, Server, ServerHandle, ServerLimits};

const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// A server with a route of each kind.
fn server() -> Server {
    let mut limits = ServerLimits::default();
    limits.body_bytes_max = 16;
    Server::new()
        .get("/", |_| Response::text("home"))
        .get("/both", |_| Response::text("read"))
        .post("/both", |request| Response::text(request.body().to_vec()))
        .post("/told/*", |request| Response::text(request.path().to_owned()))
        .get("/own", |_| Response::text("").with_header("x-line", "its own").expect("a line"))
        .get("/broken", |_| panic!("a route that panics"))
        .websocket("/chat", |_, _| async {})
        .limits(limits)
}

fn serve(event_loop: &Loop, server: Server) -> ServerHandle {
    let spawn = event_loop.spawner();
    let served = server.serve([], move |job| {
        // A route's panic goes its way: to whoever polls the job.
        let mut job = Box::pin(job);
        spawn(Box::pin(std::future::poll_fn(move |cx| {
            let polled = std::panic::AssertUnwindSafe(|| job.as_mut().poll(cx));
            std::panic::catch_unwind(polled).unwrap_or(std::task::Poll::Ready(()))
        })));
    });
    let (handle, serving) = served.expect("good routes");
    event_loop.spawn(serving);
    handle
}

/// What comes of a request; frames behind an answer may be no text.
fn ask(event_loop: &mut Loop, handle: &ServerHandle, request: impl AsRef<[u8]>) -> String {
    let (near, far) = duplex().expect("two ends");
    handle.admit(far);
    let mut raw = Raw::new(near);
    raw.write(event_loop, request.as_ref());
    String::from_utf8_lossy(&raw.take(event_loop).0).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).expect(answer)
}

#[test]
fn every_whole_request_meets_the_guard_before_any_route() {
    let mut event_loop = Loop::new();
    let asked = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&asked);
    let server = server().guard(move |request| {
        log.borrow_mut().push(request.target().to_owned());
        match request.header("X-Key") {
            Some("good") => Ok(()),
            _ => Err(Response::json("{}").with_status(401)),
        }
    });
    let handle = serve(&event_loop, server);
    let good = "Host: a\r\nX-Key: good\r\n";
    let cases = [
        ("GET /", "", "200"),
        ("HEAD /both?q", "", "200"),
        ("POST /both", "", "200"),
        ("DELETE /both", "", "405"),
        ("GET /told/a", "", "405"),
        ("GET /nowhere", "", "404"),
        ("GET http://b/", "", "200"),
        ("GET /chat", UPGRADE, "101"),
        ("GET /chat", "", "426"),
    ];
    for (first, lines, with_key) in cases {
        let request = |key: &str| format!("{first} HTTP/1.1\r\n{key}{lines}\r\n");
        let refused = ask(&mut event_loop, &handle, request("Host: a\r\n"));
        assert_eq!(status(&refused), "401", "{first}");
        assert_eq!(status(&ask(&mut event_loop, &handle, request(good))), with_key, "{first}");
        let target = first.split(' ').nth(1).expect("a target");
        assert_eq!(asked.take(), [target; 2], "once a request, and it sees the target as it came");
    }
    assert_eq!(handle.counts().upgrades, 1);
    for unreadable in ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET * HTTP/1.1\r\n\r\n"] {
        assert_eq!(status(&ask(&mut event_loop, &handle, unreadable)), "400", "{unreadable}");
    }
    assert!(asked.borrow().is_empty(), "what can't be read is no request");
}

#[test]
fn a_guard_that_panics_lets_nobody_in() {
    let mut event_loop = Loop::new();
    let handle = serve(&event_loop, server().guard(|_| panic!("a guard that panics")));
    let answer = ask(&mut event_loop, &handle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(status(&answer), "500");
    assert!(!answer.contains("home"), "{answer}");
}

#[test]
fn the_lines_of_a_server_stand_in_every_answer() {
    let mut event_loop = Loop::new();
    let guarded = |request: &glassloop_ws::Request| match request.path() {
        "/guarded" => Err(Response::status(403)),
        _ => Ok(()),
    };
    let mut limits = ServerLimits::default();
    (limits.body_bytes_max, limits.head_bytes_max, limits.request_ms_max) = (16, 1_024, 50);
    let server = server().limits(limits).guard(guarded).header("X-Line", "the server's");
    let handle = serve(&event_loop, server.header("X-Other", "too"));
    let long = "y".repeat(2_000);
    for (request, expected) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "200"),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "200"),
        ("GET /guarded HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "403"),
        ("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "404"),
        ("PUT / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "405"),
        ("GET /chat HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "426"),
        (format!("GET /chat HTTP/1.1\r\nHost: a\r\n{UPGRADE}\r\n"), "101"),
        ("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "500"),
        ("nonsense\r\n\r\n".to_owned(), "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n".to_owned(), "413"),
        (format!("GET / HTTP/1.1\r\nHost: {long}\r\n\r\n"), "431"),
    ] {
        let answer = ask(&mut event_loop, &handle, request);
        assert_eq!(status(&answer), expected, "{answer}");
        assert_eq!(answer.matches("X-Line: the server's\r\n").count(), 1, "{answer}");
        assert!(answer.contains("\r\nX-Other: too\r\n"), "{answer}");
    }
    let own = ask(&mut event_loop, &handle, "GET /own HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(own.contains("x-line: its own\r\n") && !own.contains("X-Line"), "{own}");

    let (near, far) = duplex().expect("two ends");
    handle.admit(far);
    let mut late = Raw::new(near);
    late.write(&mut event_loop, b"GET / HT");
    event_loop.settle();
    event_loop.pass(Duration::from_millis(60));
    let answer = String::from_utf8(late.take(&mut event_loop).0).expect("text");
    assert!(status(&answer) == "408" && answer.contains("X-Line: the server's\r\n"), "{answer}");
}

#[test]
fn who_is_turned_away_gets_the_lines_of_the_server_too() {
    let mut event_loop = Loop::new();
    let mut limits = ServerLimits::default();
    limits.connections_max = 0;
    let handle = serve(&event_loop, server().limits(limits).header("X-Line", "the server's"));
    let answer = ask(&mut event_loop, &handle, "");
    assert!(status(&answer) == "503" && answer.contains("X-Line: the server's\r\n"), "{answer}");
}

#[test]
fn post_has_routes_and_bodies_of_its_own() {
    let mut event_loop = Loop::new();
    let handle = serve(&event_loop, server());
    for (first, expected, end) in [
        ("POST /both", "200", "\r\n\r\nfour"),
        ("POST /told/me", "200", "\r\n\r\n/told/me"),
        ("GET /both", "200", "\r\n\r\nread"),
        ("GET /told/me", "405", "Allow: POST\r\n"),
        ("POST /", "405", "Allow: GET, HEAD\r\n"),
        ("PUT /both", "405", "Allow: GET, HEAD, POST\r\n"),
        ("POST /nowhere", "404", "Not Found\n"),
        ("POST /chat", "405", "Allow: GET\r\n"),
    ] {
        let request = format!("{first} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfour");
        let answer = ask(&mut event_loop, &handle, request);
        assert_eq!(status(&answer), expected, "{first}");
        assert!(answer.contains(end), "{first}: {answer}");
    }
}

#[test]
fn a_server_with_a_line_that_breaks_an_answer_is_not_served() {
    for (name, value) in [
        ("X", "a\r\nY: b"),
        ("X Y", "b"),
        ("", "b"),
        ("Content-Length", "1"),
        ("connection", "close"),
        ("Sec-WebSocket-Accept", "b"),
    ] {
        let error = Server::new().header(name, value).serve([], drop).map(drop);
        assert!(matches!(error, Err(Error::InvalidHeader { .. })), "{name}: {error:?}");
    }
    let twice = Server::new().post("/a", |_| Response::status(204));
    let twice = twice.post("/a", |_| Response::status(204)).serve([], drop).map(drop);
    assert!(matches!(twice, Err(Error::InvalidRoute { .. })), "{twice:?}");
}
