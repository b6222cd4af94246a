//! A reconnecting client whose server is the test: its connections lie in memory.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use glassloop_reactor::net::{TcpStream, duplex};
use glassloop_ws::{
    Attempt, Config, Endpoint, Error, Message, Reconnect, ReconnectState, Reconnecting,
};

use super::frames::{frames, messages};
use super::{Loop, Output, Raw, response};

/// What the server of a test makes of an attempt.
pub type Refuses = Rc<RefCell<Option<Box<dyn Fn() -> Error>>>>;

/// A client whose server is the test.
pub struct Client {
    pub event_loop: Loop,
    pub client: Reconnecting,
    pub driver: Output<Option<Arc<Error>>>,
    /// The far ends of its attempts, those that nobody answered yet.
    pub dialed: Rc<RefCell<Vec<TcpStream>>>,
    pub refuses: Refuses,
    pub states: Rc<RefCell<Vec<String>>>,
    pub attempts: Rc<RefCell<Vec<Attempt>>>,
}

pub fn endpoint() -> Endpoint {
    Endpoint::new("ws://memory/").expect("a good URL")
}

pub fn client(make: impl FnOnce(Reconnect) -> Reconnect) -> Client {
    client_with(Config::default(), make)
}

/// A client whose connections have these limits.
pub fn client_with(config: Config, make: impl FnOnce(Reconnect) -> Reconnect) -> Client {
    let event_loop = Loop::new();
    let endpoint = endpoint().config(config);
    let attempts = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&attempts);
    let dialed = Rc::new(RefCell::new(Vec::new()));
    let (refuses, states) = (Refuses::default(), Rc::new(RefCell::new(Vec::new())));
    let (far, refused, noted) = (Rc::clone(&dialed), Rc::clone(&refuses), Rc::clone(&states));
    let reconnect = Reconnect::dialing(move |attempt| {
        kept.borrow_mut().push(attempt);
        let refusal = refused.borrow().as_ref().map(|refusal| refusal());
        let (far, endpoint) = (Rc::clone(&far), endpoint.clone());
        async move {
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
            let (here, there) = duplex()?;
            far.borrow_mut().push(there);
            endpoint.connect_on(here).await
        }
    });
    let reconnect = make(reconnect.seed(7))
        .on_state(move |state: &ReconnectState| noted.borrow_mut().push(state.to_string()));
    let (client, driver) = reconnect.start().expect("a loop");
    let driver = event_loop.spawn(driver);
    Client { event_loop, client, driver, dialed, refuses, states, attempts }
}

impl Client {
    /// Answers the attempt that waits for it.
    pub fn answer(&mut self) -> Raw {
        self.answer_and(b"")
    }

    /// With more in the same breath as the 101.
    pub fn answer_and(&mut self, more: &[u8]) -> Raw {
        self.event_loop.settle();
        let far = self.dialed.borrow_mut().pop().expect("an attempt");
        let mut raw = Raw::new(far);
        let request = raw.read_until(&mut self.event_loop, b"\r\n\r\n");
        raw.write(&mut self.event_loop, &[&response(&request), more].concat());
        self.event_loop.settle();
        raw
    }

    /// Lets the delay pass that the client waits for.
    pub fn wait_out(&mut self) {
        self.event_loop.settle();
        let ReconnectState::Waiting { delay, .. } = self.client.state() else {
            panic!("expected a wait, came {}", self.client.state());
        };
        self.event_loop.pass(delay);
    }

    pub fn names(&self) -> Vec<String> {
        let states = self.states.take();
        states.iter().map(|state| state.split([' ', ':']).next().unwrap_or("").to_owned()).collect()
    }

    pub fn recv(&mut self) -> Result<Option<Message>, Error> {
        self.event_loop.block_on(self.client.recv())
    }
}

/// The texts that a client has sent.
pub fn texts(raw: &mut Raw) -> Vec<String> {
    raw.read();
    let bytes = std::mem::take(&mut raw.bytes);
    messages(frames(&bytes).0)
        .0
        .into_iter()
        .map(|payload| String::from_utf8(payload).expect("text"))
        .collect()
}

pub fn text(words: &str) -> Vec<u8> {
    [&[0x81, u8::try_from(words.len()).expect("a short one")], words.as_bytes()].concat()
}

/// So many bytes, all the same.
pub fn blob(fill: u8, size: usize) -> Message {
    Message::Binary(vec![fill; size].into())
}

/// First byte and length of every whole message that has come by the time nothing more does.
pub fn seen(event_loop: &mut Loop, raw: &mut Raw) -> Vec<(u8, usize)> {
    for _ in 0..100 {
        event_loop.settle();
        raw.read();
    }
    let (messages, _) = messages(frames(&raw.bytes).0);
    messages.iter().map(|it| (it[0], it.len())).collect()
}
