//! The outbox: messages on their way out that are not bytes yet.
//!
//! Promises that they leave whole and in order, a ping between any two frames, a Close behind all
//! of them; and that what waits, here and in the ring, is counted to the byte and bounded. It
//! encodes nothing and drops nothing: what is given up is handed out.

use std::collections::VecDeque;

use tungstenite::protocol::frame::coding::Data;
use tungstenite::{Bytes, Utf8Bytes};

use crate::frames::Frames;
use crate::limits::Limits;
use crate::message::Message;

/// A message that waits, or the rest of one that has begun to leave.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Message(Message),
    /// A message whose sender keeps a copy until it has left.
    Kept(Message),
    /// Encoded already, for many connections.
    Frames(Frames),
    Rest(Bytes, Last),
    RestOfFrames(Frames),
}

/// Whether a frame is the last one of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    No,
    Yes,
    /// It is, and somebody keeps the message until it has left.
    OfKept,
}

/// What goes into the ring at once: a frame, so that nothing else lands inside it.
#[derive(Debug)]
pub(crate) enum Part {
    Data { opcode: Data, payload: Bytes, last: Last },
    Frame { bytes: Bytes, last: bool },
    Ping(u64),
    Close { code: u16, reason: Utf8Bytes },
}

/// How much room a message may take. The hard cap is above all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// For who can come again: one message past high water, and then none until low water, so that
    /// it is woken seldom.
    Marks,
    /// For who would rather lose something than let more wait: up to high water.
    High,
    /// For who can't come again and may lose nothing.
    Cap,
}

/// What a frame may cost beside its payload: counted for every message that waits, so that empty
/// messages have a size, too.
const FRAME_HEAD_BYTES_MAX: usize = 14;

/// So much that waits is worth a write of its own.
const EARLY_WRITE_BYTES_MIN: usize = 64 * 1024;

/// A queue at rest keeps no more room than this.
const QUEUE_AT_REST_MAX: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Outgoing>,
    /// The newest ping that waits: its pong answers those before it.
    ping: Option<u64>,
    close: Option<Box<(u16, Utf8Bytes)>>,
    queued_bytes: usize,
    /// What lies in the ring: encoded, and not yet taken by the socket.
    ring_bytes: usize,
    /// What has left in this turn, before its end.
    early_bytes: usize,
    /// True while the socket takes no more.
    blocked: bool,
    /// True from high water down to low water.
    choked: bool,
    /// True once something was given up because the connection ended.
    lost: bool,
    /// Messages that a policy gave up.
    dropped: u64,
}

impl Outgoing {
    fn len(&self) -> usize {
        match self {
            Outgoing::Message(message) | Outgoing::Kept(message) => message.len(),
            Outgoing::Rest(bytes, _) => bytes.len(),
            Outgoing::Frames(frames) | Outgoing::RestOfFrames(frames) => frames.len(),
        }
    }

    /// The message that was offered, if it comes back. Only what was queued is ever begun, and only
    /// a hub offers frames.
    pub(crate) fn into_message(self) -> Option<Message> {
        match self {
            Outgoing::Message(message) | Outgoing::Kept(message) => Some(message),
            Outgoing::Frames(_) | Outgoing::Rest(..) | Outgoing::RestOfFrames(_) => None,
        }
    }

    fn cost(&self) -> usize {
        self.len() + FRAME_HEAD_BYTES_MAX
    }

    fn has_begun(&self) -> bool {
        matches!(self, Outgoing::Rest(..) | Outgoing::RestOfFrames(_))
    }
}

impl Outbox {
    /// Everything that waits to leave, in bytes.
    pub(crate) fn buffered(&self) -> usize {
        self.queued_bytes + self.ring_bytes
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// True if nothing waits to be encoded.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.ping.is_none() && self.close.is_none()
    }

    /// True if the socket has everything.
    pub(crate) fn is_drained(&self) -> bool {
        self.is_empty() && self.ring_bytes == 0
    }

    /// True if a Close of ours waits behind what was sent before it.
    pub(crate) fn holds_close(&self) -> bool {
        self.close.is_some()
    }

    /// True if the connection ended before everything had left.
    pub(crate) fn has_lost(&self) -> bool {
        self.lost
    }

