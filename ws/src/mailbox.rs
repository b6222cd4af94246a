//! The mailbox: what waits between the handles of a connection and its wire.
//!
//! Promises that both queues are bounded and that their counts are right at every instant. It runs
//! no user code: wakers and messages that leave it are handed out, to be woken or dropped after
//! the borrow has ended.

use std::collections::VecDeque;
use std::task::Waker;

use tungstenite::Utf8Bytes;

use crate::close::CloseInfo;
use crate::heartbeat::Heartbeat;
use crate::limits::Limits;
use crate::message::Message;
use crate::waits::{Waits, WaitsFor};

/// Something to be encoded, in the order it was asked for.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Message(Message),
    Ping(u64),
    Close { code: u16, reason: Utf8Bytes },
}

/// How far the connection is. It only ever goes down this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Messages go both ways.
    Open,
    /// A Close of ours is on its way; messages may still come.
    Closing,
    /// No message will come any more; the rest is politeness.
    Ended,
    /// The socket is gone.
    Over,
}

/// What a frame may cost beside its payload: counted for every message that waits, so that empty
/// messages have a size, too.
const FRAME_HEAD_BYTES_MAX: usize = 14;

/// A queue at rest keeps no more room than this.
const QUEUE_AT_REST_MAX: usize = 8;

#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) waits: Waits,
    /// The driver's waker; taken when it is woken, put back when it is polled.
    pub(crate) driver: Option<Waker>,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) stage: Stage,
    /// Set when the stage leaves `Open`: what is known of the end so far.
    pub(crate) info: Option<Box<CloseInfo>>,
    /// When the connection is dropped, however far it is; `u64::MAX` while it is open.
    pub(crate) close_deadline: u64,
    /// True while the socket is not read because `received` is full.
    pub(crate) paused: bool,
    /// True once nobody is left who could receive.
    pub(crate) deserted: bool,
    received: VecDeque<Message>,
    received_bytes: usize,
    outgoing: VecDeque<Outgoing>,
    outgoing_bytes: usize,
    /// What lies in the ring: encoded, and not yet taken by the socket.
    ring_bytes: usize,
    /// True from high water down to low water.
    choked: bool,
}

impl Mailbox {
    pub(crate) fn new(now: u64) -> Mailbox {
        Mailbox {
            waits: Waits::default(),
            driver: None,
            heartbeat: Heartbeat::new(now),
            stage: Stage::Open,
            info: None,
            close_deadline: u64::MAX,
            paused: false,
            deserted: false,
            received: VecDeque::new(),
            received_bytes: 0,
            outgoing: VecDeque::new(),
            outgoing_bytes: 0,
            ring_bytes: 0,
            choked: false,
        }
    }

    /// Everything that waits to leave, in bytes.
    pub(crate) fn buffered(&self) -> usize {
        self.outgoing_bytes + self.ring_bytes
    }

    /// Takes a message to be sent, or gives it back: too much waits already, or an end has begun.
    pub(crate) fn offer(&mut self, message: Message, limits: &Limits) -> Result<(), Message> {
        let cost = message.len() + FRAME_HEAD_BYTES_MAX;
        let after = self.buffered().saturating_add(cost);
        let too_much = after > limits.outgoing_bytes_max && self.buffered() > 0;
        if self.stage != Stage::Open || self.choked || too_much {
            return Err(message);
        }
        self.choked = after > limits.outgoing_high_bytes_max;
        self.outgoing_bytes += cost;
        self.outgoing.push_back(Outgoing::Message(message));
        Ok(())
    }

    /// Queues a control frame. There are at most two of them: one ping under way and one Close.
    pub(crate) fn queue_control(&mut self, frame: Outgoing) {
        self.outgoing.push_back(frame);
    }

    /// The next thing to encode.
    pub(crate) fn take_outgoing(&mut self) -> Option<Outgoing> {
        let next = self.outgoing.pop_front();
        if let Some(Outgoing::Message(message)) = &next {
            self.outgoing_bytes -= message.len() + FRAME_HEAD_BYTES_MAX;
        }
        at_rest(&mut self.outgoing);
        next
    }

