//! What is to leave: ciphertext that the socket has not taken, and whose it is.
//!
//! Promises that plaintext counts as written only once the whole record that holds it has left, for
//! nobody can read half a record; so what a slow reader holds up lies in the ring of its connection
//! and is counted there. It encrypts no more than its bound ahead of the socket, and writes
//! nothing.

use std::collections::VecDeque;
use std::io;

use rustls::Connection;

/// The most plaintext that is encrypted ahead of the socket. 512 KiB: high water and a frame fit,
/// so that they leave in one write.
const PLEDGED_BYTES_MAX: usize = 512 * 1024;

/// The longest record, by the protocol.
const RECORD_BYTES_MAX: usize = 16 * 1024;

/// What a record takes beside its plaintext, at most.
const RECORD_HEAD_BYTES_MAX: usize = 64;

/// A buffer of less than four times this fits whatever waits in it.
const FIT_BYTES_MIN: usize = 1024;

/// Ciphertext on its way, in order.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    /// How many of them the socket has taken.
    sent: usize,
    /// How much the socket has taken of all that ever lay here.
    taken: u64,
    /// Records of the caller's plaintext that have not left whole.
    records: VecDeque<Record>,
    /// The plaintext in them: so much of what the caller offers next was encrypted before.
    pledged: usize,
}

#[derive(Debug)]
struct Record {
    plain: usize,
    /// What the socket will have taken when it has left.
    end: u64,
}

impl Outgoing {
    pub(super) fn is_empty(&self) -> bool {
        self.unsent().is_empty()
    }

    pub(super) fn unsent(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// How much the socket has taken so far, records of all kinds.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes over what the session says of its own accord: handshakes, tickets, alerts.
    pub(super) fn collect(&mut self, session: &mut Connection) -> io::Result<()> {
        while session.wants_write() {
            session.write_tls(&mut self.bytes)?;
        }
        Ok(())
    }

    /// Makes records of what the caller offers, behind what records were made of before.
    pub(super) fn pledge(&mut self, session: &mut Connection, offered: &[u8]) -> io::Result<()> {
        self.collect(session)?;
        let offered = &offered[..offered.len().min(PLEDGED_BYTES_MAX)];
        let fresh = offered.get(self.pledged..).unwrap_or_default();
        let heads = fresh.len().div_ceil(RECORD_BYTES_MAX) * RECORD_HEAD_BYTES_MAX;
        self.bytes.reserve_exact(fresh.len() + heads);
        for plain in fresh.chunks(RECORD_BYTES_MAX) {
            let before = self.bytes.len();
            io::Write::write_all(&mut session.writer(), plain)?;
            self.collect(session)?;
            if self.bytes.len() < before + plain.len() {
                let what = "expected a record, came a session that encrypts no more";
                return Err(io::Error::new(io::ErrorKind::BrokenPipe, what));
            }
            let end = self.taken + self.unsent().len() as u64;
            self.records.push_back(Record { plain: plain.len(), end });
            self.pledged += plain.len();
        }
        Ok(())
    }

    /// The socket has taken some. Gives how much of the caller's has left by that.
    pub(super) fn note_sent(&mut self, count: usize) -> usize {
        self.sent += count;
        self.taken += count as u64;
        let (mut left, taken) = (0, self.taken);
        while let Some(record) = self.records.pop_front_if(|record| record.end <= taken) {
            left += record.plain;
        }
        self.pledged -= left;
        if self.is_empty() {
            // A connection at rest keeps no buffer.
            (self.bytes, self.sent, self.records) = (Vec::new(), 0, VecDeque::new());
        } else if self.sent >= self.unsent().len() {
            // COST: each byte is moved at most once for one that left before it.
            self.bytes.drain(..self.sent);
            self.sent = 0;
            if self.bytes.capacity() / 4 > self.bytes.len().max(FIT_BYTES_MIN) {
                self.bytes.shrink_to_fit();
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plaintext_is_told_record_by_record_and_the_buffer_follows() {
        let (plain, cipher, own) = (1_000, 1_022, 7);
        let bytes = vec![0; own + 3 * cipher];
        let mut outgoing = Outgoing { bytes, ..Outgoing::default() };
        for number in 1..=3 {
            let end = (own + number * cipher) as u64;
            outgoing.records.push_back(Record { plain, end });
            outgoing.pledged += plain;
        }
        let mut told = 0;
        for sent in 1..=own + 3 * cipher {
            told += outgoing.note_sent(1);
            assert_eq!(told, sent.saturating_sub(own) / cipher * plain, "{sent} bytes");
            assert_eq!(outgoing.unsent().len(), own + 3 * cipher - sent);
            assert!(outgoing.bytes.len() <= 2 * outgoing.unsent().len());
        }
        assert!(outgoing.is_empty() && outgoing.pledged == 0);
        assert_eq!(outgoing.bytes.capacity() + outgoing.records.capacity(), 0);
    }
}
