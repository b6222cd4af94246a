//! The sending: from a message that somebody wants sent to bytes that the socket has taken.
//!
//! Promises that what is sent in a turn leaves in one write, or in one for each 64 KiB of it;
//! that messages turn into bytes only as the socket takes them, and that each connection's policy
//! for a slow reader is kept. It waits for nothing: what the socket doesn't take is the driver's to
//! write.

use std::rc::Rc;

use glassloop_reactor::Flush;
use tungstenite::Utf8Bytes;

use crate::close::{Cause, CloseInfo, Side, code};
use crate::connection::Connection;
use crate::limits::Limits;
use crate::mailbox::Stage;
use crate::outbox::{Last, Outbox, Outgoing, Part, Room};
use crate::overflow::{Overflow, TrySend};
use crate::time::deadline;
use crate::waits::WaitsFor;
use crate::wire::Wire;

/// What became of something that was to be sent.
#[derive(Debug)]
pub(crate) enum Posted {
    Sent,
    Buffered(usize),
    /// No room; under `Wait` there will be.
    Full(Outgoing),
    /// No room, and the policy is not to wait for any: it was counted.
    Dropped(Outgoing),
    Closed(Outgoing),
}

impl Posted {
    /// The same for whoever sent a message, and gets it back.
    pub(crate) fn into_try_send(self) -> TrySend {
        let back = |it: Outgoing| it.into_message().expect("what was posted is what comes back");
        match self {
            Posted::Sent => TrySend::Sent,
            Posted::Buffered(bytes) => TrySend::Buffered(bytes),
            Posted::Full(outgoing) | Posted::Dropped(outgoing) => TrySend::Full(back(outgoing)),
            Posted::Closed(outgoing) => TrySend::Closed(back(outgoing)),
        }
    }
}

/// Who sends, which decides how patient we are under `Overflow::Wait`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A handle: it can come again.
    Handle,
    /// A hub: what doesn't fit now is never sent.
    Hub,
}

/// When a write happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Within the turn.
    Early,
    TurnEnd,
}

impl Connection {
    /// Queues something to be sent; it leaves when the turn ends, or with so much that it is worth
    /// a write. Without room the policy decides.
    pub(crate) fn post(self: &Rc<Self>, outgoing: Outgoing, sender: Sender) -> Posted {
        let overflow = match &outgoing {
            // Nobody but its sender gives it up.
            Outgoing::Kept(_) => Overflow::Wait,
            _ => self.overflow(),
        };
        let room = match (overflow, sender) {
            (Overflow::Wait, Sender::Handle) => Room::Marks,
            (Overflow::Wait, Sender::Hub) => Room::Cap,
            _ => Room::High,
        };
        let outgoing = match self.offer(outgoing, room, sender) {
            Ok(posted) => return posted,
            Err(back) => back,
        };
        if !self.is_open() {
            return Posted::Closed(outgoing);
        }
        if room == Room::Marks || self.with(|mailbox, _| mailbox.outbox.is_blocked()) {
            return self.overflow_with(outgoing, overflow);
        }
        // Much was said in one turn, which doesn't mean that nobody reads it. Who sends from within
        // the driver's own turn (a waker may) can't see what the socket takes: it is written soon.
        let room = if self.flush_now() { room } else { Room::Cap };
        match self.offer(outgoing, room, sender) {
            Ok(posted) => posted,
            Err(back) if !self.is_open() => Posted::Closed(back),
            Err(back) => self.overflow_with(back, overflow),
        }
    }

    /// Queues something if there is room, whatever the policy.
    fn offer(
        self: &Rc<Self>,
        outgoing: Outgoing,
        room: Room,
        sender: Sender,
    ) -> Result<Posted, Outgoing> {
        let limits = self.limits();
        let offered = self.with(|mailbox, _| {
            if mailbox.stage != Stage::Open {
                return Err(outgoing);
            }
            let outbox = &mut mailbox.outbox;
            outbox.offer(outgoing, room, limits)?;
            // A hub has any number of members: what it sends leaves as the flushes of a turn allow.
            let early = sender == Sender::Handle && outbox.is_worth_a_write();
            Ok((posted(outbox, limits), early))
        });
        let (before, early) = offered?;
        self.cork();
        if early && let Some(wire) = self.take_wire() {
            self.write_out(wire, When::Early);
            return Ok(self.with(|mailbox, _| posted(&mailbox.outbox, limits)));
        }
        Ok(before)
    }

    /// There is no room.
    fn overflow_with(self: &Rc<Self>, outgoing: Outgoing, overflow: Overflow) -> Posted {
        match overflow {
            Overflow::Wait => Posted::Full(outgoing),
            Overflow::DropNewest => {
                self.with(|mailbox, _| mailbox.outbox.count_dropped());
                Posted::Dropped(outgoing)
            }
            Overflow::DropOldest => self.post_in_place_of_others(outgoing),
            Overflow::Close => {
                self.close_for_overflow();
                Posted::Closed(outgoing)
            }
        }
    }

