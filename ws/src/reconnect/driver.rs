//! The driver of a reconnecting client: attempts, connections and the waits between them.
//!
//! Promises one state at a time, told as it begins; that each wait in it has an end, if the
//! dialer's attempts have one; and that what breaks says why. The connection's own work is left to
//! the connection's driver.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use glassloop_reactor::{Sleep, Timeout, timeout};
use tungstenite::Utf8Bytes;

use super::backoff::{Backoff, Next};
use super::builder::{Dialer, Judge, Opened, Resubscribe};
use super::shared::Shared;
use super::state::ReconnectState;
use crate::close::{Cause, CloseInfo, code};
use crate::connection::{Connection, abnormal};
use crate::driver::Driver;
use crate::error::Error;
use crate::socket::WebSocket;
use crate::time::deadline;
use crate::waiting::{Driven, Entry};
use crate::waits::WaitsFor;

/// Drives a reconnecting client to its end; the output says what made it give up, `None` after a
/// disconnect.
///
/// Spawn it, or poll it beside the work that uses the [`Reconnecting`](crate::Reconnecting). It
/// drives the connection that stands, too.
///
/// # Cancel safety
/// Dropped before its end it drops the connection, and the client is over.
#[must_use = "a client connects only while its driver is polled"]
pub struct ReconnectDriver {
    shared: Rc<Shared>,
    dialer: Dialer,
    resubscribe: Option<Resubscribe>,
    judge: Option<Judge>,
    backoff: Backoff,
    phase: Phase,
}

/// A future of somebody else's.
pub(crate) type Task<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

enum Phase {
    Idle,
    Dialing(Task<(WebSocket, Driver)>),
    Up(Box<Up>),
    Waiting(Sleep),
    Over,
}

/// A connection that stands.
struct Up {
    socket: WebSocket,
    driver: Driver,
    /// The hook at work; while it is, nothing of what is buffered leaves.
    hook: Option<Timeout<Task<()>>>,
    /// What the hook failed with.
    failure: Option<Error>,
    /// When messages went both ways.
    since: Option<u64>,
    room: Entry<Connection>,
    drain: Entry<Connection>,
    /// Until when what is buffered may still leave before we close.
    parting: Option<Sleep>,
}

impl ReconnectDriver {
    pub(crate) fn new(
        shared: Rc<Shared>,
        dialer: Dialer,
        resubscribe: Option<Resubscribe>,
        judge: Option<Judge>,
        backoff: Backoff,
    ) -> ReconnectDriver {
        ReconnectDriver { shared, dialer, resubscribe, judge, backoff, phase: Phase::Idle }
    }

    /// What comes next; the present phase is over then.
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Phase> {
        let up = matches!(self.phase, Phase::Up(_));
        let (ending, hurry) = self.shared.with(|core, _| {
            // An attempt under way goes on, and the wish stands until it has failed.
            let heard = !core.ending && !matches!(self.phase, Phase::Dialing(_));
            (core.ending, heard && std::mem::take(&mut core.hurry))
        });
        if ending && !up {
            return Poll::Ready(self.finish(None));
        }
        let now = self.shared.rc_reactor().read_clock();
        match &mut self.phase {
            Phase::Idle => Poll::Ready(self.attempt()),
            Phase::Dialing(attempt) => {
                let outcome = ready!(attempt.as_mut().poll(cx));
                self.shared.with(|core, _| core.dialing = false);
                Poll::Ready(match outcome {
                    Ok((socket, driver)) => self.stand(socket, driver),
                    Err(error) => self.fail(error),
                })
            }
            Phase::Up(up) if hurry => {
                up.part_at_once();
                self.backoff.note_end(up.stood(now), now);
                self.shared.unlink(up.socket.connection(), up.since.is_some());
                // The old one is gone before the next one is begun.
                self.phase = Phase::Idle;
                Poll::Ready(self.attempt())
            }
            Phase::Up(up) => {
                let info = ready!(up.poll(&self.shared, cx));
                Poll::Ready(self.ended(info, now))
            }
            Phase::Waiting(delay) => {
                if !hurry {
                    ready!(Pin::new(delay).poll(cx));
                }
                Poll::Ready(self.attempt())
            }
            Phase::Over => Poll::Pending,
        }
    }

