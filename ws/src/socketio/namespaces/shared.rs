//! What the handles of a client share with its driver: its namespaces, and the connection that
//! stands. A server has one for each connection.
//!
//! Promises that nothing is borrowed while foreign code runs. How events leave is in `sending`,
//! what both sides say beside them in `talk`.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    task::Waker,
};

use glassloop_reactor::Reactor;
use tungstenite::protocol::Role;

use super::{
    limits::Limits,
    session::Session,
    space::{Space, Stage},
    state::{Disconnect, NamespaceState},
};
use crate::{
    Error, WebSocket,
    socketio::Handshake,
    waiting::Driven,
    woken::{self, Woken},
};

pub(in crate::socketio) struct Shared {
    pub(in crate::socketio) reactor: Rc<Reactor>,
    /// Whose side this is. That of a server has one session, and ends with it.
    side: Role,
    pub(in crate::socketio) limits: Limits,
    /// All that the program holds: of the client, its namespaces, and their events.
    handles: Cell<usize>,
    core: RefCell<Core>,
}

/// What changes. Borrowed for moments, never while foreign code runs.
#[derive(Default)]
pub(in crate::socketio) struct Core {
    pub(in crate::socketio) spaces: Vec<Rc<Space>>,
    pub(in crate::socketio) session: Option<Session>,
    /// A connection that was made and is not the session yet.
    pub(in crate::socketio) fresh: Option<(WebSocket, Handshake)>,
    /// Connections that there were.
    pub(in crate::socketio) sessions: u64,
    driver: Option<Waker>,
    /// The program wants it to end.
    pub(in crate::socketio) ending: bool,
    pub(in crate::socketio) over: Option<Option<Arc<Error>>>,
}

impl Core {
    /// The session, if it is this one.
    pub(in crate::socketio) fn session(&mut self, number: u64) -> Option<&mut Session> {
        self.session.as_mut().filter(|session| session.number == number)
    }

    /// Whether a connection is wanted.
    pub(in crate::socketio) fn is_wanted(&self) -> bool {
        self.spaces.iter().any(|space| space.peek(|core| core.wanted))
    }
}

impl Shared {
    /// With one handle.
    pub(in crate::socketio) fn new(reactor: Rc<Reactor>, side: Role, limits: Limits) -> Shared {
        Shared { reactor, side, limits, handles: Cell::new(1), core: RefCell::default() }
    }

    /// Why a namespace has left that our program wants to leave.
    fn by_us(&self) -> Disconnect {
        match self.side {
            Role::Client => Disconnect::ByClient,
            Role::Server => Disconnect::ByServer,
        }
    }

    /// How loudly it is said that the other side breaks the rules: anybody may do that to a server.
    pub(in crate::socketio) fn fault_level(&self) -> log::Level {
        match self.side {
            Role::Client => log::Level::Error,
            Role::Server => log::Level::Debug,
        }
    }

    /// Looks at the core or changes it; those it wants woken are woken after the borrow.
    pub(in crate::socketio) fn with<T>(&self, act: impl FnOnce(&mut Core, &mut Woken) -> T) -> T {
        woken::with(&self.core, act)
    }

    /// What made it end, once it has.
    pub(in crate::socketio) fn over(&self) -> Option<Option<Arc<Error>>> {
        self.with(|core, _| core.over.clone())
    }

    pub(in crate::socketio) fn add_handle(&self) {
        self.handles.set(self.handles.get() + 1);
    }

    /// With the last handle goes everybody who could want anything.
    pub(in crate::socketio) fn remove_handle(&self) {
        self.handles.set(self.handles.get() - 1);
        if self.handles.get() == 0 {
            self.disconnect();
        }
    }

    /// A handle of a namespace is gone, or its events are. With the last of them it leaves.
    pub(in crate::socketio) fn drop_handle_of(&self, space: &Rc<Space>) {
        space.handles.set(space.handles.get() - 1);
        if space.handles.get() == 0 {
            self.forget(space);
        }
        self.remove_handle();
    }

    /// The namespaces that are to ask to be let in, now.
    pub(in crate::socketio) fn to_be_greeted(&self) -> Vec<Rc<Space>> {
        self.with(|core, _| {
            let session = core.session.as_ref().filter(|session| session.is_usable());
            let Some(session) = session else { return Vec::new() };
            let mut spaces = core.spaces.clone();
            spaces.retain(|space| {
                !session.is_leaving(&space.name) && space.peek(|inner| inner.begin_to_greet())
            });
            spaces
        })
    }