    /// Takes something to be sent, or gives it back if too much waits.
    pub(crate) fn offer(
        &mut self,
        outgoing: Outgoing,
        room: Room,
        limits: &Limits,
    ) -> Result<(), Outgoing> {
        let before = self.buffered();
        let under = |most: usize| before == 0 || before.saturating_add(outgoing.cost()) <= most;
        let fits = under(limits.outgoing_bytes_max)
            && match room {
                Room::Marks => !self.is_choked(limits),
                Room::High => under(limits.outgoing_high_bytes_max),
                Room::Cap => true,
            };
        if !fits {
            return Err(outgoing);
        }
        self.push(outgoing, limits);
        Ok(())
    }

    /// Takes something to be sent, in the place of older messages, which are handed out. Given
    /// back if the hard cap has no room for it even then.
    pub(crate) fn force(
        &mut self,
        outgoing: Outgoing,
        limits: &Limits,
        given_up: &mut Vec<Outgoing>,
    ) -> Result<(), Outgoing> {
        let cost = outgoing.cost();
        // What has begun is sent to its end, and what is kept is its sender's to give up.
        let may_go = |old: &Outgoing| !old.has_begun() && !matches!(old, Outgoing::Kept(_));
        while self.buffered().saturating_add(cost) > limits.outgoing_high_bytes_max
            && let Some(oldest) = self.queue.iter().position(may_go)
            && let Some(old) = self.queue.remove(oldest)
        {
            self.queued_bytes -= old.cost();
            self.dropped += 1;
            given_up.push(old);
        }
        let after = self.buffered().saturating_add(cost);
        if after > limits.outgoing_bytes_max && self.buffered() > 0 {
            return Err(outgoing);
        }
        self.push(outgoing, limits);
        Ok(())
    }

    fn push(&mut self, outgoing: Outgoing, limits: &Limits) {
        self.queued_bytes += outgoing.cost();
        self.choked = self.buffered() > limits.outgoing_high_bytes_max;
        self.queue.push_back(outgoing);
    }

    /// True if what was sent in this turn is above high water, whether or not it has left: who
    /// sends without end to a socket that takes everything would else never come to wait.
    fn is_turn_full(&self, limits: &Limits) -> bool {
        self.early_bytes > 0 && self.buffered() + self.early_bytes > limits.outgoing_high_bytes_max
    }

    /// True if all that waits leaves with the next write: the socket takes more, and a write takes
    /// as much as high water.
    pub(crate) fn leaves_at_once(&self, limits: &Limits) -> bool {
        !self.blocked && self.buffered() <= limits.outgoing_high_bytes_max
    }

    /// True if so much waits that a write is worth it before the turn ends.
    // COST: a write of 64 KiB costs no more than half of one of 128, and what has left is not kept
    // alive until the turn ends: 64 connections with 16 messages of 16 KiB each under way take 6.0
    // us a message instead of 7.8, by the processor's time (bare mio with tungstenite 10.1).
    pub(crate) fn is_worth_a_write(&self) -> bool {
        !self.blocked && self.buffered() >= EARLY_WRITE_BYTES_MIN
    }

    /// So much has left before the end of the turn.
    pub(crate) fn note_early(&mut self, bytes: usize) {
        self.early_bytes = self.early_bytes.saturating_add(bytes);
    }

    /// The turn is over, and the write that follows looks who may go on.
    pub(crate) fn note_turn_end(&mut self) {
        self.early_bytes = 0;
    }

    /// A policy dropped a message before it came here.
    pub(crate) fn count_dropped(&mut self) {
        self.dropped += 1;
    }

    /// The newest ping takes the place of one that waits: with the one Close, at most two control
    /// frames do.
    pub(crate) fn queue_ping(&mut self, sequence: u64) {
        self.ping = Some(sequence);
    }

    pub(crate) fn queue_close(&mut self, code: u16, reason: Utf8Bytes) {
        self.close = Some(Box::new((code, reason)));
    }

