//! The socket: what a program holds of a connection.
//!
//! Promises that a handle is cheap, that every call on it is short, and that what it awaits always
//! ends: with an answer, or with the end of the connection. What it sends leaves with the turn, or
//! before.

use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use crate::close::{CloseInfo, REASON_BYTES_MAX};
use crate::connection::Connection;
use crate::counts::Counts;
use crate::error::Error;
use crate::heartbeat::Missed;
use crate::mailbox::Stage;
use crate::message::Message;
use crate::outbox::Outgoing;
use crate::overflow::TrySend;
use crate::protocol::may_be_sent;
use crate::receiving::Receiving;
use crate::sending::{Posted, Sender};
use crate::waiting::Waiting;
use crate::waits::{WaitView, WaitsFor};

/// A handle of one connection. Clones are handles of the same connection.
///
/// Its [`Driver`](crate::Driver) must be polled, or nothing ever ends. What this handle sends in
/// one turn of the loop leaves in one write when the turn ends; what reaches 64 KiB, counted with
/// the heads of its frames at their longest, leaves at once. So a payload of yours may be dropped
/// within the very call that sends it, or another one.
///
/// # Drop
/// With the last handle nobody is left who could receive: what waits is dropped, and the
/// connection is closed with 1001. What was sent before still leaves.
#[derive(Debug)]
pub struct WebSocket {
    connection: Rc<Connection>,
}

impl WebSocket {
    /// The first handle; the connection has counted it.
    pub(crate) fn new(connection: Rc<Connection>) -> WebSocket {
        WebSocket { connection }
    }

