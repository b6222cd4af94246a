//! What a peer has written, taken apart: into frames, and into messages and control frames.

/// The frames, each with its first byte and its payload without a mask; what is left over is none
/// yet.
pub fn frames(bytes: &[u8]) -> (Vec<(u8, Vec<u8>)>, &[u8]) {
    let (mut frames, mut rest) = (Vec::new(), bytes);
    while let [first, length, ..] = *rest {
        let number = |count: usize| -> Option<usize> {
            let digits = rest.get(2..2 + count)?;
            Some(digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)))
        };
        let mask_bytes = if length & 0x80 == 0 { 0 } else { 4 };
        let (extended, length) = match length & 0x7f {
            126 => (2, number(2)),
            127 => (8, number(8)),
            short => (0, Some(usize::from(short))),
        };
        let head = 2 + extended + mask_bytes;
        let Some(payload) = length.and_then(|length| rest.get(head..head + length)) else { break };
        let mask = [&rest[2 + extended..head], &[0; 4][mask_bytes..]].concat();
        let bare = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        frames.push((first, bare.collect()));
        rest = &rest[head + payload.len()..];
    }
    (frames, rest)
}

/// The messages among such frames, and the control frames. Panics at a frame that may not stand
/// where it does.
pub fn messages(frames: Vec<(u8, Vec<u8>)>) -> (Vec<Vec<u8>>, Vec<Control>) {
    let (mut messages, mut controls, mut open) = (Vec::new(), Vec::<Control>::new(), None);
    for (first, payload) in frames {
        let (last, opcode) = (first & 0x80 != 0, first & 0x0f);
        assert!(!controls.iter().any(|(it, ..)| *it == 8), "nothing follows a Close");
        if opcode >= 8 {
            assert!(last, "control frames are whole");
            controls.push((opcode, payload, messages.len()));
            continue;
        }
        open = match (opcode, open) {
            (0, Some(so_far)) => Some([so_far, payload].concat()),
            (1 | 2, None) => Some(payload),
            _ => panic!("a frame of opcode {opcode} inside of a message, or outside"),
        };
        if last {
            messages.extend(open.take());
        }
    }
    (messages, controls)
}

/// Opcode, payload, and how many whole messages came before it.
pub type Control = (u8, Vec<u8>, usize);
