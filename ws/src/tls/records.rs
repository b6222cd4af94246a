//! The records: where in what comes one ends and the next begins.
//!
//! Promises to know whether a part of a record has come and its end has not. It decrypts nothing,
//! and judges nothing: what is no record, the session finds out.

/// What stands before each: its kind, a version and its length.
const HEAD_BYTES: usize = 5;

/// Follows the ciphertext that a session is given.
#[derive(Debug, Default)]
pub(super) struct Records {
    head: [u8; HEAD_BYTES],
    /// How much of the head has come.
    known: usize,
    /// How much is to come behind a head that is known.
    left: usize,
}

impl Records {
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let in_head = self.known < HEAD_BYTES;
            let wanted = if in_head { HEAD_BYTES - self.known } else { self.left };
            let (now, later) = bytes.split_at(wanted.min(bytes.len()));
            bytes = later;
            if in_head {
                self.head[self.known..][..now.len()].copy_from_slice(now);
                self.known += now.len();
                self.left = usize::from(u16::from_be_bytes([self.head[3], self.head[4]]));
            } else {
                self.left -= now.len();
            }
            if self.known == HEAD_BYTES && self.left == 0 {
                self.known = 0;
            }
        }
    }

    /// True if the last record has begun and not ended.
    pub(super) fn has_part(&self) -> bool {
        self.known > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_ends_at_its_length_however_it_is_cut() {
        // Of three bytes, of none, and of 258.
        let mut bytes = vec![23, 3, 3, 0, 3, 1, 2, 3, 20, 3, 3, 0, 0, 23, 3, 3, 1, 2];
        bytes.resize(bytes.len() + 258, 9);
        let ends = [0, 8, 13, bytes.len()];
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let mut records = Records::default();
                for (part, end) in [(0..first, first), (first..second, second)] {
                    records.follow(&bytes[part]);
                    assert_eq!(records.has_part(), !ends.contains(&end), "{first}, {second}");
                }
            }
        }
    }
}
