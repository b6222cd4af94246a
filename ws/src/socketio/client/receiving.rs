//! The receiving: from a message of the server's to what it means for a namespace.
//!
//! Promises that a server which breaks the rules is left, and that who asks before it is understood
//! isn't answered: nothing is guessed.

use std::rc::Rc;

use crate::{
    Message,
    socketio::{
        Body, CodecError, ConnectError, Disconnect, EnginePacket, NamespaceState, Packet,
        namespaces::{
            inbox::Arrived,
            outbound::{Fate, Outbound},
            shared::Shared,
            space::{Space, Stage},
        },
    },
    waiting::Driven,
};

/// What servers of Socket.IO 2 do: they let everybody in, and say nothing of who that is.
const NO_SID: &str = "expected an answer with a `sid`, came none: a server of Socket.IO 2?";

impl Shared {
    /// Takes a message of the connection that stands.
    pub(in crate::socketio) fn receive(&self, message: Message) {
        let is_understood =
            self.with(|core, _| core.session.as_ref().is_some_and(|it| it.fault.is_none()));
        if !is_understood {
            return;
        }
        let packet = match message {
            Message::Text(text) => match EnginePacket::decode(&text) {
                Ok(EnginePacket::Message(text)) => self.decode(|decoder| decoder.text(text)),
                Ok(EnginePacket::Ping(text)) => {
                    self.say(&EnginePacket::Pong(text));
                    Ok(None)
                }
                Ok(EnginePacket::Close) => {
                    self.part();
                    Ok(None)
                }
                Ok(EnginePacket::Noop) => Ok(None),
                Ok(_) => Err(CodecError::quoting("a packet of the server's", &text)),
                Err(error) => Err(error),
            },
            Message::Binary(bytes) => self.decode(|decoder| decoder.binary(bytes)),
        };
        match packet.and_then(|packet| packet.map_or(Ok(()), |packet| self.packet(packet))) {
            Ok(()) => {}
            Err(error) => self.fail(Disconnect::ParseError(error.to_string())),
        }
    }

    fn packet(&self, packet: Packet) -> Result<(), CodecError> {
        let Packet { namespace, body } = packet;
        if self.turn_down(&namespace, &body) {
            return Ok(());
        }
        if body == Body::Disconnect {
            // It may have been left, or dropped, in the same moment.
            let done = self.with(|core, _| {
                core.session.as_mut().map(|session| session.cancel_goodbye(&namespace))
            });
            drop(done);
        }
        let find = |space: &&Rc<Space>| *space.name == *namespace;
        let Some(space) = self.with(|core, _| core.spaces.iter().find(find).cloned()) else {
            log::debug!("socket.io: a packet for {namespace:?}, which nobody has");
            return Ok(());
        };
        match body {
            Body::Connect(said) => self.admit(&space, said.as_ref()),
            Body::ConnectError(said) => {
                if space.peek(|core| core.stage) != Stage::Idle {
                    space.refuse(ConnectError::of(said));
                }
            }
            Body::Disconnect => {
                if matches!(space.peek(|core| core.stage), Stage::Asked | Stage::In) {
                    space.leave(Disconnect::ByServer);
                }
            }
            Body::Event(data, number) => {
                let arrived = Arrived { data, number, membership: 0 };
                let limits = &self.limits;
                if !space.with(|core, woken| core.arrive(arrived, limits, woken)) {
                    let (events, bytes) = (limits.early_events_max, limits.received_bytes_max);
                    let came = format_args!("more, for `{}`", space.name);
                    let expected = format!(
                        "at most {events} events of {bytes} bytes before a namespace is let in"
                    );
                    return Err(CodecError::new(expected, came));
                }
            }
            Body::Ack(data, number) => {
                space.with(|core, woken| core.answers.resolve(number, Ok(data), woken));
            }
        }
        Ok(())
    }

    /// Whether this is the answer to a namespace that was left before it came. If the server has
    /// let it in, it is told goodbye now.
    fn turn_down(&self, name: &str, body: &Body) -> bool {
        let is_in = match body {
            Body::Connect(_) => true,
            Body::ConnectError(_) => false,
            _ => return false,
        };
        let found = self.with(|core, _| {
            let session = core.session.as_mut()?;
            let at = session.unwanted.iter().position(|space| *space.name == *name)?;
            let space = session.unwanted.swap_remove(at);
            if is_in && session.is_usable() {
                session.say_goodbye(&space);
            }
            Some(space)
        });
        if found.is_some() {
            self.pump();
            self.wake_driver();
        }
        found.is_some()
    }

    /// A namespace is let in.
    fn admit(&self, space: &Rc<Space>, said: Option<&serde_json::Value>) {
        if space.peek(|core| core.stage) != Stage::Asked {
            return;
        }
        let text = |name| said.and_then(|said| said.get(name)).and_then(serde_json::Value::as_str);
        let Some(sid) = text("sid") else { return space.refuse(ConnectError::new(NO_SID)) };
        let session = space.with(|core, _| core.admit(sid, text("pid")));
        // What they send goes first: to subscribe, to say where they are.
        space.enter(NamespaceState::Connected(session));
        space.with(|core, woken| core.settle_in(woken));
        self.pump();
    }

    /// Asks for a namespace to be let in, with what it has to show.
    pub(in crate::socketio) fn ask(&self, space: &Rc<Space>, shown: Option<serde_json::Value>) {
        if shown.as_ref().is_some_and(|shown| !shown.is_object()) {
            return space.refuse(ConnectError::new("expected credentials that are an object"));
        }
        let body = Body::Connect(space.credentials(shown));
        let asked = self.with(|core, _| {
            let session = core.session.as_mut().filter(|session| session.is_usable())?;
            space.peek(|inner| inner.stage = Stage::Asked);
            session.hand_over(space, Outbound::new(body, Fate::Once)).err()
        });
        match asked {
            None => self.pump(),
            Some((_, why)) => {
                let what = format!(
                    "expected credentials of at most {} bytes, came {}",
                    why.bytes_max, why.bytes
                );
                space.refuse(ConnectError::new(what));
            }
        }
    }
}
