//! `Socket`: what a program holds of a client in a namespace.
//!
//! Promises that every call is short, and that what it awaits ends when the client leaves.

use std::{fmt, future::Future, rc::Rc, time::Duration};

use super::{audience::Audience, hall::Member};
use crate::{
    Request,
    socketio::{
        Ack, Arguments, Disconnect, EmitError, Namespace, NamespaceState, namespaces::space::Space,
    },
    waiting::Waiting,
    waits::WaitsFor,
};

/// A client of a server, in one of its namespaces. Clones are handles of the same client there.
///
/// Once it has left it never comes back: a client that connects again is another socket. An event
/// that was emitted and not answered may have arrived or not; whoever must know asks for an answer
/// ([`emit_with_ack`](Socket::emit_with_ack)), which then fails.
///
/// ```
/// use glassloop_ws::socketio::Server;
///
/// let io = Server::new().namespace("/", |socket, _events, _auth| async move {
///     drop(socket.all().but(&socket).emit("came", socket.id()));
///     let mut number = 0_u64;
///     while socket.is_connected() && socket.room().await.is_ok() {
///         // Who can't take it now gets the next one.
///         drop(socket.emit_volatile("number", number));
///         number += 1;
/// #       std::future::pending().await
///     }
///     println!("{} has left: {}", socket.id(), socket.closed().await);
/// });
/// # drop(io);
/// ```
///
/// # Drop
/// With the last handle, and its [`Events`](crate::socketio::Events), the client is shown out.
#[derive(Clone)]
pub struct Socket {
    /// Counts the handles, and emits.
    namespace: Namespace,
    member: Rc<Member>,
}

impl Socket {
    pub(super) fn new(namespace: Namespace, member: Rc<Member>) -> Socket {
        Socket { namespace, member }
    }

    pub(super) fn member(&self) -> &Member {
        &self.member
    }

    /// Its name, which the client knows as well: no other has it, in no namespace.
    pub fn id(&self) -> &str {
        &self.member.sid
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.member.hall.name
    }

    /// The request by which the client has connected.
    pub fn request(&self) -> &Request {
        &self.member.request
    }

    /// Whether it is still there, as far as is known.
    pub fn is_connected(&self) -> bool {
        self.gone().is_none()
    }

    fn gone(&self) -> Option<Disconnect> {
        gone(&self.member.space)
    }

    fn expect_here(&self) -> Result<(), EmitError> {
        self.gone().map_or(Ok(()), |why| Err(EmitError::Disconnected(why)))
    }

    /// Emits an event: it leaves with this turn, or as soon as there is room.
    ///
    /// # Errors
    /// If it can't be taken: see [`EmitError`].
    pub fn emit(&self, name: &str, arguments: impl Arguments) -> Result<(), EmitError> {
        self.expect_here()?;
        self.namespace.emit(name, arguments)
    }

    /// Emits an event that is to be answered, within this time: a future of the answer.
    ///
    /// # Errors
    /// As [`emit`](Self::emit). What becomes of an event that was taken is said by the future.
    #[track_caller]
    pub fn emit_with_ack(
        &self,
        name: &str,
        arguments: impl Arguments,
        within: Duration,
    ) -> Result<Ack, EmitError> {
        self.expect_here()?;
        self.namespace.emit_with_ack(name, arguments, within)
    }

    /// Emits an event that is worth nothing later: it leaves now, or it is dropped. True if it
    /// leaves.
    ///
    /// # Errors
    /// As [`emit`](Self::emit), but for a lack of room.
    pub fn emit_volatile(&self, name: &str, arguments: impl Arguments) -> Result<bool, EmitError> {
        self.expect_here()?;
        self.namespace.emit_volatile(name, arguments)
    }

    /// Ready when there is room for an event as long as the one that was refused last.
    ///
    /// # Errors
    /// [`EmitError::Disconnected`] if the client has left.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    #[track_caller]
    pub fn room(&self) -> impl Future<Output = Result<(), EmitError>> + use<> {
        let limits = self.member.shared.limits;
        Waiting::new(&self.member.space, WaitsFor::Room, move |space: &Rc<Space>| {
            match gone(space) {
                Some(why) => Some(Err(EmitError::Disconnected(why))),
                None => {
                    space.peek(|core| core.buffer.has_room(core.refused, &limits).then_some(Ok(())))
                }
            }
        })
    }

    /// Events that wait for room on the connection.
    pub fn buffered(&self) -> usize {
        self.namespace.buffered()
    }

    /// Shows the client out of the namespace: what was emitted before leaves first. Its connection
    /// stays, with its other namespaces.
    pub fn disconnect(&self) {
        self.namespace.disconnect();
    }

    /// The end: ready when the client has left, with the reason.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = Disconnect> + use<> {
        Waiting::new(&self.member.space, WaitsFor::End, |space: &Rc<Space>| gone(space))
    }

    /// Enters a room of the namespace. False if it is there already, has left the namespace, or is
    /// in as many as it may be.
    pub fn join(&self, room: &str) -> bool {
        self.member.join(room)
    }

    /// Leaves a room. False if it wasn't there.
    pub fn leave(&self, room: &str) -> bool {
        self.member.leave(room)
    }

    /// Those in a room, but for this one.
    pub fn to(&self, room: &str) -> Audience {
        self.others().to(room)
    }

    /// Everybody in the namespace, but for this one.
    pub fn others(&self) -> Audience {
        self.all().but_member(&self.member)
    }

    /// Everybody in the namespace.
    pub fn all(&self) -> Audience {
        Audience::new(&self.member.hall)
    }
}

/// Why it has left, if it has.
fn gone(space: &Space) -> Option<Disconnect> {
    space.peek(|core| match &core.state {
        NamespaceState::Disconnected(why) => Some(why.clone()),
        _ => None,
    })
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.id())
            .field("namespace", &self.namespace())
            .finish_non_exhaustive()
    }
}
