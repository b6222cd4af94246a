//! `Space`: one namespace of a client, as the client has it; on a server, one client's membership.
//!
//! Promises that what was accepted leaves in its order and once, that everything it keeps is
//! bounded, and that whoever waits for an answer gets one or learns why not. It is in no
//! connection's debt: `shared` moves what it holds to the connection that stands.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::Arc,
};

use glassloop_reactor::Reactor;
use serde_json::Value;

use super::{
    answers::Answers,
    error::{AckError, EmitError},
    inbox::{Arrived, Inbox},
    limits::Limits,
    outbound::{Buffer, Outbound},
    recovery::Recovery,
    state::{ConnectError, Disconnect, NamespaceState, Session},
};
use crate::{
    Error,
    sinks::Sinks,
    socketio::{Body, Data},
    waiting::Awaited,
    waits::{Waits, WaitsFor},
    woken::{self, Woken},
};

/// What a namespace shows when it asks to be let in.
pub(in crate::socketio) type Auth = Box<dyn FnMut() -> Showing>;

/// It is computed, anew for each connection.
pub(in crate::socketio) type Showing = Pin<Box<dyn Future<Output = Result<Value, String>>>>;

pub(in crate::socketio) struct Space {
    pub(in crate::socketio) name: Box<str>,
    reactor: Rc<Reactor>,
    pub(in crate::socketio) sinks: Sinks<NamespaceState>,
    /// Away while it is called.
    pub(in crate::socketio) auth: Cell<Option<Auth>>,
    /// It is a client's with its server (`membership`).
    pub(in crate::socketio) once: bool,
    /// Of the program: those of the namespace, and of its events.
    pub(in crate::socketio) handles: Cell<usize>,
    core: RefCell<SpaceCore>,
}

/// What changes. Borrowed for moments, never while foreign code runs.
#[derive(Default)]
pub(in crate::socketio) struct SpaceCore {
    pub(in crate::socketio) state: NamespaceState,
    pub(in crate::socketio) stage: Stage,
    /// Nothing comes any more.
    pub(in crate::socketio) is_over: bool,
    /// The program wants it to be let in, and nobody has shown it out.
    pub(in crate::socketio) wanted: bool,
    pub(in crate::socketio) waits: Waits,
    /// Somebody takes its events.
    pub(in crate::socketio) listened: bool,
    pub(in crate::socketio) inbox: Inbox,
    /// The inbox was full, and isn't roomy again: nothing is read.
    pub(in crate::socketio) holds_up: bool,
    /// How often it was let in.
    pub(in crate::socketio) membership: u64,
    /// What came before it was let in.
    early: Vec<Arrived>,
    early_bytes: usize,
    pub(in crate::socketio) buffer: Buffer,
    /// The bytes of the event that was refused last, for a lack of room.
    pub(in crate::socketio) refused: usize,
    pub(in crate::socketio) answers: Answers,
    recovery: Option<Recovery>,
}

/// How far it is with the connection that stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::socketio) enum Stage {
    #[default]
    Idle,
    /// What it has to show is being computed.
    Greeting,
    /// It has asked to be let in.
    Asked,
    In,
}

impl Space {
    pub(in crate::socketio) fn new(name: &str, reactor: &Rc<Reactor>, auth: Option<Auth>) -> Space {
        Space {
            name: name.into(),
            reactor: Rc::clone(reactor),
            sinks: Sinks::default(),
            auth: Cell::new(auth),
            once: false,
            handles: Cell::new(2),
            core: RefCell::new(SpaceCore { wanted: true, listened: true, ..SpaceCore::default() }),
        }
    }

    /// Looks at the core or changes it; those it wants woken are woken after the borrow.
    pub(in crate::socketio) fn with<T>(
        &self,
        act: impl FnOnce(&mut SpaceCore, &mut Woken) -> T,
    ) -> T {
        woken::with(&self.core, act)
    }

    /// The same where something else is borrowed, too: nobody is woken.
    pub(in crate::socketio) fn peek<T>(&self, act: impl FnOnce(&mut SpaceCore) -> T) -> T {
        act(&mut self.core.borrow_mut())
    }

    /// Nobody waits for this answer any more. If the event has not left, it never will.
    pub(in crate::socketio) fn withdraw(&self, number: u64) {
        let withdrawn = self.with(|core, woken| {
            let cell = core.answers.withdraw(number)?;
            let event = if cell.handed.get() { None } else { core.buffer.remove(number) };
            if event.is_some() {
                core.waits.take(WaitsFor::Room, woken);
            }
            Some((cell, event))
        });
        drop(withdrawn);
    }

