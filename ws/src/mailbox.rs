//! The mailbox: what waits between the handles of a connection and its wire.
//!
//! Promises that both queues are bounded and that their counts are right at every instant. It runs
//! no user code: wakers and messages that leave it are handed out, to be woken or dropped after
//! the borrow has ended.

use std::collections::VecDeque;
use std::task::Waker;

use crate::close::CloseInfo;
use crate::heartbeat::Heartbeat;
use crate::hub::Membership;
use crate::limits::Limits;
use crate::message::Message;
use crate::outbox::{Outbox, Outgoing, at_rest};
use crate::waits::{Waits, WaitsFor};
use crate::woken::Woken;

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
    /// What waits to be sent.
    pub(crate) outbox: Outbox,
    /// The topics of hubs it has joined. They leave with the connection.
    pub(crate) memberships: Vec<Membership>,
    /// True while the socket is not read because `received` is full, or the program says so.
    paused: bool,
    /// True while the program doesn't want the socket read.
    held: bool,
    /// True once nobody is left who could receive.
    pub(crate) deserted: bool,
    received: VecDeque<Message>,
    received_bytes: usize,
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
            outbox: Outbox::default(),
            memberships: Vec::new(),
            paused: false,
            held: false,
            deserted: false,
            received: VecDeque::new(),
            received_bytes: 0,
        }
    }

    /// Notes what lies in the ring now; those who wait for room are woken at low water.
    pub(crate) fn note_ring(
        &mut self,
        bytes: usize,
        blocked: bool,
        limits: &Limits,
        woken: &mut Woken,
    ) {
        if self.outbox.note_ring(bytes, blocked, limits) {
            self.waits.take(WaitsFor::Room, woken);
        }
        if self.outbox.is_drained() {
            self.waits.take(WaitsFor::Drain, woken);
        }
    }

    /// Looks whether reading has to stop until somebody receives, or resumes.
    pub(crate) fn look_for_pause(&mut self, limits: &Limits) -> bool {
        self.paused = self.held
            || self.received.len() >= limits.received_messages_max
            || self.received_bytes >= limits.received_bytes_max;
        self.paused
    }

    /// The program wants the socket left alone, unless the connection is closing: the answer to a
    /// Close has to be read.
    pub(crate) fn hold(&mut self) {
        self.held = self.stage == Stage::Open && !self.deserted;
    }

    /// The program wants the socket read again.
    pub(crate) fn release(&mut self, limits: &Limits, woken: &mut Woken) {
        self.held = false;
        self.read_on(limits, woken);
    }

    /// Half an empty queue sets the reading going again.
    fn read_on(&mut self, limits: &Limits, woken: &mut Woken) {
        let roomy = self.received.len() <= limits.received_messages_max / 2
            && self.received_bytes <= limits.received_bytes_max / 2;
        if self.paused && roomy && !self.held {
            self.paused = false;
            woken.extend(self.driver.take());
        }
    }

    /// Puts a message where `receive` finds it. Given back, to be dropped, if nobody can.
    pub(crate) fn deliver(&mut self, message: Message, woken: &mut Woken) -> Option<Message> {
        if self.deserted {
            return Some(message);
        }
        self.received_bytes += message.len();
        self.received.push_back(message);
        self.waits.take(WaitsFor::Message, woken);
        None
    }

    /// True if no message waits to be received.
    pub(crate) fn nothing_received(&self) -> bool {
        self.received.is_empty()
    }

    /// The oldest message received.
    pub(crate) fn receive(&mut self, limits: &Limits, woken: &mut Woken) -> Option<Message> {
        let message = self.received.pop_front()?;
        self.received_bytes -= message.len();
        at_rest(&mut self.received);
        self.read_on(limits, woken);
        Some(message)
    }

    /// All messages received and not taken.
    pub(crate) fn take_received(&mut self) -> VecDeque<Message> {
        self.received_bytes = 0;
        std::mem::take(&mut self.received)
    }

    /// The first step of an end: a Close of ours is on its way.
    pub(crate) fn begin_close(&mut self, info: CloseInfo, deadline: u64, woken: &mut Woken) {
        debug_assert!(self.stage == Stage::Open, "a connection begins to close once");
        self.stage = Stage::Closing;
        self.info = Some(Box::new(info));
        self.close_deadline = deadline;
        self.held = false;
        self.waits.take(WaitsFor::Room, woken);
        woken.extend(self.driver.take());
    }

    /// No message will come any more, for the reason in `info`. What was still to be encoded is
    /// handed out, to be dropped.
    pub(crate) fn end(
        &mut self,
        info: CloseInfo,
        deadline: u64,
        woken: &mut Woken,
    ) -> VecDeque<Outgoing> {
        self.leave_off(info, deadline, woken);
        self.waits.take(WaitsFor::Drain, woken);
        self.outbox.end()
    }

    /// As `end`, but what waits to be encoded still leaves.
    pub(crate) fn leave_off(&mut self, info: CloseInfo, deadline: u64, woken: &mut Woken) {
        debug_assert!(self.stage < Stage::Ended, "messages end once");
        self.stage = Stage::Ended;
        self.info = Some(Box::new(info));
        self.close_deadline = self.close_deadline.min(deadline);
        self.held = false;
        for what in [WaitsFor::Message, WaitsFor::Room, WaitsFor::Pong] {
            self.waits.take(what, woken);
        }
    }

    /// Nobody is left who could receive: what waits is handed out, to be dropped.
    pub(crate) fn desert(&mut self, woken: &mut Woken) -> VecDeque<Message> {
        self.deserted = true;
        self.paused = false;
        self.held = false;
        self.received_bytes = 0;
        woken.extend(self.driver.take());
        std::mem::take(&mut self.received)
    }

    /// The socket is gone; everybody learns of it. The topics are handed out, to be left, and so is
    /// what never left, to be dropped.
    pub(crate) fn finish(&mut self, woken: &mut Woken) -> (Vec<Membership>, VecDeque<Outgoing>) {
        self.stage = Stage::Over;
        self.waits.take_all(woken);
        woken.extend(self.driver.take());
        (std::mem::take(&mut self.memberships), self.outbox.finish())
    }
}