    fn attempt(&mut self) -> Phase {
        self.shared.with(|core, _| {
            core.attempts += 1;
            core.dialing = true;
            core.resting = false;
        });
        Phase::Dialing(self.dialer.dial(&self.shared))
    }

    /// A connection stands. The hook first, if there is one.
    fn stand(&mut self, socket: WebSocket, driver: Driver) -> Phase {
        self.shared.with(|core, _| core.hurry = false);
        if self.resubscribe.is_none() {
            self.shared.hold_if_full(socket.connection());
        }
        let hook = self.resubscribe.as_mut().map(|resubscribe| {
            self.shared.enter(ReconnectState::Resubscribing);
            let opened = Opened::new(socket.clone(), Rc::clone(&self.shared));
            let millis = self.shared.limits().resubscribe_ms_max;
            timeout(Duration::from_millis(millis), resubscribe(opened))
        });
        let connection = socket.connection();
        Phase::Up(Box::new(Up {
            room: Entry::new(connection, WaitsFor::Room),
            drain: Entry::new(connection, WaitsFor::Drain),
            socket,
            driver,
            hook,
            failure: None,
            since: None,
            parting: None,
        }))
    }

    /// The connection that stood is gone.
    fn ended(&mut self, info: CloseInfo, now: u64) -> Phase {
        let Phase::Up(up) = &mut self.phase else { return Phase::Over };
        self.backoff.note_end(up.stood(now), now);
        let failure = up.failure.take().unwrap_or_else(|| Error::Closed(Box::new(info)));
        self.shared.unlink(up.socket.connection(), up.since.is_some());
        let (ending, resting) =
            self.shared.with(|core, _| (core.ending, std::mem::take(&mut core.resting)));
        if ending {
            return self.finish(None);
        }
        if resting {
            // The old one is gone before the next one is begun.
            self.phase = Phase::Idle;
            return self.attempt();
        }
        self.fail(failure)
    }

    /// An attempt failed, or a connection ended.
    fn fail(&mut self, error: Error) -> Phase {
        let error = Arc::new(error);
        let is_fatal = match &mut self.judge {
            Some(worth_it) => !worth_it(&error),
            None => error.is_fatal(),
        };
        if is_fatal {
            log::warn!("reconnecting: given up: {error}");
            return self.finish(Some(error));
        }
        let reactor = Rc::clone(self.shared.rc_reactor());
        let now = reactor.read_clock();
        let next = self.backoff.fail(now, error.retry_after());
        let failures = self.backoff.failures();
        match next {
            Next::Wait(nanos) => {
                let (at, delay) = (now.saturating_add(nanos), Duration::from_nanos(nanos));
                log::warn!("reconnecting in {} ms: {error}", delay.as_millis());
                let until = reactor.clock().instant(at);
                self.shared.enter(ReconnectState::Waiting { until, delay, failures, why: error });
                Phase::Waiting(Sleep::at(reactor, at))
            }
            Next::GiveUp => {
                let millis = self.backoff.outage_ms(now);
                let why = Arc::new(Error::GaveUp { failures, millis, last: error });
                log::warn!("reconnecting: {why}");
                self.finish(Some(why))
            }
        }
    }

    fn finish(&mut self, why: Option<Arc<Error>>) -> Phase {
        // What an attempt holds goes before anybody is told that all is over.
        self.phase = Phase::Over;
        let unsent = self.shared.with(|core, _| core.buffer.len());
        if unsent > 0 {
            log::warn!("reconnecting: over, and {unsent} messages were not sent");
        }
        self.shared.enter(ReconnectState::Over { why });
        Phase::Over
    }
}

