//! The frames: messages as bytes of the wire, unmasked as a server sends them.
//!
//! Promises that no frame's payload exceeds its bound, and that encoded frames can be taken apart
//! between two of them without being read. It masks nothing: what a client sends is tungstenite's
//! to encode.

use tungstenite::Bytes;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::message::Message;

/// The longest head of a frame without a mask.
const HEAD_BYTES_MAX: usize = 10;

/// The final bit of a frame's first byte.
const LAST: u8 = 0x80;

/// The head of an unmasked frame.
pub(crate) struct Head {
    bytes: [u8; HEAD_BYTES_MAX],
    length: usize,
}

impl Head {
    pub(crate) fn new(opcode: Data, payload_length: usize, last: bool) -> Head {
        let length = (payload_length as u64).to_be_bytes();
        let mut bytes = [0; HEAD_BYTES_MAX];
        bytes[0] = u8::from(OpCode::Data(opcode)) | if last { LAST } else { 0 };
        let length = match payload_length {
            0..=125 => {
                bytes[1] = length[7];
                2
            }
            126..=0xffff => {
                bytes[1] = 126;
                bytes[2..4].copy_from_slice(&length[6..]);
                4
            }
            _ => {
                bytes[1] = 127;
                bytes[2..].copy_from_slice(&length);
                10
            }
        };
        Head { bytes, length }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// A message, encoded once and shared by everybody it goes to: a clone costs a counter.
#[derive(Clone, Debug)]
pub(crate) struct Frames {
    bytes: Bytes,
    /// How long each frame is, the last one excepted.
    stride: usize,
}

impl Frames {
    pub(crate) fn encode(message: &Message, frame_bytes_max: usize) -> Frames {
        let payload = message.as_bytes();
        let stride =
            Head::new(Data::Binary, frame_bytes_max, false).length.saturating_add(frame_bytes_max);
        let frames = payload.len().div_ceil(frame_bytes_max).max(1);
        let mut bytes = Vec::with_capacity(payload.len() + frames * HEAD_BYTES_MAX);
        let (mut opcode, mut rest) = (message.opcode(), payload);
        loop {
            let part;
            (part, rest) = rest.split_at(rest.len().min(frame_bytes_max));
            bytes.extend_from_slice(Head::new(opcode, part.len(), rest.is_empty()).bytes());
            bytes.extend_from_slice(part);
            opcode = Data::Continue;
            if rest.is_empty() {
                return Frames { bytes: bytes.into(), stride };
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The first frame; `self` keeps the others.
    pub(crate) fn split_first(&mut self) -> Bytes {
        self.bytes.split_to(self.bytes.len().min(self.stride))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_apart_where_they_were_joined() {
        for (length, frame_bytes_max, expected) in [
            (0, 10, 1),
            (10, 10, 1),
            (11, 10, 2),
            (1000, 125, 8),
            (1000, 126, 8),
            (200_000, 66_000, 4),
            (1000, usize::MAX, 1),
        ] {
            let payload: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            let message = Message::from(payload.clone());
            let mut frames = Frames::encode(&message, frame_bytes_max);
            let (mut carried, mut count) = (Vec::new(), 0);
            while frames.len() > 0 {
                let frame = frames.split_first();
                let opcode = if count == 0 { Data::Binary } else { Data::Continue };
                let payload_length = length.saturating_sub(carried.len()).min(frame_bytes_max);
                let head = Head::new(opcode, payload_length, frames.len() == 0);
                assert!(frame.starts_with(head.bytes()), "frame {count} of {length} bytes");
                carried.extend_from_slice(&frame[head.bytes().len()..]);
                count += 1;
            }
            assert_eq!((count, carried), (expected, payload));
        }
    }
}
