//! A stop tells everybody, waits for those who go, drops the others at its deadline, and its
//! report accounts for each.

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/web.rs"]
mod web;

use std::{cell::Cell, future::pending, rc::Rc, time::Duration};

use glassloop::{
    net::{TcpListener, TcpStream, duplex},
    run, sleep, snapshot, spawn,
    ws::{self, Response, Server, ServerHandle, ServerLimits, WebSocket},
    yield_now,
};
use web::{Client, in_memory};

const SECOND: Duration = Duration::from_secs(1);

fn serve(limits: ServerLimits) -> ServerHandle {
    let server = Server::new()
        .get("/", |_| Response::text("home"))
        .websocket("/echo", |socket, _| async move {
            while let Ok(Some(message)) = socket.recv().await {
                drop(socket.send(message).await);
            }
        })
        .limits(limits);
    ws::serve(server, []).expect("good routes")
}

async fn open(server: &ServerHandle, path: &str) -> WebSocket {
    let (near, far) = duplex().expect("two ends");
    server.admit(far);
    let opened = glassloop_ws::connect_on(near, &format!("ws://memory{path}")).await;
    let (socket, driver) = opened.expect("it opens");
    spawn(driver).detach();
    socket
}

#[test]
fn websockets_are_closed_with_1001_and_pages_end_after_their_answer() {
    in_memory(65_536, async |clock| {
        let mut limits = ServerLimits::default();
        limits.stop_idle_ms_max = 0;
        let server = serve(limits);
        let sockets = [open(&server, "/echo").await, open(&server, "/echo").await];
        let mut idle = Client::enter(&server);
        idle.get("/", "").await;
        let fresh = Client::enter(&server);
        let mut halfway = Client::enter(&server);
        halfway.say("GET / HTTP/1.1\r\nHost:").await;
        sleep(Duration::from_millis(1)).await;
        assert_eq!(server.connections(), 5);

        let stopped = clock.now();
        let stop = server.stop(Duration::from_secs(60));
        let late = Client::enter(&server).rest().await;
        assert!(late.starts_with(b"HTTP/1.1 503 "), "nobody comes in any more");
        for socket in sockets {
            let info = socket.closed().await;
            assert_eq!((info.code, info.is_clean()), (ws::code::AWAY, true), "{info}");
        }
        assert!(idle.rest().await.is_empty() && fresh.rest().await.is_empty());
        assert_eq!(clock.now(), stopped, "none of them had to be waited for");
        sleep(SECOND).await;
        assert_eq!(server.connections(), 1, "a request under way is still answered");
        halfway.say(" a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let answer = halfway.answer().await;
        assert_eq!(answer.text(), "home");
        assert!(answer.has("Connection: close"), "{}", answer.head);
        assert!(halfway.rest().await.is_empty(), "and the next is not");

        let report = stop.await;
        assert_eq!((report.closed, report.broken, report.dropped), (5, 0, 0), "{report}");
        assert_eq!(Duration::from_nanos(clock.now() - stopped), SECOND);
        assert_eq!(server.stop(SECOND).await, report, "a second stop hears of the first");
        assert_eq!(snapshot().tasks.len(), 1, "no task is left but this one");
    });
}

#[test]
fn who_does_not_go_is_dropped_at_the_deadline_and_listed() {
    in_memory(65_536, async |clock| {
        let mut limits = ServerLimits::default();
        limits.reported_peers_max = 2;
        let dropped = Rc::new(Cell::new(0));
        let kept = Rc::clone(&dropped);
        let server = Server::new().limits(limits).websocket("/stuck/*", move |socket, _| {
            let held = Held(Rc::clone(&kept));
            async move {
                let _kept = (socket, held);
                pending::<()>().await;
            }
        });
        let server = ws::serve(server, []).expect("a good route");
        let mut sockets = Vec::new();
        for n in 0..3 {
            sockets.push(open(&server, &format!("/stuck/{n}")).await);
        }
        let stopped = clock.now();
        let stop = server.stop(3 * SECOND);
        sleep(3 * SECOND - Duration::from_millis(1)).await;
        assert_eq!((server.connections(), dropped.get()), (3, 0));
        let report = stop.await;
        assert_eq!(Duration::from_nanos(clock.now() - stopped), 3 * SECOND);
        assert_eq!((server.connections(), dropped.get()), (0, 3), "they are gone by now");
        assert_eq!((report.closed, report.broken, report.dropped), (0, 0, 3), "{report}");
        let routes: Vec<_> = report.still_open.iter().map(|open| open.route.as_deref()).collect();
        assert_eq!(routes, [Some("/stuck/*"); 2]);
        let stream = "a stream without an address at /stuck/*";
        let told = format!("0 closed, 0 broken, 3 dropped: {stream}, {stream} and 1 more");
        assert_eq!(report.to_string(), told);
    });
}

/// Counts its drop.
struct Held(Rc<Cell<usize>>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn a_peer_that_does_not_answer_the_close_is_broken_or_dropped() {
    for (patience, broken, dropped) in [(10, 1, 0), (2, 0, 1)] {
        in_memory(65_536, async move |clock| {
            let server = serve(ServerLimits::default());
            let mut mute = Client::enter(&server);
            assert_eq!(mute.upgrade("/echo", "").await.status, 101);
            let stopped = clock.now();
            let report = server.stop(patience * SECOND).await;
            assert_eq!((report.broken, report.dropped), (broken, dropped), "{report}");
            // A close has five seconds, the stop may have less.
            let took = Duration::from_nanos(clock.now() - stopped);
            assert_eq!(took, patience.min(5) * SECOND);
            let told = mute.rest().await;
            assert_eq!(told[..4], [0x88, 18, 0x03, 0xe9], "{}", told.escape_ascii());
        });
    }
}

#[test]
fn a_second_stop_brings_the_deadline_forward_and_never_back() {
    in_memory(65_536, async |clock| {
        let server = Server::new().websocket("/stuck", |socket, _| async move {
            pending::<()>().await;
            drop(socket);
        });
        let server = ws::serve(server, []).expect("a good route");
        let _socket = open(&server, "/stuck").await;
        let stopped = clock.now();
        let first = server.stop(60 * SECOND);
        sleep(SECOND).await;
        let second = server.stop(SECOND);
        drop(server.stop(100 * SECOND));
        let report = second.await;
        assert_eq!(Duration::from_nanos(clock.now() - stopped), 2 * SECOND);
        assert_eq!((report.dropped, first.await == report), (1, true));
    });
}

#[test]
fn a_stop_inside_a_route_or_its_future_is_a_stop() {
    for upgrades in [false, true] {
        in_memory(65_536, async move |_| {
            let handle: Rc<Cell<Option<ServerHandle>>> = Rc::default();
            let (in_page, in_socket) = (Rc::clone(&handle), Rc::clone(&handle));
            let stop = |handle: &Cell<Option<ServerHandle>>| {
                let handle = handle.take().expect("asked once");
                drop(handle.stop(SECOND));
            };
            let server = Server::new()
                .get("/", move |_| {
                    stop(&in_page);
                    Response::text("stopped")
                })
                .websocket("/", move |_socket, _| {
                    stop(&in_socket);
                    async {}
                });
            let server = ws::serve(server, []).expect("good routes");
            handle.set(Some(server.clone()));
            if upgrades {
                let info = open(&server, "/").await.closed().await;
                assert_eq!((info.code, info.is_clean()), (ws::code::AWAY, true), "{info}");
            } else {
                let answer = Client::enter(&server).get("/", "").await;
                assert!(answer.has("Connection: close"), "{}", answer.head);
            }
            assert_eq!(server.stop(SECOND).await.closed, 1);
        });
    }
}

#[test]
fn those_who_are_left_are_named_by_their_address() {
    run(async {
        let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = Server::new().websocket("/stuck", |socket, _| async move {
            pending::<()>().await;
            drop(socket);
        });
        let server = ws::serve(server, [listener]).expect("a good route");
        let mut client = Client::over(TcpStream::connect(address).await.expect("it listens"));
        let peer = client.stream.local_addr().expect("an address");
        assert_eq!(client.upgrade("/stuck", "").await.status, 101);
        let name = format!("ws /stuck {peer}");
        while !snapshot().tasks.iter().any(|task| task.name == name) {
            yield_now().await;
        }
        let report = server.stop(Duration::ZERO).await;
        assert_eq!(report.to_string(), format!("0 closed, 0 broken, 1 dropped: {peer} at /stuck"));
        let refused = TcpStream::connect(address).await;
        assert!(refused.is_err(), "nobody listens any more");
    })
    .expect("a loop");
}
