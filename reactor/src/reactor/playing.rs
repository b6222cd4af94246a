//! What the reactor does for its script, if it has one.
//!
//! It promises that peers act in phase `wait` only, before it blocks and once more when it was
//! waited for them, so that what they do is told in the phase `io` that follows. Without a script
//! each of these is a test for `None`.

use std::{io, net::SocketAddr, rc::Rc};

use crate::{
    net::{ScriptedListener, ScriptedStream},
    reactor::Reactor,
};

impl Reactor {
    /// Has the peers of the script do what they can do now.
    pub(super) fn play(self: &Rc<Self>) {
        let Some(stage) = &self.stage else { return };
        self.stirred.set(false);
        let goes_on = stage.borrow_mut().play(self, self.read_clock());
        if goes_on {
            self.stir();
        }
    }

    /// Whether peers are acting at this moment.
    pub(super) fn is_playing(&self) -> bool {
        self.stage.as_ref().is_some_and(|stage| stage.try_borrow().is_err())
    }

    /// As `play`, if time has come for one of them.
    pub(super) fn play_if_due(self: &Rc<Self>) {
        let due = self.stage.as_ref().and_then(|stage| stage.borrow().due());
        if due.is_some_and(|due| due <= self.now.get()) {
            self.play();
        }
    }

    /// The program has done something that peers may answer: they act in the next wait.
    pub(crate) fn stir(&self) {
        self.stirred.set(true);
        self.chores.set(true);
        self.rouse();
    }

    /// When the script goes on by itself, if somebody waits for what it could bring.
    pub(super) fn script_deadline(&self) -> Option<u64> {
        let stage = self.stage.as_ref()?;
        let is_waited_for = self.sources.borrow().waiters().0 > 0;
        stage.borrow().due().filter(|_| is_waited_for)
    }

    /// A connection to this address, if the reactor has a stage for it.
    pub(crate) fn connect_on_stage(self: &Rc<Self>, to: SocketAddr) -> Option<ScriptedStream> {
        let stage = self.stage.as_ref()?;
        let (stream, arrival) = stage.borrow_mut().connect(self, to);
        // Told after the borrow: a host may hear of it.
        if let Some((backlog, stream, from)) = arrival {
            backlog.push(self, stream, from);
        }
        self.stir();
        Some(stream)
    }

    /// A listener at this address, if the reactor has a stage for it.
    pub(crate) fn bind_on_stage(
        self: &Rc<Self>,
        address: SocketAddr,
    ) -> io::Result<Option<ScriptedListener>> {
        let Some(stage) = &self.stage else { return Ok(None) };
        let listener = stage.borrow_mut().bind(self, address)?;
        self.stir();
        Ok(Some(listener))
    }
}
