//! The making of a reconnecting client: where it goes, and what it does on the way.
//!
//! Promises that a client made with the same seed and the same events waits the same delays. It
//! connects nowhere: the driver does when it is polled.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;

use glassloop_reactor::{Dice, Reactor};

use super::backoff::Backoff;
use super::driver::{ReconnectDriver, Task};
use super::handle::Reconnecting;
use super::limits::ReconnectLimits;
use super::send_buffer::SendBuffer;
use super::shared::Shared;
use super::state::ReconnectState;
use crate::driver::Driver;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::progress::ConnectStage;
use crate::sinks::Sink;
use crate::socket::WebSocket;

type Dial = Box<dyn FnMut(Attempt) -> Task<(WebSocket, Driver)>>;

/// What makes a connection.
pub(crate) enum Dialer {
    Endpoint(Endpoint),
    Own(Dial),
}

/// Called with each connection before anything else goes over it.
pub(crate) type Resubscribe = Box<dyn FnMut(Opened) -> Task<()>>;

/// Says whether an error is worth another attempt.
pub(crate) type Judge = Box<dyn FnMut(&Error) -> bool>;

/// A reconnecting client that is being made.
///
/// ```
/// use glassloop_ws::{Endpoint, Reconnect};
///
/// # fn make() -> Result<(), glassloop_ws::Error> {
/// let endpoint = Endpoint::new("ws://127.0.0.1:9000/updates")?;
/// let (client, driver) = Reconnect::to(endpoint)
///     .resubscribe(async |opened| {
///         // Before anything that was buffered leaves:
///         opened.socket().send("subscribe prices".into()).await
///     })
///     .on_state(|state| println!("{state}"))
///     .start()?;
/// // Spawn `driver`; then, whether or not a connection stands:
/// assert!(client.try_send("hello".into()).is_taken());
/// # drop(driver);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing connects before `start`, and its driver's first poll"]
pub struct Reconnect {
    dialer: Dialer,
    limits: ReconnectLimits,
    seed: Option<u64>,
    acknowledged: bool,
    numbered_after: u64,
    resubscribe: Option<Resubscribe>,
    judge: Option<Judge>,
    sinks: Vec<Sink<ReconnectState>>,
}

/// One attempt of a dialer of your own.
#[derive(Debug)]
pub struct Attempt {
    number: u64,
    shared: Rc<Shared>,
}

/// A connection that stands and has not been used, given to the resubscribe hook.
#[derive(Debug)]
pub struct Opened {
    socket: WebSocket,
    shared: Rc<Shared>,
}

impl Reconnect {
    /// A client of this endpoint.
    pub fn to(endpoint: Endpoint) -> Reconnect {
        Reconnect::with(Dialer::Endpoint(endpoint))
    }

