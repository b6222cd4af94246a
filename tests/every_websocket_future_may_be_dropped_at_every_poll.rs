//! Every future of a WebSocket may be dropped at every poll: no message is lost or sent twice,
//! nothing is left, and what the docs say of the drop is what happens.

#![cfg(test)]
#![cfg(feature = "ws")]

mod common;

use std::{future::Future, time::Duration};

use common::dropping::{Probe, Program, drop_at_every_poll};
use glassloop::{
    EventLoop, JoinHandle,
    net::{self, TcpListener},
    spawn,
    ws::{self, Cause, Config, Endpoint, Message, TrySend, WebSocket},
    yield_now,
};

type Row = (&'static str, fn() -> EventLoop, Program, usize);

fn sockets() -> EventLoop {
    EventLoop::new().expect("the system gives descriptors")
}

macro_rules! row {
    ($name:literal, $make:path, $polls:literal, $program:expr) => {
        ($name, $make, |probe| Box::pin($program(probe)), $polls)
    };
}

const TABLE: &[Row] = &[
    row!("ws::accept", EventLoop::test, 2, async |probe: Probe| {
        let (here, there) = net::duplex().unwrap();
        let client = spawn(glassloop_ws::connect_on(there, "ws://example.test/"));
        let accepted = probe.drive(ws::accept(here)).await;
        // Dropped, it has closed the stream: the client learns it.
        let client = client.await.unwrap();
        assert_eq!(client.is_ok(), accepted.is_some());
        drop((accepted, client));
        ended().await;
    }),
    row!("glassloop_ws::connect_on", EventLoop::test, 2, async |probe: Probe| {
        let (here, there) = net::duplex().unwrap();
        let server = spawn(glassloop_ws::accept(there));
        let opened = probe.drive(glassloop_ws::connect_on(here, "ws://example.test/")).await;
        let server = server.await.unwrap();
        assert!(server.is_ok() || opened.is_none());
    }),
    row!("Endpoint::connect_on, refused", EventLoop::test, 3, async |probe: Probe| {
        let (here, there) = net::duplex().unwrap();
        let server = spawn(async move {
            let mut head = [0; 1_024];
            there.read(&mut head).await?;
            there.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nn").await?;
            yield_now().await;
            yield_now().await;
            there.write_all(b"o").await
        });
        let endpoint = Endpoint::new("ws://example.test/").unwrap();
        if let Some(refused) = probe.drive(endpoint.connect_on(here)).await {
            assert_eq!(refused.unwrap_err().body_text().as_deref(), Some("no"));
            assert!(server.await.unwrap().is_ok());
        } else {
            drop(server.await.unwrap());
        }
    }),
    row!("ws::connect_to", sockets, 2, async |probe: Probe| {
        connects(probe, |url| ws::connect_to(&Endpoint::new(url).unwrap())).await;
    }),
    row!("ws::connect", sockets, 2, async |probe: Probe| {
        connects(probe, ws::connect).await;
    }),
    row!("WebSocket::recv", EventLoop::test, 2, async |probe: Probe| {
        let (client, server) = pair(Config::default()).await;
        let sender = spawn(async move {
            for word in ["one", "two", "three"] {
                yield_now().await;
                server.send(word.into()).await.unwrap();
            }
            server.close(1000, "").unwrap();
            server.closed().await;
        });
        let mut received: Vec<Message> = Vec::new();
        if let Some(first) = probe.drive(client.recv()).await {
            received.extend(first.unwrap());
        }
        while let Some(message) = client.recv().await.unwrap() {
            received.push(message);
        }
        assert_eq!(received, ["one", "two", "three"].map(Message::from));
        sender.await.unwrap();
        drop(client);
        ended().await;
    }),
    row!("WebSocket::send", EventLoop::test, 2, sends),
    row!("WebSocket::drained", EventLoop::test, 2, async |probe: Probe| {
        let (client, server) = pair(Config::default()).await;
        let message = Message::Binary(vec![7; 100_000].into());
        assert!(client.try_send(message.clone()).is_taken());
        if let Some(drained) = probe.drive(client.drained()).await {
            drained.unwrap();
            assert_eq!(client.buffered_amount(), 0);
        }
        client.drained().await.unwrap();
        assert_eq!(server.recv().await.unwrap(), Some(message));
        assert_eq!(server.waits().len() + client.waits().len(), 0);
        drop((client, server));
        ended().await;
    }),
    row!("WebSocket::ping", EventLoop::test, 2, async |probe: Probe| {
        let (client, server) = pair(Config::default()).await;
        if let Some(pong) = probe.drive(client.ping()).await {
            pong.unwrap();
        }
        client.ping().await.unwrap();
        drop((client, server));
        ended().await;
    }),
    row!("WebSocket::closed", EventLoop::test, 2, async |probe: Probe| {
        let (client, server) = pair(Config::default()).await;
        client.close(1000, "done").unwrap();
        probe.drive(client.closed()).await;
        assert_eq!(client.closed().await.code, 1000);
        assert_eq!(server.closed().await.reason.as_str(), "done");
    }),
    row!("ServerHandle::stop", EventLoop::test, 2, async |probe: Probe| {
        let (handle, socket) = served().await;
        probe.drive(handle.stop(Duration::from_secs(9))).await;
        // It stops all the same.
        assert_eq!(socket.closed().await.code, 1001);
        let report = handle.stop(Duration::from_secs(9)).await;
        assert_eq!((report.closed, report.dropped), (1, 0));
        drop(socket);
        ended().await;
    }),
    row!("Serving", EventLoop::test, 2, async |probe: Probe| {
        let server = ws::Server::new().websocket("/", async |socket, _| drop(socket.recv().await));
        let (handle, serving) = server.serve([], |job| spawn(job).detach()).unwrap();
        let socket = admitted(&handle).await;
        let stop = handle.stop(Duration::from_secs(9));
        let report = probe.drive(serving).await;
        // Dropped, it has dropped the connection as well.
        assert_eq!(stop.await.dropped, usize::from(report.is_none()));
        socket.closed().await;
        drop(socket);
        ended().await;
    }),
    row!("Driver", EventLoop::test, 2, async |probe: Probe| {
        let (here, there) = net::duplex().unwrap();
        let server: JoinHandle<_> = spawn(ws::accept(there));
        let opened = glassloop_ws::connect_on(here, "ws://example.test/").await;
        let (socket, driver) = opened.unwrap();
        let server = server.await.unwrap().unwrap();
        server.close(1000, "").unwrap();
        let info = probe.drive(driver).await;
        let cause = socket.closed().await.cause;
        // It may know how it ends before it has ended.
        let polled = probe.polls() > 0;
        let known = cause == Cause::Handshake && polled;
        assert!(known || (cause == Cause::DriverDropped && info.is_none()), "{cause:?}");
        server.closed().await;
        assert!(matches!(socket.try_send("late".into()), TrySend::Closed(_)));
    }),
];

#[test]
fn each_row_of_the_table_leaves_nothing_behind() {
    for (name, make, program, polls_min) in TABLE {
        let polls = drop_at_every_poll(name, *make, *program);
        assert!(polls >= *polls_min, "{name} was ready after {polls} polls: it was hardly dropped");
    }
}

/// Connects to a server that serves who stays, and after that once more.
async fn connects<F>(probe: Probe, connect: impl Fn(&str) -> F)
where
    F: Future<Output = Result<WebSocket, ws::Error>>,
{
    let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let server = spawn(async move {
        // Those of a client that went away fail, and the next one is served.
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(socket) = ws::accept(stream).await else { continue };
            if let Ok(Some(message)) = socket.recv().await {
                return message;
            }
        }
    });
    drop(probe.drive(connect(&url)).await);
    let socket = connect(&url).await.unwrap();
    socket.send("again".into()).await.unwrap();
    assert_eq!(server.await.unwrap(), Message::from("again"));
    drop(socket);
    ended().await;
}

