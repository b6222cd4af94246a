//! The connection: what handles, driver and flush have in common.
//!
//! Promises that no waker is woken and nothing foreign is dropped while the mailbox is borrowed,
//! and that all sends of a turn leave in one write. It reads nothing and waits for nothing: the
//! driver does.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::task::Waker;

use glassloop_reactor::{Flush, Reactor, Stall};
use tungstenite::Utf8Bytes;

use crate::close::{Cause, CloseInfo, Side, StallNote, code};
use crate::counts::Counts;
use crate::error::Error;
use crate::heartbeat::deadline;
use crate::limits::Limits;
use crate::mailbox::{Mailbox, Outgoing, Stage};
use crate::message::Message;
use crate::waits::wake_all;
use crate::wire::Wire;

/// The shared part of a `WebSocket` and its `Driver`.
#[derive(Debug)]
pub(crate) struct Connection {
    reactor: Rc<Reactor>,
    limits: Rc<Limits>,
    peer: Option<SocketAddr>,
    mailbox: RefCell<Mailbox>,
    /// Empty while somebody works on it, and once the connection is over.
    wire: WireSlot,
    /// True while we stand in line for the phase `flush`.
    corked: Cell<bool>,
    handles: Cell<usize>,
    counts: Cell<Counts>,
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
        wire: Wire,
        peer: Option<SocketAddr>,
    ) -> Rc<Connection> {
        let now = reactor.read_clock();
        Rc::new(Connection {
            reactor,
            limits,
            peer,
            mailbox: RefCell::new(Mailbox::new(now)),
            wire: WireSlot(Cell::new(Some(Box::new(wire)))),
            corked: Cell::new(false),
            handles: Cell::new(1),
            counts: Cell::default(),
        })
    }

    pub(crate) fn reactor(&self) -> &Rc<Reactor> {
        &self.reactor
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts.get()
    }

    /// Looks at the mailbox or changes it; those it wants woken are woken after the borrow.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Mailbox, &mut Vec<Waker>) -> T) -> T {
        let mut woken = Vec::new();
        let outcome = act(&mut self.mailbox.borrow_mut(), &mut woken);
        wake_all(woken);
        outcome
    }

    /// Queues a message; it leaves when the turn ends.
    pub(crate) fn send(self: &Rc<Self>, message: Message) -> Result<(), Error> {
        match self.with(|mailbox, _| mailbox.offer(message, &self.limits)) {
            Ok(()) => {
                self.cork();
                Ok(())
            }
            Err(message) => Err(match self.info() {
                None => Error::Full(message),
                Some(info) => Error::Closed(info),
            }),
        }
    }

    /// Begins the close handshake, unless an end has begun already.
    pub(crate) fn close(self: &Rc<Self>, code: u16, reason: Utf8Bytes) {
        let end = deadline(self.reactor.read_clock(), self.limits.close_ms_max);
        let begun = self.with(|mailbox, woken| {
            if mailbox.stage != Stage::Open {
                return false;
            }
            mailbox.queue_control(Outgoing::Close { code, reason: reason.clone() });
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
    fn stall_before(&self) -> Option<StallNote> {
        let Stall { label, millis, at } = self.reactor.last_stall()?;
        let since = self.with(|mailbox, _| mailbox.heartbeat.silent_since(self.reactor.now()));
        let named = at >= since && millis >= self.limits.stall_named_ms_min;
        named.then_some(StallNote { label, millis })
    }

    /// The end of a close that was ours to begin: its code and reason stand, `cause` says what
    /// became of it.
    pub(crate) fn end_as(&self, cause: Cause) {
        let ours = self.info().map_or_else(|| abnormal(cause.clone()), |ours| *ours);
        self.end(CloseInfo { cause, ..ours });
    }

    /// The socket is gone.
    pub(crate) fn finish(&self) {
        self.end(abnormal(Cause::DriverDropped));
        self.with(|mailbox, woken| {
            if mailbox.stage < Stage::Over {
                mailbox.finish(woken);
            }
        });
    }

    /// What is known of the end, if one has begun.
    pub(crate) fn info(&self) -> Option<Box<CloseInfo>> {
        self.with(|mailbox, _| mailbox.info.clone())
    }

    /// How it ended, once it has.
    pub(crate) fn final_info(&self) -> CloseInfo {
        self.info().map_or_else(|| abnormal(Cause::DriverDropped), |info| *info)
    }

    /// Notes whom to wake when the wire needs its driver.
    pub(crate) fn set_driver(&self, waker: &Waker) {
        let known = self.with(|mailbox, _| {
            mailbox.driver.as_ref().is_some_and(|driver| driver.will_wake(waker))
        });
        if !known {
            // Cloned before the borrow, and the old one dropped after it: both may be anything.
            let waker = waker.clone();
            let replaced = self.with(|mailbox, _| mailbox.driver.replace(waker));
            drop(replaced);
        }
    }

    /// Stands in line for the phase `flush`, once a turn.
    pub(crate) fn cork(self: &Rc<Self>) {
        if !self.corked.replace(true) {
            let weak: Weak<Connection> = Rc::downgrade(self);
            self.reactor.at_turn_end(weak);
        }
    }

    /// The wire, to work on. `None` once the connection is over.
    pub(crate) fn take_wire(&self) -> Option<Box<Wire>> {
        self.wire.0.take()
    }

    /// The work on the wire is done; what lies in its ring by now is known to all.
    pub(crate) fn put_wire(self: &Rc<Self>, mut wire: Box<Wire>) {
        wire.protocol.settle();
        wire.protocol.trim();
        wire.counts.frames_read = wire.protocol.frames_read();
        self.counts.set(wire.counts);
        let (waiting, blocked) = (wire.protocol.ring().len(), wire.blocked);
        self.wire.0.set(Some(wire));
        self.with(|mailbox, woken| mailbox.set_ring_bytes(waiting, &self.limits, woken));
        if waiting > 0 && !blocked {
            self.cork();
        }
    }

    /// Turns what was asked for into bytes of the ring, in order.
    pub(crate) fn encode(&self, wire: &mut Wire) {
        loop {
            // The borrow ends with this line: encoding may run a logger or drop a user's buffer.
            let next = self.mailbox.borrow_mut().take_outgoing();
            match next {
                None => return,
                Some(Outgoing::Message(message)) => {
                    wire.counts.messages_sent += 1;
                    wire.protocol.send(message);
                }
                Some(Outgoing::Ping(sequence)) => wire.protocol.ping(sequence),
                Some(Outgoing::Close { code, reason }) => wire.protocol.close(code, reason),
            }
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

impl Flush for Connection {
    /// Everything this turn wanted sent leaves in one write.
    fn flush(self: Rc<Self>) {
        self.corked.set(false);
        let Some(mut wire) = self.take_wire() else { return };
        let was_blocked = wire.blocked;
        self.encode(&mut wire);
        wire.write_once();
        let news = wire.error.is_some() || wire.blocked != was_blocked;
        self.put_wire(wire);
        self.with(|mailbox, woken| {
            // The driver waits for a full socket, buries a broken one, and ends what is closing.
            if news || mailbox.stage > Stage::Open {
                woken.extend(mailbox.driver.take());
            }
        });
    }
}

/// An end of our own without a Close frame.
fn abnormal(cause: Cause) -> CloseInfo {
    let (code, reason) = (code::ABNORMAL, Utf8Bytes::default());
    CloseInfo { code, reason, side: Side::Us, cause, stall: None }
}
