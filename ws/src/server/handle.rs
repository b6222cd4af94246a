//! The handle: what a program holds of a server that serves.
//!
//! Promises that a handle is cheap and that a stop takes effect at the call. It keeps nothing
//! running: [`Serving`](crate::Serving) does.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use glassloop_reactor::Reactor;
use glassloop_reactor::net::TcpStream;

use crate::waits::{WaitView, WaitsFor};

use super::counts::ServerCounts;
use super::report::StopReport;
use super::shared::Shared;

/// A handle of one server. Clones are handles of the same server; the server doesn't end with the
/// last of them.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    shared: Rc<Shared>,
}

impl ServerHandle {
    pub(crate) fn new(shared: &Rc<Shared>) -> ServerHandle {
        ServerHandle { shared: Rc::clone(shared) }
    }

    /// Serves a connection that was accepted elsewhere, as if a listener of the server had. Its
    /// peer is the one that the stream names.
    pub fn admit(&self, stream: TcpStream) {
        let peer = stream.peer_addr().ok();
        self.shared.admit(stream, peer);
    }

    /// Stops the server: nobody comes in any more, each WebSocket is closed with 1001, and every
    /// other connection ends behind its next answer, which says `Connection: close`. One that is
    /// idle, or new, has [`stop_idle_ms_max`](crate::ServerLimits::stop_idle_ms_max) to ask for
    /// that answer, and is then ended: our half first, after a last look. An answer that is on its
    /// way at the stop was told to stay: its client has such a while behind it, and half of what is
    /// left of `patience` at most. Whoever is still there after `patience` is dropped. Takes effect
    /// now; await it for the report.
    ///
    /// So a request that has come before that look is answered. One that is on its way, between
    /// that look and the moment at which the client sees our end, is not: HTTP/1.1 can't exclude
    /// that. Its client sees an orderly end without a byte of an answer, in which case RFC 9112,
    /// section 9.3.1, lets it ask once more if the method is idempotent; what it said is counted as
    /// [`missed`](crate::ServerCounts::missed) if it comes within `linger_ms_max`, and read up to
    /// the longest head and body that the limits allow. Past either its client sees a reset. So
    /// does who has connected and was not accepted, for the server closes its listeners now: a copy
    /// of one keeps its line for whoever takes over. Requests sent ahead, behind the one whose
    /// answer says `close`, are not answered either, and their client knows that none of them had
    /// any effect (section 9.6).
    ///
    /// A second stop may bring the deadline forward, never back.
    ///
    /// # Panics
    /// If the thread has no current event loop.
    ///
    /// # Cancel safety
    /// Dropping it loses nothing: the server stops all the same.
    #[track_caller]
    pub fn stop(&self, patience: Duration) -> Stop {
        let reactor = match Reactor::expect_current("stop") {
            Ok(reactor) => reactor,
            Err(error) => panic!("{error}"),
        };
        self.shared.stop(reactor.read_clock(), patience);
        let view = WaitView { what: WaitsFor::End, place: Location::caller() };
        Stop { shared: Rc::clone(&self.shared), reactor, view, ticket: None }
    }

    /// Connections at this moment: pages and WebSockets, with those that are about to end.
    pub fn connections(&self) -> usize {
        self.shared.roster.clients()
    }

    /// What the server has done so far.
    pub fn counts(&self) -> ServerCounts {
        let admitted = self.shared.roster.admitted();
        ServerCounts { admitted, ..self.shared.counts.get() }
    }
}

/// The end of a server: ready with the report when its last connection is gone. Made by
/// [`ServerHandle::stop`].
///
/// # Cancel safety
/// Dropping it loses nothing: the server stops all the same.
#[must_use = "the server stops all the same; its report is lost"]
pub struct Stop {
    shared: Rc<Shared>,
    reactor: Rc<Reactor>,
    view: WaitView,
    ticket: Option<u64>,
}

impl Stop {
    fn withdraw(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            // Dropped after the borrow: a waker's drop may be anything.
            let waker = self.shared.waits.borrow_mut().remove(ticket);
            drop(waker);
        }
    }
}

impl Future for Stop {
    type Output = StopReport;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<StopReport> {
        let stop = self.get_mut();
        // Cloned before the look: cloning is foreign code, which may do anything.
        let waker = cx.waker().clone();
        if let Some(report) = stop.shared.report() {
            stop.withdraw();
            return Poll::Ready(report);
        }
        stop.reactor.note_place(stop.view.place);
        let replaced = stop.shared.waits.borrow_mut().put(&mut stop.ticket, stop.view, waker);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.withdraw();
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("asked", &self.view.place).finish_non_exhaustive()
    }
}
