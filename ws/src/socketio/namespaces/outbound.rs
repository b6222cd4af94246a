//! `Outbound`: a packet on its way out, and the `Buffer` in which those of a namespace wait.
//!
//! Promises that they leave in the order in which they came, with one exception that its name
//! tells: what is sent while the namespace's connection is being told of goes first.

use std::collections::VecDeque;

use super::limits::Limits;
use crate::{
    Message,
    socketio::{Body, packet},
};

/// A packet on its way out.
#[derive(Debug)]
pub(in crate::socketio) struct Outbound {
    pub(in crate::socketio) body: Body,
    pub(in crate::socketio) fate: Fate,
}

/// What becomes of it if the connection ends before it has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::socketio) enum Fate {
    /// It leaves over the next one.
    Kept,
    /// It is worth nothing there.
    Once,
}

impl Outbound {
    pub(in crate::socketio) fn new(body: Body, fate: Fate) -> Outbound {
        Outbound { body, fate }
    }

    /// The number under which its answer comes, if it is an event that wants one.
    pub(in crate::socketio) fn number(&self) -> Option<u64> {
        match self.body {
            Body::Event(_, number) => number,
            _ => None,
        }
    }

    /// Its bytes, the few of its head aside.
    pub(in crate::socketio) fn bytes(&self) -> usize {
        match &self.body {
            Body::Event(data, _) | Body::Ack(data, _) => data.bytes(),
            Body::Connect(Some(said)) | Body::ConnectError(said) => said.to_string().len(),
            Body::Connect(None) | Body::Disconnect => 0,
        }
    }

    /// The messages that it is, the first of them text.
    pub(in crate::socketio) fn messages(&self, namespace: &str) -> impl Iterator<Item = Message> {
        let text = packet::message(namespace, &self.body);
        let attachments = self.body.attachments().iter().cloned();
        std::iter::once(Message::from(text)).chain(attachments.map(Message::Binary))
    }
}

/// What waits for a connection, or for room on it.
#[derive(Debug, Default)]
pub(in crate::socketio) struct Buffer {
    queue: VecDeque<Outbound>,
    bytes: usize,
    /// While it is told of the connection: so many were sent meanwhile, and lie before the others.
    ahead: Option<usize>,
}

impl Buffer {
    pub(in crate::socketio) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(in crate::socketio) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether one of so many bytes may be taken.
    pub(in crate::socketio) fn has_room(&self, bytes: usize, limits: &Limits) -> bool {
        self.fits(bytes, 1, limits)
    }

    /// The same for an answer, which nobody gives a second time: twice as much may wait.
    pub(in crate::socketio) fn has_room_for_answer(&self, bytes: usize, limits: &Limits) -> bool {
        self.fits(bytes, 2, limits)
    }

    fn fits(&self, bytes: usize, times: usize, limits: &Limits) -> bool {
        let bytes_max = limits.buffered_bytes_max.saturating_mul(times);
        let events_max = limits.buffered_events_max.saturating_mul(times);
        let fits = self.bytes.saturating_add(bytes) <= bytes_max && self.queue.len() < events_max;
        fits || self.queue.is_empty()
    }

    /// Whether half of what may wait does, or less.
    pub(in crate::socketio) fn is_roomy(&self, limits: &Limits) -> bool {
        self.bytes <= limits.buffered_bytes_max / 2
            && self.queue.len() <= limits.buffered_events_max / 2
    }

    pub(in crate::socketio) fn push(&mut self, outbound: Outbound) {
        self.bytes += outbound.bytes();
        match &mut self.ahead {
            Some(ahead) => {
                self.queue.insert(*ahead, outbound);
                *ahead += 1;
            }
            None => self.queue.push_back(outbound),
        }
    }

    pub(in crate::socketio) fn push_front(&mut self, outbound: Outbound) {
        self.bytes += outbound.bytes();
        self.queue.push_front(outbound);
    }

    /// Whether one may leave.
    pub(in crate::socketio) fn has_next(&self) -> bool {
        !self.queue.is_empty() && self.ahead != Some(0)
    }

    /// The next one that may leave.
    pub(in crate::socketio) fn pop(&mut self) -> Option<Outbound> {
        if let Some(ahead) = &mut self.ahead {
            *ahead = ahead.checked_sub(1)?;
        }
        let outbound = self.queue.pop_front()?;
        self.bytes -= outbound.bytes();
        Some(outbound)
    }

    /// What is worth nothing over another connection, to be dropped.
    #[must_use]
    pub(in crate::socketio) fn take_once(&mut self) -> VecDeque<Outbound> {
        self.ahead = None;
        let is_once = |outbound: &Outbound| outbound.fate == Fate::Once;
        if !self.queue.iter().any(is_once) {
            return VecDeque::new();
        }
        let (once, kept) = std::mem::take(&mut self.queue).into_iter().partition(is_once);
        self.queue = kept;
        self.bytes = self.queue.iter().map(Outbound::bytes).sum();
        once
    }

    /// Takes out the event with this number.
    pub(in crate::socketio) fn remove(&mut self, number: u64) -> Option<Outbound> {
        let at = self.queue.iter().position(|outbound| outbound.number() == Some(number))?;
        if let Some(ahead) = &mut self.ahead
            && at < *ahead
        {
            *ahead -= 1;
        }
        let outbound = self.queue.remove(at)?;
        self.bytes -= outbound.bytes();
        Some(outbound)
    }

    /// All of it.
    pub(in crate::socketio) fn take(&mut self) -> VecDeque<Outbound> {
        self.bytes = 0;
        self.ahead = self.ahead.map(|_| 0);
        std::mem::take(&mut self.queue)
    }

    /// What lies here waits until what comes now has left.
    pub(in crate::socketio) fn hold_behind(&mut self) {
        self.ahead = Some(0);
    }

    /// It waits no more.
    pub(in crate::socketio) fn release(&mut self) {
        self.ahead = None;
    }

    /// The numbers of the events that are to be answered.
    pub(in crate::socketio) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.queue.iter().filter_map(Outbound::number)
    }
}