    /// A client whose connections are made by a function of yours, anew for each attempt: to fetch
    /// a fresh token, to go through a proxy, to try several servers. An attempt has no deadline but
    /// its own.
    pub fn dialing<F>(mut dial: impl FnMut(Attempt) -> F + 'static) -> Reconnect
    where
        F: Future<Output = Result<(WebSocket, Driver), Error>> + 'static,
    {
        Reconnect::with(Dialer::Own(Box::new(move |attempt| Box::pin(dial(attempt)))))
    }

    fn with(dialer: Dialer) -> Reconnect {
        Reconnect {
            dialer,
            limits: ReconnectLimits::default(),
            seed: None,
            acknowledged: false,
            numbered_after: 0,
            resubscribe: None,
            judge: None,
            sinks: Vec::new(),
        }
    }

    /// The delays, the limits on attempts, and the bounds of the buffer.
    pub fn limits(mut self, limits: ReconnectLimits) -> Reconnect {
        self.limits = limits;
        self
    }

    /// What decides the delays within their law, for a run that can be repeated. Without it each
    /// client has a seed of its own, as it should: clients with one seed come back together.
    pub fn seed(mut self, seed: u64) -> Reconnect {
        self.seed = Some(seed);
        self
    }

    /// A message is done with when [`Reconnecting::acknowledge`] says so, and not when it has left.
    /// Everything that is not is sent again over each new connection, behind the resubscribe hook:
    /// so each arrives at least once, and exactly once if the hook asks the server what it has and
    /// acknowledges that, or the server knows a message when it sees it again.
    pub fn acknowledged(mut self) -> Reconnect {
        self.acknowledged = true;
        self
    }

    /// Counts accepted messages on from `number` and not from 0: for a client in the place of
    /// another one, of which the server has acknowledged so many.
    pub fn numbered_after(mut self, number: u64) -> Reconnect {
        self.numbered_after = number;
        self
    }

    /// A hook that has each connection for itself before anything that was buffered leaves: to
    /// subscribe, to log in, to ask where the server was. What it receives nobody else does; what
    /// it leaves is received by the program. Its error closes the connection, drops what it had not
    /// received, and is judged like that of an attempt; so is its taking longer than
    /// `resubscribe_ms_max`. It sends through the connection: the client's own `send` waits for it.
    pub fn resubscribe<F>(mut self, mut hook: impl FnMut(Opened) -> F + 'static) -> Reconnect
    where
        F: Future<Output = Result<(), Error>> + 'static,
    {
        self.resubscribe = Some(Box::new(move |opened| Box::pin(hook(opened))));
        self
    }

    /// Decides which errors are worth another attempt, in the place of
    /// [`Error::is_fatal`]: of attempts, and of connections that ended ([`Error::Closed`]), of
    /// which all are unless this says otherwise.
    pub fn retry_if(mut self, worth_it: impl FnMut(&Error) -> bool + 'static) -> Reconnect {
        self.judge = Some(Box::new(worth_it));
        self
    }

    /// As [`Reconnecting::on_state`], from the first state on.
    pub fn on_state(mut self, sink: impl FnMut(&ReconnectState) + 'static) -> Reconnect {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Makes it: a handle, and the driver to be spawned.
    ///
    /// # Errors
    /// [`Error::Io`] if the thread has no current event loop.
    pub fn start(self) -> Result<(Reconnecting, ReconnectDriver), Error> {
        let reactor = Reactor::expect_current("Reconnect::start")?;
        let of_loop = || reactor.dice().map(Dice::roll);
        let random = || RandomState::new().build_hasher().finish();
        let seed = self.seed.or_else(of_loop).unwrap_or_else(random);
        let backoff = Backoff::new(self.limits, seed, reactor.read_clock());
        let buffer = SendBuffer::numbered_after(self.numbered_after);
        let shared = Rc::new(Shared::new(reactor, self.limits, self.acknowledged, buffer));
        self.sinks.into_iter().for_each(|sink| shared.add_sink(sink));
        let client = Reconnecting::new(Rc::clone(&shared));
        let driver =
            ReconnectDriver::new(shared, self.dialer, self.resubscribe, self.judge, backoff);
        Ok((client, driver))
    }
}

impl Dialer {
    /// Begins an attempt.
    pub(crate) fn dial(&mut self, shared: &Rc<Shared>) -> Task<(WebSocket, Driver)> {
        let number = shared.with(|core, _| core.attempts);
        match self {
            Dialer::Endpoint(endpoint) => {
                let told = Rc::clone(shared);
                Box::pin(endpoint.connect_telling(move |stage| {
                    told.enter_attempt(number, ReconnectState::of(stage));
                }))
            }
            Dialer::Own(dial) => {
                shared.enter(ReconnectState::Connecting);
                dial(Attempt { number, shared: Rc::clone(shared) })
            }
        }
    }
}

impl Attempt {
    /// The first is 1; it counts on through the whole life of the client.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Says how far it is, for those who watch the client's state. It begins as
    /// [`ReconnectState::Connecting`]. Once the attempt is over this does nothing.
    pub fn tell(&self, stage: ConnectStage) {
        self.shared.enter_attempt(self.number, ReconnectState::of(stage));
    }

    /// It waits until a connection is wanted.
    #[cfg(feature = "socketio")]
    pub(crate) fn rest(&self) {
        self.shared.enter_attempt(self.number, ReconnectState::Idle);
    }
}

impl Opened {
    pub(crate) fn new(socket: WebSocket, shared: Rc<Shared>) -> Opened {
        Opened { socket, shared }
    }

    /// The connection.
    pub fn socket(&self) -> &WebSocket {
        &self.socket
    }

    /// As [`Reconnecting::acknowledge`].
    pub fn acknowledge(&self, number: u64) {
        self.shared.acknowledge(number);
    }

    /// As [`Reconnecting::accepted`].
    pub fn accepted(&self) -> u64 {
        self.shared.accepted()
    }
}

impl fmt::Debug for Reconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = match &self.dialer {
            Dialer::Endpoint(endpoint) => Some(endpoint),
            Dialer::Own(_) => None,
        };
        f.debug_struct("Reconnect")
            .field("to", &to)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