    /// Whether so much was received that nothing is to be read; or so much waits for a client,
    /// which asks us on and on and never reads the answers.
    pub(in crate::socketio) fn is_full(&self) -> bool {
        let limits = &self.limits;
        let holds_up = |space: &Rc<Space>| {
            space.peek(|inner| {
                let is_behind = self.side == Role::Server && !inner.buffer.has_room(0, limits);
                inner.holds_up(limits) || is_behind
            })
        };
        self.with(|core, _| {
            // More than the rest of a packet: greetings and refusals that wait for room.
            let behind = |session: &Session| session.queued() > limits.packet.attachments_max;
            core.spaces.iter().any(holds_up)
                || self.side == Role::Server && core.session.as_ref().is_some_and(behind)
        })
    }

    /// The program wants it to end.
    pub(in crate::socketio) fn disconnect(&self) {
        self.with(|core, _| core.ending = true);
        self.wake_driver();
    }

    /// The program wants a namespace to be let in.
    pub(in crate::socketio) fn connect(&self, space: &Rc<Space>) {
        let is_new = self.over().is_none()
            && space.with(|core, _| !std::mem::replace(&mut core.wanted, true));
        if is_new {
            space.enter(NamespaceState::Connecting);
            self.wake_driver();
        }
    }

    /// The program leaves a namespace. What waited leaves before, as far as the connection lives.
    pub(in crate::socketio) fn leave(&self, space: &Rc<Space>) {
        if self.over().is_some() || !space.peek(|core| core.wanted) {
            return;
        }
        let too_long = self.with(|core, _| {
            let session = core.session.as_mut().filter(|session| session.is_usable());
            let Some(session) = session else { return Vec::new() };
            match space.peek(|inner| inner.stage) {
                // The server takes a goodbye for a fault before it has said yes or no.
                Stage::Asked => session.unwanted.push(Rc::clone(space)),
                Stage::In => {
                    let waiting = space.peek(|inner| inner.buffer.take());
                    let handed = waiting.into_iter().map(|it| session.hand_over(space, it));
                    let too_long = handed.filter_map(Result::err).collect();
                    session.say_goodbye(space);
                    return too_long;
                }
                Stage::Idle | Stage::Greeting => {}
            }
            Vec::new()
        });
        too_long.iter().for_each(|(outbound, why)| self.refuse(space, outbound, why));
        space.leave(self.by_us());
        self.drop_guest(space);
        self.pump();
        self.wake_driver();
    }

    /// Whether a goodbye waits for what stands before it.
    pub(in crate::socketio) fn owes_goodbyes(&self) -> bool {
        self.with(|core, _| core.session.as_ref().is_some_and(Session::owes_goodbyes))
    }

    /// The program leaves every namespace that it is in.
    pub(in crate::socketio) fn leave_all(&self) {
        let spaces = self.with(|core, _| core.spaces.clone());
        for space in spaces {
            if matches!(space.peek(|core| core.stage), Stage::Asked | Stage::In) {
                self.leave(&space);
            }
        }
    }

    /// On a server, who has left is not known any more.
    pub(in crate::socketio) fn drop_guest(&self, space: &Rc<Space>) {
        if self.side == Role::Server {
            self.with(|core, _| core.spaces.retain(|known| !Rc::ptr_eq(known, space)));
        }
    }

    /// The program has dropped a namespace, and its events.
    pub(in crate::socketio) fn forget(&self, space: &Rc<Space>) {
        self.leave(space);
        self.with(|core, _| core.spaces.retain(|known| !Rc::ptr_eq(known, space)));
        if self.over().is_none() {
            space.end(None);
        }
    }

    /// The program wants another connection: nothing begins on this one any more.
    pub(in crate::socketio) fn renew(&self) {
        self.with(|core, _| {
            if let Some(session) = &mut core.session {
                session.parting = true;
            }
        });
    }

    /// The client is over, and everybody is told.
    pub(in crate::socketio) fn end(&self, why: Option<Arc<Error>>) {
        let left = self.with(|core, _| {
            core.over.get_or_insert(why.clone());
            (std::mem::take(&mut core.spaces), core.session.take(), core.fresh.take())
        });
        for space in &left.0 {
            space.end(why.clone());
        }
        drop(left);
    }
}

impl Driven for Shared {
    fn driver<T>(&self, act: impl FnOnce(&mut Option<Waker>) -> T) -> T {
        act(&mut self.core.borrow_mut().driver)
    }
}
