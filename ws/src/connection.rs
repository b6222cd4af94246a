//! The connection: what handles, driver and flush have in common.
//!
//! Promises that no waker is woken and nothing foreign is dropped while the mailbox is borrowed.
//! It reads nothing and waits for nothing: its handles and its driver do. How it sends is in
//! `sending`.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::task::Waker;

use glassloop_reactor::{Reactor, Stall};
use tungstenite::Utf8Bytes;
use tungstenite::protocol::Role;

use crate::close::{Cause, CloseInfo, Side, StallNote, code};
use crate::counts::Counts;
use crate::limits::Limits;
use crate::mailbox::{Mailbox, Stage};
use crate::overflow::Overflow;
use crate::share::Share;
use crate::time::deadline;
use crate::waiting::{Awaited, Driven};
use crate::waits::Waits;
use crate::wire::Wire;
use crate::woken::{self, Woken};

/// The shared part of a `WebSocket` and its `Driver`.
#[derive(Debug)]
pub(crate) struct Connection {
    reactor: Rc<Reactor>,
    limits: Rc<Limits>,
    overflow: Overflow,
    role: Role,
    peer: Option<SocketAddr>,
    /// Empty if the handshake chose none.
    subprotocol: OnceCell<Rc<str>>,
    mailbox: RefCell<Mailbox>,
    /// Empty while somebody works on it, and once the connection is over.
    wire: WireSlot,
    /// True while we stand in line for the phase `flush`.
    corked: Cell<bool>,
    handles: Cell<usize>,
    counts: Cell<Counts>,
    /// What this turn has read.
    pub(crate) share: Cell<Share>,
    /// How many messages that somebody keeps until then have left.
    kept_left: Cell<u64>,
    /// True if the driver is to be polled when another one has.
    driver_waits_for_kept: Cell<bool>,
}

/// Where the wire lies while nobody works on it.
struct WireSlot(Cell<Option<Box<Wire>>>);

impl std::fmt::Debug for WireSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WireSlot")
    }
}

impl Connection {
    /// A connection with one handle.
    pub(crate) fn new(
        reactor: Rc<Reactor>,
        limits: Rc<Limits>,
        overflow: Overflow,
        wire: Wire,
        peer: Option<SocketAddr>,
    ) -> Rc<Connection> {
        let now = reactor.read_clock();
        Rc::new(Connection {
            reactor,
            limits,
            overflow,
            role: wire.protocol.role(),
            peer,
            subprotocol: OnceCell::new(),
            mailbox: RefCell::new(Mailbox::new(now)),
            wire: WireSlot(Cell::new(Some(Box::new(wire)))),
            corked: Cell::new(false),
            handles: Cell::new(1),
            counts: Cell::default(),
            share: Cell::default(),
            kept_left: Cell::default(),
            driver_waits_for_kept: Cell::default(),
        })
    }

