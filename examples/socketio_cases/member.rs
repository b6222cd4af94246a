//! What the cases share: the server, a client that is let in with it, and how to compare.

use std::{
    cell::RefCell,
    error::Error,
    fmt::{self, Debug},
    rc::Rc,
    time::Duration,
};

use glassloop::{
    sleep, spawn,
    ws::socketio::{
        Arguments, Client, ClientBuilder, ClientLimits, Data, Event, Events, Namespace,
        NamespaceState,
    },
};
use serde_json::Value;

/// How long a server may take to answer.
pub(crate) const WITHIN: Duration = Duration::from_secs(10);

/// What ends a case too early.
pub(crate) type Failure = Box<dyn Error>;

/// How a case went, and what this server does differently from the other one.
pub(crate) type Outcome = Result<Option<&'static str>, Failure>;

/// Which server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Node,
    Python,
}

/// A server.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) kind: Kind,
    url: Rc<str>,
}

/// A client that is in a namespace.
pub(crate) struct Member {
    pub(crate) client: Client,
    pub(crate) namespace: Namespace,
    pub(crate) events: Events,
    states: Rc<RefCell<Vec<NamespaceState>>>,
}

impl Peer {
    pub(crate) fn new(kind: Kind, url: &str) -> Peer {
        Peer { kind, url: url.into() }
    }

    /// A client, which comes back at once: somebody waits.
    pub(crate) fn builder(&self) -> Result<ClientBuilder, Failure> {
        let mut limits = ClientLimits::default();
        limits.reconnect.delay_ms_min = 50;
        limits.reconnect.first_delay_ms_max = 100;
        limits.reconnect.delay_ms_max = 500;
        Ok(Client::to(&self.url)?.limits(limits))
    }

    /// The same of the server that pings often.
    pub(crate) fn quick(&self) -> Result<ClientBuilder, Failure> {
        Ok(self.builder()?.path("/quick/"))
    }

    /// A client of its own that is let into the root.
    pub(crate) async fn root(&self) -> Result<Member, Failure> {
        self.member("/").await
    }

    /// A client of its own that is let into a namespace.
    pub(crate) async fn member(&self, name: &str) -> Result<Member, Failure> {
        let member = Member::start(self.builder()?, name)?;
        member.namespace.connected().await?;
        Ok(member)
    }

    /// What python does differently; nothing with node.
    pub(crate) fn python(&self, difference: &'static str) -> Outcome {
        Ok((self.kind == Kind::Python).then_some(difference))
    }

    /// What node does differently; nothing with python.
    pub(crate) fn node(&self, difference: &'static str) -> Outcome {
        Ok((self.kind == Kind::Node).then_some(difference))
    }

    pub(crate) fn is_node(&self) -> bool {
        self.kind == Kind::Node
    }
}

impl Member {
    /// A client, and its namespace of this name, let in or not.
    pub(crate) fn start(builder: ClientBuilder, name: &str) -> Result<Member, Failure> {
        Member::of(&start(builder)?, name)
    }

    /// A namespace of a client.
    pub(crate) fn of(client: &Client, name: &str) -> Result<Member, Failure> {
        let states = Rc::new(RefCell::new(Vec::new()));
        let told = Rc::clone(&states);
        let (namespace, events) = client
            .namespace(name)
            .on_state(move |state| told.borrow_mut().push(state.clone()))
            .start()?;
        Ok(Member { client: client.clone(), namespace, events, states })
    }

    /// What the server answers.
    pub(crate) async fn ask(&self, name: &str, arguments: impl Arguments) -> Result<Data, Failure> {
        Ok(self.namespace.emit_with_ack(name, arguments, WITHIN)?.await?)
    }

    /// What the server knows of the client.
    pub(crate) async fn who(&self) -> Result<Value, Failure> {
        Ok(self.ask("who", ()).await?.argument(0)?)
    }

    pub(crate) fn emit(&self, name: &str, arguments: impl Arguments) -> Result<(), Failure> {
        Ok(self.namespace.emit(name, arguments)?)
    }

    /// The next event, which has this name.
    pub(crate) async fn hear(&mut self, name: &str) -> Result<Event, Failure> {
        let event = self.events.recv().await.ok_or("expected an event, came the end")?;
        same(event.name(), name)?;
        Ok(event)
    }

    /// What it says comes back in an event.
    pub(crate) async fn echo(&mut self, arguments: impl Arguments) -> Result<Event, Failure> {
        self.emit("echo", arguments)?;
        self.hear("echoed").await
    }

    /// Ready when so many connections were made, and it is let in.
    pub(crate) async fn back(&self, connections: u64) -> Result<(), Failure> {
        until(|| self.client.counts().opened >= connections).await;
        self.namespace.connected().await?;
        same(self.client.counts().opened, connections)
    }

    /// Each state so far but the first, `connecting`, without what differs from run to run.
    pub(crate) fn states(&self) -> Vec<&'static str> {
        let word = |state: &NamespaceState| match state {
            NamespaceState::Connecting => "connecting",
            NamespaceState::Connected(_) => "connected",
            NamespaceState::Refused(_) => "refused",
            NamespaceState::Disconnected(why) => why.as_str(),
            _ => "over",
        };
        self.states.borrow().iter().map(word).collect()
    }

    /// What was kept under a key.
    pub(crate) async fn kept(&self, key: &str) -> Result<Vec<u64>, Failure> {
        Ok(self.ask("kept", (key,)).await?.argument(0)?)
    }

    /// Its name with the server.
    pub(crate) async fn sid(&self) -> Result<Rc<str>, Failure> {
        Ok(self.namespace.connected().await?.sid.as_ref().into())
    }
}

/// A client that is driven.
pub(crate) fn start(builder: ClientBuilder) -> Result<Client, Failure> {
    let (client, driver) = builder.start()?;
    spawn(driver).detach();
    Ok(client)
}

/// Both are the same.
pub(crate) fn same<T: PartialEq<U> + Debug, U: Debug>(came: T, expected: U) -> Result<(), Failure> {
    match came == expected {
        true => Ok(()),
        false => Err(format!("expected {expected:?}, came {came:?}").into()),
    }
}

/// It is so.
pub(crate) fn holds(is_so: bool, expected: &str) -> Result<(), Failure> {
    if is_so { Ok(()) } else { Err(format!("expected {expected}, came something else").into()) }
}

/// Ready when it is so: a case has a deadline.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        sleep(Duration::from_millis(2)).await;
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Kind::Node { "node" } else { "python" })
    }
}
