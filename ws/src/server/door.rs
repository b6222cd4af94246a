//! The door: a listener of a server, and how it rests.
//!
//! Promises that a listener which only fails makes nobody spin and floods no log, while failures
//! that concern single connections delay nobody behind them. Which failure is of which kind it
//! doesn't ask: the systems disagree, and the number of them tells.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use glassloop_reactor::net::{TcpListener, TcpStream};
use glassloop_reactor::{Reactor, Sleep};

use crate::time::deadline;

use super::limits::ServerLimits;

/// A listener, and what became of its last accepts.
#[derive(Debug)]
pub(crate) struct Door {
    listener: TcpListener,
    /// Accepts that failed since the last one that didn't.
    failures: usize,
    /// How long the last rest was, in milliseconds; 0 if it has accepted since.
    rest_ms: u64,
    rest: Option<Sleep>,
}

impl Door {
    pub(crate) fn new(listener: TcpListener) -> Door {
        Door { listener, failures: 0, rest_ms: 0, rest: None }
    }

    /// Accepts, waits for a connection, or rests.
    #[track_caller]
    pub(crate) fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
        limits: &ServerLimits,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        if let Some(rest) = &mut self.rest {
            ready!(Pin::new(rest).poll(cx));
            self.rest = None;
        }
        let accepted = ready!(self.listener.poll_accept(cx));
        match &accepted {
            // Only this ends a row of failures: "nobody there" may as well mean "enough for now".
            Ok(_) => (self.failures, self.rest_ms) = (0, 0),
            Err(error) => self.note_failure(error, limits),
        }
        Poll::Ready(accepted)
    }

    fn note_failure(&mut self, error: &io::Error, limits: &ServerLimits) {
        self.failures = self.failures.saturating_add(1);
        if self.failures <= limits.accept_failures_in_a_row_max {
            log::debug!("server: expected a connection, came: {error}");
            return;
        }
        let first = self.rest_ms == 0;
        self.rest_ms = self.rest_ms.saturating_mul(2).clamp(1, limits.accept_rest_ms_max.max(1));
        if let Some(reactor) = Reactor::current() {
            let until = deadline(reactor.read_clock(), self.rest_ms);
            self.rest = Some(Sleep::at(reactor, until));
        }
        if first {
            let failures = self.failures;
            log::warn!("server: a listener rests, it failed {failures} times in a row: {error}");
        }
    }
}
