//! The protocol: bytes in, events out; messages in, bytes out.
//!
//! Promises never to block and never to read on after an error; every error becomes a Close frame
//! with its code. It owns no socket, no clock and no waker: it is the same state machine in a
//! test, in a replay and on a wire.

use std::io;
use std::rc::Rc;

use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Bytes, Message as Wire, Utf8Bytes};

use crate::adapter::Adapter;
use crate::close::{REASON_BYTES_MAX, code};
use crate::frames::Head;
use crate::limits::Limits;
use crate::message::Message;
use crate::quick::{Front, front};
use crate::ring::Ring;
use crate::walker::Walker;

/// What a connection at rest keeps to read frames into. Larger frames get larger buffers, and
/// `trim` gives those back.
///
/// Small, because it costs nothing: the bytes come from memory, not from a system call. From 512
/// bytes to 4 KiB no difference in speed could be measured; in a thousand connections 3 MiB could.
pub(crate) const READ_BUFFER_BYTES: usize = 1024;

/// What the encoder of a connection at rest may keep: it never shrinks by itself.
const ENCODER_AT_REST_BYTES: usize = 256;

/// A frame of this length or less is waited for until it is whole; what has come of it is copied
/// each time that more comes. A longer one is read by tungstenite as it comes. 20 KiB: a frame of
/// 16 KiB, and who sends it byte by byte costs us no more than the system calls for it.
pub(crate) const BEGUN_BYTES_MAX: usize = 20 * 1024;

/// Room in the encoder beyond one frame's payload: its head, and a pong that came first.
const ENCODER_SPARE_BYTES: usize = 512;

/// Something the peer said that concerns more than tungstenite.
#[derive(Debug)]
pub(crate) enum Event {
    /// A whole message.
    Message(Message),
    /// The answer to our ping of that number.
    Pong(u64),
    /// Nothing that follows has a meaning.
    End(Ending),
}

/// What ends the input. The Close that answers it is still to be sent.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The peer's Close.
    Close { code: u16, reason: Utf8Bytes },
    /// The peer broke a rule or passed a limit.
    Fault { code: u16, what: String },
}

/// One connection's protocol state.
#[derive(Debug)]
pub(crate) struct Protocol {
    context: WebSocketContext,
    role: Role,
    limits: Rc<Limits>,
    walker: Walker,
    /// What is to be written.
    ring: Ring,
    /// False once a Close or a fault came: whatever follows has no meaning.
    readable: bool,
    /// False while an answer of tungstenite's may wait for room in the ring.
    settled: bool,
    refused: bool,
    /// True while the context may hold bytes it has not looked at: a pong came before them.
    holds_bytes: bool,
    /// True once a Close of ours was encoded: nothing follows it.
    closed: bool,
    /// True once a Close of the peer's was read.
    peer_closed: bool,
    /// True if the encoder has held more than it may keep at rest.
    encoder_grown: bool,
}

impl Protocol {
    pub(crate) fn new(role: Role, limits: Rc<Limits>) -> Protocol {
        Protocol {
            context: context(role, &limits),
            role,
            walker: Walker::new(limits.fragments_per_message_max),
            ring: Ring::default(),
            readable: true,
            settled: true,
            refused: false,
            holds_bytes: false,
            closed: false,
            peer_closed: false,
            encoder_grown: false,
            limits,
        }
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// False once a Close or a fault came: then input is only there to be thrown away.
    pub(crate) fn is_readable(&self) -> bool {
        self.readable
    }

    /// True if it may hold bytes that were given to it and not looked at.
    pub(crate) fn holds_bytes(&self) -> bool {
        self.holds_bytes
    }

    /// True once each side has said that it closes, whatever the codes.
    pub(crate) fn is_agreed(&self) -> bool {
        self.closed && self.peer_closed
    }

    pub(crate) fn frames_read(&self) -> u64 {
        self.walker.frames()
    }

    pub(crate) fn ring(&mut self) -> &mut Ring {
        &mut self.ring
    }

    /// The next event of `input`. `None` means that all of it is used up.
    pub(crate) fn next(&mut self, input: &mut &[u8]) -> Option<Event> {
        while self.readable {
            let mut adapter = Adapter {
                input,
                walker: &mut self.walker,
                ring: &mut self.ring,
                ring_bytes_max: self.limits.outgoing_low_bytes_max.max(1),
                refused: &mut self.refused,
            };
            self.settled = false;
            self.holds_bytes = false;
            match self.context.read(&mut adapter) {
                Ok(Wire::Text(text)) => {
                    return Some(Event::Message(Message::Text(text).detached()));
                }
                Ok(Wire::Binary(bytes)) => {
                    return Some(Event::Message(Message::Binary(bytes).detached()));
                }
                // The pong is tungstenite's business; its bytes go to the ring before we return.
                Ok(Wire::Ping(_) | Wire::Frame(_)) => {}
                Ok(Wire::Pong(payload)) => {
                    if let Ok(sequence) = <[u8; 8]>::try_from(&payload[..]) {
                        self.holds_bytes = true;
                        return Some(Event::Pong(u64::from_be_bytes(sequence)));
                    }
                }
                Ok(Wire::Close(frame)) => return Some(Event::End(self.peer_closed(frame))),
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.settle();
                    return None;
                }
                Err(error) => return Some(Event::End(self.fail(&error))),
            }
        }
        None
    }

