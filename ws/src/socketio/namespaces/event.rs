//! `Events`: what a namespace receives; and an `Event`, which may want an answer.

use std::{fmt, future::Future, rc::Rc};

use serde::de::DeserializeOwned;

use super::{
    error::EmitError,
    inbox::Arrived,
    outbound::{Fate, Outbound},
    shared::Shared,
    space::{Space, SpaceCore, Stage},
};
use crate::{
    socketio::{Arguments, Body, CodecError, Data},
    waiting::{Driven, Waiting},
    waits::WaitsFor,
};

/// The events that a namespace receives, in their order, over one connection after the other.
///
/// While as much waits here as `ClientLimits` allow, nothing is read: neither for other namespaces,
/// nor an answer. So who awaits one in the task that receives here waits in vain once that is so.
///
/// # Drop
/// Without it, events that come are dropped.
#[must_use = "while this lives and nobody receives, events pile up, and then nothing is read"]
pub struct Events {
    shared: Rc<Shared>,
    space: Rc<Space>,
}

/// An event that the other side has sent.
#[derive(Debug)]
pub struct Event {
    data: Data,
    responder: Option<Responder>,
}

/// Who waits for the answer to an event. It may be answered later, or never.
#[must_use = "somebody waits for an answer; drop it if there is none"]
pub struct Responder {
    shared: Rc<Shared>,
    space: Rc<Space>,
    membership: u64,
    number: u64,
}

impl Events {
    /// The namespace has counted it.
    pub(in crate::socketio) fn new(shared: &Rc<Shared>, space: &Rc<Space>) -> Events {
        shared.add_handle();
        Events { shared: Rc::clone(shared), space: Rc::clone(space) }
    }

    /// The next event; it waits through outages. `None` once the client is over, and what came
    /// before that was taken; on a server, once this client has left the namespace.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, it has taken no event.
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Option<Event>> + use<> {
        let shared = Rc::clone(&self.shared);
        Waiting::new(&self.space, WaitsFor::Message, move |space: &Rc<Space>| take(&shared, space))
    }

    /// The next event, if it is here.
    pub fn try_recv(&mut self) -> Option<Event> {
        take(&self.shared, &self.space).flatten()
    }
}

/// An event, or the end of them.
fn take(shared: &Rc<Shared>, space: &Rc<Space>) -> Option<Option<Event>> {
    let (arrived, goes_on, is_over) = space.with(|core, _| {
        let was_full = core.inbox.is_full(&shared.limits) || core.holds_up;
        let arrived = core.inbox.pop();
        core.holds_up = was_full && !core.inbox.is_roomy(&shared.limits);
        (arrived, was_full && !core.holds_up, core.is_over)
    });
    if goes_on {
        shared.wake_driver();
    }
    let event = arrived.map(|Arrived { data, number, membership }| {
        let responder = number.map(|number| Responder {
            shared: Rc::clone(shared),
            space: Rc::clone(space),
            membership,
            number,
        });
        Event { data, responder }
    });
    (event.is_some() || is_over).then_some(event)
}

impl Event {
    /// What it is called.
    pub fn name(&self) -> &str {
        self.data.name()
    }

    /// Its arguments, as a tuple or whatever else serde reads from an array.
    ///
    /// # Errors
    /// What was expected, and what came.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        self.data.arguments()
    }

    /// All of it.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Who waits for an answer, if anybody does: the first call has it.
    pub fn responder(&mut self) -> Option<Responder> {
        self.responder.take()
    }

    /// Answers it, if anybody waits for that.
    ///
    /// # Errors
    /// As [`Responder::ack`].
    pub fn ack(mut self, arguments: impl Arguments) -> Result<(), EmitError> {
        self.responder().map_or(Ok(()), |responder| responder.ack(arguments))
    }
}

impl Responder {
    /// Answers. It leaves with the turn, behind what was emitted before.
    ///
    /// # Errors
    /// [`EmitError::Gone`] if the namespace has left since, or the connection has ended: nobody
    /// waits any more. Else as [`emit`](crate::socketio::Namespace::emit), but twice as much may
    /// wait.
    pub fn ack(self, arguments: impl Arguments) -> Result<(), EmitError> {
        let data = Data::ack(arguments).map_err(EmitError::Arguments)?;
        let outbound = Outbound::new(Body::Ack(data, self.number), Fate::Once);
        let is_there =
            |core: &mut SpaceCore| core.stage == Stage::In && core.membership == self.membership;
        if !self.space.peek(is_there) {
            return Err(EmitError::Gone);
        }
        self.shared.judge(&self.space, &outbound)?;
        self.space.peek(|core| {
            let bytes = outbound.bytes();
            match core.buffer.has_room_for_answer(bytes, &self.shared.limits) {
                true => Ok(()),
                false => Err(core.refuse_room(bytes)),
            }
        })?;
        self.shared.accept(&self.space, outbound);
        Ok(())
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let dropped = self.space.with(|core, _| {
            core.listened = false;
            core.holds_up = false;
            std::mem::take(&mut core.inbox)
        });
        drop(dropped);
        // The reading may have stopped for us.
        self.shared.wake_driver();
        self.shared.drop_handle_of(&self.space);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("namespace", &self.space.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").field("number", &self.number).finish_non_exhaustive()
    }
}
