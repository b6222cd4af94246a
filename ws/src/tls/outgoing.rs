//! What is to leave: ciphertext that the socket has not taken, and whose it is.
//!
//! Promises that plaintext counts as written only as its ciphertext leaves, so that what a slow
//! reader holds up lies in the ring of its connection and is counted there. It encrypts and writes
//! nothing.

use std::io;

use rustls::Connection;

/// The most plaintext that is encrypted ahead of the socket: high water, by default.
const PLEDGED_BYTES_MAX: usize = 256 * 1024;

/// A session encrypts so much at a time, so that nothing lies in it twice.
const PIECE_BYTES: usize = 32 * 1024;

/// Ciphertext on its way, in order.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    /// How many of them the socket has taken.
    sent: usize,
    pledge: Option<Pledge>,
}

/// Plaintext of the caller's of which records were made.
#[derive(Debug)]
struct Pledge {
    plain: usize,
    /// How much of it was told as written.
    told: usize,
    /// Where its records lie.
    from: usize,
    to: usize,
}

impl Outgoing {
    pub(super) fn is_empty(&self) -> bool {
        self.unsent().is_empty()
    }

    pub(super) fn unsent(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// Takes over what the session says of its own accord: handshakes, tickets, alerts.
    pub(super) fn collect(&mut self, session: &mut Connection) -> io::Result<()> {
        while session.wants_write() {
            session.write_tls(&mut self.bytes)?;
        }
        Ok(())
    }

    /// Makes records of what the caller offers, unless it is what they were made of before.
    pub(super) fn pledge(&mut self, session: &mut Connection, offered: &[u8]) -> io::Result<()> {
        self.collect(session)?;
        if self.pledge.is_some() || offered.is_empty() {
            return Ok(());
        }
        let plain = &offered[..offered.len().min(PLEDGED_BYTES_MAX)];
        let from = self.bytes.len();
        for piece in plain.chunks(PIECE_BYTES) {
            io::Write::write_all(&mut session.writer(), piece)?;
            self.collect(session)?;
        }
        self.pledge = Some(Pledge { plain: plain.len(), told: 0, from, to: self.bytes.len() });
        Ok(())
    }

    /// The socket has taken some. Gives how much of the caller's has left by that.
    pub(super) fn note_sent(&mut self, count: usize) -> usize {
        self.sent += count;
        let told = self.pledge.as_mut().map_or(0, |pledge| pledge.progress(self.sent));
        self.pledge.take_if(|pledge| pledge.told == pledge.plain);
        if self.is_empty() {
            // A connection at rest keeps no buffer.
            (self.bytes, self.sent) = (Vec::new(), 0);
        }
        told
    }
}

impl Pledge {
    fn progress(&mut self, sent: usize) -> usize {
        let left = sent.clamp(self.from, self.to) - self.from;
        let before = self.told;
        // In proportion: a peer that reads slowly is seen to read. The last byte counts when the
        // last record has left.
        self.told = match self.to - self.from {
            records if left == records => self.plain,
            records => (self.plain - 1).min(self.plain * left / records),
        };
        self.told - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_follows_what_has_left_and_adds_up() {
        for plain in [1, 2, 9, 100, 1000] {
            for own in [0, 7] {
                let (from, to) = (own, own + plain + 22);
                let mut outgoing = Outgoing {
                    bytes: vec![0; to + own],
                    sent: 0,
                    pledge: Some(Pledge { plain, told: 0, from, to }),
                };
                let mut told = 0;
                for sent in 1..=to + own {
                    told += outgoing.note_sent(1);
                    assert!(told <= plain && (told == plain) == (sent >= to), "{sent} {told}");
                }
                assert!(outgoing.is_empty() && outgoing.pledge.is_none());
                assert_eq!(outgoing.bytes.capacity(), 0);
            }
        }
    }
}
