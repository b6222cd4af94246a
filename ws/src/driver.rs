//! The driver: the future that keeps one connection going.
//!
//! Promises that a connection with a polled driver ends: each wait in it has a deadline. It reads
//! what no receiver reads, judges the heartbeat, writes on where a flush was stopped, and
//! closes the socket. It runs no user code but wakers.

use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use glassloop_reactor::Sleep;
use tungstenite::Utf8Bytes;
use tungstenite::protocol::Role;

use crate::close::{Cause, CloseInfo, Side, code};
use crate::connection::Connection;
use crate::heartbeat::Verdict;
use crate::mailbox::Stage;
use crate::reading::{Reading, read_turn};
use crate::time::deadline;
use crate::waiting::Driven;
use crate::waits::WaitsFor;
use crate::wire::Wire;

/// Drives one connection to its end; the output says how it ended.
///
/// Spawn it, or poll it beside the work that uses the [`WebSocket`](crate::WebSocket): while it is
/// not polled no heartbeat is sent, nothing that waits longer than a turn leaves, and nothing ends.
/// It reads what comes while nobody waits for a message, or nobody comes for it. In one turn both
/// take at most `read_bytes_per_turn_max` bytes.
///
/// # Cancel safety
/// A driver dropped before its end drops the socket: whatever waits on the handles learns
/// [`Cause::DriverDropped`].
#[derive(Debug)]
#[must_use = "a connection lives only while its driver is polled"]
pub struct Driver {
    connection: Rc<Connection>,
    alarm: Alarm,
    /// While the socket takes no more: the bytes it had taken by then, and when that was.
    stuck: Option<(u64, u64)>,
}

impl Driver {
    pub(crate) fn new(connection: Rc<Connection>) -> Driver {
        Driver { connection, alarm: Alarm::default(), stuck: None }
    }

    /// The address of the other end, if its socket has one.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.connection.peer()
    }

    /// One turn of the connection. What is left to be done, if anything.
    fn turn(&mut self, wire: &mut Wire, cx: &mut Context<'_>) -> Next {
        let connection = &self.connection;
        // What was said before this turn's bytes came is said before they are answered.
        connection.encode(wire);
        let mut reading = read_turn(connection, wire, cx);
        let now = connection.reactor().now();
        if wire.poll_write(cx) {
            connection.with(|mailbox, _| mailbox.heartbeat.heard(now));
        }
        if reading == Reading::Paused && wire.error.is_some() {
            // What came before the break is still received, whether or not there was room for it.
            reading = read_turn(connection, wire, cx);
        }
        // An end of the stream without a Close is an end, too, once what came before it is read.
        // The first reason counts.
        if reading != Reading::Spent && (wire.error.is_some() || wire.at_end) {
            connection.end(broken(wire));
        }
        // Who waits for a message reads before we do.
        if reading == Reading::Blocked && wire.stream.poll_read_stand_in(cx).is_ready() {
            reading = Reading::Spent;
        }
        let deadline = judge(connection, wire, reading, now).min(self.judge_writing(wire, now));
        if self.is_over(wire, now) {
            return Next::Over;
        }
        let due = self.alarm.poll(&self.connection, deadline, cx).is_ready();
        if due || reading == Reading::Spent { Next::Again } else { Next::Wait }
    }

    /// Gives up on a peer that reads nothing, and says when to judge again. Its heartbeat may be
    /// fine: any byte that it sends is a sign of life.
    fn judge_writing(&mut self, wire: &mut Wire, now: u64) -> u64 {
        if !wire.blocked || wire.error.is_some() {
            self.stuck = None;
            return u64::MAX;
        }
        let taken = wire.taken();
        let since = match self.stuck {
            Some((then, since)) if then == taken => since,
            _ => now,
        };
        self.stuck = Some((taken, since));
        let end = deadline(since, self.connection.limits().write_stall_ms_max);
        if now >= end {
            // Nothing more can be said to it: not even a Close would be read.
            self.connection.end_as(Cause::WriteStalled);
            wire.error = Some(ErrorKind::TimedOut);
        }
        end
    }

    /// True if the socket has nothing left to do for us. Shuts our direction down after a fault.
    fn is_over(&self, wire: &mut Wire, now: u64) -> bool {
        let (stage, clean, close_deadline, encoded) = self.connection.with(|mailbox, _| {
            let clean = mailbox.info.as_ref().is_some_and(|info| info.is_clean());
            (mailbox.stage, clean, mailbox.close_deadline, mailbox.outbox.is_empty())
        });
        if stage < Stage::Ended {
            return false;
        }
        if wire.error.is_some() || now >= close_deadline {
            return true;
        }
        // An answer to the peer's Close may have waited for room in the ring.
        wire.protocol.settle();
        if !encoded || !wire.protocol.ring().is_empty() {
            return false;
        }
        if wire.protocol.is_agreed() && wire.protocol.role() == Role::Server {
            // The server closes first, so that waiting for stray packets is its burden.
            return true;
        }
        if !clean && !wire.shut {
            // Our Close has left. The peer may still be sending: its bytes are thrown away until
            // it ends, too, or the deadline comes.
            wire.shut = true;
            if let Err(error) = wire.stream.end() {
                wire.error = Some(error.kind());
                return true;
            }
        }
        wire.at_end
    }
}

