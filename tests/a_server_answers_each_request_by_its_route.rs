//! Every request that can be read gets an answer: the route's, or the status that says what is
//! wrong with it. HEAD gets the head of GET.

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/web.rs"]
mod web;

use glassloop::ws::{self, Error, Response, Server, ServerHandle, ServerLimits};
use web::{Client, UPGRADE, in_memory, unhandled_of};

fn serve() -> ServerHandle {
    let mut limits = ServerLimits::default();
    limits.body_bytes_max = 16;
    let echo = |request: &ws::Request| {
        let query = request.query().unwrap_or("none");
        let peer = request.peer_addr();
        Response::text(format!("{} {query} {:?} {peer:?}", request.path(), request.body()))
    };
    let server = Server::new()
        .get("/", |_| Response::html("<p>home"))
        .get("/files/*", echo)
        .get("/files/one", |_| Response::text("one"))
        .get("/gone", |_| Response::status(410).with_header("X-Why", "moved").expect("a line"))
        .get("/both", |_| Response::text("a page"))
        .websocket("/both", |_, _| async {})
        .websocket("/chat", |_, _| async {})
        .limits(limits);
    ws::serve(server, []).expect("good routes")
}

#[test]
fn a_path_is_answered_by_the_route_that_fits_best() {
    in_memory(65_536, async |_| {
        let server = serve();
        for (path, status, body) in [
            ("/", 200, "<p>home"),
            ("/?q", 200, "<p>home"),
            ("/files/one", 200, "one"),
            ("/files/one/", 200, "/files/one/ none [] None"),
            ("/files/?a=b", 200, "/files/ a=b [] None"),
            ("http://a/files/x", 200, "/files/x none [] None"),
            ("/gone", 410, "Gone\n"),
            ("/files", 404, "Not Found\n"),
            ("/nowhere", 404, "Not Found\n"),
            ("/FILES/one", 404, "Not Found\n"),
        ] {
            let answer = Client::enter(&server).get(path, "").await;
            assert_eq!((answer.status, answer.text()), (status, body), "{path}");
        }
        let gone = Client::enter(&server).get("/gone", "").await;
        assert!(gone.has("X-Why: moved") && gone.has("Content-Length: 5"), "{}", gone.head);
    });
}

