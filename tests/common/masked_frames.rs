//! The frames of a client, taken apart by hand: short ones, as tests send them.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

/// Opcode and payload of each whole frame.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while let [first, length, a, b, c, d, rest @ ..] = bytes {
        let length = usize::from(length & 0x7f);
        assert!(length < 126, "a short frame");
        if rest.len() < length {
            break;
        }
        let mask = [a, b, c, d].into_iter().cycle();
        let payload = rest[..length].iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        found.push((first & 0x0f, payload));
        bytes = &rest[length..];
    }
    found
}

/// A text frame of a server.
pub(crate) fn text(words: &str) -> Vec<u8> {
    frame(0x81, words.as_bytes())
}

/// A frame of a server, by its first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short frame");
    [&[first, length], payload].concat()
}