    /// A state begins: everybody who may wait for it looks again, and the sinks are told.
    pub(in crate::socketio) fn enter(&self, state: NamespaceState) {
        log::debug!("socket.io {}: {state}", self.name);
        let before = self.with(|core, woken| {
            core.waits.take(WaitsFor::Open, woken);
            std::mem::replace(&mut core.state, state.clone())
        });
        drop(before);
        self.sinks.tell(&state);
    }

    /// It is in no connection any more, and why. What it had sent is not answered any more.
    pub(in crate::socketio) fn leave(&self, why: Disconnect) {
        if self.once {
            return self.retire(why);
        }
        let (was_in, dropped) = self.with(|core, woken| {
            core.wanted &= why.comes_back();
            let was_in = core.stage == Stage::In;
            let dropped = core.reset(woken);
            if was_in || !core.wanted {
                core.fail_answers(|| AckError::Disconnected(why.clone()), woken);
            }
            (was_in, dropped)
        });
        drop(dropped);
        if was_in || !why.comes_back() {
            self.enter(NamespaceState::Disconnected(why));
        }
    }

    /// The server lets it in no more, or never.
    pub(in crate::socketio) fn refuse(&self, why: ConnectError) {
        let dropped = self.with(|core, woken| {
            core.wanted = false;
            let dropped = core.reset(woken);
            core.fail_answers(|| AckError::Disconnected(Disconnect::ByServer), woken);
            dropped
        });
        drop(dropped);
        self.enter(NamespaceState::Refused(why));
    }

    /// It is over, with the client or by itself.
    pub(in crate::socketio) fn end(&self, why: Option<Arc<Error>>) {
        if self.once {
            return self.retire(Disconnect::ByServer);
        }
        let state = NamespaceState::Over(why.clone());
        let left = self.with(|core, woken| {
            core.wanted = false;
            core.is_over = true;
            let dropped = core.reset(woken);
            core.waits.take_all(woken);
            let over = || AckError::Over(why.clone());
            core.answers.fail_but(std::iter::empty(), over, woken);
            (dropped, std::mem::replace(&mut core.state, state.clone()))
        });
        drop((left, self.auth.take()));
        let unsent = self.peek(|core| core.buffer.len());
        if unsent > 0 {
            log::warn!("socket.io {}: over, and {unsent} events were not sent", self.name);
        }
        self.sinks.tell_last(&state);
    }

    /// Keeps what computes the credentials, after it was called.
    pub(in crate::socketio) fn keep_auth(&self, auth: Auth) {
        let is_over = self.peek(|core| matches!(core.state, NamespaceState::Over(_)));
        if !is_over {
            self.auth.set(Some(auth));
        }
    }

    /// What it shows with what was computed, and what the server needs to give back the session.
    pub(in crate::socketio) fn credentials(&self, shown: Option<Value>) -> Option<Value> {
        self.peek(|core| Recovery::show(core.recovery.as_ref(), shown))
    }
}

impl SpaceCore {
    /// It is in no connection. What is worth nothing in another one is handed out, to be dropped.
    #[must_use]
    pub(in crate::socketio) fn reset(
        &mut self,
        woken: &mut Woken,
    ) -> (VecDeque<Outbound>, Vec<Arrived>) {
        self.stage = Stage::Idle;
        self.early_bytes = 0;
        self.waits.take(WaitsFor::Room, woken);
        (self.buffer.take_once(), std::mem::take(&mut self.early))
    }

    /// Whether it is to ask to be let in; from now on it does.
    pub(in crate::socketio) fn begin_to_greet(&mut self) -> bool {
        let begins = self.wanted && self.stage == Stage::Idle;
        if begins {
            self.stage = Stage::Greeting;
        }
        begins
    }

    /// Whether nothing is to be read because of what nobody has taken.
    pub(in crate::socketio) fn holds_up(&mut self, limits: &Limits) -> bool {
        self.holds_up |= self.inbox.is_full(limits);
        self.holds_up
    }

    /// It was let in. What it had sent before lies before what its sinks send now.
    pub(in crate::socketio) fn admit(&mut self, sid: &str, pid: Option<&str>) -> Session {
        self.stage = Stage::In;
        self.membership += 1;
        let before = self.recovery.take();
        let recovered = pid.is_some() && before.as_ref().map(|known| &*known.pid) == pid;
        let offset = before.filter(|_| recovered).and_then(|known| known.offset);
        self.recovery = pid.map(|pid| Recovery { pid: pid.to_owned(), offset });
        self.buffer.hold_behind();
        Session { sid: sid.into(), recovered }
    }

