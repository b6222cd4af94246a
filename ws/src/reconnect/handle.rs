//! The handle of a reconnecting client: what a program holds of it.
//!
//! Promises that every call is short and that it works whether or not a connection stands: what is
//! sent waits for one, and what is received comes from one after the other.

use std::fmt;
use std::future::Future;
use std::rc::Rc;

use super::receiving::ReceivingOn;
use super::shared::Shared;
use super::state::ReconnectState;
use crate::error::Error;
use crate::message::Message;
use crate::overflow::TrySend;
use crate::waiting::{Driven, Waiting};
use crate::waits::{WaitView, WaitsFor};

/// A WebSocket client that comes back by itself. Clones are handles of the same client; its
/// [`ReconnectDriver`](crate::ReconnectDriver) must be polled. Made by
/// [`Reconnect`](crate::Reconnect).
///
/// # What arrives
/// A message is accepted, handed to a connection, and done with once the socket has taken its last
/// byte. If the connection breaks before that, the message is handed to the next one, whole; so
/// nothing that was accepted is lost in this process, and nothing is handed to two connections
/// after the first has sent it. What a socket had taken when it broke may not have arrived: only
/// the other side can tell. With [`Reconnect::acknowledged`](crate::Reconnect::acknowledged) a
/// message is done with when you say so, and everything else is sent again.
///
/// # Drop
/// The last handle disconnects, as [`disconnect`](Self::disconnect) does.
pub struct Reconnecting {
    shared: Rc<Shared>,
}

/// Plain numbers about a reconnecting client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReconnectCounts {
    /// Attempts to connect, the first one included.
    pub attempts: u64,
    /// Connections over which messages could go.
    pub opened: u64,
    /// Messages accepted, volatile ones not included. The last of them has this number.
    pub accepted: u64,
    /// Volatile messages that came back.
    pub volatile_dropped: u64,
    /// Messages received that nobody took in time: see [`Reconnecting::recv`].
    pub received_dropped: u64,
}

impl Reconnecting {
    /// The first handle; it was counted.
    pub(crate) fn new(shared: Rc<Shared>) -> Reconnecting {
        Reconnecting { shared }
    }

    /// The next message, from whichever connection stands: it waits through outages. `None` once
    /// the program has disconnected.
    ///
    /// Messages of one connection come in order, and before those of the next. If several tasks
    /// receive, each message goes to one of them. Of what nobody receives at most twice as much is
    /// kept as one connection may hold: from once on the next connection is not read, and of what
    /// comes while its hook is at work the oldest beyond twice is dropped and counted.
    ///
    /// # Errors
    /// [`Error::Over`] once the client has given up.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, it has taken no message.
    #[track_caller]
    pub fn recv(&self) -> impl Future<Output = Result<Option<Message>, Error>> + use<> {
        ReceivingOn::new(&self.shared)
    }

    /// Sends a message: ready when it is accepted, which it is at once unless `buffered_bytes_max`
    /// or `buffered_messages_max` wait already. It leaves when a connection stands.
    ///
    /// # Errors
    /// [`Error::Over`] or [`Error::Disconnected`] once the client has ended or is about to.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, it has sent nothing.
    #[track_caller]
    pub fn send(&self, message: Message) -> impl Future<Output = Result<(), Error>> + use<> {
        let mut unsent = Some(message);
        // Without a message it was answered already, and stays pending.
        Waiting::new(&self.shared, WaitsFor::Room, move |shared: &Rc<Shared>| {
            match shared.post(unsent.take()?) {
                TrySend::Full(message) => {
                    unsent = Some(message);
                    // It looks for room on our behalf.
                    shared.wake_driver();
                    None
                }
                TrySend::Closed(_) => Some(Err(end_of(shared))),
                TrySend::Sent | TrySend::Buffered(_) => Some(Ok(())),
            }
        })
    }

    /// Sends a message now or gives it back: `Full` if the buffer has no room for it, `Closed` once
    /// the client has ended or is about to. `Sent` if it leaves with this turn, otherwise
    /// `Buffered` with the bytes of all that is not done with.
    pub fn try_send(&self, message: Message) -> TrySend {
        self.shared.post(message)
    }

    /// Sends a message that is worth nothing later: it leaves over the connection that stands, or
    /// comes back as `Full` if none does, or if others wait before it. It is never sent again, and
    /// never counted among those that were accepted.
    pub fn try_send_volatile(&self, message: Message) -> TrySend {
        self.shared.post_volatile(message)
    }

