//! The walker: follows the frame heads of a byte stream, and counts.
//!
//! Promises to stop before the fragment that is one too many, and to know when the stream lies
//! between two messages. It decodes no payload and judges nothing else: tungstenite does.

/// Follows frame boundaries in bytes that arrive in pieces of any size.
#[derive(Debug)]
pub(crate) struct Walker {
    /// The head of the current frame, as far as it has come; a Close's code counts as part of it.
    head: [u8; HEAD_BYTES_MAX],
    head_len: usize,
    /// Payload bytes of the current frame that are still to come.
    payload_left: u64,
    /// Fragments of the message that is under way; zero between messages.
    fragments: u32,
    fragments_max: u32,
    /// Frames whose head was complete, of every kind.
    frames: u64,
    /// The longest payload announced since `forget_longest`.
    longest: u64,
    /// The first Close, with its code if it has one.
    close: Option<Option<u16>>,
}

/// Two bytes, eight of extended length, four of mask, two of a Close's code.
const HEAD_BYTES_MAX: usize = 16;

/// A Close begins with a code, if it holds anything.
const CODE_BYTES: usize = 2;

const FINAL: u8 = 0x80;
const OPCODE: u8 = 0x0f;
const CONTROL: u8 = 0x08;
const CLOSE: u8 = 0x08;
const CONTINUE: u8 = 0x00;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;

impl Walker {
    pub(crate) fn new(fragments_max: u32) -> Walker {
        Walker {
            head: [0; HEAD_BYTES_MAX],
            head_len: 0,
            payload_left: 0,
            fragments: 0,
            fragments_max,
            frames: 0,
            longest: 0,
            close: None,
        }
    }

    /// Follows `bytes` to the end of a message, or of a control frame between two, and says how
    /// many of them may be passed on. None means that the first one completes the head of a
    /// fragment past the limit.
    pub(crate) fn walk(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() && (at == 0 || !self.at_rest()) {
            if self.payload_left > 0 {
                let here = bytes.len() - at;
                let step = usize::try_from(self.payload_left).map_or(here, |left| left.min(here));
                self.payload_left -= step as u64;
                at += step;
                continue;
            }
            self.head[self.head_len] = bytes[at];
            if self.head_len + 1 == self.head_len_needed() {
                if !self.enter_frame() {
                    return at;
                }
                self.head_len = 0;
            } else {
                self.head_len += 1;
            }
            at += 1;
        }
        at
    }

    /// True between two messages, with no byte of the next one seen.
    pub(crate) fn at_rest(&self) -> bool {
        self.head_len == 0 && self.payload_left == 0 && self.fragments == 0
    }

    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// A frame passed by that was a whole message.
    pub(crate) fn pass_message(&mut self) {
        debug_assert!(self.at_rest(), "a message begins between two others");
        self.frames += 1;
    }

    /// The longest payload announced since the last `forget_longest`.
    pub(crate) fn longest(&self) -> u64 {
        self.longest
    }

    pub(crate) fn forget_longest(&mut self) {
        self.longest = 0;
    }

    /// The code of the first Close that passed by: as the peer sent it, whether or not it may be
    /// sent.
    pub(crate) fn close_code(&self) -> Option<u16> {
        self.close.flatten()
    }

    /// The code in the current head.
    fn code(&self) -> Option<u16> {
        if self.code_len() == 0 {
            return None;
        }
        let mask_at = 2 + self.extended_len();
        let code_at = mask_at + self.mask_len();
        let mask = if self.mask_len() > 0 { &self.head[mask_at..] } else { &[0; CODE_BYTES][..] };
        let code = &self.head[code_at..];
        Some(u16::from_be_bytes([code[0] ^ mask[0], code[1] ^ mask[1]]))
    }

    /// The bytes of the current head that are a Close's code.
    fn code_len(&self) -> usize {
        let holds_code = self.head[0] & OPCODE == CLOSE
            && (CODE_BYTES as u64..126).contains(&self.payload_len());
        if holds_code { CODE_BYTES } else { 0 }
    }

    fn extended_len(&self) -> usize {
        match self.head[1] & LENGTH {
            126 => 2,
            127 => 8,
            _ => 0,
        }
    }

    fn mask_len(&self) -> usize {
        if self.head[1] & MASKED != 0 { 4 } else { 0 }
    }

    /// The payload's length, once the head has come so far.
    fn payload_len(&self) -> u64 {
        match self.head[1] & LENGTH {
            126 => u64::from(u16::from_be_bytes([self.head[2], self.head[3]])),
            127 => {
                let mut length = [0; 8];
                length.copy_from_slice(&self.head[2..10]);
                u64::from_be_bytes(length)
            }
            short => u64::from(short),
        }
    }