    /// Its sinks have heard of it: what came and what waited goes where it belongs.
    pub(in crate::socketio) fn settle_in(&mut self, woken: &mut Woken) {
        self.buffer.release();
        self.early_bytes = 0;
        for arrived in std::mem::take(&mut self.early) {
            self.deliver(arrived, woken);
        }
    }

    /// An event has come. False if it is one too many.
    #[must_use]
    pub(in crate::socketio) fn arrive(
        &mut self,
        arrived: Arrived,
        limits: &Limits,
        woken: &mut Woken,
    ) -> bool {
        match self.stage {
            Stage::In => self.deliver(arrived, woken),
            Stage::Asked => {
                self.early_bytes += arrived.data.bytes();
                self.early.push(arrived);
            }
            // It has left, and the server doesn't know yet.
            Stage::Idle | Stage::Greeting => {}
        }
        self.early.len() <= limits.early_events_max && self.early_bytes <= limits.received_bytes_max
    }

    fn deliver(&mut self, mut arrived: Arrived, woken: &mut Woken) {
        arrived.membership = self.membership;
        if let Some(recovery) = &mut self.recovery
            && let Some(offset) = arrived.data.last_text()
        {
            recovery.offset = Some(offset);
        }
        if self.listened {
            self.inbox.push(arrived);
            self.waits.take(WaitsFor::Message, woken);
        }
    }

    /// What has left is not answered any more; what waits still may be.
    pub(in crate::socketio) fn fail_answers(
        &mut self,
        why: impl Fn() -> AckError,
        woken: &mut Woken,
    ) {
        self.answers.fail_but(self.buffer.numbers(), why, woken);
    }

    /// Whether something may leave.
    pub(in crate::socketio) fn has_to_send(&self) -> bool {
        self.stage == Stage::In && self.buffer.has_next()
    }

    /// There is no room for an event of so many bytes.
    pub(in crate::socketio) fn refuse_room(&mut self, bytes: usize) -> EmitError {
        self.refused = bytes;
        EmitError::Full { events: self.buffer.len(), bytes: self.buffer.bytes() }
    }

    /// The next one that is to leave, if it may; or one that comes too late, or whose answer nobody
    /// awaits any more.
    pub(in crate::socketio) fn next_to_leave(
        &mut self,
        now: u64,
    ) -> Option<Result<Outbound, Outbound>> {
        if self.stage != Stage::In {
            return None;
        }
        let outbound = self.buffer.pop()?;
        if let Some(number) = outbound.number() {
            match self.answers.get(number) {
                Some(cell) if now < cell.deadline => cell.handed.set(true),
                _ => return Some(Err(outbound)),
            }
        }
        Some(Ok(outbound))
    }

    /// It was handed to a connection that is gone, and has not left: it is the first again. It
    /// comes back, to be dropped, if its answer is awaited no more.
    pub(in crate::socketio) fn take_back(&mut self, outbound: Outbound) -> Option<Outbound> {
        if let Some(number) = outbound.number() {
            match self.answers.get(number) {
                Some(cell) => cell.handed.set(false),
                None => return Some(outbound),
            }
        }
        if matches!(self.state, NamespaceState::Disconnected(_)) && self.is_over {
            // A client of a server's never comes back.
            return Some(outbound);
        }
        if matches!(self.state, NamespaceState::Over(_)) {
            log::warn!("socket.io: a namespace is over, and an event of its was not sent");
        }
        self.buffer.push_front(outbound);
        None
    }

    /// What the program takes back of what has not left.
    pub(in crate::socketio) fn take_buffered(&mut self, woken: &mut Woken) -> Vec<Data> {
        let mut taken = Vec::new();
        for outbound in self.buffer.take() {
            if let Some(number) = outbound.number() {
                self.answers.resolve(number, Err(AckError::TakenBack), woken);
            }
            if let Body::Event(data, _) = outbound.body {
                taken.push(data);
            }
        }
        self.waits.take(WaitsFor::Room, woken);
        taken
    }
}

impl Awaited for Space {
    fn reactor(&self) -> &Reactor {
        &self.reactor
    }

    fn waits<T>(&self, act: impl FnOnce(&mut Waits) -> T) -> T {
        act(&mut self.core.borrow_mut().waits)
    }
}