    pub(crate) fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }

    /// The next message; `None` once both sides have closed the connection in the regular way,
    /// whatever their code: `while let Some(message) = socket.recv().await? { .. }`.
    ///
    /// Messages come in order, also those that came before an end. If several tasks receive, each
    /// message goes to one of them. While nobody receives, at most `received_messages_max` messages
    /// are kept; then the socket is no longer read, and neither are the peer's pings.
    ///
    /// # Errors
    /// [`Error::Closed`] if the connection ended in any other way.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, it has taken no message.
    #[track_caller]
    pub fn recv(&self) -> impl Future<Output = Result<Option<Message>, Error>> + use<> {
        Receiving::new(&self.connection)
    }

    /// Sends a message: ready at once if little waits, else when low water is reached. Ready means
    /// that the message is queued behind those before it, not that it has arrived.
    ///
    /// Several tasks that wait for room get it in no promised order. Under another policy than
    /// [`Overflow::Wait`](crate::Overflow) it doesn't wait: the policy says what happens.
    ///
    /// # Errors
    /// [`Error::Closed`] once either side has begun to close.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, it has sent nothing.
    #[track_caller]
    pub fn send(&self, message: Message) -> impl Future<Output = Result<(), Error>> + use<> {
        let mut unsent = Some(Outgoing::Message(message));
        // Without a message it was answered already, and stays pending.
        Waiting::new(&self.connection, WaitsFor::Room, move |connection| {
            match connection.post(unsent.take()?, Sender::Handle) {
                Posted::Full(message) => {
                    unsent = Some(message);
                    None
                }
                Posted::Closed(_) => connection.info().map(|info| Err(Error::Closed(info))),
                Posted::Sent | Posted::Buffered(_) | Posted::Dropped(_) => Some(Ok(())),
            }
        })
    }

    /// Sends a message now or not at all: above high water it comes back, and does so until low
    /// water, unless the connection's [`Overflow`](crate::Overflow) says otherwise.
    pub fn try_send(&self, message: Message) -> TrySend {
        self.connection.post(Outgoing::Message(message), Sender::Handle).into_try_send()
    }

    /// What was sent so far leaves now, as far as the socket takes it, and not when the turn ends:
    /// for what must not wait for the rest of a long turn. It costs a write of its own.
    pub fn flush_now(&self) {
        self.connection.flush_now();
    }

    /// Ready once nothing waits to be sent: the socket has taken all of it, which doesn't mean
    /// that it has arrived.
    ///
    /// # Errors
    /// [`Error::Closed`] if the connection ended before everything had left.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    #[track_caller]
    pub fn drained(&self) -> impl Future<Output = Result<(), Error>> + use<> {
        Waiting::new(&self.connection, WaitsFor::Drain, |connection| {
            let (lost, drained) = connection
                .with(|mailbox, _| (mailbox.outbox.has_lost(), mailbox.outbox.is_drained()));
            if lost {
                return connection.info().map(|info| Err(Error::Closed(info)));
            }
            drained.then_some(Ok(()))
        })
    }

    /// Stops reading the socket until [`resume`](Self::resume): its buffers fill, and TCP slows
    /// the peer down. What was received before can still be had from `recv`.
    ///
    /// Meanwhile nothing of the peer's is noticed: its pings are not answered, so a pause longer
    /// than the peer's patience may cost the connection; its Close and its end wait, too. Our own
    /// heartbeat rests: it doesn't take our pause for the peer's silence. To close the connection
    /// ends the pause, since the answer has to be read. For a slow consumer no pause is needed: the
    /// queue of received messages is bounded, and stops the reading by itself.
    pub fn pause(&self) {
        self.connection.with(|mailbox, _| mailbox.hold());
    }

    /// Reads the socket again after [`pause`](Self::pause).
    pub fn resume(&self) {
        let limits = self.connection.limits();
        self.connection.with(|mailbox, woken| mailbox.release(limits, woken));
    }

    /// Pings the peer: ready with the time the answer took, from when the socket had taken the
    /// ping. Callers that ask while a ping is under way share it.
    ///
    /// # Errors
    /// [`Error::Closed`] if the connection ends before the answer; [`Error::PongTimeout`] if the
    /// peer lives and doesn't answer within `heartbeat_patience_ms_max`, or if nothing was read
    /// meanwhile because nobody received.
    ///
    /// # Cancel safety
    /// Dropping it leaves the ping under way for whoever shares it.
    #[track_caller]
    pub fn ping(&self) -> impl Future<Output = Result<Duration, Error>> + use<> {
        let mut sequence = None;
        Waiting::new(&self.connection, WaitsFor::Pong, move |connection| {
            if connection.with(|mailbox, _| mailbox.stage) != Stage::Open {
                return connection.info().map(|info| Err(Error::Closed(info)));
            }
            let sequence = *sequence.get_or_insert_with(|| ping(connection));
            let outcome = connection.with(|mailbox, _| mailbox.heartbeat.outcome_of(sequence))?;
            let millis = connection.limits().heartbeat_patience_ms_max;
            Some(match outcome {
                Ok(nanos) => Ok(Duration::from_nanos(nanos)),
                Err(Missed) => Err(Error::PongTimeout { millis }),
            })
        })
    }

    /// Begins to close: what was sent before still leaves, what the peer has sent can still be
    /// received. Takes effect now; await [`closed`](Self::closed) to see the end of it. Once an end
    /// has begun, from whichever side, this does nothing.
    ///
    /// # Errors
    /// [`Error::InvalidClose`] if the code must not be sent, or the reason exceeds 123 bytes.
    pub fn close(&self, code: u16, reason: &str) -> Result<(), Error> {
        if !may_be_sent(code) || reason.len() > REASON_BYTES_MAX {
            return Err(Error::InvalidClose { code, reason_bytes: reason.len() });
        }
        self.connection.close(code, reason.into());
        Ok(())
    }

    /// The end of the connection: ready when the socket is gone.
    ///
    /// # Cancel safety
    /// Dropping it loses nothing: the end stays the end.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = CloseInfo> + use<> {
        Waiting::new(&self.connection, WaitsFor::End, |connection| {
            connection.is_over().then(|| connection.final_info())
        })
    }

    /// How the connection ended: known once no message can come any more.
    pub fn close_info(&self) -> Option<CloseInfo> {
        self.connection.ended()
    }

    /// Bytes that wait to leave. Messages not yet encoded count with the most their frame heads
    /// may take.
    pub fn buffered_amount(&self) -> usize {
        self.connection.with(|mailbox, _| mailbox.outbox.buffered())
    }

    /// The address of the other end, if its socket has one.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.connection.peer()
    }

    /// The subprotocol that the handshake chose of those the client offered, if any.
    pub fn subprotocol(&self) -> Option<&str> {
        self.connection.subprotocol()
    }

    /// What this connection has done so far.
    pub fn counts(&self) -> Counts {
        self.connection.counts()
    }

    /// Who waits on this connection, for what and where.
    pub fn waits(&self) -> Vec<WaitView> {
        self.connection.with(|mailbox, _| mailbox.waits.views())
    }
}

impl Clone for WebSocket {
    fn clone(&self) -> WebSocket {
        self.connection.add_handle();
        WebSocket { connection: Rc::clone(&self.connection) }
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        self.connection.remove_handle();
    }
}

/// Sends a ping, or joins the one under way; gives its number.
fn ping(connection: &Rc<Connection>) -> u64 {
    connection.ping();
    connection.with(|mailbox, _| mailbox.heartbeat.sequence())
}
