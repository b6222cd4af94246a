//! The making of a client, and of its namespaces.

use std::{cell::RefCell, fmt, future::Future, rc::Rc};

use glassloop_reactor::{Reactor, net::TcpStream};
use serde_json::Value;
use tungstenite::protocol::Role;

use super::{
    dial::{Dialed, Streams, Way, dial},
    driver::ClientDriver,
    handle::Client,
    limits::ClientLimits,
};
use crate::{
    Config, Endpoint, Error, Reconnect, ReconnectState,
    reconnect::Judge,
    sinks::Sink,
    socketio::{
        Events, Namespace, NamespaceError, NamespaceState, PacketLimits,
        namespaces::{
            check_name,
            shared::Shared,
            space::{Auth, Space},
        },
    },
    waiting::Driven,
};

/// A client that is being made. Made by [`Client::to`].
#[must_use = "nothing connects before `start`, and its driver's first poll"]
pub struct ClientBuilder {
    base: String,
    path: String,
    query: String,
    config: Config,
    lines: Vec<(String, String)>,
    limits: ClientLimits,
    seed: Option<u64>,
    sinks: Vec<Sink<ReconnectState>>,
    streams: Option<Streams>,
    judge: Option<Judge>,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("path", &self.path).finish_non_exhaustive()
    }
}

impl ClientBuilder {
    pub(super) fn new(url: &str) -> Result<ClientBuilder, Error> {
        let base = base(url)?;
        let (path, query) = ("/socket.io/".to_owned(), String::new());
        Ok(ClientBuilder {
            base,
            path,
            query,
            config: config(),
            lines: Vec::new(),
            limits: ClientLimits::default(),
            seed: None,
            sinks: Vec::new(),
            streams: None,
            judge: None,
        })
    }

    /// The path of Socket.IO with this server, in the place of `/socket.io/`. Servers want the
    /// slash at its end.
    pub fn path(mut self, path: &str) -> ClientBuilder {
        path.clone_into(&mut self.path);
        self
    }

    /// More of the query: `token=abc&room=1`, with percent signs where they are needed.
    pub fn query(mut self, query: &str) -> ClientBuilder {
        self.query = format!("{}&{query}", self.query);
        self
    }

