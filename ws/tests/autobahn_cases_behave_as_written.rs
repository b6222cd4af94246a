//! Each of Autobahn's 301 cases without compression (1 to 7, 9, 10) is answered as its description
//! asks, by a server and by a client, over memory sockets. The script `tools/autobahn.sh` runs
//! Autobahn itself.

mod autobahn;
mod common;

use std::collections::BTreeSet;

use autobahn::{Act, Answer, CLOSE, Case, End, FINAL, Frame, PING, PONG, TEXT, all};
use common::{Loop, Raw, close_payload, echo, masked, unmasked};
use glassloop_ws::{CloseInfo, Config, Side};

/// In `cargo test` a mass message has a 64th of its size, in as many fragments and pieces.
const SHRINK: usize = 64;

const CASES: usize = 301;

/// Who is tested. The other end is the fuzzer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Server,
    Client,
}

#[test]
fn every_case_is_here_once() {
    let cases = all(SHRINK);
    let ids: BTreeSet<&str> = cases.iter().map(|case| &case.id[..]).collect();
    assert_eq!((cases.len(), ids.len()), (CASES, CASES));
    let of_family = |family: &str| ids.iter().filter(|id| id.starts_with(family)).count();
    let families = ["1.", "2.", "3.", "4.", "5.", "6.", "7.", "9.", "10."];
    assert_eq!(families.map(of_family), [16, 11, 7, 10, 20, 145, 37, 54, 1]);
}

#[test]
fn a_server_behaves_as_every_case_is_written() {
    assert_eq!(run_all(Role::Server, SHRINK), CASES);
}

#[test]
fn a_client_behaves_as_every_case_is_written() {
    assert_eq!(run_all(Role::Client, SHRINK), CASES);
}

#[test]
#[ignore = "the full size, for .ci/full"]
fn full_both_roles_behave_as_every_case_is_written_at_its_size() {
    assert_eq!(run_all(Role::Server, 1) + run_all(Role::Client, 1), 2 * CASES);
}

fn run_all(role: Role, shrink: usize) -> usize {
    let cases = all(shrink);
    cases.iter().for_each(|case| run(case, role));
    cases.len()
}

/// The fuzzer's side of one case.
struct Fuzzer {
    name: String,
    role: Role,
    event_loop: Loop,
    raw: Raw,
    /// How many bytes have left of the frame that was begun.
    begun: usize,
    /// What the peer sent and is no whole frame yet.
    bytes: Vec<u8>,
    /// The frames of a message that is not whole yet.
    message: Option<(u8, Vec<u8>)>,
    answers: Vec<Answer>,
    /// The payload of the peer's Close.
    close: Option<Vec<u8>>,
    /// The peer's end of the stream.
    ended: bool,
    expected: Vec<Answer>,
}

fn run(case: &Case, role: Role) {
    let name = format!("case {} of the {role:?}", case.id);
    let mut event_loop = Loop::new();
    let mut config = Config::default();
    config.limits.frame_bytes_max = 16 * 1024 * 1024;
    config.limits.message_bytes_max = 16 * 1024 * 1024;
    let (end, raw) = match role {
        Role::Server => event_loop.raw_client(config),
        Role::Client => event_loop.raw_server(config),
    };
    event_loop.spawn(echo(end.socket));
    let mut fuzzer = Fuzzer {
        name,
        role,
        event_loop,
        raw,
        begun: 0,
        bytes: Vec::new(),
        message: None,
        answers: Vec::new(),
        close: None,
        ended: false,
        expected: Vec::new(),
    };
    case.acts.iter().for_each(|act| fuzzer.act(act));
    fuzzer.end(case.end);
    let Fuzzer { name, mut event_loop, raw, .. } = fuzzer;
    drop(raw);
    let info = event_loop.wait_for(&end.driver);
    judge(&name, case.end, &info);
}

/// What the tested side itself knows of the end.
fn judge(name: &str, end: End, info: &CloseInfo) {
    let expected = match end {
        End::Agreed | End::AnsweredAnyhow => (1000, Side::Peer, true),
        End::Answered(code) => (code.unwrap_or(1005), Side::Peer, true),
        End::Failed(code) => (code, Side::Us, false),
    };
    assert_eq!((info.code, info.side, info.is_clean()), expected, "{name}: {info}");
}

impl Fuzzer {
    fn act(&mut self, act: &Act) {
        match act {
            Act::Frame(frame) => self.send(&self.encoded(frame)),
            Act::Chopped(frame, size) => {
                for piece in self.encoded(frame).chunks(*size) {
                    self.send(piece);
                    self.event_loop.settle();
                }
            }
            Act::Begun(frame, payload_end) => {
                let bytes = self.encoded(frame);
                let head = bytes.len() - frame.payload.len();
                let end = head.saturating_add(*payload_end).min(bytes.len());
                self.send(&bytes[self.begun..end]);
                self.begun = end;
            }
            Act::Gets(answer) => {
                self.expected.push(answer.clone());
                // Several in a row may come in one go.
                self.listen();
                let so_far = self.answers.len().min(self.expected.len());
                self.check(so_far);
            }
            Act::GetsNothing => {
                self.listen();
                self.check(self.answers.len());
                assert!(self.close.is_none() && !self.ended, "{}: too early an end", self.name);
            }
        }
    }