#[test]
fn head_gets_the_head_of_get_and_the_connection_goes_on() {
    in_memory(65_536, async |_| {
        let server = serve();
        let mut client = Client::enter(&server);
        let whole = client.get("/", "").await;
        for path in ["/", "/nowhere"] {
            client.say(format!("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        }
        let head = client.bare_answer().await;
        assert_eq!(head.head, whole.head);
        assert_eq!(client.bare_answer().await.status, 404);
        assert_eq!(client.get("/", "").await.text(), "<p>home");
    });
}

#[test]
fn another_method_gets_405_and_those_that_are_allowed() {
    in_memory(65_536, async |_| {
        let server = serve();
        for (path, allow) in [("/", "GET, HEAD"), ("/both", "GET, HEAD"), ("/chat", "GET")] {
            for method in ["POST", "DELETE", "OPTIONS", "get"] {
                let mut client = Client::enter(&server);
                client.say(format!("{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
                let answer = client.answer().await;
                assert_eq!(answer.status, 405, "{method} {path}");
                assert!(answer.has(&format!("Allow: {allow}")), "{}", answer.head);
            }
        }
    });
}

#[test]
fn a_websocket_route_asked_otherwise_gets_426_and_the_version() {
    in_memory(65_536, async |_| {
        let server = serve();
        let other_version = UPGRADE.replace("Version: 13", "Version: 8");
        for lines in ["Host: a\r\n", &other_version] {
            let mut client = Client::enter(&server);
            client.say(format!("GET /chat HTTP/1.1\r\n{lines}\r\n")).await;
            let answer = client.answer().await;
            assert_eq!(answer.status, 426);
            assert!(answer.has("Sec-WebSocket-Version: 13"), "{}", answer.head);
            assert!(answer.has("Upgrade: websocket"), "{}", answer.head);
        }
    });
}

#[test]
fn a_page_and_a_websocket_live_at_one_path() {
    in_memory(65_536, async |_| {
        let server = serve();
        assert_eq!(Client::enter(&server).get("/both", "").await.text(), "a page");
        assert_eq!(Client::enter(&server).upgrade("/both", "").await.status, 101);
        // An upgrade that nobody grants here is no reason to withhold the page.
        assert_eq!(Client::enter(&server).upgrade("/", "").await.text(), "<p>home");
        assert_eq!(Client::enter(&server).upgrade("/nowhere", "").await.status, 404);
    });
}

#[test]
fn what_can_not_be_read_gets_400_413_or_431_and_the_end() {
    in_memory(65_536, async |_| {
        let server = serve();
        let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(64));
        let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(8 * 1_024));
        let with = |lines: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        let key = UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "short");
        let bad = [
            (400, "nonsense\r\n\r\n".to_owned()),
            (400, "GET / HTTP/1.1\r\n\r\n".to_owned()),
            (400, "GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()),
            (400, with("Transfer-Encoding: chunked\r\n")),
            (400, with("Content-Length: 1\r\nContent-Length: 2\r\n")),
            (400, format!("GET /chat HTTP/1.1\r\n{key}\r\n")),
            (413, with("Content-Length: 17\r\n")),
            (431, many),
            (431, long),
        ];
        let refused = bad.len() as u64 - 1; // the short key is a whole request
        for (status, request) in bad {
            let mut client = Client::enter(&server);
            client.say(&request).await;
            let answer = client.answer().await;
            assert_eq!(answer.status, status, "{request}");
            assert!(answer.has("Connection: close"), "{}", answer.head);
            assert!(client.rest().await.is_empty(), "nothing comes behind it");
        }
        assert_eq!((server.counts().refused, server.counts().requests), (refused, 1));
    });
}

#[test]
fn a_small_body_is_read_and_one_that_waits_is_asked_for() {
    in_memory(65_536, async |_| {
        let server = serve();
        let mut client = Client::enter(&server);
        client.say("GET /files/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\x01\x02").await;
        assert_eq!(client.answer().await.text(), "/files/ none [1, 2] None");
        client.say("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n").await;
        client.say("Content-Length: 1\r\n\r\n").await;
        assert_eq!(client.bare_answer().await.status, 100);
        client.say("x").await;
        assert_eq!(client.answer().await.status, 405);
        assert_eq!(client.get("/", "").await.text(), "<p>home", "the body is none of it");
    });
}

#[test]
fn a_route_that_can_not_be_served_is_an_error() {
    in_memory(65_536, async |_| {
        let page = |path: &str| Server::new().get(path, |_| Response::status(204));
        let token = ws::WebSocketRoute::new("/", |_, _| async {}).subprotocols(["a b"]);
        for server in [
            page("chat"),
            page("/*/chat"),
            page("/").get("/", |_| Response::status(204)),
            Server::new().route(token),
        ] {
            let error = ws::serve(server, []).expect_err("a bad route");
            assert!(matches!(error, Error::InvalidRoute { .. }), "{error}");
        }
    });
}

#[test]
fn a_route_that_panics_costs_its_connection_500_and_no_other_anything() {
    let panics = unhandled_of(65_536, async |_| {
        let server = Server::new()
            .get("/", |_| Response::text("home"))
            .get("/bug", |_| panic!("a page's bug"))
            .route(
                ws::WebSocketRoute::new("/auth", |_, _| async {}).auth(|_| panic!("a guard's bug")),
            );
        let server = ws::serve(server, []).expect("good routes");
        let mut other = Client::enter(&server);
        other.get("/", "").await;
        let mut client = Client::enter(&server);
        assert_eq!(client.get("/bug", "").await.status, 500);
        assert!(client.rest().await.is_empty());
        assert_eq!(Client::enter(&server).upgrade("/auth", "").await.status, 500);
        assert_eq!(other.get("/", "").await.text(), "home");
        glassloop::sleep(std::time::Duration::from_millis(1)).await;
        assert_eq!(server.connections(), 1);
    });
    // Each is told as any panic of a task: here of those that answer requests.
    assert_eq!(panics.len(), 2, "{panics:?}");
    assert!(panics.iter().all(|told| told.ends_with("`http`")), "{panics:?}");
}