impl Future for ReconnectDriver {
    type Output = Option<Arc<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.shared.set_driver(cx.waker());
        let mut attempts = 0;
        loop {
            if let Some(why) = this.shared.ended() {
                return Poll::Ready(why);
            }
            this.phase = ready!(this.step(cx));
            attempts += u32::from(matches!(this.phase, Phase::Dialing(_)));
            if attempts > 1 {
                // Attempts that fail at once, without a delay: others come between them.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

impl Drop for ReconnectDriver {
    fn drop(&mut self) {
        if self.shared.ended().is_some() {
            return;
        }
        if let Phase::Up(up) = std::mem::replace(&mut self.phase, Phase::Over) {
            self.shared.unlink(up.socket.connection(), up.since.is_some());
        }
        let info = abnormal(Cause::DriverDropped);
        let why = Some(Arc::new(Error::Closed(Box::new(info))));
        self.shared.enter(ReconnectState::Over { why });
    }
}

impl std::fmt::Debug for ReconnectDriver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReconnectDriver").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl Up {
    /// One turn of the connection, and of what goes over it. Ready when it is gone.
    fn poll(&mut self, shared: &Rc<Shared>, cx: &mut Context<'_>) -> Poll<CloseInfo> {
        if let Poll::Ready(info) = Pin::new(&mut self.driver).poll(cx) {
            return Poll::Ready(info);
        }
        self.greet(shared, cx);
        if self.since.is_some() {
            self.send(shared, cx);
        }
        if !self.socket.connection().is_open() {
            shared.enter(ReconnectState::Closing);
        } else if shared.with(|core, _| core.ending) {
            self.part(shared, cx);
        }
        Poll::Pending
    }

    /// The hook, then messages both ways.
    fn greet(&mut self, shared: &Rc<Shared>, cx: &mut Context<'_>) {
        if self.since.is_some() || self.failure.is_some() {
            return;
        }
        if !self.socket.connection().is_open() {
            // It has ended under the hook, whatever that makes of it.
            self.hook = None;
            return;
        }
        let outcome = match &mut self.hook {
            Some(hook) => match Pin::new(hook).poll(cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(outcome)) => outcome,
                Poll::Ready(Err(_)) => {
                    Err(Error::ResubscribeTimeout { millis: shared.limits().resubscribe_ms_max })
                }
            },
            None => Ok(()),
        };
        self.hook = None;
        match outcome {
            Ok(()) => {
                self.since = Some(shared.rc_reactor().read_clock());
                shared.link(self.socket.connection());
                shared.enter(ReconnectState::Open);
            }
            Err(error) => {
                self.failure = Some(error);
                self.close();
            }
        }
    }

    /// What waits goes to the connection; if that is full, we wait for room.
    fn send(&mut self, shared: &Shared, cx: &Context<'_>) {
        let connection = Rc::clone(self.socket.connection());
        loop {
            shared.settle();
            shared.forward();
            let (waiting, senders) =
                shared.with(|core, _| (core.buffer.waiting() > 0, core.waits.has(WaitsFor::Room)));
            if senders {
                // There is room in the buffer when what was handed over has left.
                connection.wait_for_kept();
            }
            if !waiting || !connection.is_open() {
                return;
            }
            // Below high water it was refused for its length: an empty outbox takes anything.
            let limits = connection.limits();
            let choked = connection.with(|mailbox, _| mailbox.outbox.is_choked(limits));
            let room = if choked { &mut self.room } else { &mut self.drain };
            if !room.put(cx) {
                return;
            }
        }
    }

    /// The program wants it to end: what is buffered leaves before the Close, in a time that a
    /// close may take.
    fn part(&mut self, shared: &Shared, cx: &mut Context<'_>) {
        let parting = self.parting.get_or_insert_with(|| {
            let reactor = shared.rc_reactor();
            let millis = self.socket.connection().limits().close_ms_max;
            Sleep::at(Rc::clone(reactor), deadline(reactor.read_clock(), millis))
        });
        let late = Pin::new(parting).poll(cx).is_ready();
        let waiting = shared.with(|core, _| core.buffer.waiting());
        if late || (self.hook.is_none() && waiting == 0) {
            self.close();
            shared.enter(ReconnectState::Closing);
        }
    }

    fn close(&self) {
        self.socket.connection().close(code::NORMAL, Utf8Bytes::default());
    }

    /// For how long messages could go both ways.
    fn stood(&self, now: u64) -> u64 {
        self.since.map_or(0, |since| now.saturating_sub(since))
    }

    /// Good-bye without waiting for an answer.
    fn part_at_once(&self) {
        self.close();
        self.socket.flush_now();
    }
}
