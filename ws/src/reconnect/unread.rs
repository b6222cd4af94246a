//! The unread: what connections before the present one received, and nobody took.
//!
//! Promises that it stays in its order and is bounded by what a connection may hold: once as much
//! is here the next connection is not read, and beyond twice as much the oldest goes, counted.

use std::collections::VecDeque;

use crate::limits::Limits;
use crate::message::Message;
use crate::outbox::at_rest;

#[derive(Debug, Default)]
pub(crate) struct Unread {
    messages: VecDeque<Message>,
    bytes: usize,
    dropped: u64,
}

impl Unread {
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How many nobody took in time.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// True if as much is here as a connection may hold.
    pub(crate) fn is_full(&self, limits: &Limits) -> bool {
        self.holds(limits, 1)
    }

    /// Adds what a connection has left. What is beyond the bound is handed out, to be dropped: it
    /// can only be what came while hooks were at work, time and again.
    pub(crate) fn extend(&mut self, more: VecDeque<Message>, limits: &Limits) -> Vec<Message> {
        self.bytes += more.iter().map(Message::len).sum::<usize>();
        self.messages.extend(more);
        let mut given_up = Vec::new();
        while self.holds(limits, 2)
            && let Some(oldest) = self.pop()
        {
            given_up.push(oldest);
        }
        self.dropped += given_up.len() as u64;
        given_up
    }

    pub(crate) fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.len();
        at_rest(&mut self.messages);
        Some(message)
    }

    /// True if it holds so many times as much as a connection may.
    fn holds(&self, limits: &Limits, times: usize) -> bool {
        self.messages.len() >= limits.received_messages_max.saturating_mul(times)
            || self.bytes >= limits.received_bytes_max.saturating_mul(times)
    }
}