    pub(crate) fn reactor(&self) -> &Rc<Reactor> {
        &self.reactor
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn overflow(&self) -> Overflow {
        self.overflow
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// True until an end has begun.
    pub(crate) fn is_open(&self) -> bool {
        self.with(|mailbox, _| mailbox.stage) == Stage::Open
    }

    /// True once the socket is gone.
    pub(crate) fn is_over(&self) -> bool {
        self.with(|mailbox, _| mailbox.stage) == Stage::Over
    }

    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    pub(crate) fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.get().map(|name| &**name)
    }

    /// Notes what the handshake chose, once.
    pub(crate) fn note_subprotocol(&self, chosen: Option<&str>) {
        if let Some(name) = chosen {
            self.subprotocol.set(name.into()).expect("a connection has one handshake");
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let messages_dropped = self.with(|mailbox, _| mailbox.outbox.dropped());
        Counts { messages_dropped, ..self.counts.get() }
    }

    /// How many messages that somebody keeps until then have left.
    pub(crate) fn kept_left(&self) -> u64 {
        self.kept_left.get()
    }

    /// Has the driver polled when another one has left.
    pub(crate) fn wait_for_kept(&self) {
        self.driver_waits_for_kept.set(true);
    }

    /// Looks at the mailbox or changes it; those it wants woken are woken after the borrow.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Mailbox, &mut Woken) -> T) -> T {
        woken::with(&self.mailbox, act)
    }

    /// Queues a ping, unless one is under way.
    pub(crate) fn ping(self: &Rc<Self>) {
        let fresh = self.with(|mailbox, _| {
            let fresh = mailbox.heartbeat.ping();
            if let Some(sequence) = fresh {
                mailbox.outbox.queue_ping(sequence);
            }
            fresh.is_some()
        });
        if fresh {
            self.cork();
        }
    }

    /// Begins the close handshake, unless an end has begun already.
    pub(crate) fn close(self: &Rc<Self>, code: u16, reason: Utf8Bytes) {
        let end = deadline(self.reactor.read_clock(), self.limits.close_ms_max);
        let begun = self.with(|mailbox, woken| {
            if mailbox.stage != Stage::Open {
                return false;
            }
            mailbox.outbox.queue_close(code, reason.clone());
            let (side, cause) = (Side::Us, Cause::Closing);
            let info = CloseInfo { code, reason, side, cause, stall: None };
            mailbox.begin_close(info, end, woken);
            true
        });
        if begun {
            self.cork();
        }
    }

    /// No message will come any more. What came first is the reason; later ones change nothing.
    pub(crate) fn end(&self, mut info: CloseInfo) {
        if info.side == Side::Peer || info.cause == Cause::HeartbeatLost {
            info.stall = self.stall_before();
        }
        let end = deadline(self.reactor.read_clock(), self.limits.close_ms_max);
        let unsent = self.with(|mailbox, woken| {
            (mailbox.stage < Stage::Ended).then(|| mailbox.end(info, end, woken))
        });
        drop(unsent);
    }

    /// The stall of this loop that ended after the peer was heard last, if it was long.
    pub(crate) fn stall_before(&self) -> Option<StallNote> {
        let Stall { label, millis, at } = self.reactor.last_stall()?;
        let since = self.with(|mailbox, _| mailbox.heartbeat.silent_since(self.reactor.now()));
        let named = at >= since && millis >= self.limits.stall_named_ms_min;
        named.then_some(StallNote { label, millis })
    }

    /// As `end`, for a peer's Close that came before ours: what was sent before still leaves, and
    /// our answer behind it. If we were closing because the peer read too slowly, that stays the
    /// reason.
    pub(crate) fn end_behind_unsent(&self, info: CloseInfo) {
        let end = deadline(self.reactor.read_clock(), self.limits.close_ms_max);
        let kept = self.with(|mailbox, woken| {
            if mailbox.stage >= Stage::Ended {
                return VecDeque::new();
            }
            if !mailbox.outbox.holds_close() {
                mailbox.outbox.queue_close(info.code, info.reason.clone());
            }
            let ours = mailbox.info.take().filter(|ours| ours.cause == Cause::Overflow);
            mailbox.leave_off(ours.map_or(info, |ours| *ours), end, woken);
            // Nobody reads behind a Close: who keeps them sends them elsewhere.
            mailbox.outbox.take_kept()
        });
        drop(kept);
    }

    /// The end of a close that was ours to begin: its code and reason stand, `cause` says what
    /// became of it. If the peer read too slowly, that stays the cause.
    pub(crate) fn end_as(&self, cause: Cause) {
        let ours = self.info().map_or_else(|| abnormal(cause.clone()), |ours| *ours);
        let cause = if ours.cause == Cause::Overflow { Cause::Overflow } else { cause };
        self.end(CloseInfo { cause, ..ours });
    }

    /// The socket is gone.
    pub(crate) fn finish(&self) {
        self.end(abnormal(Cause::DriverDropped));
        let left = self
            .with(|mailbox, woken| (mailbox.stage < Stage::Over).then(|| mailbox.finish(woken)));
        drop(left);
    }

    /// What is known of the end, if one has begun.
    pub(crate) fn info(&self) -> Option<Box<CloseInfo>> {
        self.with(|mailbox, _| mailbox.info.clone())
    }

    /// The info of an end after which no message comes.
    pub(crate) fn ended(&self) -> Option<CloseInfo> {
        let ended = self.with(|mailbox, _| mailbox.stage) >= Stage::Ended;
        ended.then(|| self.final_info())
    }

    /// How it ended, once it has.
    pub(crate) fn final_info(&self) -> CloseInfo {
        self.info().map_or_else(|| abnormal(Cause::DriverDropped), |info| *info)
    }

    /// To be held while somebody but the driver works on the wire.
    pub(crate) fn guard(&self) -> Guard<'_> {
        Guard(self)
    }