    /// What lies at the front of the input, if tungstenite holds nothing that comes before. A whole
    /// message is taken. No code but ours runs.
    pub(crate) fn take_front(&mut self, input: &mut &[u8]) -> Front {
        if !self.is_between_messages() {
            return Front::Other;
        }
        let payload_max = self.limits.frame_bytes_max.min(self.limits.message_bytes_max);
        let front = front(input, self.role, payload_max, BEGUN_BYTES_MAX);
        if let Front::Whole(_, taken) = &front {
            self.walker.pass_message();
            *input = &input[*taken..];
        }
        front
    }

    /// True if the context is as good as a new one, but for what it is still to write: it holds no
    /// byte of a message, and neither side has begun to close.
    fn is_between_messages(&self) -> bool {
        self.readable && self.context.can_write() && self.walker.at_rest() && !self.holds_bytes
    }

    /// Encodes a frame of a message into the ring. Nothing follows a Close: false then.
    ///
    /// What a server sends needs no mask, so it is copied once, past tungstenite's encoder.
    pub(crate) fn data(&mut self, opcode: Data, payload: Bytes, last: bool) -> bool {
        if !self.context.can_write() {
            return false;
        }
        if self.role == Role::Server {
            self.ring.push(Head::new(opcode, payload.len(), last).bytes());
            self.ring.push(&payload);
        } else {
            self.encoder_grown |= payload.len() > ENCODER_AT_REST_BYTES;
            self.write(Wire::Frame(Frame::message(payload, OpCode::Data(opcode), last)));
        }
        true
    }

    /// Puts a whole frame of a server's into the ring, as it is. Nothing follows a Close.
    pub(crate) fn frame(&mut self, bytes: &[u8]) {
        debug_assert!(self.role == Role::Server, "what a client sends is masked");
        if self.context.can_write() {
            self.ring.push(bytes);
        }
    }

    /// Encodes a ping whose pong names the same number.
    pub(crate) fn ping(&mut self, sequence: u64) {
        self.write(Wire::Ping(Bytes::copy_from_slice(&sequence.to_be_bytes())));
    }

