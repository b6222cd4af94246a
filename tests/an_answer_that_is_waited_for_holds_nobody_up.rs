//! A page that has to wait for its answer holds up its own connection and no other: whoever asks
//! meanwhile is answered, and a page that never answers costs its client 503.

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/web.rs"]
mod web;

use std::{
    cell::{Cell, RefCell},
    future::pending,
    rc::Rc,
    time::Duration,
};

use glassloop::{
    CancelToken, sleep,
    ws::{self, Response, Server, ServerHandle, ServerLimits},
};
use web::{Client, in_memory, unhandled_of};

const PIPE_BYTES: usize = 65_536;

/// A server whose page `/slow` waits for the token, and `/fast` for nothing.
fn serve(go: &CancelToken) -> ServerHandle {
    let go = go.clone();
    let server = Server::new().get("/fast", |_| Response::text("fast"));
    let server = server.get_async("/slow", move |request| {
        let go = go.clone();
        async move {
            go.cancelled().await;
            Response::text(request.query().unwrap_or("none").to_owned())
        }
    });
    ws::serve(server, []).expect("good routes")
}

#[test]
fn others_are_answered_before_it() {
    in_memory(PIPE_BYTES, async |_| {
        let go = CancelToken::new();
        let server = serve(&go);
        let order = Rc::new(RefCell::new(Vec::new()));
        let (mut slow, told) = (Client::enter(&server), Rc::clone(&order));
        let waits = glassloop::spawn(async move {
            let answer = slow.get("/slow?a=b", "").await;
            told.borrow_mut().push(answer.text().to_owned());
            // The connection goes on.
            assert_eq!(slow.get("/fast", "").await.text(), "fast");
        });
        for _ in 0..3 {
            let answer = Client::enter(&server).get("/fast", "").await;
            order.borrow_mut().push(answer.text().to_owned());
        }
        go.cancel();
        waits.await.expect("it doesn't panic");
        assert_eq!(*order.borrow(), ["fast", "fast", "fast", "a=b"]);
    });
}

#[test]
fn head_waits_as_get_does_and_what_follows_on_its_connection_is_answered_behind_it() {
    in_memory(PIPE_BYTES, async |_| {
        let go = CancelToken::new();
        let server = serve(&go);
        let mut client = Client::enter(&server);
        client.say("HEAD /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
        client.say("GET /fast HTTP/1.1\r\nHost: a\r\n\r\n").await;
        sleep(Duration::from_millis(1)).await;
        assert!(client.bytes.is_empty());
        go.cancel();
        let head = client.bare_answer().await;
        assert!(head.status == 200 && head.has("Content-Length: 4"), "{}", head.head);
        assert_eq!(client.answer().await.text(), "fast");
    });
}

#[test]
fn one_that_never_comes_is_503_and_its_future_is_dropped() {
    /// Says when it is dropped.
    struct Told(Rc<Cell<bool>>);

    impl Drop for Told {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }

    in_memory(PIPE_BYTES, async |clock| {
        let mut limits = ServerLimits::default();
        limits.answer_ms_max = 700;
        let is_dropped = Rc::new(Cell::new(false));
        let told = Rc::clone(&is_dropped);
        let server = Server::new().limits(limits).get_async("/", move |_| {
            let told = Told(Rc::clone(&told));
            async move {
                pending::<()>().await;
                drop(told);
                Response::status(204)
            }
        });
        let server = ws::serve(server, []).expect("a good route");
        let began = clock.now();
        assert_eq!(Client::enter(&server).get("/", "").await.status, 503);
        assert!(is_dropped.get());
        assert_eq!(clock.now() - began, 700_000_000, "nanoseconds");
    });
}

#[test]
fn the_answer_to_a_post_may_be_waited_for_too() {
    let panics = unhandled_of(PIPE_BYTES, async |_| {
        let server = Server::new().post_async("/echo", |request| async move {
            sleep(Duration::from_millis(5)).await;
            Response::text(String::from_utf8_lossy(request.body()).into_owned())
        });
        let server = ws::serve(server, []).expect("good routes");
        let mut client = Client::enter(&server);
        client.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello").await;
        assert_eq!(client.answer().await.text(), "hello");
    });
    assert!(panics.is_empty(), "{panics:?}");
}

#[test]
fn one_that_panics_is_500_whether_at_once_or_later() {
    let panics = unhandled_of(PIPE_BYTES, async |_| {
        /// Panics when it is dropped.
        struct Mine;

        impl Drop for Mine {
            fn drop(&mut self) {
                panic!("dropped on purpose");
            }
        }

        let mut limits = ServerLimits::default();
        limits.answer_ms_max = 100;
        let server = Server::new()
            .limits(limits)
            .get_async("/later", |request| async move {
                sleep(Duration::from_millis(1)).await;
                assert_eq!(request.path(), "elsewhere", "on purpose");
                Response::status(204)
            })
            .get_async("/drop", |_| async {
                let mine = Mine;
                pending::<()>().await;
                drop(mine);
                Response::status(204)
            })
            .get("/fast", |_| Response::text("fast"));
        let server = ws::serve(server, []).expect("good routes");
        for path in ["/later", "/drop"] {
            let mut client = Client::enter(&server);
            assert_eq!(client.get(path, "").await.status, 500, "{path}");
            assert!(client.rest().await.is_empty());
        }
        assert_eq!(Client::enter(&server).get("/fast", "").await.text(), "fast");
    });
    assert_eq!(panics.len(), 2, "{panics:?}");
    assert!(panics.iter().all(|told| told.ends_with("`http`")), "{panics:?}");
}
