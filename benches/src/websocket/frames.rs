//! The frames: what the client sends, made once, and what has to come back.
//!
//! Binary messages of one frame: what a server does to text beyond them is to check it.

/// Many copies of one frame in a row, so that any number of them is one write.
pub struct Frames {
    outgoing: Vec<u8>,
    /// The length of one frame of the client's, which is masked.
    pub sent_bytes: usize,
    /// One frame of the server's, which is not.
    pub answer: Vec<u8>,
}

/// Not zero, so that unmasking is work.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const BINARY_AND_LAST: u8 = 0x82;
const MASKED: u8 = 0x80;

impl Frames {
    /// `copies` of a message with `payload` bytes.
    pub fn new(payload: usize, copies: usize) -> Frames {
        let content: Vec<u8> = (0..payload).map(|index| (index % 251) as u8).collect();
        let mut answer = head(payload, 0);
        answer.extend_from_slice(&content);
        let mut frame = head(payload, MASKED);
        frame.extend_from_slice(&MASK);
        frame.extend(content.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        Frames { sent_bytes: frame.len(), outgoing: frame.repeat(copies), answer }
    }

    /// At most `length` bytes of the row, from `offset` within a frame on.
    pub fn from(&self, offset: usize, length: usize) -> &[u8] {
        &self.outgoing[offset..self.outgoing.len().min(offset + length)]
    }
}

/// The head of a frame, without a mask's key.
fn head(payload: usize, masked: u8) -> Vec<u8> {
    match payload {
        0..126 => vec![BINARY_AND_LAST, masked | payload as u8],
        126..65_536 => {
            let [high, low] = (payload as u16).to_be_bytes();
            vec![BINARY_AND_LAST, masked | 126, high, low]
        }
        _ => panic!("no workload sends so much in a frame"),
    }
}