    /// Notes what lies in the ring now; those who wait for room are woken at low water.
    pub(crate) fn set_ring_bytes(&mut self, bytes: usize, limits: &Limits, woken: &mut Vec<Waker>) {
        self.ring_bytes = bytes;
        // A message larger than the cap waits for an empty mailbox: it asks again each time.
        if self.buffered() <= limits.outgoing_low_bytes_max {
            self.choked = false;
            self.waits.take(WaitsFor::Room, woken);
        }
    }

    /// True if reading has to stop until somebody receives.
    pub(crate) fn is_full(&self, limits: &Limits) -> bool {
        self.received.len() >= limits.received_messages_max
            || self.received_bytes >= limits.received_bytes_max
    }

    /// Puts a message where `receive` finds it. Given back, to be dropped, if nobody can.
    pub(crate) fn deliver(&mut self, message: Message, woken: &mut Vec<Waker>) -> Option<Message> {
        if self.deserted {
            return Some(message);
        }
        self.received_bytes += message.len();
        self.received.push_back(message);
        self.waits.take(WaitsFor::Message, woken);
        None
    }

    /// The oldest message received. Half an empty queue sets the reading going again.
    pub(crate) fn receive(&mut self, limits: &Limits, woken: &mut Vec<Waker>) -> Option<Message> {
        let message = self.received.pop_front()?;
        self.received_bytes -= message.len();
        at_rest(&mut self.received);
        let roomy = self.received.len() <= limits.received_messages_max / 2
            && self.received_bytes <= limits.received_bytes_max / 2;
        if self.paused && roomy {
            self.paused = false;
            woken.extend(self.driver.take());
        }
        Some(message)
    }

    /// The first step of an end: a Close of ours is on its way.
    pub(crate) fn begin_close(&mut self, info: CloseInfo, deadline: u64, woken: &mut Vec<Waker>) {
        debug_assert!(self.stage == Stage::Open, "a connection begins to close once");
        self.stage = Stage::Closing;
        self.info = Some(Box::new(info));
        self.close_deadline = deadline;
        self.waits.take(WaitsFor::Room, woken);
        woken.extend(self.driver.take());
    }

    /// No message will come any more, for the reason in `info`. What was still to be encoded is
    /// handed out, to be dropped.
    pub(crate) fn end(
        &mut self,
        info: CloseInfo,
        deadline: u64,
        woken: &mut Vec<Waker>,
    ) -> VecDeque<Outgoing> {
        debug_assert!(self.stage < Stage::Ended, "messages end once");
        self.stage = Stage::Ended;
        self.info = Some(Box::new(info));
        self.close_deadline = self.close_deadline.min(deadline);
        for what in [WaitsFor::Message, WaitsFor::Room, WaitsFor::Pong] {
            self.waits.take(what, woken);
        }
        self.outgoing_bytes = 0;
        std::mem::take(&mut self.outgoing)
    }

    /// Nobody is left who could receive: what waits is handed out, to be dropped.
    pub(crate) fn desert(&mut self, woken: &mut Vec<Waker>) -> VecDeque<Message> {
        self.deserted = true;
        self.paused = false;
        self.received_bytes = 0;
        woken.extend(self.driver.take());
        std::mem::take(&mut self.received)
    }

    /// The socket is gone; everybody learns of it.
    pub(crate) fn finish(&mut self, woken: &mut Vec<Waker>) {
        self.stage = Stage::Over;
        self.ring_bytes = 0;
        self.waits.take_all(woken);
        woken.extend(self.driver.take());
    }
}

/// Gives back the room of a queue that has become empty.
fn at_rest<T>(queue: &mut VecDeque<T>) {
    if queue.is_empty() && queue.capacity() > QUEUE_AT_REST_MAX {
        *queue = VecDeque::new();
    }
}
