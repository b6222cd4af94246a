//! A client that goes while a page makes its answer gives its place back: at once if its
//! connection breaks, and `linger_ms_max` after its end if that came in order, for such an end may
//! also be the half of one who reads on. Nothing of what it asked beside is lost.

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/web.rs"]
mod web;

use std::{
    cell::Cell,
    net::{Shutdown, SocketAddr},
    rc::Rc,
    time::Duration,
};

use glassloop::{
    CancelToken,
    net::{TcpListener, TcpStream},
    sleep, timeout,
    ws::{self, Response, Server, ServerHandle, ServerLimits},
};
use web::{Client, in_memory};

const PIPE_BYTES: usize = 65_536;

/// The `linger_ms_max` of the server.
const LINGER: Duration = Duration::from_millis(300);

const SLOW: &str = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
const FAST: &str = "GET /fast HTTP/1.1\r\nHost: a\r\n\r\n";

/// What a page does, seen from outside.
#[derive(Clone, Default)]
struct Page {
    go: CancelToken,
    asked: Rc<Cell<usize>>,
    /// How many answers are being made.
    making: Rc<Cell<usize>>,
}

/// One answer that is being made.
struct Making(Rc<Cell<usize>>);

impl Drop for Making {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Page {
    /// A server with one place, whose page `/slow` waits to be told to go on, and `/fast` for
    /// nothing.
    fn server(&self) -> Server {
        let page = self.clone();
        let mut limits = ServerLimits::default();
        limits.connections_max = 1;
        limits.linger_ms_max = u64::try_from(LINGER.as_millis()).expect("a short time");
        let server = Server::new().limits(limits).get("/fast", |_| Response::text("fast"));
        server.get_async("/slow", move |request| {
            let Page { go, asked, making } = page.clone();
            asked.set(asked.get() + 1);
            making.set(making.get() + 1);
            let making = Making(making);
            async move {
                go.cancelled().await;
                drop(making);
                Response::text(format!("{} bytes", request.body().len()))
            }
        })
    }

    fn serve(&self) -> ServerHandle {
        ws::serve(self.server(), []).expect("good routes")
    }
}

/// As long as the server takes to do what it can.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

#[test]
fn one_whose_connection_breaks_is_noticed_at_once() {
    in_memory(PIPE_BYTES, async |clock| {
        let page = Page::default();
        let server = page.serve();
        for _ in 0..3 {
            let client = Client::enter(&server);
            // What it has not read makes its end a reset.
            client.say([FAST, SLOW].concat()).await;
            settle().await;
            assert_eq!((page.making.get(), server.connections()), (1, 1));
            let began = clock.now();
            drop(client);
            settle().await;
            assert_eq!((page.making.get(), server.connections()), (0, 0));
            assert!(clock.now() - began < 100_000_000, "nanoseconds");
        }
        assert_eq!(Client::enter(&server).get("/fast", "").await.text(), "fast");
        assert_eq!(page.asked.get(), 3);
    });
}

#[test]
fn one_that_ends_in_order_is_waited_for_no_longer_than_it_may_linger() {
    in_memory(PIPE_BYTES, async |_| {
        let page = Page::default();
        let server = page.serve();
        let client = Client::enter(&server);
        client.say([SLOW, SLOW].concat()).await;
        settle().await;
        drop(client);
        sleep(LINGER - Duration::from_millis(5)).await;
        assert_eq!((page.making.get(), server.connections()), (1, 1));
        sleep(Duration::from_millis(10)).await;
        assert_eq!((page.making.get(), server.connections()), (0, 0));
        assert_eq!(page.asked.get(), 1, "what it asked behind that is asked by nobody");
    });
}

#[test]
fn one_that_ends_its_own_half_is_told_whether_there_is_an_answer() {
    in_memory(PIPE_BYTES, async |clock| {
        for (makes_ms, status) in [(0, 200), (290, 200), (310, 503), (u64::MAX, 503)] {
            let page = Page::default();
            let server = page.serve();
            let mut client = Client::enter(&server);
            let began = clock.now();
            client.say(SLOW).await;
            client.stream.shutdown(Shutdown::Write).expect("a socket");
            let go = page.go.clone();
            let going = glassloop::spawn(async move {
                sleep(Duration::from_millis(makes_ms)).await;
                go.cancel();
            });
            let answer = client.answer().await;
            assert_eq!(answer.status, status, "after {makes_ms} ms");
            let waited = clock.now() - began;
            assert!(waited <= 300_000_000, "after {makes_ms} ms: {waited} ns");
            assert!(client.rest().await.is_empty());
            settle().await;
            assert_eq!((page.making.get(), server.connections()), (0, 0));
            going.abort();
        }
    });
}

#[test]
fn what_comes_meanwhile_is_answered_behind_it_however_much_that_is() {
    const ASKED: usize = 500;
    in_memory(PIPE_BYTES, async |_| {
        for pieces in [1, 7, 1_000] {
            let page = Page::default();
            let server = page.serve();
            let mut client = Client::enter(&server);
            client.say(SLOW).await;
            settle().await;
            let behind = FAST.repeat(ASKED);
            for piece in behind.as_bytes().chunks(behind.len().div_ceil(pieces)) {
                client.say(piece).await;
                settle().await;
            }
            assert_eq!(page.making.get(), 1, "{pieces} pieces");
            page.go.cancel();
            assert_eq!(client.answer().await.text(), "0 bytes");
            for number in 0..ASKED {
                assert_eq!(client.answer().await.text(), "fast", "{number} of {pieces} pieces");
            }
        }
    });
}

#[test]
fn its_answer_has_the_body_that_came_with_the_request() {
    in_memory(PIPE_BYTES, async |_| {
        let page = Page::default();
        let server = page.serve();
        page.go.cancel();
        let mut client = Client::enter(&server);
        let head = "GET /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
        client.say([head, "12345", FAST].concat()).await;
        assert_eq!(client.answer().await.text(), "5 bytes");
        assert_eq!(client.answer().await.text(), "fast");
    });
}

/// Sockets of the kernel tell an end and a break each in their own way.
#[test]
fn so_it_is_over_sockets_of_the_kernel() {
    const PATIENCE: Duration = Duration::from_secs(20);

    async fn until(is_so: impl Fn() -> bool) {
        let wait = async {
            while !is_so() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, wait).await.expect("it comes to it");
    }

    glassloop::run(async {
        let page = Page::default();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = TcpListener::bind(any).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let server = ws::serve(page.server(), [listener]).expect("good routes");
        for (asked, requests) in [(1, SLOW.to_owned()), (2, [FAST, SLOW].concat())] {
            let client = Client::over(TcpStream::connect(address).await.expect("a server"));
            client.say(requests).await;
            until(|| page.asked.get() == asked).await;
            // The first one has read all that came, the second has not.
            drop(client);
            until(|| server.connections() == 0 && page.making.get() == 0).await;
        }
        let mut client = Client::over(TcpStream::connect(address).await.expect("a server"));
        assert_eq!(client.get("/fast", "").await.text(), "fast");
    })
    .expect("it ends");
}
