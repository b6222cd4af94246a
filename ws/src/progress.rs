//! The progress: how far a connection has come before it stands, and how long each stage may take.
//!
//! Promises a deadline for each stage and one over all of them, and that an error names the stage
//! that was too slow. What happens in a stage it doesn't know.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use glassloop_reactor::{Reactor, timeout};

use crate::error::Error;
use crate::limits::Limits;
use crate::time::millis_left;

/// What a client does before its connection stands, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConnectStage {
    /// It looks up the addresses of a name. An IP address and `localhost` need no such stage.
    Resolve,
    /// It tries the addresses.
    Connect,
    /// It agrees on keys, over `wss://`.
    Tls,
    /// It asks for the upgrade and reads the answer. A server that accepts has this stage alone,
    /// and TLS.
    Upgrade,
}

impl fmt::Display for ConnectStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConnectStage::Resolve => "the look-up of the name",
            ConnectStage::Connect => "the connecting",
            ConnectStage::Tls => "the TLS handshake",
            ConnectStage::Upgrade => "the upgrade",
        })
    }
}

/// A connection on its way.
pub(crate) struct Progress<'a> {
    limits: &'a Limits,
    reactor: Rc<Reactor>,
    stage: Cell<ConnectStage>,
    /// When the whole began, and its present stage.
    began: u64,
    stage_began: Cell<u64>,
    /// Told of each stage as it begins.
    tell: Box<dyn Fn(ConnectStage) + 'a>,
}

impl<'a> Progress<'a> {
    /// Begins now. It fails where there is no loop.
    pub(crate) fn begin(
        limits: &'a Limits,
        tell: impl Fn(ConnectStage) + 'a,
    ) -> Result<Progress<'a>, Error> {
        let reactor = Reactor::expect_current("handshake")?;
        let now = reactor.read_clock();
        Ok(Progress {
            limits,
            reactor,
            stage: Cell::new(ConnectStage::Upgrade),
            began: now,
            stage_began: Cell::new(now),
            tell: Box::new(tell),
        })
    }

    /// Gives all stages together their deadline.
    pub(crate) async fn whole<T>(
        &self,
        stages: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let millis = self.limits.handshake_ms_max;
        match timeout(Duration::from_millis(millis), stages).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::HandshakeTimeout { stage: self.stage.get(), millis }),
        }
    }

    /// Tells of a stage and gives it its deadline.
    pub(crate) async fn through<T>(
        &self,
        stage: ConnectStage,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.stage.set(stage);
        self.stage_began.set(self.reactor.read_clock());
        (self.tell)(stage);
        let millis = self.stage_ms_max();
        match timeout(Duration::from_millis(millis), work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::HandshakeTimeout { stage, millis }),
        }
    }

    /// How long the present stage may still take, in milliseconds.
    pub(crate) fn left_ms(&self) -> u64 {
        let now = self.reactor.read_clock();
        millis_left(self.began, self.limits.handshake_ms_max, now).min(millis_left(
            self.stage_began.get(),
            self.stage_ms_max(),
            now,
        ))
    }

    fn stage_ms_max(&self) -> u64 {
        match self.stage.get() {
            ConnectStage::Resolve => self.limits.resolve_ms_max,
            ConnectStage::Connect => self.limits.connect_ms_max,
            ConnectStage::Tls => self.limits.tls_ms_max,
            ConnectStage::Upgrade => self.limits.upgrade_ms_max,
        }
    }
}