/// Both ends of a connection in memory, driven by tasks.
async fn pair(config: Config) -> (WebSocket, WebSocket) {
    let (here, there) = net::duplex().unwrap();
    let server = spawn(ws::accept(there));
    let opened = glassloop_ws::connect_on_with(here, "ws://example.test/", config).await;
    let (client, driver) = opened.unwrap();
    spawn(driver).named("client's driver").detach();
    (client, server.await.unwrap().unwrap())
}

/// A server with one WebSocket, and that one's other end.
async fn served() -> (ws::ServerHandle, WebSocket) {
    let server = ws::Server::new().websocket("/", async |socket, _| drop(socket.recv().await));
    let handle = ws::serve(server, []).unwrap();
    let socket = admitted(&handle).await;
    (handle, socket)
}

async fn admitted(handle: &ws::ServerHandle) -> WebSocket {
    let (here, there) = net::duplex().unwrap();
    handle.admit(there);
    let opened = glassloop_ws::connect_on(here, "ws://example.test/").await;
    let (socket, driver) = opened.unwrap();
    spawn(driver).detach();
    socket
}

/// Waits until every other task has ended: drivers whose handles are gone close first.
async fn ended() {
    while glassloop::snapshot().tasks.len() > 1 {
        glassloop::sleep(std::time::Duration::from_millis(1)).await;
    }
}

/// Fills a connection to its high water, sends one message more, and another one after it.
async fn sends(probe: Probe) {
    let (client, server) = pair(Config::default()).await;
    let filler = Message::Binary(vec![0; 1 << 14].into());
    let mut fillers = 0;
    while client.try_send(filler.clone()).is_taken() {
        fillers += 1;
    }
    let reader = spawn(async move {
        let mut texts = Vec::new();
        let mut binaries = 0;
        while let Some(message) = server.recv().await.unwrap() {
            match message {
                Message::Text(text) => texts.push(text.as_str().to_owned()),
                Message::Binary(_) => binaries += 1,
            }
        }
        (texts, binaries)
    });
    let sent = probe.drive(client.send("probed".into())).await;
    client.send("after".into()).await.unwrap();
    client.close(1000, "").unwrap();
    client.closed().await;
    let (texts, binaries) = reader.await.unwrap();
    let expected: &[&str] = if sent.is_some() { &["probed", "after"] } else { &["after"] };
    assert_eq!(texts, expected);
    assert_eq!(binaries, fillers);
    drop(client);
    ended().await;
}