    /// The next frame to encode.
    pub(crate) fn next_part(&mut self, limits: &Limits) -> Option<Part> {
        if let Some(sequence) = self.ping.take() {
            return Some(Part::Ping(sequence));
        }
        let Some(outgoing) = self.queue.pop_front() else {
            let (code, reason) = *self.close.take()?;
            return Some(Part::Close { code, reason });
        };
        self.queued_bytes -= outgoing.cost();
        let most = limits.outgoing_frame_bytes_max;
        let (part, rest) = match outgoing {
            Outgoing::Message(message) => begin(message, Last::Yes, most),
            Outgoing::Kept(message) => begin(message, Last::OfKept, most),
            Outgoing::Rest(bytes, last) => cut(Data::Continue, bytes, last, most),
            Outgoing::Frames(mut frames) | Outgoing::RestOfFrames(mut frames) => {
                let bytes = frames.split_first();
                let last = frames.len() == 0;
                (Part::Frame { bytes, last }, (!last).then_some(Outgoing::RestOfFrames(frames)))
            }
        };
        match rest {
            Some(rest) => {
                self.queued_bytes += rest.cost();
                self.queue.push_front(rest);
            }
            None => at_rest(&mut self.queue),
        }
        Some(part)
    }

    /// Notes what lies in the ring now, and whether the socket takes more. True if there is room
    /// for who waits at the marks.
    pub(crate) fn note_ring(&mut self, bytes: usize, blocked: bool, limits: &Limits) -> bool {
        self.ring_bytes = bytes;
        self.blocked = blocked;
        self.choked &= self.buffered() > limits.outgoing_low_bytes_max;
        // A message larger than the cap waits for an empty outbox: it asks again each time.
        !self.is_choked(limits)
    }

    /// Nobody will read what has not begun: of that, what is kept is handed out.
    pub(crate) fn take_kept(&mut self) -> VecDeque<Outgoing> {
        let queue = std::mem::take(&mut self.queue).into_iter();
        let (kept, others) = queue.partition(|old| matches!(old, Outgoing::Kept(_)));
        let kept: VecDeque<Outgoing> = kept;
        self.queue = others;
        self.queued_bytes -= kept.iter().map(Outgoing::cost).sum::<usize>();
        kept
    }

    /// True from high water down to low water, and above high water of this turn.
    pub(crate) fn is_choked(&self, limits: &Limits) -> bool {
        self.choked || self.is_turn_full(limits)
    }

    /// The peer is too slow to be served: what waits here is handed out. The count says how many
    /// messages of it had not begun.
    pub(crate) fn give_up(&mut self) -> VecDeque<Outgoing> {
        let begun = self.queue.front().is_some_and(Outgoing::has_begun);
        self.dropped += (self.queue.len() - usize::from(begun)) as u64;
        self.lost |= !self.queue.is_empty();
        self.queued_bytes = 0;
        std::mem::take(&mut self.queue)
    }

    /// Nothing will be encoded any more: what waits here is handed out.
    pub(crate) fn end(&mut self) -> VecDeque<Outgoing> {
        self.lost |= !self.queue.is_empty();
        self.ping = None;
        self.close = None;
        self.queued_bytes = 0;
        std::mem::take(&mut self.queue)
    }

    /// The socket is gone, and with it what lay in the ring. What waits here is handed out.
    pub(crate) fn finish(&mut self) -> VecDeque<Outgoing> {
        self.note_lost(self.ring_bytes);
        self.end()
    }

    /// So much lay in the ring of a socket that is gone.
    pub(crate) fn note_lost(&mut self, ring_bytes: usize) {
        self.lost |= ring_bytes > 0;
        self.ring_bytes = 0;
    }
}

/// The first frame of a message, and what is left behind it. Its last one will be `last`.
fn begin(message: Message, last: Last, frame_bytes_max: usize) -> (Part, Option<Outgoing>) {
    let opcode = message.opcode();
    cut(opcode, message.into_bytes(), last, frame_bytes_max)
}

/// The same for what is left of one.
fn cut(
    opcode: Data,
    mut bytes: Bytes,
    last: Last,
    frame_bytes_max: usize,
) -> (Part, Option<Outgoing>) {
    if bytes.len() <= frame_bytes_max {
        return (Part::Data { opcode, payload: bytes, last }, None);
    }
    let payload = bytes.split_to(frame_bytes_max);
    (Part::Data { opcode, payload, last: Last::No }, Some(Outgoing::Rest(bytes, last)))
}

/// Gives back the room of a queue that has become empty.
pub(crate) fn at_rest<T>(queue: &mut VecDeque<T>) {
    if queue.is_empty() && queue.capacity() > QUEUE_AT_REST_MAX {
        *queue = VecDeque::new();
    }
}