    /// A line in the head of the request.
    pub fn header(mut self, name: &str, value: &str) -> ClientBuilder {
        self.lines.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The limits of the WebSocket, and what its TLS believes. Its heartbeat rests, since the
    /// server's pings are awaited instead. Without this, a frame and a message may be as long as a
    /// packet: servers of Socket.IO send each message in one frame.
    pub fn config(mut self, config: Config) -> ClientBuilder {
        self.config = config;
        self
    }

    /// How much the client keeps and takes, and how it comes back.
    pub fn limits(mut self, limits: ClientLimits) -> ClientBuilder {
        self.limits = limits;
        self
    }

    /// What decides the delays within their law, for a run that can be repeated.
    pub fn seed(mut self, seed: u64) -> ClientBuilder {
        self.seed = Some(seed);
        self
    }

    /// Goes over streams that a function of yours makes, anew for each attempt: through a proxy, in
    /// memory. The address says what the request asks for.
    pub fn streams<F>(mut self, mut connect: impl FnMut() -> F + 'static) -> ClientBuilder
    where
        F: Future<Output = Result<TcpStream, Error>> + 'static,
    {
        self.streams = Some(Rc::new(RefCell::new(move || -> Dialed { Box::pin(connect()) })));
        self
    }

    /// Decides which errors are worth another attempt, in the place of [`Error::is_fatal`].
    pub fn retry_if(mut self, worth_it: impl FnMut(&Error) -> bool + 'static) -> ClientBuilder {
        self.judge = Some(Box::new(worth_it));
        self
    }

    /// Calls `sink` with each state of the connection as it begins, on the loop's thread. It is
    /// [`Idle`](ReconnectState::Idle) as long as no namespace is wanted.
    pub fn on_state(mut self, sink: impl FnMut(&ReconnectState) + 'static) -> ClientBuilder {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Makes it: a handle, and the driver to be spawned.
    ///
    /// # Errors
    /// [`Error::InvalidUrl`], [`Error::InvalidHeader`]; [`Error::Io`] if the thread has no current
    /// event loop.
    pub fn start(self) -> Result<(Client, ClientDriver), Error> {
        let reactor = Reactor::expect_current("socketio::ClientBuilder::start")?;
        let ClientBuilder { base, path, query, config, lines, limits, .. } = self;
        let ClientBuilder { seed, sinks, streams, judge, .. } = self;
        let url = format!("{base}{path}?EIO=4&transport=websocket{query}");
        let mut endpoint = Endpoint::new(&url)?.config(config);
        for (name, value) in lines {
            endpoint = endpoint.header(&name, &value)?;
        }
        let shared = Rc::new(Shared::new(reactor, Role::Client, limits.of_namespaces()));
        let dials = Rc::clone(&shared);
        let way = Way { endpoint, streams, limits };
        let mut reconnect =
            Reconnect::dialing(move |attempt| dial(Rc::clone(&dials), way.clone(), attempt))
                .limits(limits.reconnect);
        if let Some(seed) = seed {
            reconnect = reconnect.seed(seed);
        }
        if let Some(judge) = judge {
            reconnect = reconnect.retry_if(judge);
        }
        for mut sink in sinks {
            reconnect = reconnect.on_state(move |state| sink(state));
        }
        let (transport, driver) = reconnect.start()?;
        let driver = ClientDriver::new(Rc::clone(&shared), transport.clone(), driver);
        Ok((Client::new(shared, transport), driver))
    }
}

/// The limits of a connection, unless the program has others.
fn config() -> Config {
    let mut config = Config::default();
    let bytes_max = PacketLimits::default().packet_bytes_max;
    config.limits.frame_bytes_max = bytes_max;
    config.limits.message_bytes_max = bytes_max;
    config
}

/// The beginning of the server's address: `ws://host:port`.
fn base(url: &str) -> Result<String, Error> {
    let bad = |expected| {
        let came = url.rsplit_once('@').map_or(url, |(_, rest)| rest).to_owned();
        Error::InvalidUrl { expected, came }
    };
    let (scheme, rest) =
        url.split_once("://").ok_or_else(|| bad("an address like http://127.0.0.1:3000"))?;
    let scheme = match scheme {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        _ => return Err(bad("an address that begins with http://, https://, ws:// or wss://")),
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#']) {
        return Err(bad(
            "an address without a path: that is for `path`, and namespaces have names",
        ));
    }
    Ok(format!("{scheme}://{authority}"))
}

/// A namespace that is being made. Made by [`Client::namespace`].
#[must_use = "it is let in nowhere before `start`"]
pub struct NamespaceBuilder {
    shared: Rc<Shared>,
    name: String,
    auth: Option<Auth>,
    sinks: Vec<Sink<NamespaceState>>,
}

impl fmt::Debug for NamespaceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamespaceBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

impl NamespaceBuilder {
    pub(super) fn new(shared: &Rc<Shared>, name: &str) -> NamespaceBuilder {
        let name = name.to_owned();
        NamespaceBuilder { shared: Rc::clone(shared), name, auth: None, sinks: Vec::new() }
    }

    /// What it shows the server to be let in: an object.
    pub fn auth(self, auth: Value) -> NamespaceBuilder {
        self.auth_with(move || std::future::ready(Ok(auth.clone())))
    }

    /// What it shows the server to be let in, computed anew for each connection: a token that
    /// doesn't last, say. An error is as if the server had refused it, in these words; so is a
    /// panic, or what is no object. A handle of the namespace in here keeps it from ending with its
    /// last other handle.
    pub fn auth_with<F>(mut self, mut auth: impl FnMut() -> F + 'static) -> NamespaceBuilder
    where
        F: Future<Output = Result<Value, String>> + 'static,
    {
        self.auth = Some(Box::new(move || Box::pin(auth())));
        self
    }

    /// Calls `sink` with each state as it begins, on the loop's thread. What it emits when the
    /// namespace was let in leaves before everything that waited.
    pub fn on_state(mut self, sink: impl FnMut(&NamespaceState) + 'static) -> NamespaceBuilder {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Makes it: a handle, and its events. It is let in as soon as the server says so; what is
    /// emitted before waits.
    ///
    /// # Errors
    /// If the name is none, or in use.
    pub fn start(self) -> Result<(Namespace, Events), NamespaceError> {
        let NamespaceBuilder { shared, name, auth, sinks } = self;
        check_name(&name)?;
        let space = Rc::new(Space::new(&name, &shared.reactor, auth));
        sinks.into_iter().for_each(|sink| space.sinks.add(sink));
        let over = shared.with(|core, _| {
            if core.spaces.iter().any(|known| *known.name == *name) {
                return Err(NamespaceError::InUse(name));
            }
            if core.over.is_none() {
                core.spaces.push(Rc::clone(&space));
            }
            Ok(core.over.clone())
        })?;
        let events = Events::new(&shared, &space);
        let namespace = Namespace::new(&shared, &space);
        match over {
            Some(why) => space.end(why),
            None => shared.wake_driver(),
        }
        Ok((namespace, events))
    }
}