    fn post_in_place_of_others(self: &Rc<Self>, outgoing: Outgoing) -> Posted {
        let mut given_up = Vec::new();
        let posted = self.with(|mailbox, _| {
            let outbox = &mut mailbox.outbox;
            match outbox.force(outgoing, self.limits(), &mut given_up) {
                Ok(()) => Posted::Buffered(outbox.buffered()),
                Err(back) => Posted::Full(back),
            }
        });
        drop(given_up);
        self.cork();
        posted
    }

    fn close_for_overflow(self: &Rc<Self>) {
        let end = deadline(self.reactor().read_clock(), self.limits().close_ms_max);
        let reason = Utf8Bytes::from_static("expected a reader that keeps up");
        let given_up = self.with(|mailbox, woken| {
            if mailbox.stage != Stage::Open {
                return None;
            }
            // Not behind what waits: the peer that doesn't read would never come to it.
            let given_up = mailbox.outbox.give_up();
            let code = code::TRY_AGAIN;
            mailbox.outbox.queue_close(code, reason.clone());
            let (side, cause) = (Side::Us, Cause::Overflow);
            let info = CloseInfo { code, reason, side, cause, stall: None };
            mailbox.begin_close(info, end, woken);
            Some(given_up)
        });
        drop(given_up);
        self.cork();
    }

    /// Turns what waits into bytes of the ring, frame by frame.
    ///
    /// The rule: a socket that is known to be full gets nothing encoded, one that takes bytes gets
    /// the ring filled up to high water. So all that waits below high water leaves in one write,
    /// what is longer in one write a turn, and of the longest message to the slowest reader no more
    /// than high water and a frame is ever encoded and not sent.
    pub(crate) fn encode(&self, wire: &mut Wire) {
        if wire.blocked {
            return;
        }
        while wire.protocol.ring().len() < self.limits().outgoing_high_bytes_max {
            // The borrow ends with this line: encoding may run a logger or drop a user's buffer.
            let part = self.with(|mailbox, _| mailbox.outbox.next_part(self.limits()));
            let Some(part) = part else { break };
            match part {
                Part::Data { opcode, payload, last } => {
                    let encoded = wire.protocol.data(opcode, payload, last != Last::No);
                    if encoded && last == Last::OfKept {
                        wire.note_kept();
                    }
                    wire.counts.messages_sent += u64::from(last != Last::No);
                }
                Part::Frame { bytes, last } => {
                    wire.protocol.frame(&bytes);
                    wire.counts.messages_sent += u64::from(last);
                }
                Part::Ping(sequence) => wire.ping(sequence),
                Part::Close { code, reason } => wire.protocol.close(code, reason),
            }
        }
        let encoded = wire.protocol.ring().len() as u64;
        wire.counts.encoded_bytes_most = wire.counts.encoded_bytes_most.max(encoded);
    }

    /// What is sent so far leaves now, as far as the socket takes it. False if somebody works on
    /// the wire at this moment.
    pub(crate) fn flush_now(self: &Rc<Self>) -> bool {
        let waiting = self.with(|mailbox, _| mailbox.outbox.buffered());
        // As often as it takes for what waits now: what wakers send meanwhile is for later.
        for _ in 0..=waiting / self.limits().outgoing_high_bytes_max {
            let Some(wire) = self.take_wire() else { return false };
            if !self.write_out(wire, When::Early) {
                return true;
            }
        }
        true
    }

    /// One write. True if more waits and the socket may take it.
    fn write_out(self: &Rc<Self>, mut wire: Box<Wire>, when: When) -> bool {
        let guard = self.guard();
        let was_blocked = wire.blocked;
        self.encode(&mut wire);
        let before = wire.counts.bytes_written;
        wire.write_once();
        if when == When::Early {
            let left = usize::try_from(wire.counts.bytes_written - before).unwrap_or(usize::MAX);
            self.with(|mailbox, _| mailbox.outbox.note_early(left));
        }
        let news = wire.error.is_some() || wire.blocked != was_blocked;
        let stopped = wire.error.is_some() || wire.blocked;
        self.put_wire(wire);
        // Who is woken there may panic, too: the driver learns of a full socket all the same.
        drop(guard);
        self.with(|mailbox, woken| {
            // The driver waits for a full socket, buries a broken one, and ends what is closing.
            if news || mailbox.stage > Stage::Open {
                woken.extend(mailbox.driver.take());
            }
            !stopped && !mailbox.outbox.is_empty()
        })
    }
}

/// What becomes of the message that was taken last.
fn posted(outbox: &Outbox, limits: &Limits) -> Posted {
    if outbox.leaves_at_once(limits) { Posted::Sent } else { Posted::Buffered(outbox.buffered()) }
}

impl Flush for Connection {
    /// What this turn wanted sent, and has not left by now, leaves in one write. Who has read
    /// enough for this turn goes on in the next.
    fn flush(self: Rc<Self>) {
        self.uncork();
        let guard = self.guard();
        let share = self.share.take();
        self.with(|mailbox, woken| {
            mailbox.outbox.note_turn_end();
            if share.reader_goes_on {
                mailbox.waits.take(WaitsFor::Message, woken);
            }
            if share.driver_goes_on {
                woken.extend(mailbox.driver.take());
            }
        });
        drop(guard);
        if let Some(wire) = self.take_wire() {
            self.write_out(wire, When::TurnEnd);
        }
    }
}
