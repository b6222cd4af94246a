//! Serving: the future that accepts, and that sees a stop through.
//!
//! Promises that one poll accepts no more than `accepts_per_turn_max`, that no listener starves
//! another, not even by failing, and that it is ready when the last connection is gone. It polls no
//! connection.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use glassloop_reactor::net::{TcpListener, TcpStream};
use glassloop_reactor::{Reactor, Sleep};

use super::door::Door;
use super::report::StopReport;
use super::roster::State;
use super::shared::Shared;

/// Accepts a server's connections until it is stopped; the output says what became of them.
///
/// Spawn it, or poll it beside your own work.
///
/// # Cancel safety
/// Dropping it closes the listeners, and drops each connection at the next poll of its job: the
/// stop without patience. Who awaits a [`Stop`](crate::Stop) gets its report then.
#[derive(Debug)]
#[must_use = "a server accepts only while this is polled"]
pub struct Serving {
    shared: Rc<Shared>,
    doors: Vec<Door>,
    /// Whose turn it is to be asked first.
    first: usize,
    /// What wakes us for the next step of a stop, and when.
    alarm: Option<(u64, Sleep)>,
}

impl Serving {
    pub(crate) fn new(shared: Rc<Shared>, listeners: Vec<TcpListener>) -> Serving {
        let doors = listeners.into_iter().map(Door::new).collect();
        Serving { shared, doors, first: 0, alarm: None }
    }

    /// Accepts what there is, up to the limit of a turn.
    #[track_caller]
    fn accept(&mut self, cx: &mut Context<'_>) {
        for _ in 0..self.shared.limits.accepts_per_turn_max {
            match self.accept_one(cx) {
                Poll::Pending => return,
                Poll::Ready(Ok((stream, peer))) => self.shared.admit(stream, Some(peer)),
                Poll::Ready(Err(_)) => self.shared.count(|counts| counts.accept_errors += 1),
            }
        }
        cx.waker().wake_by_ref();
    }

    /// Each listener is asked in turn: a storm at one must not silence the others.
    #[track_caller]
    fn accept_one(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let count = self.doors.len();
        for step in 0..count {
            let at = (self.first + step) % count;
            let accepted = self.doors[at].poll_accept(cx, &self.shared.limits);
            if accepted.is_ready() {
                self.first = (at + 1) % count;
                return accepted;
            }
        }
        Poll::Pending
    }

    /// Waits for the last connection, or the deadline.
    fn stop(&mut self, cx: &mut Context<'_>) -> Poll<StopReport> {
        // Whoever has connected and was not accepted learns now that nobody will.
        drop(std::mem::take(&mut self.doors));
        let roster = &self.shared.roster;
        if roster.is_empty() {
            return Poll::Ready(self.shared.finish());
        }
        while let Some(next) = self.shared.next_step_at() {
            if self.alarm.as_ref().is_none_or(|(at, _)| *at != next)
                && let Some(reactor) = Reactor::current()
            {
                self.alarm = Some((next, Sleep::at(reactor, next)));
            }
            let alarm = self.alarm.as_mut();
            if alarm.is_none_or(|(_, alarm)| Pin::new(alarm).poll(cx).is_pending()) {
                break;
            }
            self.shared.step();
        }
        Poll::Pending
    }
}

impl Future for Serving {
    type Output = StopReport;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<StopReport> {
        let serving = self.get_mut();
        serving.shared.roster.serving.note(cx.waker());
        if serving.shared.roster.state() == State::Open {
            serving.accept(cx);
        }
        // Accepting runs the program's `spawn`, which may have stopped us.
        if serving.shared.roster.state() == State::Open {
            return Poll::Pending;
        }
        serving.stop(cx)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.shared.roster.serving.take());
        if self.shared.report().is_none() {
            self.shared.cut();
            self.shared.finish();
        }
    }
}
