//! The membership of a client in a namespace, as its server has it: a `Space` that is entered once,
//! when it is made, and never comes back.

use std::rc::Rc;

use glassloop_reactor::Reactor;

use super::{
    answers::{Answers, Numbers},
    error::AckError,
    space::{Space, Stage},
    state::{Disconnect, NamespaceState, Session},
};

impl Space {
    /// One that the server has let in. A client may answer what it was asked in an earlier one, so
    /// those of a connection draw their numbers together.
    pub(in crate::socketio) fn of_guest(
        name: &str,
        reactor: &Rc<Reactor>,
        sid: &str,
        numbers: &Numbers,
    ) -> Space {
        let mut space = Space::new(name, reactor, None);
        space.once = true;
        space.peek(|core| {
            core.stage = Stage::In;
            core.answers = Answers::numbered_by(numbers);
            core.state = NamespaceState::Connected(Session { sid: sid.into(), recovered: false });
        });
        space
    }

    /// It has left for good, and why: whoever waits for anything learns it.
    pub(in crate::socketio) fn retire(&self, why: Disconnect) {
        let left = self.with(|core, woken| {
            if std::mem::replace(&mut core.is_over, true) {
                return None;
            }
            core.wanted = false;
            let dropped = core.reset(woken);
            core.waits.take_all(woken);
            let unsent = core.buffer.take();
            core.fail_answers(|| AckError::Disconnected(why.clone()), woken);
            let state = NamespaceState::Disconnected(why);
            let before = std::mem::replace(&mut core.state, state.clone());
            Some((state, (dropped, unsent, before)))
        });
        if let Some((state, dropped)) = left {
            drop(dropped);
            self.sinks.tell_last(&state);
        }
    }
}