    /// The first `number` messages that this client ever accepted have arrived: they are done with.
    /// For a client with [`Reconnect::acknowledged`](crate::Reconnect::acknowledged); for others,
    /// and for a number beyond [`accepted`](Self::accepted), it does nothing but warn.
    pub fn acknowledge(&self, number: u64) {
        self.shared.acknowledge(number);
    }

    /// How many messages were accepted so far; the last one has this number.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted()
    }

    /// Bytes of messages that were accepted and are not done with.
    pub fn buffered_amount(&self) -> usize {
        self.shared.buffered()
    }

    /// How it stands at this moment.
    pub fn state(&self) -> ReconnectState {
        self.shared.state()
    }

    /// Calls `sink` with each state as it begins, from the next one on, on the loop's thread: for a
    /// line in a UI, or a log. Sinks are dropped when the client is over; until then one that holds
    /// a handle keeps the client from ending with its last other handle.
    pub fn on_state(&self, sink: impl FnMut(&ReconnectState) + 'static) {
        self.shared.add_sink(Box::new(sink));
    }

    /// Ready when messages go both ways, at once if they do so now.
    ///
    /// # Errors
    /// [`Error::Over`] or [`Error::Disconnected`] if the client ended instead.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    #[track_caller]
    pub fn opened(&self) -> impl Future<Output = Result<(), Error>> + use<> {
        Waiting::new(&self.shared, WaitsFor::Open, |shared: &Rc<Shared>| {
            if shared.is_open() {
                return Some(Ok(()));
            }
            shared.ended().map(|_| Err(end_of(shared)))
        })
    }

    /// Ready when the client is over, with what made it give up; `None` after a disconnect.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    #[track_caller]
    pub fn finished(&self) -> impl Future<Output = Option<std::sync::Arc<Error>>> + use<> {
        Waiting::new(&self.shared, WaitsFor::End, |shared: &Rc<Shared>| shared.ended())
    }

    /// Tries now: ends a delay, or a connection that stands (it is told good-bye and not waited
    /// for; what is sent from now on goes to the next one). An attempt that is under way goes on,
    /// and if it fails no delay follows. For a program that knows better, since the
    /// machine has woken up or the network has changed.
    pub fn reconnect_now(&self) {
        self.shared.hurry();
    }

    /// Ends it: what was accepted and can leave over the connection that stands within
    /// `close_ms_max` leaves, then the connection is closed with 1000, and nothing comes back.
    /// Without a connection it ends at once. What could not leave can be had with
    /// [`take_unsent`](Self::take_unsent). Await [`finished`](Self::finished) to see the end.
    pub fn disconnect(&self) {
        self.shared.end();
    }

    /// Takes the messages that were accepted and are not done with, once the client is over. Before
    /// that it takes none: they may still leave.
    pub fn take_unsent(&self) -> Vec<Message> {
        self.shared.with(|core, _| match core.state.is_over() {
            true => core.buffer.take().into(),
            false => Vec::new(),
        })
    }

    /// Closes the present connection, which is no failure: the next attempt follows at once.
    #[cfg(feature = "socketio")]
    pub(crate) fn rest(&self) {
        self.shared.rest();
    }

    /// The oldest message of a connection before the present one.
    #[cfg(feature = "socketio")]
    pub(crate) fn take_unread(&self) -> Option<Message> {
        self.shared.take_unread()
    }

    /// What it has done so far.
    pub fn counts(&self) -> ReconnectCounts {
        self.shared.with(|core, _| ReconnectCounts {
            attempts: core.attempts,
            opened: core.opened,
            accepted: core.buffer.accepted(),
            volatile_dropped: core.volatile_dropped,
            received_dropped: core.unread.dropped(),
        })
    }

    /// Who waits on this client, for what and where. Who receives while a connection stands waits
    /// on that, and is not among them.
    pub fn waits(&self) -> Vec<WaitView> {
        self.shared.with(|core, _| core.waits.views())
    }
}

/// Why nothing can be sent any more.
fn end_of(shared: &Shared) -> Error {
    match shared.ended() {
        Some(Some(why)) => Error::Over(why),
        _ => Error::Disconnected,
    }
}

impl Clone for Reconnecting {
    fn clone(&self) -> Reconnecting {
        self.shared.add_handle();
        Reconnecting { shared: Rc::clone(&self.shared) }
    }
}

impl Drop for Reconnecting {
    fn drop(&mut self) {
        self.shared.remove_handle();
    }
}

impl fmt::Debug for Reconnecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconnecting").field("state", &self.state()).finish_non_exhaustive()
    }
}