    /// How long the current head will be, judged by what has come of it.
    fn head_len_needed(&self) -> usize {
        if self.head_len == 0 {
            return 2;
        }
        2 + self.extended_len() + self.mask_len() + self.code_len()
    }

    /// A head is complete: counts its frame. False if that is a fragment too many.
    fn enter_frame(&mut self) -> bool {
        let first = self.head[0];
        if first & CONTROL == 0 {
            let fragments =
                if first & OPCODE == CONTINUE { self.fragments.saturating_add(1) } else { 1 };
            if fragments > self.fragments_max {
                return false;
            }
            self.fragments = if first & FINAL != 0 { 0 } else { fragments };
        }
        self.frames += 1;
        self.payload_left = self.payload_len();
        self.longest = self.longest.max(self.payload_left);
        self.payload_left -= self.code_len() as u64;
        if first & OPCODE == CLOSE && self.close.is_none() {
            self.close = Some(self.code());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An unmasked frame with `length` zero bytes of payload.
    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut bytes = vec![first];
        match length {
            0..=125 => bytes.push(u8::try_from(length).expect("below 126")),
            126..=65_535 => {
                bytes.push(126);
                bytes.extend(u16::try_from(length).expect("below 65,536").to_be_bytes());
            }
            _ => {
                bytes.push(127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.resize(bytes.len() + length, 0);
        bytes
    }

    #[test]
    fn the_walker_counts_the_same_frames_however_the_bytes_are_cut() {
        let lengths = [0, 1, 125, 126, 300, 65_535, 65_536];
        let bytes: Vec<u8> = lengths.iter().flat_map(|&length| frame(0x82, length)).collect();
        for step in [1, 2, 3, 7, 1000, bytes.len()] {
            let mut walker = Walker::new(10);
            for piece in bytes.chunks(step) {
                let mut at = 0;
                while at < piece.len() {
                    at += walker.walk(&piece[at..]);
                    assert!(at == piece.len() || walker.at_rest(), "it stops between messages");
                }
            }
            assert_eq!(walker.frames(), lengths.len() as u64);
            assert_eq!(walker.longest(), 65_536);
            assert!(walker.at_rest());
        }
    }

    #[test]
    fn the_walker_stops_before_the_fragment_past_the_limit() {
        let mut bytes = frame(0x01, 0);
        bytes.extend(frame(0x00, 0));
        bytes.extend(frame(0x89, 5));
        bytes.extend(frame(0x00, 0));
        let mut walker = Walker::new(3);
        assert_eq!(walker.walk(&bytes), bytes.len(), "three fragments, and a ping between them");
        assert!(!walker.at_rest(), "the message is still open");
        assert_eq!(walker.walk(&frame(0x00, 0)), 1, "only the byte before the head was complete");
    }

    #[test]
    fn the_code_of_a_close_is_known_as_the_peer_sent_it() {
        for (bytes, code) in [
            (&[0x88, 2, 3, 0xec][..], Some(1004)),
            (&[0x88, 5, 3, 0xe9, b'b', b'y', b'e'], Some(1001)),
            (&[0x88, 0x82, 1, 2, 3, 4, 3 ^ 1, 0xe8 ^ 2], Some(1000)),
            (&[0x88, 126, 0, 2, 3, 0xec], Some(1004)),
            (&[0x88, 2, 3, 0xe8, 0x88, 2, 3, 0xec], Some(1000)),
            (&[0x88, 0xff, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 3, 4, 3 ^ 1, 0xed ^ 2], Some(1005)),
            (&[0x88, 0], None),
            (&[0x88, 1, 3], None),
            (&[0x89, 2, 3, 0xe8], None),
        ] {
            for step in 1..=bytes.len() {
                let mut walker = Walker::new(1);
                for mut piece in bytes.chunks(step) {
                    while !piece.is_empty() {
                        piece = &piece[walker.walk(piece)..];
                    }
                }
                assert_eq!(walker.close_code(), code, "{bytes:?}");
                assert!(walker.at_rest(), "{bytes:?}");
            }
        }
    }

    #[test]
    fn a_final_fragment_ends_the_count() {
        let mut walker = Walker::new(2);
        for _ in 0..10 {
            assert_eq!(walker.walk(&frame(0x01, 0)), 2);
            assert_eq!(walker.walk(&frame(0x80, 0)), 2);
            assert!(walker.at_rest());
        }
    }
}
