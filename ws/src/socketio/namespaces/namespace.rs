//! `Namespace`: what a program holds of one.
//!
//! Promises that every call is short and works whether or not a connection stands.

use std::{fmt, future::Future, rc::Rc, time::Duration};

use super::{
    ack::Ack,
    error::{EmitError, NotConnected},
    outbound::{Fate, Outbound},
    shared::Shared,
    space::Space,
    state::{NamespaceState, Session},
};
use crate::{
    socketio::{Arguments, Body, Data, packet::RESERVED},
    waiting::Waiting,
    waits::WaitsFor,
};

/// A namespace of a client. Clones are handles of the same namespace.
///
/// # What arrives
/// An event is accepted, waits until the namespace is let in and there is room, and is handed to
/// the connection. If that breaks before the socket has taken the last byte of it, it leaves over
/// the next one, whole. What a socket had taken when it broke may have arrived or not: whoever must
/// know asks for an answer ([`emit_with_ack`](Namespace::emit_with_ack)), which then fails. So no
/// event arrives twice, unless a server goes on to read behind its own Close, and those of a
/// namespace arrive in their order.
///
/// # Drop
/// With the last handle, and its events, it leaves.
pub struct Namespace {
    shared: Rc<Shared>,
    space: Rc<Space>,
}

impl Namespace {
    /// One that was counted.
    pub(in crate::socketio) fn new(shared: &Rc<Shared>, space: &Rc<Space>) -> Namespace {
        shared.add_handle();
        Namespace { shared: Rc::clone(shared), space: Rc::clone(space) }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.space.name
    }

    /// How it stands at this moment.
    pub fn state(&self) -> NamespaceState {
        self.space.peek(|core| core.state.clone())
    }

    /// Calls `sink` with each state as it begins, from the next one on, on the loop's thread. What
    /// it emits when the namespace was let in leaves before everything that waited. Sinks are
    /// dropped when it is over; until then one that holds a handle keeps it from ending with its
    /// last other handle.
    pub fn on_state(&self, sink: impl FnMut(&NamespaceState) + 'static) {
        if self.shared.over().is_none() {
            self.space.sinks.add(Box::new(sink));
        }
    }

    /// Ready when it is let in, at once if it is now.
    ///
    /// # Errors
    /// If it was refused, or left, or the client is over: none of them comes back by itself.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    #[track_caller]
    pub fn connected(&self) -> impl Future<Output = Result<Session, NotConnected>> + use<> {
        Waiting::new(&self.space, WaitsFor::Open, |space: &Rc<Space>| {
            match space.peek(|core| core.state.clone()) {
                NamespaceState::Connected(session) => Some(Ok(session)),
                NamespaceState::Refused(why) => Some(Err(NotConnected::Refused(why))),
                NamespaceState::Disconnected(why) if !why.comes_back() => {
                    Some(Err(NotConnected::Disconnected(why)))
                }
                NamespaceState::Over(why) => Some(Err(NotConnected::Over(why))),
                NamespaceState::Connecting | NamespaceState::Disconnected(_) => None,
            }
        })
    }

    /// Asks to be let in once more, after the server has refused it or shown it out, or the program
    /// has left. Else it does nothing.
    pub fn connect(&self) {
        self.shared.connect(&self.space);
    }

    /// Leaves. What was emitted before leaves first, if it is let in; else it waits for the next
    /// [`connect`](Self::connect).
    pub fn disconnect(&self) {
        self.shared.leave(&self.space);
    }

    /// Emits an event: it leaves with this turn, or as soon as the namespace is let in and there is
    /// room.
    ///
    /// # Errors
    /// If it can't be taken: see [`EmitError`].
    pub fn emit(&self, name: &str, arguments: impl Arguments) -> Result<(), EmitError> {
        self.accept(name, arguments, None)
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
        let number = self.space.peek(|core| core.answers.next_number());
        let ack = Ack::new(&self.space, &self.shared.reactor, number, within);
        self.accept(name, arguments, Some(&ack))?;
        Ok(ack)
    }

    /// Emits an event that is worth nothing later: it leaves now, or it is dropped. True if it
    /// leaves.
    ///
    /// # Errors
    /// As [`emit`](Self::emit), but for a lack of room.
    pub fn emit_volatile(&self, name: &str, arguments: impl Arguments) -> Result<bool, EmitError> {
        let data = event(name, arguments)?;
        let outbound = Outbound::new(Body::Event(data, None), Fate::Once);
        self.shared.judge(&self.space, &outbound)?;
        Ok(self.shared.send_now(&self.space, outbound))
    }

    /// Ready when there is room for an event as long as the one that was refused last.
    ///
    /// # Errors
    /// [`EmitError::Over`] if the client is over.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    #[track_caller]
    pub fn room(&self) -> impl Future<Output = Result<(), EmitError>> + use<> {
        let limits = self.shared.limits;
        Waiting::new(&self.space, WaitsFor::Room, move |space: &Rc<Space>| {
            space.peek(|core| match &core.state {
                NamespaceState::Over(why) => Some(Err(EmitError::Over(why.clone()))),
                _ => core.buffer.has_room(core.refused, &limits).then_some(Ok(())),
            })
        })
    }

    /// Events that wait for the namespace to be let in, or for room on the connection.
    pub fn buffered(&self) -> usize {
        self.space.peek(|core| core.buffer.len())
    }

    /// Takes back the events that wait: after a long outage, say, when they are of no use any more,
    /// or once the client is over. Who waits for an answer to one of them learns of it.
    pub fn take_buffered(&self) -> Vec<Data> {
        self.space.with(|core, woken| core.take_buffered(woken))
    }

    fn accept(
        &self,
        name: &str,
        arguments: impl Arguments,
        ack: Option<&Ack>,
    ) -> Result<(), EmitError> {
        let data = event(name, arguments)?;
        let outbound = Outbound::new(Body::Event(data, ack.map(Ack::number)), Fate::Kept);
        self.shared.judge(&self.space, &outbound)?;
        self.space.peek(|core| {
            if !core.buffer.has_room(outbound.bytes(), &self.shared.limits) {
                return Err(core.refuse_room(outbound.bytes()));
            }
            if let Some(ack) = ack {
                core.answers.expect(ack.number(), ack.cell());
            }
            Ok(())
        })?;
        self.shared.accept(&self.space, outbound);
        Ok(())
    }
}

/// An event that a program emits.
pub(in crate::socketio) fn event(name: &str, arguments: impl Arguments) -> Result<Data, EmitError> {
    if RESERVED.contains(&name) {
        return Err(EmitError::Reserved(name.to_owned()));
    }
    Data::event(name, arguments).map_err(EmitError::Arguments)
}

impl Clone for Namespace {
    fn clone(&self) -> Namespace {
        self.space.handles.set(self.space.handles.get() + 1);
        Namespace::new(&self.shared, &self.space)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.shared.drop_handle_of(&self.space);
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace")
            .field("name", &self.space.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
