//! A client of Socket.IO whose server is the test: it says each message, and hears each.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

#[path = "sio_peer.rs"]
mod sio_peer;

use std::{cell::RefCell, collections::VecDeque, rc::Rc, sync::Arc, time::Duration};

use glassloop_reactor::net::{TcpStream, duplex};
use glassloop_ws::{
    Config, Error, Message, ReconnectState, accept_with,
    socketio::{Client, ClientBuilder, Events, Namespace, NamespaceBuilder},
};

use crate::common::{Loop, Output};
use sio_peer::Settles;
pub use sio_peer::{Peer, silent};

pub const HELLO: &str = r#"0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
pub const SECOND: Duration = Duration::from_secs(1);

/// A client, and what it does.
pub struct Fixture {
    pub event_loop: Loop,
    client: Option<Client>,
    pub driver: Output<Option<Arc<Error>>>,
    /// The far ends of its attempts, those that nobody answered yet.
    pub dialed: Rc<RefCell<VecDeque<TcpStream>>>,
    /// Whether attempts fail.
    pub refuses: Rc<RefCell<bool>>,
    /// What sinks have heard.
    pub heard: Heard,
}

pub type Heard = Rc<RefCell<Vec<String>>>;

pub fn fixture() -> Fixture {
    fixture_with(|builder| builder)
}

pub fn fixture_with(make: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Fixture {
    let event_loop = Loop::new();
    let dialed: Rc<RefCell<VecDeque<TcpStream>>> = Rc::default();
    let (refuses, heard) = (Rc::new(RefCell::new(false)), Heard::default());
    let (far, refused) = (Rc::clone(&dialed), Rc::clone(&refuses));
    let builder = Client::to("http://memory").expect("a good URL").seed(7).streams(move || {
        let (far, refused) = (Rc::clone(&far), *refused.borrow());
        async move {
            if refused {
                return Err(Error::Io(std::io::ErrorKind::ConnectionRefused.into()));
            }
            let (here, there) = duplex()?;
            far.borrow_mut().push_back(there);
            Ok(here)
        }
    });
    let (client, driver) = make(builder).start().expect("a loop");
    let driver = event_loop.spawn(driver);
    Fixture { event_loop, client: Some(client), driver, dialed, refuses, heard }
}

impl Settles for Fixture {
    fn settle(&mut self) {
        self.event_loop.settle();
    }
}

impl Fixture {
    pub fn client(&self) -> &Client {
        self.client.as_ref().expect("it was not dropped")
    }

    pub fn drop_client(&mut self) {
        self.client = None;
    }

    /// A namespace whose states are heard.
    pub fn namespace(&self, name: &str) -> (Namespace, Events) {
        self.namespace_with(name, |it| it)
    }

    pub fn namespace_with(
        &self,
        name: &str,
        make: impl FnOnce(NamespaceBuilder) -> NamespaceBuilder,
    ) -> (Namespace, Events) {
        let (heard, of) = (Rc::clone(&self.heard), name.to_owned());
        let namespace = make(self.client().namespace(name));
        let namespace =
            namespace.on_state(move |state| heard.borrow_mut().push(format!("{of} {state}")));
        namespace.start().expect("a good name")
    }

    /// What sinks have heard since this was asked last.
    pub fn heard(&self) -> Vec<String> {
        self.heard.take()
    }

    /// Answers the attempt that waits for it, as a server whose first word is this.
    pub fn answer_with(&mut self, hello: &str) -> Peer {
        self.answer_if_asked(hello).expect("an attempt")
    }

    /// The same, if there is one that still stands.
    pub fn answer_if_asked(&mut self, hello: &str) -> Option<Peer> {
        self.answer_as(silent(), hello)
    }

    /// With limits of its own.
    pub fn answer_as(&mut self, config: Config, hello: &str) -> Option<Peer> {
        self.event_loop.settle();
        loop {
            let far = self.dialed.borrow_mut().pop_front();
            let opened = self.event_loop.spawn(accept_with(far?, config.clone()));
            self.event_loop.settle();
            if let Some(Ok((socket, driver))) = opened.take() {
                let peer = Peer::new(&self.event_loop, socket, driver);
                drop(peer.socket.try_send(hello.into()));
                self.event_loop.settle();
                return Some(peer);
            }
        }
    }

    pub fn answer(&mut self) -> Peer {
        self.answer_with(HELLO)
    }

    /// Answers it, and lets the namespaces in that ask.
    pub fn open(&mut self) -> Peer {
        let peer = self.answer();
        let asked = peer.texts(self);
        assert!(!asked.is_empty(), "somebody asks to be let in");
        for text in asked {
            let namespace = text.strip_prefix("40").expect("it asks to be let in");
            let head = namespace.split('{').next().unwrap_or_default();
            peer.say(self, &format!(r#"40{head}{{"sid":"s"}}"#));
        }
        peer
    }

    /// What a server hears in one turn of the loop.
    pub fn read_once(&mut self, peer: &Peer) -> Vec<String> {
        self.event_loop.turn(Duration::ZERO);
        let text = |message: Message| message.as_text().expect("text").to_owned();
        peer.take_heard().into_iter().map(text).collect()
    }

    pub fn is_dialing(&mut self) -> bool {
        self.event_loop.settle();
        !self.dialed.borrow().is_empty()
    }

    /// Lets the delay pass that the client waits for.
    pub fn wait_out(&mut self) {
        self.event_loop.settle();
        let ReconnectState::Waiting { delay, .. } = self.client().state() else {
            panic!("expected a wait, came {}", self.client().state());
        };
        self.event_loop.pass(delay);
    }
}
