//! The ring: bytes on their way out, first in, first out.
//!
//! Promises that what waits can leave in one write; that a slow reader costs linear time; that a
//! long part is not copied; and that an empty ring holds no memory. It writes nothing itself.

use std::cell::Cell;
use std::io::IoSlice;

use tungstenite::Bytes;

thread_local! {
    /// The buffer of the ring that was emptied last: rings are filled and emptied one by one, in
    /// the phase `flush`.
    // COST: without it a ring is grown anew each turn, which takes 1,000 instructions at depth 16
    // and faults in pages for every long message.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A larger buffer is given back to the allocator. 512 KiB: high water and a frame fit.
const SPARE_BYTES_MAX: usize = 512 * 1024;

/// A buffer of less than four times this fits whatever waits in it.
const FIT_BYTES_MIN: usize = 1024;

/// A shorter part is copied. 8 KiB: there the copy begins to cost more than what a write of several
/// pieces takes to be put together.
const LENT_BYTES_MIN: usize = 8 * 1024;

/// Parts beyond these are copied. 32: with what lies between them one write takes them all (POSIX
/// knows systems where it takes no more than 16, those of today take 1,024).
const LENT_MAX: usize = 32;

/// A first-in first-out buffer of bytes.
///
/// It is called a ring for what it does, not for its shape. Short parts are copied one behind
/// another; long ones stay where they are, and the ring knows between which bytes they belong.
/// Bytes leave from the front by moving `start`; when at least half of the copied ones have left,
/// the rest moves to the front.
/// COST: every byte is moved at most once for every byte that left before it, so a message that
/// leaves in a thousand pieces costs twice its length, not a thousand times.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    copied: Vec<u8>,
    start: usize,
    lent: Vec<Lent>,
    lent_bytes: usize,
}

/// A part that was not copied.
#[derive(Debug)]
struct Lent {
    /// It leaves when so many bytes of `copied` have.
    behind: usize,
    bytes: Bytes,
}

impl Ring {
    pub(crate) fn len(&self) -> usize {
        self.copied.len() - self.start + self.lent_bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Everything that waits, if that is one piece.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        self.lent.is_empty().then(|| &self.copied[self.start..])
    }

    /// Everything that waits, oldest first.
    pub(crate) fn pieces(&self) -> Vec<IoSlice<'_>> {
        let mut pieces = Vec::with_capacity(2 * self.lent.len() + 1);
        let mut at = self.start;
        for lent in &self.lent {
            pieces.extend([&self.copied[at..lent.behind], &lent.bytes].map(IoSlice::new));
            at = lent.behind;
        }
        pieces.push(IoSlice::new(&self.copied[at..]));
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.copied.capacity() == 0 {
            self.copied = SPARE.take();
        }
        self.copied.extend_from_slice(bytes);
    }

    /// As `push`, for bytes that may stay where they are.
    // COST: a message of 16 KiB that is echoed takes 0.7 us of the processor less than if it were
    // copied; and a broadcast to a thousand slow readers lies in memory once.
    pub(crate) fn lend(&mut self, bytes: Bytes) {
        if bytes.len() < LENT_BYTES_MIN || self.lent.len() >= LENT_MAX {
            self.push(&bytes);
            return;
        }
        self.lent_bytes += bytes.len();
        self.lent.push(Lent { behind: self.copied.len(), bytes });
    }

    /// Forgets the oldest `count` bytes: they have left.
    pub(crate) fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.len(), "more bytes left than were there");
        self.start += self.consume_lent(count.min(self.len()));
        if self.is_empty() {
            // A connection at rest keeps no buffer.
            std::mem::take(self).give_back();
        } else if self.start > 0 && self.start >= self.copied.len() - self.start {
            self.copied.drain(..self.start);
            self.lent.iter_mut().for_each(|lent| lent.behind -= self.start);
            self.start = 0;
        }
    }

    /// Forgets bytes up to the last part that was lent; says how many are left to be forgotten.
    fn consume_lent(&mut self, mut count: usize) -> usize {
        let mut gone = 0;
        for lent in &mut self.lent {
            let before = count.min(lent.behind - self.start);
            self.start += before;
            count -= before;
            let of_it = count.min(lent.bytes.len());
            drop(lent.bytes.split_to(of_it));
            self.lent_bytes -= of_it;
            count -= of_it;
            if !lent.bytes.is_empty() {
                break;
            }
            gone += 1;
        }
        self.lent.drain(..gone);
        count
    }

    /// Leaves a buffer that is far too large for what waits in it: it will wait for a while.
    ///
    /// COST: a copy of at most a quarter of the buffer; without it each of a thousand peers that
    /// don't read may keep the half MiB of the spare for its ten bytes.
    pub(crate) fn fit(&mut self) {
        let waiting = self.copied.len() - self.start;
        if self.copied.capacity() / 4 > waiting.max(FIT_BYTES_MIN) {
            let fitting = self.copied[self.start..].to_vec();
            give_back(std::mem::replace(&mut self.copied, fitting));
            self.lent.iter_mut().for_each(|lent| lent.behind -= self.start);
            self.start = 0;
        }
    }

    fn give_back(self) {
        give_back(self.copied);
    }
}

