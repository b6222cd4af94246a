//! The wire: a socket and the protocol spoken on it.
//!
//! Promises that whoever works on it owns it: it is taken out of its connection for the time of
//! one poll or one write, so that whatever runs meanwhile (a waker, a logger) finds no borrow of
//! ours. It knows neither handles nor deadlines, nor whether TLS is spoken below it.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll};

use tungstenite::Bytes;

use crate::close::StallNote;
use crate::counts::Counts;
use crate::outbox::at_rest;
use crate::protocol::{Ending, Protocol};
use crate::transport::Transport;

/// What the driver, who receives and who sends share, one at a time.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) stream: Transport,
    pub(crate) protocol: Protocol,
    /// Bytes that were read and not yet taken: those behind the upgrade's head, those that came
    /// when the mailbox was full, or the beginning of a message.
    pub(crate) rest: Bytes,
    /// What ended the input in this turn. It takes effect in the next.
    pub(crate) ending: Option<(Ending, Option<StallNote>)>,
    /// True while the socket takes no more; then the driver waits for it, and flushes skip.
    pub(crate) blocked: bool,
    /// True once the peer's end of the stream was read.
    pub(crate) at_end: bool,
    /// Set when the socket failed.
    pub(crate) error: Option<io::ErrorKind>,
    /// True once our direction was shut down.
    pub(crate) shut: bool,
    /// How many bytes will have left once the newest ping has.
    ping_end: Option<u64>,
    /// The same for each message in the ring that somebody keeps until then.
    kept_ends: VecDeque<u64>,
    /// True once the peer has said that it reads no more: what leaves now is not done with.
    unread: bool,
    /// How many such messages have left.
    pub(crate) kept_left: u64,
    pub(crate) counts: Counts,
}

impl Wire {
    pub(crate) fn new(stream: Transport, protocol: Protocol, rest: Bytes) -> Wire {
        Wire {
            stream,
            protocol,
            rest,
            ending: None,
            blocked: false,
            at_end: false,
            error: None,
            shut: false,
            ping_end: None,
            kept_ends: VecDeque::new(),
            unread: false,
            kept_left: 0,
            counts: Counts::default(),
        }
    }

    /// True once nothing more comes from the socket, or nothing that has a meaning.
    pub(crate) fn has_ended(&self) -> bool {
        self.ending.is_some() || self.at_end || self.error.is_some() || !self.protocol.is_readable()
    }

    /// Encodes a ping.
    pub(crate) fn ping(&mut self, sequence: u64) {
        self.protocol.ping(sequence);
        self.ping_end = Some(self.encoded_bytes());
    }

    /// A message ends here that somebody keeps until it has left.
    pub(crate) fn note_kept(&mut self) {
        let end = self.encoded_bytes();
        if !self.unread {
            self.kept_ends.push_back(end);
        }
    }

    /// The peer has said that it reads no more.
    pub(crate) fn note_unread(&mut self) {
        self.unread = true;
        self.kept_ends = VecDeque::new();
    }

    /// How many bytes will have left once the ring is empty.
    fn encoded_bytes(&mut self) -> u64 {
        self.counts.bytes_written + self.protocol.ring().len() as u64
    }

    /// True once after the newest ping has left.
    pub(crate) fn take_ping_left(&mut self) -> bool {
        self.ping_end.take_if(|end| self.counts.bytes_written >= *end).is_some()
    }

    /// Everything that waits leaves in one write; what the socket doesn't take waits for the
    /// driver.
    pub(crate) fn write_once(&mut self) {
        if self.blocked || self.error.is_some() || self.has_nothing_to_write() {
            return;
        }
        self.try_write();
    }

    /// Writes on where `write_once` was stopped, and registers for the moment the socket takes
    /// more. True if it took some: somebody reads at the other end.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        let before = self.taken();
        // What TLS had to say because of what was read, and could not.
        self.blocked |= self.stream.has_unsent();
        // The first write is not the poll's to refuse: a peer that sends all the time leaves
        // nothing of the budget, and would never hear us.
        if self.blocked && self.error.is_none() {
            self.try_write();
        }
        while self.blocked && self.error.is_none() {
            match self.stream.poll_write(cx, self.protocol.ring().bytes()) {
                Poll::Pending => break,
                Poll::Ready(outcome) => self.wrote(outcome),
            }
        }
        self.taken() > before
    }

    /// How many bytes the socket has taken, one way or another: a sign of life.
    pub(crate) fn taken(&self) -> u64 {
        self.stream.taken().unwrap_or(self.counts.bytes_written)
    }

    fn try_write(&mut self) {
        let outcome = self.stream.try_write(self.protocol.ring().bytes());
        self.wrote(outcome);
    }

    fn wrote(&mut self, outcome: io::Result<usize>) {
        match outcome {
            Ok(count) => {
                self.protocol.ring().consume(count);
                self.counts.writes += 1;
                self.counts.bytes_written += count as u64;
                let written = self.counts.bytes_written;
                while self.kept_ends.pop_front_if(|end| *end <= written).is_some() {
                    self.kept_left += 1;
                }
                at_rest(&mut self.kept_ends);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => self.error = Some(error.kind()),
        }
        self.blocked = !self.has_nothing_to_write();
    }

    fn has_nothing_to_write(&mut self) -> bool {
        self.protocol.ring().is_empty() && !self.stream.has_unsent()
    }
}