    /// The first `count` answers must be those expected; with them all must have come.
    fn check(&self, count: usize) {
        let shown = |answers: &[Answer]| answers.iter().map(describe).collect::<Vec<_>>();
        let (came, expected) = (&self.answers[..count], &self.expected[..]);
        assert!(came == expected, "{}: {:?}, not {:?}", self.name, shown(came), shown(expected));
    }

    fn encoded(&self, frame: &Frame) -> Vec<u8> {
        match self.role {
            Role::Server => masked(frame.first, &frame.payload),
            Role::Client => unmasked(frame.first, &frame.payload),
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.raw.write(&mut self.event_loop, bytes);
    }

    fn end(&mut self, end: End) {
        self.listen();
        if let End::Agreed = end {
            self.check(self.answers.len());
            assert!(self.close.is_none(), "{}: it closes by itself", self.name);
            let close = Frame { first: FINAL | CLOSE, payload: close_payload(1000, "") };
            self.send(&self.encoded(&close));
            self.listen();
        }
        let came = self.close.take().unwrap_or_else(|| panic!("{}: no Close came", self.name));
        let code = came.first_chunk().map(|code| u16::from_be_bytes(*code));
        let expected = match end {
            End::Agreed | End::AnsweredAnyhow => Some(1000),
            End::Failed(code) => Some(code),
            End::Answered(code) => code,
        };
        assert_eq!(code, expected, "{}", self.name);
        if !matches!(end, End::AnsweredAnyhow) {
            self.check(self.answers.len());
        }
        // Who fails a connection ends it; in a close that both agree on, the server does.
        let must_end = self.role == Role::Server || matches!(end, End::Failed(_));
        assert_eq!(self.ended, must_end, "{}: the end of the stream", self.name);
    }

    /// Gives the peer time, and takes what it sends.
    fn listen(&mut self) {
        let (bytes, ended) = self.raw.take(&mut self.event_loop);
        self.ended |= ended;
        self.bytes.extend(bytes);
        let bytes = std::mem::take(&mut self.bytes);
        let mut rest = &bytes[..];
        while let Some((first, payload, behind)) = self.first_frame(rest) {
            assert!(self.close.is_none(), "{}: a frame behind the Close", self.name);
            self.note(first, payload);
            rest = behind;
        }
        self.bytes = rest.to_vec();
    }

    /// The first frame of `bytes`, unmasked, and what lies behind it. `None` if it isn't whole.
    fn first_frame<'a>(&self, bytes: &'a [u8]) -> Option<(u8, Vec<u8>, &'a [u8])> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let (length, rest) = match second & 0x7f {
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk()?;
                (usize::try_from(u64::from_be_bytes(*length)).ok()?, rest)
            }
            short => (usize::from(short), rest),
        };
        assert_eq!(second & 0x80 != 0, self.role == Role::Client, "{}: the mask", self.name);
        let (mask, rest) = match self.role {
            Role::Server => ([0; 4], rest),
            Role::Client => rest.split_first_chunk().map(|(mask, rest)| (*mask, rest))?,
        };
        let (payload, rest) = rest.split_at_checked(length)?;
        let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        Some((first, payload.collect(), rest))
    }

    fn note(&mut self, first: u8, payload: Vec<u8>) {
        match first & 0x0f {
            CLOSE => self.close = Some(payload),
            PONG => self.answers.push(Answer::Pong(payload)),
            PING => panic!("{}: a ping that nobody asked for", self.name),
            opcode => {
                let (_, message) = self.message.get_or_insert_with(|| (opcode, Vec::new()));
                message.extend(payload);
            }
        }
        if first & FINAL != 0
            && let Some((opcode, message)) = self.message.take_if(|_| first & 0x08 == 0)
        {
            let is_text = opcode == TEXT;
            self.answers.push(if is_text {
                Answer::Text(message)
            } else {
                Answer::Binary(message)
            });
        }
    }
}

/// An answer in a few words: masses are long.
fn describe(answer: &Answer) -> String {
    let (kind, payload) = match answer {
        Answer::Text(payload) => ("text", payload),
        Answer::Binary(payload) => ("binary", payload),
        Answer::Pong(payload) => ("pong", payload),
    };
    let shown = &payload[..payload.len().min(40)];
    format!("{kind} of {}: {}", payload.len(), shown.escape_ascii())
}
