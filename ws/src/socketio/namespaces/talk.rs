//! The talk of both sides: how what a message says is read, what Engine.IO is told, and what
//! becomes of the namespaces when a connection ends.

use std::rc::Rc;

use super::{outbound::Fate, shared::Shared, space::Stage, state::Disconnect};
use crate::{
    CloseInfo, Message,
    close::code,
    outbox::Outgoing,
    sending::Sender,
    socketio::{CodecError, Decoder, EnginePacket, Packet},
};

impl Shared {
    pub(in crate::socketio) fn decode(
        &self,
        decode: impl FnOnce(&mut Decoder) -> Result<Option<Packet>, CodecError>,
    ) -> Result<Option<Packet>, CodecError> {
        self.with(|core, _| match &mut core.session {
            Some(session) => decode(&mut session.decoder),
            None => Ok(None),
        })
    }

    /// Says something of Engine.IO's, before whatever waits.
    pub(in crate::socketio) fn say(&self, packet: &EnginePacket<'_>) {
        let connection = self.with(|core, _| Some(Rc::clone(core.session.as_ref()?.connection())));
        if let Some(connection) = connection {
            let message = Message::from(packet.to_string());
            // Refused only by a connection that ends, or on which far too much waits.
            drop(connection.post(Outgoing::Message(message), Sender::Hub));
        }
    }

    /// The connection is of no use any more, and why.
    pub(in crate::socketio) fn fail(&self, why: Disconnect) {
        log::log!(self.fault_level(), "socket.io: {why}");
        let connection = self.with(|core, _| {
            let session = core.session.as_mut()?;
            session.fault.get_or_insert(why);
            Some(Rc::clone(session.connection()))
        });
        if let Some(connection) = connection {
            connection.close(code::PROTOCOL, "expected packets of Socket.IO".into());
        }
    }

    /// The server has said goodbye, and waits for us to close.
    pub(in crate::socketio) fn part(&self) {
        let connection = self.with(|core, _| {
            let session = core.session.as_mut()?;
            session.parting = true;
            Some(Rc::clone(session.connection()))
        });
        if let Some(connection) = connection {
            connection.close(code::NORMAL, "".into());
        }
    }

    /// The connection is gone. What it was handed and has not left goes over the next one.
    pub(in crate::socketio) fn end_session(&self, info: CloseInfo) {
        let ended = self.with(|core, _| {
            let mut session = core.session.take()?;
            let why = match core.ending {
                true => Some(Disconnect::ByClient),
                false => session.fault.take(),
            };
            let (unsent, done) = session.into_unsent();
            let mut gone = Vec::new();
            for (space, outbound) in unsent {
                match outbound.fate {
                    Fate::Kept => gone.extend(space.peek(|inner| inner.take_back(outbound))),
                    Fate::Once => gone.push(outbound),
                }
            }
            Some((why, core.spaces.clone(), done, gone))
        });
        let Some((why, spaces, done, gone)) = ended else { return };
        drop((done, gone));
        let why = why.unwrap_or_else(|| Disconnect::of(info));
        for space in spaces {
            if space.peek(|core| core.stage) != Stage::Idle {
                space.leave(why.clone());
            }
        }
    }
}