    /// Stands in line for the phase `flush`, once a turn.
    pub(crate) fn cork(self: &Rc<Self>) {
        if !self.corked.replace(true) {
            let weak: Weak<Connection> = Rc::downgrade(self);
            self.reactor.at_turn_end(weak);
        }
    }

    /// Stands in line no more: it is our turn.
    pub(crate) fn uncork(&self) {
        self.corked.set(false);
    }

    /// The wire, to work on. `None` once the connection is over.
    pub(crate) fn take_wire(&self) -> Option<Box<Wire>> {
        self.wire.0.take()
    }

    /// The wire as it was taken: nothing was done.
    pub(crate) fn return_wire(&self, wire: Box<Wire>) {
        self.wire.0.set(Some(wire));
    }

    /// The work on the wire is done; what lies in its ring by now is known to all.
    pub(crate) fn put_wire(self: &Rc<Self>, mut wire: Box<Wire>) {
        wire.protocol.settle();
        wire.protocol.trim();
        wire.counts.frames_read = wire.protocol.frames_read();
        self.counts.set(wire.counts);
        let kept_has_left = self.kept_left.replace(wire.kept_left) < wire.kept_left;
        let (encoded, blocked) = (wire.protocol.ring().len(), wire.blocked);
        let stopped = blocked || wire.error.is_some();
        if blocked {
            wire.protocol.ring().fit();
        }
        let ping_left_at = wire.take_ping_left().then(|| self.reactor.read_clock());
        self.wire.0.set(Some(wire));
        let waiting = self.with(|mailbox, woken| {
            if mailbox.stage == Stage::Over {
                mailbox.outbox.note_lost(encoded);
                return None;
            }
            mailbox.note_ring(encoded, blocked, &self.limits, woken);
            if let Some(now) = ping_left_at {
                mailbox.heartbeat.ping_left(now);
                // Its patience begins now.
                woken.extend(mailbox.driver.take());
            }
            if kept_has_left && self.driver_waits_for_kept.take() {
                woken.extend(mailbox.driver.take());
            }
            Some(!mailbox.outbox.is_drained())
        });
        match waiting {
            Some(waiting) if waiting && !stopped => self.cork(),
            Some(_) => {}
            // Foreign code that ran meanwhile dropped the driver: the socket goes with it.
            None => drop(self.take_wire()),
        }
    }

    /// One more handle.
    pub(crate) fn add_handle(&self) {
        self.handles.set(self.handles.get() + 1);
    }

    /// One handle less. With the last one goes everybody who could receive or say good-bye, so
    /// this side says it.
    pub(crate) fn remove_handle(self: &Rc<Self>) {
        self.handles.set(self.handles.get() - 1);
        if self.handles.get() == 0 {
            let unread = self.with(|mailbox, woken| mailbox.desert(woken));
            drop(unread);
            self.close(code::AWAY, Utf8Bytes::default());
        }
    }
}

impl Awaited for Connection {
    fn reactor(&self) -> &Reactor {
        &self.reactor
    }

    fn waits<T>(&self, act: impl FnOnce(&mut Waits) -> T) -> T {
        act(&mut self.mailbox.borrow_mut().waits)
    }
}

impl Driven for Connection {
    fn driver<T>(&self, act: impl FnOnce(&mut Option<Waker>) -> T) -> T {
        act(&mut self.mailbox.borrow_mut().driver)
    }
}

/// Has the driver polled if foreign code panics meanwhile: the wire is lost then, which is an end.
pub(crate) struct Guard<'a>(&'a Connection);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A second panic would end the process.
            catch_unwind(AssertUnwindSafe(|| self.0.wake_driver())).ok();
        }
    }
}

/// An end of our own without a Close frame.
pub(crate) fn abnormal(cause: Cause) -> CloseInfo {
    let (code, reason) = (code::ABNORMAL, Utf8Bytes::default());
    CloseInfo { code, reason, side: Side::Us, cause, stall: None }
}
