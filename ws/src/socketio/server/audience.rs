//! `Audience`: those who hear an event together.
//!
//! Promises that an event is encoded once for all of them, that each of them hears its events whole
//! and in order, and that nobody's slowness delays anybody else. It holds nobody: who hears is
//! found out at each event.
//!
//! A [`Hub`](crate::Hub) does this for messages. It can't for events: of a connection it knows
//! neither the namespaces and who of them has left, nor what waits for room already and must go
//! first, nor that the messages of one event belong together.

use std::{fmt, rc::Rc};

use super::{
    hall::{Hall, Member},
    publishing::{Fared, publish},
    socket::Socket,
};
use crate::{
    Published,
    hub::Letter,
    socketio::{
        Arguments, Body, EmitError,
        namespaces::{
            namespace::event,
            outbound::{Fate, Outbound},
            sending::judge_attachments,
        },
    },
};

/// Clients in a namespace of a server: all of them, or those in some rooms, or all but one. Who
/// enters later is among them.
///
/// ```
/// use glassloop_ws::socketio::Server;
///
/// let io = Server::new().namespace("/chat", |socket, _events, _auth| async move {
///     socket.join("news");
///     drop(socket.others().emit("somebody came", socket.id()));
///     socket.closed().await;
/// });
/// let chat = io.of("/chat").expect("it was named");
/// let heard = chat.to("news").to("weather").emit("rain", ("at noon", 7))?;
/// assert_eq!((heard.sent, chat.members()), (0, 0), "nobody is there yet");
/// # Ok::<(), glassloop_ws::socketio::EmitError>(())
/// ```
#[derive(Clone)]
#[must_use = "nobody hears anything before `emit`"]
pub struct Audience {
    hall: Rc<Hall>,
    rooms: Vec<Rc<str>>,
    but: Vec<u64>,
}

impl Audience {
    pub(super) fn new(hall: &Rc<Hall>) -> Audience {
        Audience { hall: Rc::clone(hall), rooms: Vec::new(), but: Vec::new() }
    }

    /// Only those who are in this room; a second call adds those of another. Each socket is alone
    /// in a room that has its [`id`](Socket::id) as its name, which nobody else can join.
    pub fn to(&self, room: &str) -> Audience {
        let mut narrowed = self.clone();
        narrowed.rooms.push(room.into());
        narrowed
    }

    /// All of them but this one.
    pub fn but(&self, socket: &Socket) -> Audience {
        self.but_member(socket.member())
    }

    pub(super) fn but_member(&self, member: &Member) -> Audience {
        let mut narrowed = self.clone();
        narrowed.but.push(member.number);
        narrowed
    }

    /// How many there are at this moment.
    pub fn members(&self) -> usize {
        match self.rooms.is_empty() && self.but.is_empty() {
            true => self.hall.count(),
            false => self.found().len(),
        }
    }

    /// Emits an event to each of them: behind what was emitted to it before. It leaves when the
    /// turn ends and waits for nobody: of who reads so slowly that too much waits for it already,
    /// [`Published::full`] has the number, and it has missed the event.
    ///
    /// # Errors
    /// If there is no such event: [`EmitError::Reserved`], [`EmitError::Arguments`].
    pub fn emit(&self, name: &str, arguments: impl Arguments) -> Result<Published, EmitError> {
        let outbound = Outbound::new(Body::Event(event(name, arguments)?, None), Fate::Once);
        let found = self.found();
        if let Some(member) = found.first() {
            judge_attachments(&outbound, &member.shared.limits)?;
        }
        let mut letters = Vec::from_iter(outbound.messages(&self.hall.name).map(Letter::new));
        let mut published = Published::default();
        for member in found {
            *match publish(&member, &outbound, &mut letters) {
                Fared::Sent => &mut published.sent,
                Fared::Buffered => &mut published.buffered,
                Fared::Full => &mut published.full,
                Fared::Gone => &mut published.closed,
            } += 1;
        }
        published.encodings = letters.first().map_or(0, Letter::encodings);
        Ok(published)
    }

    fn found(&self) -> Vec<Rc<Member>> {
        let mut members = self.hall.members(&self.rooms);
        if !self.but.is_empty() {
            members.retain(|member| !self.but.contains(&member.number));
        }
        members
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audience")
            .field("namespace", &self.hall.name)
            .field("rooms", &self.rooms)
            .finish_non_exhaustive()
    }
}
