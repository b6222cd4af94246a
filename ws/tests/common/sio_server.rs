//! A server of Socket.IO whose clients are the test: they say each message, and hear each.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

#[path = "sio_peer.rs"]
mod sio_peer;

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    task::Poll,
    time::Duration,
};

use glassloop_reactor::net::{TcpStream, duplex};
use glassloop_ws::{
    Job, Server as HttpServer, ServerHandle, connect_on_with,
    socketio::{Events, NamespaceRoute, Server, Socket},
};
use serde_json::Value;

use crate::common::Loop;
pub use sio_peer::Peer;
use sio_peer::{Settles, silent};

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

impl Settles for Fixture {
    fn settle(&mut self) {
        self.event_loop.settle();
    }
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
        let opened = self.event_loop.spawn(connect_on_with(stream, URL, silent()));
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
