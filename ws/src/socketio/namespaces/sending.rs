//! The sending: from an event that the program emits to messages on the connection that stands.
//!
//! Promises that the events of a namespace leave in their order, those of several by turns, and
//! nothing over a connection of which it isn't known whether there is still somebody.

use std::rc::Rc;

use super::{
    error::{AckError, EmitError},
    limits::Limits,
    outbound::Outbound,
    session::{Session, TooLong},
    shared::{Core, Shared},
    space::{Space, Stage},
};
use crate::{
    Message,
    connection::Connection,
    outbox::Outgoing,
    sending::{Posted, Sender},
    socketio::CodecError,
    waiting::Driven,
    waits::WaitsFor,
    woken::Woken,
};

/// What is to be done next.
enum Next {
    Post {
        connection: Rc<Connection>,
        session: u64,
        message: Message,
    },
    Refuse(Rc<Space>, Outbound, Refused),
    /// Nothing, before the driver has looked.
    Nothing,
}

/// Why an event is not handed over.
enum Refused {
    TooLong(TooLong),
    TooLate,
}

impl Shared {
    /// Takes a packet that is to leave as soon as may be.
    pub(in crate::socketio) fn accept(&self, space: &Rc<Space>, outbound: Outbound) {
        space.with(|core, _| core.buffer.push(outbound));
        self.pump();
    }

    /// Why a packet can't be taken: the client is over, or the server doesn't take it.
    pub(in crate::socketio) fn judge(
        &self,
        space: &Rc<Space>,
        outbound: &Outbound,
    ) -> Result<(), EmitError> {
        self.with(|core, _| {
            if let Some(why) = &core.over {
                return Err(EmitError::Over(why.clone()));
            }
            if core.ending {
                return Err(EmitError::Over(None));
            }
            judge_attachments(outbound, &self.limits)?;
            if let Some(session) = &core.session {
                let too_long =
                    |TooLong { bytes, bytes_max }| EmitError::TooLong { bytes, bytes_max };
                session.judge(space, outbound).map_err(too_long)?;
            }
            Ok(())
        })
    }

    /// Sends a packet now, or not at all. True if it leaves.
    pub(in crate::socketio) fn send_now(&self, space: &Rc<Space>, outbound: Outbound) -> bool {
        let now = self.reactor.read_clock();
        let taken = self.with(|core, _| {
            let is_idle = |session: &&mut Session| {
                session.may_send(now) && !session.parting && session.is_idle()
            };
            let session = core.session.as_mut().filter(is_idle);
            let is_next = space.peek(|inner| inner.stage == Stage::In && !inner.buffer.has_next());
            match session.filter(|_| is_next) {
                Some(session) => session.hand_over(space, outbound).map_err(|(back, _)| back),
                None => Err(outbound),
            }
        });
        if taken.is_ok() {
            self.pump();
        }
        taken.is_ok()
    }

    /// Whether there is anything to hand to the connection.
    pub(in crate::socketio) fn has_to_send(&self) -> bool {
        self.with(|core, _| {
            let Some(session) = core.session.as_ref().filter(|session| session.is_open()) else {
                return false;
            };
            let has_to_send = |space: &Rc<Space>| space.peek(|inner| inner.has_to_send());
            let may_begin = !session.parting && core.spaces.iter().any(has_to_send);
            session.is_behind() || may_begin
        })
    }

    /// Hands to the connection what waits for it, as far as it takes it; the driver waits for room.
    pub(in crate::socketio) fn pump(&self) {
        if !self.flush() {
            self.wake_driver();
        }
    }

    /// The same by the driver. False if the connection has no room now.
    pub(in crate::socketio) fn flush(&self) -> bool {
        let done = self.with(|core, _| core.session.as_mut().map(Session::settle));
        // Dropped here, after the borrow: a payload's drop may be anything.
        drop(done);
        let now = self.reactor.read_clock();
        loop {
            match self.with(|core, woken| self.next(core, now, woken)) {
                Next::Nothing => return true,
                Next::Refuse(space, outbound, Refused::TooLong(why)) => {
                    self.refuse(&space, &outbound, &why);
                }
                Next::Refuse(space, _, Refused::TooLate) => {
                    // Whoever waits for the answer finds out by itself, or does so no more.
                    log::debug!("socket.io {}: an event came too late to leave", space.name);
                }
                Next::Post { connection, session, message } => {
                    // Until it lies with the connection, nothing foreign runs.
                    match connection.post(Outgoing::Kept(message), Sender::Handle) {
                        Posted::Sent | Posted::Buffered(_) => {}
                        Posted::Full(back) | Posted::Dropped(back) | Posted::Closed(back) => {
                            self.with(|core, _| {
                                if let Some(session) = core.session(session)
                                    && let Some(message) = back.into_message()
                                {
                                    session.take_back(message);
                                }
                            });
                            return false;
                        }
                    }
                }
            }
        }
    }

    fn next(&self, core: &mut Core, now: u64, woken: &mut Woken) -> Next {
        let Some(session) = core.session.as_mut().filter(|session| session.may_send(now)) else {
            return Next::Nothing;
        };
        let (number, connection) = (session.number, Rc::clone(session.connection()));
        if let Some(message) = session.next_message() {
            return Next::Post { connection, session: number, message };
        }
        if session.parting {
            return Next::Nothing;
        }
        let count = core.spaces.len();
        for offset in 0..count {
            let at = (session.turn + offset) % count;
            let space = &core.spaces[at];
            let next = space.peek(|inner| {
                let next = inner.next_to_leave(now)?;
                if inner.buffer.is_roomy(&self.limits) {
                    inner.waits.take(WaitsFor::Room, woken);
                }
                Some(next)
            });
            let outbound = match next {
                None => continue,
                Some(Err(late)) => {
                    return Next::Refuse(Rc::clone(space), late, Refused::TooLate);
                }
                Some(Ok(outbound)) => outbound,
            };
            session.turn = at + 1;
            if let Err((outbound, why)) = session.hand_over(space, outbound) {
                return Next::Refuse(Rc::clone(space), outbound, Refused::TooLong(why));
            }
            if let Some(message) = session.next_message() {
                return Next::Post { connection, session: number, message };
            }
        }
        Next::Nothing
    }

    /// The server doesn't take it, which was learnt after we had.
    pub(in crate::socketio) fn refuse(&self, space: &Space, outbound: &Outbound, why: &TooLong) {
        let &TooLong { bytes, bytes_max } = why;
        let error = AckError::TooLong { bytes, bytes_max };
        log::error!("socket.io {}: an event was dropped: {error}", space.name);
        if let Some(number) = outbound.number() {
            space.with(|core, woken| core.answers.resolve(number, Err(error), woken));
        }
    }
}

/// Whether it has as many attachments as who reads it takes.
pub(in crate::socketio) fn judge_attachments(
    outbound: &Outbound,
    limits: &Limits,
) -> Result<(), EmitError> {
    let (attached, most) = (outbound.body.attachments().len(), limits.packet.attachments_max);
    if attached > most {
        let expected = format!("at most {most} attachments");
        return Err(EmitError::Arguments(CodecError::new(expected, attached)));
    }
    Ok(())
}
