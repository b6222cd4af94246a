//! The ring: bytes on their way out, first in, first out.
//!
//! Promises that what waits lies in one piece, so that one write can take all of it; that a slow
//! reader costs linear time; and that an empty ring holds no memory. It writes nothing itself.

use std::cell::Cell;

thread_local! {
    /// The buffer of the ring that was emptied last: rings are filled and emptied one by one.
    // COST: without it a ring is grown anew each turn, which takes 1,000 instructions at depth 16
    // and faults in pages for every long message.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A larger buffer is given back to the allocator. 512 KiB: high water and a frame fit.
const SPARE_BYTES_MAX: usize = 512 * 1024;

/// A buffer of less than four times this fits whatever waits in it.
const FIT_BYTES_MIN: usize = 1024;

/// A first-in first-out buffer of bytes, always contiguous.
///
/// It is called a ring for what it does, not for its shape. Bytes leave from the front by moving
/// `start`; when at least half of the buffer has left, the rest moves to the front.
/// COST: every byte is moved at most once for every byte that left before it, so a message that
/// leaves in a thousand pieces costs twice its length, not a thousand times.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    bytes: Vec<u8>,
    start: usize,
}

impl Ring {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Everything that waits, oldest first.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.bytes.capacity() == 0 {
            self.bytes = SPARE.take();
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets the oldest `count` bytes: they have left.
    pub(crate) fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.len(), "more bytes left than were there");
        self.start += count.min(self.len());
        if self.is_empty() {
            // A connection at rest keeps no buffer.
            std::mem::take(self).give_back();
        } else if self.start >= self.len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }

    /// Leaves a buffer that is far too large for what waits in it: it will wait for a while.
    ///
    /// COST: a copy of at most a quarter of the buffer; without it each of a thousand peers that
    /// don't read may keep the half MiB of the spare for its ten bytes.
    pub(crate) fn fit(&mut self) {
        if self.bytes.capacity() / 4 > self.len().max(FIT_BYTES_MIN) {
            let fitting = Ring { bytes: self.bytes().to_vec(), start: 0 };
            std::mem::replace(self, fitting).give_back();
        }
    }

    /// The end of a buffer, or the beginning of its next use.
    fn give_back(self) {
        let mut bytes = self.bytes;
        bytes.clear();
        if bytes.capacity() <= SPARE_BYTES_MAX {
            SPARE.set(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_leave_in_the_order_they_came_whatever_the_pieces() {
        let mut ring = Ring::default();
        let mut sent = Vec::new();
        let mut next = 0_u8;
        for round in 0..200_usize {
            for _ in 0..round % 17 {
                ring.push(&[next]);
                next = next.wrapping_add(1);
            }
            let count = ring.len().min(round % 11);
            sent.extend_from_slice(&ring.bytes()[..count]);
            ring.consume(count);
        }
        sent.extend_from_slice(ring.bytes());
        let expected: Vec<u8> = (0..=u8::MAX).cycle().take(sent.len()).collect();
        assert_eq!(sent, expected);
    }

    #[test]
    fn what_waits_for_long_keeps_no_more_than_it_needs() {
        let mut ring = Ring::default();
        ring.push(&[7; 100_000]);
        ring.consume(99_990);
        ring.fit();
        assert_eq!(ring.bytes(), &[7; 10]);
        assert!(ring.bytes.capacity() < 4 * FIT_BYTES_MIN, "{}", ring.bytes.capacity());
        let mut next = Ring::default();
        next.push(&[8]);
        assert!(next.bytes.capacity() >= 100_000, "the large buffer is the next one's");
    }

    #[test]
    fn an_empty_ring_holds_no_memory() {
        let mut ring = Ring::default();
        ring.push(&[0; 100_000]);
        ring.consume(99_999);
        assert!(!ring.is_empty());
        ring.consume(1);
        assert!(ring.is_empty());
        assert_eq!(ring.bytes.capacity(), 0);
    }
}
