//! The reference: what a stream of frames means, read from RFC 6455 as slowly as it is written.
//!
//! It takes the whole stream at once and knows nothing of the code under test. Where a frame breaks
//! several rules at once, each of their codes is right.

use std::collections::BTreeSet;

/// The bounds of the reading end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) frame_bytes_max: usize,
    pub(super) message_bytes_max: usize,
    pub(super) fragments_max: u32,
    /// True for a server, which wants its frames masked; a client wants them bare.
    pub(super) is_server: bool,
}

/// What a stream means.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    /// The messages, true for text.
    pub(super) messages: Vec<(bool, Vec<u8>)>,
    pub(super) pings: Vec<Vec<u8>>,
    pub(super) end: End,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// The stream ends without a Close.
    #[default]
    Open,
    /// The peer has closed, with this code or none.
    Closed(Option<u16>),
    /// A rule is broken: one of these codes.
    Broken(BTreeSet<u16>),
    /// A frame that is not whole breaks a rule: one of these codes, or nothing yet.
    MayBeBroken(BTreeSet<u16>),
}

/// A frame, or as much of it as there is.
struct Frame<'a> {
    is_final: bool,
    reserved: u8,
    opcode: u8,
    is_masked: bool,
    length: u64,
    /// `None` if it is not whole.
    payload: Option<Vec<u8>>,
    behind: &'a [u8],
}

/// A message that is not whole.
struct Begun {
    is_text: bool,
    payload: Vec<u8>,
}

pub(super) fn meaning(stream: &[u8], bounds: Bounds) -> Meaning {
    let mut meaning = Meaning::default();
    let (mut rest, mut begun, mut fragments) = (stream, None, 0);
    while let Some(frame) = first_frame(rest) {
        let codes = broken_rules(&frame, &mut begun, &mut fragments, bounds);
        let too_long = codes.contains(&1009) && frame.length > bounds.frame_bytes_max as u64;
        if !codes.is_empty() {
            // The length and the number are judged by the head alone; the rest, in time.
            let by_head = too_long || codes.contains(&1008);
            let is_whole = frame.payload.is_some();
            meaning.end =
                if is_whole || by_head { End::Broken(codes) } else { End::MayBeBroken(codes) };
            return meaning;
        }
        let Some(payload) = frame.payload else { return meaning };
        match (frame.opcode, &mut begun) {
            (0x8, _) => {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                meaning.end = End::Closed(code);
                return meaning;
            }
            (0x9, _) => meaning.pings.push(payload),
            (0xa, _) => {}
            // `broken_rules` has put a fragment's bytes where they belong.
            _ if frame.is_final => {
                meaning.messages.extend(begun.take().map(|whole| (whole.is_text, whole.payload)));
            }
            _ => {}
        }
        rest = frame.behind;
    }
    meaning
}

/// `None` if its head is not whole.
fn first_frame(bytes: &[u8]) -> Option<Frame<'_>> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match second & 0x7f {
        126 => rest.split_first_chunk().map(|(n, rest)| (u16::from_be_bytes(*n).into(), rest))?,
        127 => rest.split_first_chunk().map(|(n, rest)| (u64::from_be_bytes(*n), rest))?,
        short => (u64::from(short), rest),
    };
    let is_masked = second & 0x80 != 0;
    let (mask, rest) = if is_masked { rest.split_first_chunk::<4>()? } else { (&[0; 4], rest) };
    let whole = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
    let unmasked = |payload: &[u8]| {
        payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
    };
    Some(Frame {
        is_final: first & 0x80 != 0,
        reserved: first & 0x70,
        opcode: first & 0x0f,
        is_masked,
        length,
        payload: whole.map(|(payload, _)| unmasked(payload)),
        behind: whole.map_or(&[], |(_, behind)| behind),
    })
}

/// The codes of every rule that a frame breaks. A fragment's bytes are added to its message.
fn broken_rules(
    frame: &Frame<'_>,
    begun: &mut Option<Begun>,
    fragments: &mut u32,
    bounds: Bounds,
) -> BTreeSet<u16> {
    let mut codes = BTreeSet::new();
    let mut broken = |is_broken: bool, code: u16| {
        if is_broken {
            codes.insert(code);
        }
    };
    let is_control = frame.opcode & 0x8 != 0;
    broken(frame.reserved != 0, 1002);
    broken(frame.is_masked != bounds.is_server, 1002);
    broken(matches!(frame.opcode, 0x3..=0x7 | 0xb..), 1002);
    broken(is_control && (!frame.is_final || frame.length > 125), 1002);
    broken(frame.length > bounds.frame_bytes_max as u64, 1009);
    if is_control {
        let payload = frame.payload.as_deref().unwrap_or_default();
        let reason = if frame.opcode == 0x8 { payload.get(2..).unwrap_or_default() } else { &[] };
        broken(frame.opcode == 0x8 && payload.len() == 1, 1002);
        broken(std::str::from_utf8(reason).is_err(), 1007);
        return codes;
    }
    *fragments = if frame.opcode == 0 { *fragments + 1 } else { 1 };
    broken(*fragments > bounds.fragments_max, 1008);
    if frame.is_final {
        *fragments = 0;
    }
    broken((frame.opcode == 0) != begun.is_some(), 1002);
    if frame.opcode != 0 {
        *begun = Some(Begun { is_text: frame.opcode == 0x1, payload: Vec::new() });
    }
    if let (Some(message), Some(payload)) = (begun, &frame.payload) {
        message.payload.extend(payload);
        broken(message.payload.len() > bounds.message_bytes_max, 1009);
        if message.is_text
            && let Err(error) = std::str::from_utf8(&message.payload)
        {
            // What may still become a character is no fault before the end.
            broken(frame.is_final || error.error_len().is_some(), 1007);
        }
    }
    codes
}
