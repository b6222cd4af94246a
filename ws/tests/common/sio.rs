//! A client of Socket.IO whose server is the test: it says each message, and hears each.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    time::Duration,
};

use glassloop_reactor::net::{TcpStream, duplex};
use glassloop_ws::{
    CloseInfo, Config, Driver, Error, Message, ReconnectState, WebSocket, accept_with,
    socketio::{Client, ClientBuilder, Events, Namespace, NamespaceBuilder},
};

use crate::common::{Loop, Output};

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

/// The server's end of a connection.
pub struct Peer {
    pub socket: WebSocket,
    heard: Rc<RefCell<Vec<Message>>>,
    /// How the client has ended it.
    pub end: Output<CloseInfo>,
    life: Rc<Life>,
}

/// Whether the end of a connection is driven still.
#[derive(Default)]
struct Life {
    is_over: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

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
        peer.heard.take().into_iter().map(text).collect()
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

/// A server that says nothing unless it is told to.
pub fn silent() -> Config {
    let mut config = Config::default();
    config.limits.heartbeat_idle_ms_max = u64::MAX;
    config
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

    /// What the client has said since this was asked last.
    pub fn heard(&self, it: &mut Fixture) -> Vec<Message> {
        it.event_loop.settle();
        self.heard.take()
    }

    pub fn texts(&self, it: &mut Fixture) -> Vec<String> {
        let text = |message: &Message| message.as_text().expect("text").to_owned();
        self.heard(it).iter().map(text).collect()
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
