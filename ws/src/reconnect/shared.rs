//! What the handles of a reconnecting client share with its driver.
//!
//! Promises that what was accepted leaves in its order, over whichever connection stands, and that
//! nothing is borrowed while foreign code runs. It decides nothing about coming back: the driver
//! does.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use glassloop_reactor::Reactor;

use super::limits::ReconnectLimits;
use super::send_buffer::SendBuffer;
use super::state::ReconnectState;
use super::unread::Unread;
use crate::connection::Connection;
use crate::error::Error;
use crate::message::Message;
use crate::outbox::Outgoing;
use crate::overflow::TrySend;
use crate::sending::{Posted, Sender};
use crate::sinks::{Sink, Sinks};
use crate::waiting::{Awaited, Driven};
use crate::waits::{Waits, WaitsFor};
use crate::woken::{self, Woken};

pub(crate) struct Shared {
    reactor: Rc<Reactor>,
    limits: ReconnectLimits,
    /// True if a message is done with when the program says so, and not when it has left.
    acknowledged: bool,
    handles: Cell<usize>,
    core: RefCell<Core>,
    sinks: Sinks<ReconnectState>,
}

/// What changes. Borrowed for moments, never while foreign code runs.
#[derive(Debug, Default)]
pub(crate) struct Core {
    pub(crate) state: ReconnectState,
    pub(crate) waits: Waits,
    driver: Option<Waker>,
    pub(crate) buffer: SendBuffer,
    /// What connections before this one received, and nobody took.
    pub(crate) unread: Unread,
    /// The connection over which messages go.
    pub(crate) link: Option<Rc<Connection>>,
    /// True once the program wants it to end.
    pub(crate) ending: bool,
    /// True if the program wants an attempt now.
    pub(crate) hurry: bool,
    /// True if the present connection is closed to rest, and its end is no failure.
    pub(crate) resting: bool,
    /// True while an attempt is under way, the newest of so many.
    pub(crate) dialing: bool,
    pub(crate) attempts: u64,
    pub(crate) opened: u64,
    pub(crate) volatile_dropped: u64,
}

impl Core {
    /// True if the program wants another connection than the present one. If it wants to end, it
    /// wants none, and what was accepted leaves over this one.
    fn is_leaving(&self) -> bool {
        self.hurry && !self.ending
    }
}

impl Shared {
    /// With one handle.
    pub(crate) fn new(
        reactor: Rc<Reactor>,
        limits: ReconnectLimits,
        acknowledged: bool,
        buffer: SendBuffer,
    ) -> Shared {
        Shared {
            reactor,
            limits,
            acknowledged,
            handles: Cell::new(1),
            core: RefCell::new(Core { buffer, ..Core::default() }),
            sinks: Sinks::default(),
        }
    }

    pub(crate) fn rc_reactor(&self) -> &Rc<Reactor> {
        &self.reactor
    }

    pub(crate) fn limits(&self) -> &ReconnectLimits {
        &self.limits
    }

