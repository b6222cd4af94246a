//! A route that panics closes its WebSocket with 1011, at the upgrade and at any time later, after
//! what it has sent; one that only lets go says 1001, then and there. The panic goes its own way.

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/web.rs"]
mod web;

use std::{cell::RefCell, hint::black_box, rc::Rc, time::Duration};

use glassloop::{
    sleep,
    ws::{self, Server, ServerHandle, WebSocket},
};
use web::{Client, frame, in_memory, unhandled_of};

const FAILED: &[u8] = b"\x88\x13\x03\xf3the server failed";
const AWAY: &[u8] = b"\x88\x02\x03\xe9";
const PIPE_BYTES: usize = 4_096;

/// A client with a WebSocket at this path.
async fn open(server: &ServerHandle, path: &str) -> Client {
    let mut client = Client::enter(server);
    assert_eq!(client.upgrade(path, "").await.status, 101);
    client
}

/// The client reads exactly this, agrees to the Close at its end, and sees the end of the stream.
async fn hears(mut client: Client, expected: &[u8]) {
    while client.bytes.len() < expected.len() {
        let came = client.bytes.escape_ascii().to_string();
        assert!(client.read().await, "expected more than {came}, came the end");
    }
    client.say(frame(0x88, b"\x03\xe8")).await;
    let came = client.rest().await;
    assert_eq!(came.escape_ascii().to_string(), expected.escape_ascii().to_string());
}

/// The panics of one route, whose client asks for `/` and does as it is told.
fn panics_of<F: Future<Output = ()> + 'static>(
    route: impl Fn(WebSocket) -> F + 'static,
    client: impl AsyncFnOnce(ServerHandle) + 'static,
) -> Vec<String> {
    unhandled_of(PIPE_BYTES, async move |_| {
        let server = Server::new().websocket("/", move |socket, _| route(socket));
        client(ws::serve(server, []).expect("a good route")).await;
    })
}

fn bug() {
    assert!(!black_box(true), "a room's bug");
}

#[test]
fn a_panic_at_the_upgrade_is_1011_and_told_of_the_job_that_answered() {
    let route = |socket: WebSocket| {
        bug();
        async move { drop(socket) }
    };
    let panics = panics_of(route, async |server| hears(open(&server, "/").await, FAILED).await);
    assert_eq!(panics.len(), 1);
    assert!(panics[0].ends_with("`http`"), "{panics:?}");
}

#[test]
fn a_panic_later_is_1011_behind_what_was_sent_before() {
    let route = async |socket: WebSocket| {
        let message = socket.recv().await.expect("open").expect("a message");
        socket.send(message).await.expect("open");
        bug();
    };
    let panics = panics_of(route, async |server| {
        let client = open(&server, "/").await;
        client.say(frame(0x81, b"hello")).await;
        hears(client, &[b"\x81\x05hello", FAILED].concat()).await;
        assert_eq!(server.connections(), 0);
    });
    assert_eq!(panics.len(), 1);
    assert!(panics[0].ends_with("`ws /`"), "{panics:?}");
}

#[test]
fn a_panic_is_1011_whoever_else_holds_a_handle() {
    let kept = Rc::new(RefCell::new(Vec::new()));
    let handles = Rc::clone(&kept);
    let route = move |socket: WebSocket| {
        handles.borrow_mut().push(socket.clone());
        async move {
            sleep(Duration::from_secs(1)).await;
            bug();
            drop(socket);
        }
    };
    let panics = panics_of(route, async move |server| {
        hears(open(&server, "/").await, FAILED).await;
        let info = kept.take().remove(0).closed().await;
        assert_eq!((info.code, info.side), (ws::code::INTERNAL, ws::Side::Us));
    });
    assert_eq!(panics.len(), 1);
}

#[test]
fn a_stop_counts_it_as_broken() {
    let panics = panics_of(
        async |_socket| bug(),
        async |server| {
            let client = open(&server, "/").await;
            sleep(Duration::from_millis(1)).await;
            let stop = server.stop(Duration::from_secs(10));
            hears(client, FAILED).await;
            let report = stop.await;
            assert_eq!((report.closed, report.broken, report.dropped), (0, 1, 0), "{report}");
        },
    );
    assert_eq!(panics.len(), 1);
}

#[test]
fn who_lets_go_without_a_panic_says_1001_then_and_there() {
    in_memory(PIPE_BYTES, async |clock| {
        let server = Server::new()
            .websocket("/closure", |socket, _| {
                drop(socket);
                sleep(Duration::from_secs(60))
            })
            .websocket("/future", async |socket, _| {
                drop(socket);
                sleep(Duration::from_secs(60)).await;
            })
            .websocket("/end", async |_socket, _| {});
        let server = ws::serve(server, []).expect("good routes");
        let began = clock.now();
        for path in ["/closure", "/future", "/end"] {
            hears(open(&server, path).await, AWAY).await;
        }
        assert_eq!(clock.now(), began, "nobody waited for the futures to end");
        drop(server.stop(Duration::ZERO).await);
    });
}
