//! A connection may ask many times: each request is answered, in order, however its bytes are cut;
//! and who asks for no more doesn't keep the connection.

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/web.rs"]
mod web;

use std::{cell::RefCell, rc::Rc, time::Duration};

use glassloop::{
    sleep,
    ws::{self, Response, Server, ServerHandle, ServerLimits},
};
use web::{Client, in_memory};

fn serve(change: impl Fn(&mut ServerLimits)) -> ServerHandle {
    let mut limits = ServerLimits::default();
    change(&mut limits);
    let page = |request: &ws::Request| Response::text(request.path().to_owned());
    ws::serve(Server::new().get("/*", page).limits(limits), []).expect("a good route")
}

#[test]
fn a_head_and_its_body_cut_at_every_byte_are_the_same_request() {
    in_memory(65_536, async |_| {
        let server = serve(|_| {});
        let bytes: &[u8] = b"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\r\n\r\n\
                             HEAD /b HTTP/1.1\r\nHost: a\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n";
        for cut in 0..=bytes.len() {
            let mut client = Client::enter(&server);
            client.say(&bytes[..cut]).await;
            sleep(Duration::from_millis(1)).await;
            client.say(&bytes[cut..]).await;
            assert_eq!(client.answer().await.text(), "/a", "cut at {cut}");
            assert!(client.bare_answer().await.has("Content-Length: 2"), "cut at {cut}");
            assert_eq!(client.answer().await.text(), "/c", "cut at {cut}");
        }
        // And every byte by itself.
        let mut client = Client::enter(&server);
        for byte in bytes {
            client.say([*byte]).await;
            sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(client.answer().await.text(), "/a");
        assert_eq!(server.counts().requests, 3 * (bytes.len() as u64 + 2));
    });
}

#[test]
fn many_requests_at_once_are_answered_one_by_one_in_order() {
    in_memory(4_096, async |_| {
        let asked = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&asked);
        let server = Server::new().get("/*", move |request| {
            log.borrow_mut().push(request.path().to_owned());
            Response::text(request.path().to_owned())
        });
        let server = ws::serve(server, []).expect("a good route");
        let mut client = Client::enter(&server);
        let request = |n| format!("GET /{n} HTTP/1.1\r\nHost: a\r\n\r\n");
        // The requests fit the socket, their answers don't, and nobody reads those yet.
        client.say((0..100).map(request).collect::<String>()).await;
        sleep(Duration::from_secs(1)).await;
        let before = asked.borrow().len();
        assert!((1..100).contains(&before), "who doesn't read is not answered for ever: {before}");
        for n in 0..100 {
            assert_eq!(client.answer().await.text(), format!("/{n}"));
        }
        let expected: Vec<String> = (0..100).map(|n| format!("/{n}")).collect();
        assert_eq!(*asked.borrow(), expected);
    });
}

#[test]
fn a_connection_stays_until_either_side_says_close() {
    in_memory(65_536, async |_| {
        let server = serve(|limits| limits.requests_per_connection_max = 3);
        let mut client = Client::enter(&server);
        for left in (0..3).rev() {
            let answer = client.get("/", "").await;
            assert_eq!(answer.has("Connection: close"), left == 0, "{left} are left");
        }
        assert!(client.rest().await.is_empty());

        let mut client = Client::enter(&server);
        assert!(client.get("/", "Connection: x, Close\r\n").await.has("Connection: close"));
        assert!(client.rest().await.is_empty());

        let mut client = Client::enter(&server);
        client.say("GET / HTTP/1.0\r\n\r\n").await;
        assert!(client.answer().await.has("Connection: close"), "HTTP/1.0 knows nothing else");
        assert!(client.rest().await.is_empty());
        sleep(Duration::from_millis(1)).await;
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn an_idle_connection_goes_after_its_time_and_a_busy_one_stays() {
    in_memory(65_536, async |clock| {
        let server = serve(|limits| limits.keep_alive_ms_max = 5_000);
        let mut client = Client::enter(&server);
        for _ in 0..10 {
            assert_eq!(client.get("/", "").await.status, 200);
            sleep(Duration::from_millis(4_999)).await;
        }
        client.get("/", "").await;
        let asked = clock.now();
        assert!(client.rest().await.is_empty(), "it goes without a word: nothing was asked");
        assert_eq!(Duration::from_nanos(clock.now() - asked), Duration::from_secs(5));
        sleep(Duration::from_millis(1)).await;
        assert_eq!((server.connections(), server.counts().late), (0, 0));
    });
}

#[test]
fn a_further_request_has_the_same_deadline_as_the_first() {
    in_memory(65_536, async |clock| {
        let server = serve(|_| {});
        let mut client = Client::enter(&server);
        client.get("/", "").await;
        sleep(Duration::from_secs(4)).await;
        let began = clock.now();
        client.say("GET / HTTP/1.1\r\n").await;
        let answer = client.answer().await;
        assert_eq!(Duration::from_nanos(clock.now() - began), Duration::from_secs(10));
        assert_eq!(answer.status, 408);
        assert!(client.rest().await.is_empty());
        assert_eq!((server.connections(), server.counts().late), (0, 1));
    });
}

#[test]
fn a_client_that_takes_no_answer_or_never_ends_is_dropped_in_time() {
    in_memory(64, async |clock| {
        let server = serve(|limits| {
            limits.answer_ms_max = 30_000;
            limits.linger_ms_max = 1_000;
        });
        let client = Client::enter(&server);
        client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        sleep(Duration::from_millis(29_999)).await;
        assert_eq!(server.connections(), 1);
        sleep(Duration::from_millis(2)).await;
        assert_eq!(server.connections(), 0, "its answer did not fit the socket");

        let mut client = Client::enter(&server);
        client.say("GET / HTTP/1.0\r\n\r\n").await;
        assert_eq!(client.answer().await.status, 200);
        let answered = clock.now();
        while server.connections() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
        let lingered = Duration::from_nanos(clock.now() - answered);
        assert_eq!(lingered.as_millis().div_ceil(10), 100, "{lingered:?}");
        drop(client);
    });
}
