//! A server of Socket.IO whose clients are the test: they say each message, and hear each.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use glassloop_reactor::net::{TcpStream, duplex};
use glassloop_ws::{
    CloseInfo, Config, Driver, Job, Message, Server as HttpServer, ServerHandle, WebSocket,
    connect_on_with,
    socketio::{Events, NamespaceRoute, Server, Socket},
};
use serde_json::Value;

use crate::common::{Loop, Output};

pub const SECOND: Duration = Duration::from_secs(1);
const URL: &str = "ws://memory/socket.io/?EIO=4&transport=websocket";

/// A server, and who has come.
pub struct Fixture {
    pub event_loop: Loop,
    pub handle: ServerHandle,
    pub came: Came,
}

/// Who was let in, and is held by the test.
#[derive(Clone, Default)]
pub struct Came(Rc<RefCell<Vec<Client>>>);

/// One of them, and what it has shown.
pub type Client = (Socket, Events, Option<Value>);

impl Came {
    /// A namespace that gives the test whomever it lets in.
    pub fn route(&self, name: &str) -> NamespaceRoute {
        let came = self.clone();
        NamespaceRoute::new(name, move |socket, events, auth| {
            let end = socket.closed();
            came.0.borrow_mut().push((socket, events, auth));
            async move { drop(end.await) }
        })
    }

    /// Whether nobody has come who wasn't asked for.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The one who came last.
    pub fn last(&self) -> Client {
        self.0.borrow_mut().pop().expect("somebody has come")
    }
}

pub fn serve(server: HttpServer, came: Came) -> Fixture {
    let event_loop = Loop::new();
    serve_on(event_loop, server, came)
}

pub fn serve_on(event_loop: Loop, server: HttpServer, came: Came) -> Fixture {
    let spawn = event_loop.spawner();
    // What panics is a matter of its connection, as on a loop.
    let job = move |mut job: Job| {
        spawn(Box::pin(poll_fn(move |cx| {
            let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut job).poll(cx)));
            polled.unwrap_or(Poll::Ready(()))
        })));
    };
    let (handle, serving) = server.serve([], job).expect("good routes");
    event_loop.spawn(serving);
    Fixture { event_loop, handle, came }
}

/// A server whose namespaces give the test whomever they let in.
pub fn fixture(names: &[&str]) -> Fixture {
    fixture_with(names, |server| server)
}

pub fn fixture_with(names: &[&str], make: impl FnOnce(Server) -> Server) -> Fixture {
    let came = Came::default();
    let io = names.iter().fold(Server::new(), |server, name| server.route(came.route(name)));
    let server = make(io).attach(HttpServer::new()).expect("good names");
    serve(server, came)
}

impl Fixture {
    /// A stream to the server.
    pub fn dial(&self) -> TcpStream {
        let (here, there) = duplex().expect("two ends");
        self.handle.admit(there);
        here
    }

    /// A client that has heard the server's hello, which the test may look at.
    pub fn open(&mut self) -> Peer {
        let stream = self.dial();
        // It is silent unless it is told to speak.
        let mut config = Config::default();
        config.limits.heartbeat_idle_ms_max = u64::MAX;
        let opened = self.event_loop.spawn(connect_on_with(stream, URL, config));
        self.event_loop.settle();
        let opened = opened.take().expect("it is answered");
        let (socket, driver) = opened.expect("it is let in");
        Peer::new(&self.event_loop, socket, driver)
    }

    /// One that is past it.
    pub fn greeted(&mut self) -> Peer {
        let peer = self.open();
        assert!(peer.texts(self)[0].starts_with("0{"));
        peer
    }

    /// One that was let into this namespace, with what the server holds of it.
    pub fn enter(&mut self, namespace: &str) -> (Peer, Socket, Events) {
        let peer = self.greeted();
        let (socket, events) = self.enter_too(&peer, namespace);
        (peer, socket, events)
    }

    pub fn enter_too(&mut self, peer: &Peer, namespace: &str) -> (Socket, Events) {
        let head = if namespace == "/" { String::new() } else { format!("{namespace},") };
        peer.say(self, &format!("40{head}"));
        let (socket, events, _) = self.came.last();
        let said = format!(r#"40{head}{{"sid":"{}"}}"#, socket.id());
        assert_eq!(peer.texts(self), [said]);
        (socket, events)
    }
}

/// The client's end of a connection.
pub struct Peer {
    pub socket: WebSocket,
    heard: Rc<RefCell<Vec<Message>>>,
    /// How the server has ended it.
    pub end: Output<CloseInfo>,
    life: Rc<Life>,
}

/// Whether the end of a connection is driven still.
#[derive(Default)]
struct Life {
    is_over: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl Peer {
    fn new(event_loop: &Loop, socket: WebSocket, mut driver: Driver) -> Peer {
        let (heard, life) = (Rc::<RefCell<Vec<Message>>>::default(), Rc::new(Life::default()));
        let (noted, reads) = (Rc::clone(&heard), socket.clone());
        event_loop.spawn(async move {
            while let Ok(Some(message)) = reads.recv().await {
                noted.borrow_mut().push(message);
            }
        });
        let (drives, end) = (Rc::clone(&life), Output::default());
        let ended = Rc::clone(&end);
        event_loop.spawn(poll_fn(move |cx| {
            drives.waker.set(Some(cx.waker().clone()));
            match Pin::new(&mut driver).poll(cx) {
                Poll::Ready(info) => *ended.borrow_mut() = Some(info),
                Poll::Pending if !drives.is_over.get() => return Poll::Pending,
                Poll::Pending => {}
            }
            Poll::Ready(())
        }));
        Peer { socket, heard, end, life }
    }

    pub fn say(&self, it: &mut Fixture, text: &str) {
        assert!(self.socket.try_send(text.into()).is_taken());
        it.event_loop.settle();
    }

    pub fn say_bytes(&self, it: &mut Fixture, bytes: &[u8]) {
        assert!(self.socket.try_send(bytes.into()).is_taken());
        it.event_loop.settle();
    }

    /// What the server has said since this was asked last.
    pub fn heard(&self, it: &mut Fixture) -> Vec<Message> {
        it.event_loop.settle();
        self.heard.take()
    }

    pub fn texts(&self, it: &mut Fixture) -> Vec<String> {
        let text = |message: &Message| message.as_text().expect("text").to_owned();
        self.heard(it).iter().map(text).collect()
    }

    /// The code with which the server has closed it.
    pub fn code(&self, it: &mut Fixture) -> Option<u16> {
        it.event_loop.settle();
        self.end.take().map(|info| info.code)
    }

    /// The connection breaks.
    pub fn vanish(self, it: &mut Fixture) {
        it.event_loop.settle();
        self.life.is_over.set(true);
        if let Some(waker) = self.life.waker.take() {
            waker.wake();
        }
        it.event_loop.settle();
    }
}