/// The end of a buffer, or the beginning of its next use.
fn give_back(mut buffer: Vec<u8>) {
    buffer.clear();
    if buffer.capacity() <= SPARE_BYTES_MAX {
        SPARE.set(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What waits.
    fn waiting(ring: &Ring) -> Vec<u8> {
        ring.pieces().iter().flat_map(|piece| piece.to_vec()).collect()
    }

    #[test]
    fn bytes_leave_in_the_order_they_came_whatever_the_pieces() {
        let mut ring = Ring::default();
        let mut sent = Vec::new();
        let mut endless = (0..=u8::MAX).cycle();
        let mut more = |count: usize| -> Vec<u8> { endless.by_ref().take(count).collect() };
        for round in 0..2_000_usize {
            match round % 5 {
                0 => ring.lend(more(LENT_BYTES_MIN + round % 3).into()),
                1 => ring.lend(more(round % 7).into()),
                _ => ring.push(&more(round % 17)),
            }
            let count = ring.len().min(round * 31 % 4_000);
            let bytes = waiting(&ring);
            assert_eq!(bytes.len(), ring.len());
            sent.extend_from_slice(&bytes[..count]);
            ring.consume(count);
            if round % 11 == 0 {
                ring.fit();
            }
            assert_eq!(waiting(&ring), bytes[count..], "round {round}");
        }
        sent.extend(waiting(&ring));
        let expected: Vec<u8> = (0..=u8::MAX).cycle().take(sent.len()).collect();
        assert_eq!(sent, expected);
        assert!(sent.len() > 400 * LENT_BYTES_MIN);
    }

    #[test]
    fn a_long_part_is_not_copied_and_is_let_go_when_it_has_left() {
        let mut ring = Ring::default();
        let long = Bytes::from(vec![7; LENT_BYTES_MIN]);
        ring.push(b"head");
        ring.lend(long.clone());
        ring.push(b"tail");
        assert_eq!(ring.whole(), None);
        assert!(ring.pieces().iter().any(|piece| piece.as_ptr() == long.as_ptr()));
        ring.consume(4 + LENT_BYTES_MIN - 1);
        assert!(!long.is_unique());
        ring.consume(1);
        assert!(long.is_unique());
        assert_eq!(ring.whole(), Some(&b"tail"[..]));
    }

    #[test]
    fn there_is_an_end_to_the_pieces_of_one_write() {
        let mut ring = Ring::default();
        for _ in 0..3 * LENT_MAX {
            ring.push(b"head");
            ring.lend(vec![7; LENT_BYTES_MIN].into());
        }
        assert_eq!(ring.pieces().len(), 2 * LENT_MAX + 1);
        assert_eq!(ring.len(), 3 * LENT_MAX * (4 + LENT_BYTES_MIN));
    }

    #[test]
    fn what_waits_for_long_keeps_no_more_than_it_needs() {
        let mut ring = Ring::default();
        ring.push(&[7; 100_000]);
        ring.consume(99_990);
        ring.fit();
        assert_eq!(waiting(&ring), [7; 10]);
        assert!(ring.copied.capacity() < 4 * FIT_BYTES_MIN, "{}", ring.copied.capacity());
        let mut next = Ring::default();
        next.push(&[8]);
        assert!(next.copied.capacity() >= 100_000, "the large buffer is the next one's");
    }

    #[test]
    fn an_empty_ring_holds_no_memory() {
        let mut ring = Ring::default();
        ring.push(&[0; 100_000]);
        ring.lend(vec![0; 100_000].into());
        ring.consume(199_999);
        assert!(!ring.is_empty());
        ring.consume(1);
        assert!(ring.is_empty());
        assert_eq!((ring.copied.capacity(), ring.lent.capacity()), (0, 0));
    }
}
