//! Autobahn's cases 1 to 7, 9 and 10 as data: what its fuzzer sends, and what must come of it.
//!
//! The numbers are Autobahn's. A family of near-identical cases is a loop; each case stands in
//! `all`, once.

mod closes;
mod framing;
mod masses;
mod utf8;

/// One case.
pub(super) struct Case {
    pub(super) id: String,
    pub(super) acts: Vec<Act>,
    pub(super) end: End,
}

/// What the fuzzer does next, or expects by now.
pub(super) enum Act {
    /// Sends a frame; whether the peer sees it alone or with the next is open.
    Frame(Frame),
    /// Sends a frame in pieces of so many bytes, and gives the peer time after each.
    Chopped(Frame, usize),
    /// Sends bytes of a frame that was begun: a head with the length of more.
    Begun(Frame, usize),
    /// Has received this as well by now.
    Gets(Answer),
    /// Has received nothing more by now.
    GetsNothing,
}

/// A frame as it is before it is masked.
#[derive(Clone)]
pub(super) struct Frame {
    /// The final bit, the reserved bits and the opcode.
    pub(super) first: u8,
    pub(super) payload: Vec<u8>,
}

/// What a peer sends back before any Close.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
}

/// How the connection ends.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// The fuzzer closes with 1000, and the peer agrees.
    Agreed,
    /// The peer has failed the connection with this code.
    Failed(u16),
    /// A Close of the fuzzer's is among the acts, and was answered with this code, or with none.
    Answered(Option<u16>),
    /// As `Answered(Some(1000))`; Autobahn leaves open what else has come by then.
    AnsweredAnyhow,
}

pub(super) const FINAL: u8 = 0x80;
pub(super) const CONTINUE: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xa;

/// Sends everything up to the next act in one piece of its own.
pub(super) const ALONE: usize = usize::MAX;

/// Every case. `shrink` divides the sizes of the mass messages, their fragments and pieces.
pub(super) fn all(shrink: usize) -> Vec<Case> {
    let mut cases = framing::cases();
    cases.extend(utf8::cases());
    cases.extend(closes::cases());
    cases.extend(masses::cases(shrink));
    cases
}

fn case(id: impl Into<String>, acts: impl IntoIterator<Item = Act>, end: End) -> Case {
    Case { id: id.into(), acts: acts.into_iter().collect(), end }
}

fn frame(first: u8, payload: impl AsRef<[u8]>) -> Act {
    Act::Frame(bare(first, payload))
}

fn chopped(first: u8, payload: impl AsRef<[u8]>, piece: usize) -> Act {
    Act::Chopped(bare(first, payload), piece)
}

fn bare(first: u8, payload: impl AsRef<[u8]>) -> Frame {
    Frame { first, payload: payload.as_ref().to_vec() }
}

fn text(payload: impl AsRef<[u8]>) -> Act {
    Act::Gets(Answer::Text(payload.as_ref().to_vec()))
}

fn pong(payload: impl AsRef<[u8]>) -> Act {
    Act::Gets(Answer::Pong(payload.as_ref().to_vec()))
}

/// What comes back of a message.
fn echo(opcode: u8, payload: impl AsRef<[u8]>) -> Act {
    let payload = payload.as_ref().to_vec();
    Act::Gets(if opcode == TEXT { Answer::Text(payload) } else { Answer::Binary(payload) })
}

/// A message in fragments of so many bytes, as few as that takes.
fn fragments(opcode: u8, payload: &[u8], size: usize) -> Vec<Act> {
    let count = payload.len().div_ceil(size);
    let parts = payload.chunks(size).enumerate();
    let first = |n: usize| {
        let opcode = if n == 0 { opcode } else { CONTINUE };
        if n + 1 == count { FINAL | opcode } else { opcode }
    };
    parts.map(|(n, part)| frame(first(n), part)).collect()
}
