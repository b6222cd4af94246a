//! The reading: one turn's bytes from a socket to the mailbox.
//!
//! Promises to take at most `read_bytes_per_turn_max` bytes, whoever reads, and to stop when the
//! mailbox is full, and says which of it happened. Through one buffer a thread passes what every
//! connection of that thread reads, so that a connection at rest needs none of its own.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll};

use tungstenite::{Bytes, Utf8Bytes};

use crate::close::{Cause, CloseInfo, Side, StallNote};
use crate::connection::Connection;
use crate::mailbox::Stage;
use crate::protocol::{BEGUN_BYTES_MAX, Ending, Event};
use crate::quick::Front;
use crate::waits::WaitsFor;
use crate::wire::Wire;

/// Why a turn's reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// There is nothing to read, or the poll has read enough.
    Blocked,
    /// There may be more, but not in this turn.
    Spent,
    /// The mailbox is full, or the program paused; `recv` or `resume` will tell.
    Paused,
    /// The stream is at its end, or broken: the wire says which.
    Finished,
}

/// One read takes at most 64 KiB, the default budget of a turn, behind a message that has begun.
const SHARED_BUFFER_BYTES: usize = 64 * 1024 + BEGUN_BYTES_MAX;

thread_local! {
    /// Empty while somebody reads, so that a reading within a reading gets a buffer of its own.
    static SHARED_BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Reads until one of the reasons of `Reading`.
pub(crate) fn read_turn(
    connection: &Rc<Connection>,
    wire: &mut Wire,
    cx: &mut Context<'_>,
) -> Reading {
    if connection.ended_in_turn() {
        return Reading::Spent;
    }
    match wire.ending.take() {
        Some((Ending::Close { code, reason }, stall)) => {
            wire.note_unread();
            peer_closed(connection, code, reason, stall);
        }
        Some((Ending::Fault { code, what }, _)) => fail(connection, wire, code, what),
        None => {}
    }
    if wire.at_end {
        return Reading::Finished;
    }
    let mut buffer = SHARED_BUFFER.take();
    buffer.resize(SHARED_BUFFER_BYTES, 0);
    let outcome = read_through(connection, wire, cx, &mut buffer);
    SHARED_BUFFER.set(buffer);
    let ended = wire.ending.is_some();
    connection.end_reading(ended, wire.stream.may_read());
    if ended { Reading::Spent } else { outcome }
}

fn read_through(
    connection: &Rc<Connection>,
    wire: &mut Wire,
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Reading {
    if digest_rest(connection, wire) {
        return Reading::Paused;
    }
    while connection.share_left() > 0 {
        if !wire.stream.may_read() {
            return Reading::Blocked;
        }
        // A message that has begun goes before what comes now.
        let kept = wire.rest.len();
        buffer[..kept].copy_from_slice(&wire.rest);
        let space = connection.share_left().min(buffer.len() - kept);
        match wire.stream.poll_read(cx, &mut buffer[kept..kept + space]) {
            Poll::Pending => {
                if wire.stream.take_heard() {
                    note_heard(connection);
                }
                // Whether and for what to wait is our caller's to say.
                wire.stream.end_read_wait();
                return Reading::Blocked;
            }
            Poll::Ready(Ok(0)) => {
                wire.at_end = true;
                return Reading::Finished;
            }
            Poll::Ready(Ok(count)) => {
                wire.counts.reads += 1;
                wire.counts.bytes_read += count as u64;
                note_heard(connection);
                connection.spend_share(count);
                let mut left = &buffer[..kept + count];
                let paused = digest(connection, wire, &mut left);
                if kept > 0 || !left.is_empty() {
                    wire.rest = Bytes::copy_from_slice(left);
                }
                if paused {
                    return Reading::Paused;
                }
            }
            Poll::Ready(Err(error)) => {
                wire.error = Some(error.kind());
                return Reading::Finished;
            }
        }
    }
    Reading::Spent
}

/// There is a peer.
fn note_heard(connection: &Connection) {
    let now = connection.reactor().now();
    connection.with(|mailbox, _| mailbox.heartbeat.heard(now));
}

/// First what was read before and not taken, which counts like what is read. True if the mailbox is
/// full.
fn digest_rest(connection: &Rc<Connection>, wire: &mut Wire) -> bool {
    if wire.rest.is_empty() && !wire.protocol.holds_bytes() {
        // COST: nearly always; to digest nothing took 190 instructions.
        return must_pause(connection, wire);
    }
    let rest = std::mem::take(&mut wire.rest);
    let mut left = &rest[..];
    let paused = digest(connection, wire, &mut left);
    connection.spend_share(rest.len() - left.len());
    wire.rest = remainder(&rest, left);
    paused
}

/// True if nothing more may be taken now.
fn must_pause(connection: &Rc<Connection>, wire: &Wire) -> bool {
    may_pause(wire) && connection.with(|mailbox, _| mailbox.look_for_pause(connection.limits()))
}

/// False once the socket is broken: what it still holds is all there will ever be, so it ends by
/// itself; and there is nobody left who could be slowed down.
fn may_pause(wire: &Wire) -> bool {
    wire.error.is_none() && wire.protocol.is_readable()
}

/// What is left of bytes that were kept before.
// COST: copied only when half of them are gone. Who receives one message at a time out of a
// thousand that came at once would otherwise copy the rest of them a thousand times.
fn remainder(kept: &Bytes, left: &[u8]) -> Bytes {
    if left.len() > kept.len() / 2 { kept.slice_ref(left) } else { Bytes::copy_from_slice(left) }
}

/// Turns bytes into events and delivers them; what could not be taken is left. True if the mailbox
/// is full.
fn digest(connection: &Rc<Connection>, wire: &mut Wire, input: &mut &[u8]) -> bool {
    // After a Close or a fault the bytes mean nothing. They are read all the same: a socket closed
    // with unread bytes sends a reset, and that would overtake our Close.
    while wire.protocol.is_readable() {
        let front = take_whole(connection, wire, input);
        if front != Whole::Other {
            return front == Whole::Paused;
        }
        match wire.protocol.next(input) {
            Some(event) => deliver(connection, wire, event),
            // Of a message that tungstenite reads as it comes there is no more yet.
            None => break,
        }
    }
    *input = &[];
    false
}

/// What is left once the whole messages at the front of the input are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whole {
    /// More than the mailbox takes now.
    Paused,
    /// The beginning of a message, or nothing.
    Begun,
    /// Something for tungstenite.
    Other,
}

/// Delivers the messages that lie whole at the front of the input.
// COST: all in one borrow of the mailbox; it saves two borrows, some 90 instructions, a message.
fn take_whole(connection: &Rc<Connection>, wire: &mut Wire, input: &mut &[u8]) -> Whole {
    let limits = connection.limits();
    connection.with(|mailbox, woken| {
        loop {
            if may_pause(wire) && mailbox.look_for_pause(limits) {
                return Whole::Paused;
            }
            let message = match wire.protocol.take_front(input) {
                Front::Whole(message, _) => message,
                Front::Begun => return Whole::Begun,
                Front::Other => return Whole::Other,
            };
            wire.counts.messages_received += 1;
            // One that nobody can receive is a buffer of our own, and dropped as such.
            drop(mailbox.deliver(message, woken));
        }
    })
}

fn deliver(connection: &Rc<Connection>, wire: &mut Wire, event: Event) {
    match event {
        Event::Message(message) => {
            wire.counts.messages_received += 1;
            let unwanted = connection.with(|mailbox, woken| mailbox.deliver(message, woken));
            drop(unwanted);
        }
        Event::Pong(sequence) => {
            let now = connection.reactor().read_clock();
            connection.with(|mailbox, woken| {
                if mailbox.heartbeat.pong(sequence, now) {
                    // The next one is due sooner than the driver would look.
                    woken.extend(mailbox.driver.take());
                }
                mailbox.waits.take(WaitsFor::Pong, woken);
            });
        }
        // Not at once: who received what came before it has this turn to answer. What stall was
        // before it is known now.
        Event::End(ending) => wire.ending = Some((ending, connection.stall_before())),
    }
}

/// The peer's fault ends the connection.
fn fail(connection: &Rc<Connection>, wire: &mut Wire, code: u16, what: String) {
    wire.protocol.give_up(code, &what);
    let (reason, cause) = (Utf8Bytes::default(), Cause::Violation(what));
    connection.end(CloseInfo { code, reason, side: Side::Us, cause, stall: None });
}

/// The peer's Close: the answer to ours, or the beginning of the end.
fn peer_closed(
    connection: &Rc<Connection>,
    code: u16,
    reason: Utf8Bytes,
    stall: Option<StallNote>,
) {
    let answered =
        connection.with(|mailbox, _| mailbox.stage == Stage::Closing && mailbox.outbox.is_empty());
    if answered {
        connection.end_as(Cause::Handshake);
    } else {
        // A Close of ours that has not left is no Close yet: the peer's came first.
        let (side, cause) = (Side::Peer, Cause::Handshake);
        connection.end_behind_unsent(CloseInfo { code, reason, side, cause, stall });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_bytes_one_by_one_copies_each_of_them_once() {
        let mut rest = Bytes::from(vec![7; 10_000]);
        let mut copied = 0;
        while !rest.is_empty() {
            let left = remainder(&rest, &rest[1..]);
            copied +=
                if left.is_empty() || rest[1..].as_ptr() == left.as_ptr() { 0 } else { left.len() };
            rest = left;
        }
        assert!(copied < 10_000, "{copied} bytes");
    }
}
