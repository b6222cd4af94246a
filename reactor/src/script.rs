//! `Script`: a world of peers for a loop under test, as data.
//!
//! It promises one run for one seed: who acts first of several, how long a piece or a short read
//! is, where noise falls, all follows from the seed, and nothing else is left to chance. It is no
//! network: nothing is lost, reordered or late unless a step says so.

use std::{net::SocketAddr, sync::Arc};

mod backlog;
mod line;
mod player;
mod setting;
mod stage;
mod step;
mod transcript;

pub(crate) use self::{
    backlog::Backlog,
    line::{Line, Opening},
    stage::Stage,
};
pub use self::{
    step::{Answer, Step},
    transcript::Transcript,
};

/// What happens to a loop under [`PollerKind::Scripted`](crate::PollerKind::Scripted).
///
/// Under that poller `TcpListener::bind` and `TcpStream::connect` give sockets in memory whose far
/// ends are the peers of the script. A connection to an address at which the program itself
/// listens works as well; one to an address that nobody named is refused. What the OS would have
/// to answer (descriptors, options, `from_std`) is `Unsupported`.
///
/// Peers are numbered from 0: those that connect, in the order of the script; then, one by one,
/// those that the program connects to.
///
/// ```
/// use std::time::Duration;
/// use glassloop_reactor::{Script, Step};
///
/// let address = "10.0.0.1:7".parse().unwrap();
/// let script = Script::new(42)
///     .connects(address, [Step::send_in_chunks("hello", 2), Step::HalfClose, Step::ReadToEnd])
///     .connects(address, [Step::After(Duration::from_millis(5)), Step::Reset]);
/// let (seed, transcript) = (script.seed(), script.transcript());
/// # assert_eq!(seed, 42);
/// // `EventLoop::builder().script(script)` plays it to a server that listens at that address.
/// # use glassloop_reactor::net::TcpListener;
/// # use glassloop_reactor::{Clock, Events, ManualClock, Options, PollerKind, Reactor};
/// # let clock = Clock::Manual(ManualClock::new());
/// # let poller = PollerKind::Scripted;
/// # let reactor = Reactor::new(Options { poller, script, clock, ..Options::default() }).unwrap();
/// # let entered = reactor.enter();
/// let listener = TcpListener::bind(address).unwrap();
/// # reactor.wait(None, &mut Events::new()).unwrap();
/// assert!(transcript.lines()[0].contains("peer 0: connects"));
/// assert_eq!(transcript.lost(), 0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub(crate) seed: u64,
    pub(crate) parts: Vec<Part>,
    pub(crate) transcript: Transcript,
}

/// What one peer, or each one at an address, will do.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) role: Role,
    pub(crate) address: SocketAddr,
    pub(crate) lives: Lives,
}

/// What one peer after the other will do; the last of them stands for all after it. Never empty.
pub(crate) type Lives = Arc<[Arc<[Step]>]>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Connects,
    Listens,
}

impl Script {
    /// A world without peers.
    #[must_use]
    pub fn new(seed: u64) -> Script {
        Script { seed, ..Script::default() }
    }

    /// Adds a peer that connects to the program's listener at `to`, as soon as there is one, and
    /// then does these steps.
    #[must_use]
    pub fn connects(self, to: SocketAddr, steps: impl IntoIterator<Item = Step>) -> Script {
        self.with(Role::Connects, to, [steps])
    }

    /// Has somebody listen at `at`. To each connection of the program's there it does these steps
    /// from the first. Of two such lists for one address the later counts.
    #[must_use]
    pub fn listens(self, at: SocketAddr, steps: impl IntoIterator<Item = Step>) -> Script {
        self.with(Role::Listens, at, [steps])
    }

    /// As [`listens`](Self::listens), with a list of steps for each connection: the first does the
    /// first, and so on; the last list is for all that come after it. Without any list nobody
    /// listens.
    ///
    /// ```
    /// use glassloop_reactor::{Script, Step};
    ///
    /// let address = "10.0.0.1:7".parse().unwrap();
    /// let refused_once = [vec![Step::Refuse], vec![Step::ReadToEnd]];
    /// let script = Script::new(42).listens_in_turn(address, refused_once);
    /// # drop(script);
    /// ```
    #[must_use]
    pub fn listens_in_turn<S: IntoIterator<Item = Step>>(
        self,
        at: SocketAddr,
        lives: impl IntoIterator<Item = S>,
    ) -> Script {
        self.with(Role::Listens, at, lives)
    }

    fn with<S: IntoIterator<Item = Step>>(
        mut self,
        role: Role,
        address: SocketAddr,
        lives: impl IntoIterator<Item = S>,
    ) -> Script {
        let lives: Lives = lives.into_iter().map(|steps| steps.into_iter().collect()).collect();
        if !lives.is_empty() {
            self.parts.push(Part { role, address, lives });
        }
        self
    }

    /// What decides wherever steps leave a choice.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What happens, line by line, as it happens. Clones of a script write to one transcript: give
    /// each loop a script of its own.
    #[must_use]
    pub fn transcript(&self) -> Transcript {
        self.transcript.clone()
    }
}