    /// Looks at the core or changes it; those it wants woken are woken after the borrow.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Core, &mut Woken) -> T) -> T {
        woken::with(&self.core, act)
    }

    pub(crate) fn state(&self) -> ReconnectState {
        self.with(|core, _| core.state.clone())
    }

    /// True if messages go both ways.
    pub(crate) fn is_open(&self) -> bool {
        self.with(|core, _| core.state.is_open() && !core.is_leaving())
    }

    /// A state begins: everybody who may wait for it looks again, and the sinks are told.
    pub(crate) fn enter(&self, state: ReconnectState) {
        let before = self.with(|core, woken| {
            if core.state.is_like(&state) || core.state.is_over() {
                return None;
            }
            for what in [WaitsFor::Open, WaitsFor::Message] {
                core.waits.take(what, woken);
            }
            let mut driver = None;
            if state.is_over() {
                core.waits.take_all(woken);
                // Nobody is to be woken any more.
                driver = core.driver.take();
            }
            Some((std::mem::replace(&mut core.state, state.clone()), driver))
        });
        if before.is_some() {
            log::debug!("reconnecting: {state}");
            match state.is_over() {
                true => self.sinks.tell_last(&state),
                false => self.sinks.tell(&state),
            }
        }
    }

    /// A sink that comes when all is over has nothing to hear.
    pub(crate) fn add_sink(&self, sink: Sink<ReconnectState>) {
        if !self.state().is_over() {
            self.sinks.add(sink);
        }
    }

    /// The state of an attempt, if that is the one under way.
    pub(crate) fn enter_attempt(&self, number: u64, state: ReconnectState) {
        if self.with(|core, _| core.dialing && core.attempts == number) {
            self.enter(state);
        }
    }

    /// Accepts a message if there is room, and sends what can be sent.
    pub(crate) fn post(&self, message: Message) -> TrySend {
        self.settle();
        let accepted = self.with(|core, _| {
            if core.ending || core.state.is_over() {
                return Err(TrySend::Closed(message));
            }
            if !core.buffer.has_room(message.len(), &self.limits) {
                return Err(TrySend::Full(message));
            }
            core.buffer.push(message);
            Ok(())
        });
        if let Err(refused) = accepted {
            return refused;
        }
        self.forward().unwrap_or_else(|| {
            // It goes on where the connection has room again, or stands.
            self.wake_driver();
            TrySend::Buffered(self.buffered())
        })
    }

    /// Sends a message now, or gives it back.
    pub(crate) fn post_volatile(&self, message: Message) -> TrySend {
        let link = self.with(|core, _| {
            let usable = core.buffer.waiting() == 0 && !core.is_leaving();
            core.link.clone().filter(|_| usable)
        });
        let outcome = match link {
            Some(link) => {
                let posted = link.post(Outgoing::Message(message), Sender::Handle);
                match posted.into_try_send() {
                    // Another one may come.
                    TrySend::Closed(message) => TrySend::Full(message),
                    outcome => outcome,
                }
            }
            None => TrySend::Full(message),
        };
        if !outcome.is_taken() {
            self.with(|core, _| core.volatile_dropped += 1);
        }
        outcome
    }

    /// Hands to the connection what waits for it, as far as it takes it. Says what became of the
    /// last message, if that was handed over now.
    pub(crate) fn forward(&self) -> Option<TrySend> {
        let mut last = None;
        while let Some((link, message)) = self.hand_over() {
            match link.post(Outgoing::Kept(message), Sender::Handle) {
                posted @ (Posted::Sent | Posted::Buffered(_)) => last = Some(posted),
                Posted::Full(_) | Posted::Dropped(_) | Posted::Closed(_) => {
                    self.with(|core, _| {
                        if core.link.as_ref().is_some_and(|now| Rc::ptr_eq(now, &link)) {
                            core.buffer.take_back();
                        }
                    });
                    return None;
                }
            }
        }
        Some(match last? {
            Posted::Sent => TrySend::Sent,
            _ => TrySend::Buffered(self.buffered()),
        })
    }

    /// The next message, and where it goes. It counts as handed over before it is: what its posting
    /// wakes may come back here.
    fn hand_over(&self) -> Option<(Rc<Connection>, Message)> {
        self.with(|core, _| {
            let link = core.link.clone().filter(|_| !core.is_leaving())?;
            core.buffer.hand_over().map(|message| (link, message))
        })
    }

    /// Forgets what is done with because it has left.
    pub(crate) fn settle(&self) {
        let link = self.with(|core, _| core.link.clone());
        if let Some(link) = link {
            self.note_left(&link);
        }
    }

    fn note_left(&self, link: &Connection) {
        if self.acknowledged {
            return;
        }
        let done = self.with(|core, woken| {
            let done = core.buffer.note_left(link.kept_left());
            if !done.is_empty() {
                core.waits.take(WaitsFor::Room, woken);
            }
            done
        });
        // Dropped here, after the borrow: a payload's drop may be anything.
        drop(done);
    }

    /// The first so many messages that were ever accepted have arrived.
    pub(crate) fn acknowledge(&self, number: u64) {
        if !self.acknowledged {
            return log::warn!("reconnecting: an acknowledgement, which nobody asked for");
        }
        let accepted = self.accepted();
        if number > accepted {
            return log::warn!(
                "reconnecting: expected an acknowledgement of {accepted} at most, came {number}"
            );
        }
        let done = self.with(|core, woken| {
            core.waits.take(WaitsFor::Room, woken);
            core.buffer.note_arrived(number)
        });
        drop(done);
    }

    /// The number of the message that was accepted last.
    pub(crate) fn accepted(&self) -> u64 {
        self.with(|core, _| core.buffer.accepted())
    }

    /// Bytes of messages that are not done with.
    pub(crate) fn buffered(&self) -> usize {
        self.settle();
        self.with(|core, _| core.buffer.bytes())
    }

    /// Messages go over this connection from now on.
    pub(crate) fn link(&self, link: &Rc<Connection>) {
        self.with(|core, woken| {
            core.link = Some(Rc::clone(link));
            core.opened += 1;
            core.waits.take(WaitsFor::Message, woken);
        });
        self.hold_if_full(link);
    }

    /// If as much as a connection may hold waits from those before, this one adds nothing to it.
    pub(crate) fn hold_if_full(&self, link: &Connection) {
        let limits = link.limits();
        if self.with(|core, _| core.unread.is_full(limits)) {
            link.with(|mailbox, _| mailbox.hold());
        }
    }

    /// This connection is gone. What it was handed and has not done with goes to the next; what it
    /// received can still be had, if it was ever more than the hook's.
    pub(crate) fn unlink(&self, gone: &Connection, was_open: bool) {
        self.note_left(gone);
        let mut received = gone.with(|mailbox, _| mailbox.take_received());
        if !was_open {
            received.clear();
        }
        let given_up = self.with(|core, woken| {
            core.link = None;
            core.buffer.begin_anew();
            core.waits.take(WaitsFor::Message, woken);
            core.unread.extend(received, gone.limits())
        });
        if !given_up.is_empty() {
            log::warn!("reconnecting: {} messages dropped that nobody received", given_up.len());
        }
    }

    /// The oldest message of a connection before the present one.
    pub(crate) fn take_unread(&self) -> Option<Message> {
        let (message, link) = self.with(|core, _| {
            let message = core.unread.pop()?;
            Some((message, core.link.clone().filter(|_| core.unread.is_empty())))
        })?;
        if let Some(link) = link {
            link.with(|mailbox, woken| mailbox.release(link.limits(), woken));
        }
        Some(message)
    }

    /// The program wants it to end.
    pub(crate) fn end(&self) {
        self.with(|core, woken| {
            core.ending = true;
            core.waits.take(WaitsFor::Room, woken);
            woken.extend(core.driver.take());
        });
    }

    /// The present connection is closed, which is no failure: the next attempt follows at once.
    #[cfg(feature = "socketio")]
    pub(crate) fn rest(&self) {
        let link = self.with(|core, _| {
            core.resting = core.link.is_some();
            core.link.clone()
        });
        if let Some(link) = link {
            link.close(crate::close::code::NORMAL, tungstenite::Utf8Bytes::default());
        }
    }

    /// The program wants an attempt now. What it sends from now on is for the next connection.
    pub(crate) fn hurry(&self) {
        self.with(|core, woken| {
            core.hurry = true;
            woken.extend(core.driver.take());
        });
    }

    /// What made it end, once it has.
    pub(crate) fn ended(&self) -> Option<Option<Arc<Error>>> {
        self.with(|core, _| match &core.state {
            ReconnectState::Over { why } => Some(why.clone()),
            _ => None,
        })
    }

    pub(crate) fn add_handle(&self) {
        self.handles.set(self.handles.get() + 1);
    }

    /// With the last handle goes everybody who could want anything.
    pub(crate) fn remove_handle(&self) {
        self.handles.set(self.handles.get() - 1);
        if self.handles.get() == 0 {
            self.end();
        }
    }
}

impl Awaited for Shared {
    fn reactor(&self) -> &Reactor {
        &self.reactor
    }

    fn waits<T>(&self, act: impl FnOnce(&mut Waits) -> T) -> T {
        act(&mut self.core.borrow_mut().waits)
    }
}

impl Driven for Shared {
    fn driver<T>(&self, act: impl FnOnce(&mut Option<Waker>) -> T) -> T {
        act(&mut self.core.borrow_mut().driver)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("core", &self.core).finish_non_exhaustive()
    }
}