/// What a turn of the driver leaves to be done.
enum Next {
    Wait,
    Again,
    Over,
}

impl Future for Driver {
    type Output = CloseInfo;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CloseInfo> {
        let driver = self.get_mut();
        let Some(mut wire) = driver.connection.take_wire() else {
            // It is over; or foreign code panicked while a flush or a receiver had the wire, which
            // is an end.
            driver.connection.finish();
            return Poll::Ready(driver.connection.final_info());
        };
        driver.connection.set_driver(cx.waker());
        match driver.turn(&mut wire, cx) {
            Next::Wait => driver.connection.put_wire(wire),
            Next::Again => {
                driver.connection.put_wire(wire);
                if !driver.connection.puts_off(|share| share.driver_goes_on = true) {
                    cx.waker().wake_by_ref();
                }
            }
            Next::Over => {
                driver.alarm = Alarm::default();
                // Put back once more: what left in this poll is known to all.
                driver.connection.put_wire(wire);
                drop(driver.connection.take_wire());
                driver.connection.finish();
                return Poll::Ready(driver.connection.final_info());
            }
        }
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.connection.take_wire());
        self.connection.finish();
    }
}

/// One timer for all deadlines of a connection.
#[derive(Debug)]
struct Alarm {
    sleep: Option<Sleep>,
    /// What the sleep is for; `u64::MAX` without one.
    at: u64,
}

impl Alarm {
    /// Ready if it is time to judge again. A deadline that moved back is noticed when the old one
    /// fires: a busy connection would otherwise re-arm its timer for every byte.
    fn poll(&mut self, connection: &Connection, deadline: u64, cx: &mut Context<'_>) -> Poll<()> {
        if deadline < self.at {
            self.at = deadline;
            self.sleep = Some(Sleep::at(Rc::clone(connection.reactor()), deadline));
        }
        let Some(sleep) = &mut self.sleep else { return Poll::Pending };
        ready!(Pin::new(sleep).poll(cx));
        *self = Alarm::default();
        Poll::Ready(())
    }
}

impl Default for Alarm {
    fn default() -> Alarm {
        Alarm { sleep: None, at: u64::MAX }
    }
}

/// Does what is due, and says when something will be due next.
fn judge(connection: &Rc<Connection>, wire: &mut Wire, reading: Reading, now: u64) -> u64 {
    let (stage, close_deadline) =
        connection.with(|mailbox, _| (mailbox.stage, mailbox.close_deadline));
    if stage == Stage::Open {
        return judge_heartbeat(connection, wire, reading, now);
    }
    if stage == Stage::Closing && now >= close_deadline {
        connection.end_as(Cause::CloseTimeout);
    }
    close_deadline
}

fn judge_heartbeat(
    connection: &Rc<Connection>,
    wire: &mut Wire,
    reading: Reading,
    now: u64,
) -> u64 {
    if reading == Reading::Paused {
        // The silence is ours: nobody receives.
        connection.with(|mailbox, _| mailbox.heartbeat.heard(now));
    }
    let verdict = connection.with(|mailbox, woken| {
        let verdict = mailbox.heartbeat.judge(now, connection.limits());
        if verdict == Verdict::Unanswered {
            mailbox.heartbeat.give_up_ping();
            mailbox.waits.take(WaitsFor::Pong, woken);
        }
        verdict
    });
    match verdict {
        Verdict::Wait(at) => at,
        Verdict::Ping => {
            connection.ping();
            // When it leaves, we are polled.
            u64::MAX
        }
        // The silence, if there is one, is judged anew.
        Verdict::Unanswered => now,
        Verdict::Lost => {
            give_up(connection, wire);
            connection.with(|mailbox, _| mailbox.close_deadline)
        }
    }
}

/// The peer is silent for good.
fn give_up(connection: &Rc<Connection>, wire: &mut Wire) {
    let reason = Utf8Bytes::from_static("expected a sign of life, came silence");
    wire.protocol.give_up(code::INTERNAL, &reason);
    connection.end(CloseInfo {
        code: code::INTERNAL,
        reason,
        side: Side::Us,
        cause: Cause::HeartbeatLost,
        stall: None,
    });
}

/// The end of a stream that came without a Close.
fn broken(wire: &Wire) -> CloseInfo {
    CloseInfo {
        code: code::ABNORMAL,
        reason: Utf8Bytes::default(),
        side: Side::Peer,
        cause: wire.error.map_or(Cause::Reset, Cause::Io),
        stall: None,
    }
}