    /// Encodes a Close, unless one was sent already. One that answers a Close without a code has
    /// none either.
    pub(crate) fn close(&mut self, code: u16, reason: Utf8Bytes) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        let frame = CloseFrame { code: CloseCode::from(code), reason };
        self.write(Wire::Close((code != code::NONE).then_some(frame)));
    }

    /// Lets the answers that tungstenite holds back (a pong, a Close) into the ring, if it has
    /// room. It holds back no more than one encoder's buffer: newer pongs replace older ones.
    pub(crate) fn settle(&mut self) {
        // COST: it holds nothing unless it was read or written; asking takes 150 instructions.
        if self.settled {
            return;
        }
        let bytes_max = self.limits.outgoing_low_bytes_max.max(1);
        let outcome = self.with_ring(bytes_max, flush_all);
        // A server's context calls itself closed before its Close has left: only "done" is done.
        self.settled = outcome.is_ok();
        self.encoder_grown |= is_would_block(&outcome);
    }

    /// Gives back the buffers that large frames left behind, once the stream is between messages.
    ///
    /// A context can be replaced by a new one exactly then: it was given the bytes of one message
    /// at a time, so it holds none, nor an answer, and it is neither closing nor closed.
    pub(crate) fn trim(&mut self) {
        let grown = self.encoder_grown || self.walker.longest() > READ_BUFFER_BYTES as u64;
        if grown && self.settled && self.is_between_messages() {
            self.context = context(self.role, &self.limits);
            self.walker.forget_longest();
            self.encoder_grown = false;
        }
    }

    /// The peer's Close ends the reading.
    fn peer_closed(&mut self, frame: Option<CloseFrame>) -> Ending {
        self.readable = false;
        self.peer_closed = true;
        if !self.closed {
            // tungstenite would answer at once, and send nothing more. Ours goes behind what is
            // still to be said: a new context knows of no Close, and reads nothing.
            self.context = context(self.role, &self.limits);
            self.settled = true;
            // It would also tell a code that must not be sent as the peer's own 1002.
            if let Some(code) = self.walker.close_code().filter(|&code| !may_be_sent(code)) {
                let what = format!("expected a close code that may be sent, came {code}");
                return Ending::Fault { code: code::PROTOCOL, what };
            }
        }
        match frame {
            Some(frame) => Ending::Close { code: frame.code.into(), reason: frame.reason },
            None => Ending::Close { code: code::NONE, reason: Utf8Bytes::default() },
        }
    }

    /// An error ends the reading: a context that failed once may hand out anything afterwards.
    fn fail(&mut self, error: &tungstenite::Error) -> Ending {
        let (code, what) = if self.refused {
            let most = self.limits.fragments_per_message_max;
            (code::POLICY, format!("expected at most {most} fragments a message, came more"))
        } else {
            fault(error)
        };
        self.readable = false;
        Ending::Fault { code, what }
    }

    /// Ends the reading from our side, with a Close if none was sent. Of the reason goes what a
    /// control frame carries.
    pub(crate) fn give_up(&mut self, code: u16, reason: &str) {
        self.readable = false;
        self.close(code, clipped(reason));
    }

    /// Passes one frame to tungstenite, whose encoder empties itself into the ring at once.
    fn write(&mut self, frame: Wire) {
        self.settled = false;
        // What the encoder holds back goes first; then it has room for any frame of ours.
        let outcome = self.with_ring(usize::MAX, |context, ring| {
            flush_all(context, ring)?;
            context.write(ring, frame)
        });
        if let Err(error) = outcome {
            // After the peer's Close nothing can be sent: the frame is dropped, as documented.
            log::trace!("a frame was dropped: {error}");
        }
    }

    /// Runs `act` against the ring alone: there is nothing to read.
    fn with_ring<T>(
        &mut self,
        ring_bytes_max: usize,
        act: impl FnOnce(&mut WebSocketContext, &mut Adapter<'_, '_>) -> T,
    ) -> T {
        let mut adapter = Adapter {
            input: &mut &[][..],
            walker: &mut self.walker,
            ring: &mut self.ring,
            ring_bytes_max,
            refused: &mut self.refused,
        };
        act(&mut self.context, &mut adapter)
    }
}

/// A context for a stream that lies between two messages.
fn context(role: Role, limits: &Limits) -> WebSocketContext {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        // Every frame goes to the ring at once; the ring is where we cork.
        .write_buffer_size(0)
        .max_write_buffer_size(limits.outgoing_frame_bytes_max.saturating_add(ENCODER_SPARE_BYTES))
        .max_message_size(Some(limits.message_bytes_max))
        .max_frame_size(Some(limits.frame_bytes_max));
    WebSocketContext::new(role, Some(config))
}

/// Moves what the encoder holds to the ring. Twice, for what one flush may leave: while the encoder
/// is full, the newest pong waits beside it.
fn flush_all(
    context: &mut WebSocketContext,
    ring: &mut Adapter<'_, '_>,
) -> Result<(), tungstenite::Error> {
    context.flush(ring)?;
    context.flush(ring)
}

fn is_would_block(outcome: &Result<(), tungstenite::Error>) -> bool {
    match outcome {
        Err(tungstenite::Error::Io(error)) => error.kind() == io::ErrorKind::WouldBlock,
        _ => false,
    }
}

/// True if an endpoint may send a Close with this code (RFC 6455, section 7.4).
pub(crate) fn may_be_sent(code: u16) -> bool {
    CloseCode::from(code).is_allowed()
}

/// The close code and the words for an error of tungstenite's.
fn fault(error: &tungstenite::Error) -> (u16, String) {
    use tungstenite::Error;
    use tungstenite::error::CapacityError;
    match error {
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            let what = format!("expected at most {max_size} bytes a frame or message, came {size}");
            (code::TOO_BIG, what)
        }
        Error::Capacity(error) => (code::TOO_BIG, format!("expected less, came: {error}")),
        Error::Utf8(_) => (code::NOT_UTF8, format!("expected text in UTF-8, came: {error}")),
        Error::Protocol(error) => {
            (code::PROTOCOL, format!("expected frames by RFC 6455, came: {error}"))
        }
        other => (code::PROTOCOL, format!("expected frames by RFC 6455, came: {other}")),
    }
}

/// `text` as a close reason: as much of it as a control frame carries.
fn clipped(text: &str) -> Utf8Bytes {
    text[..text.floor_char_boundary(REASON_BYTES_MAX)].into()
}
