//! Phase `render`: what was asked to be drawn, then what can wait until there is nothing else.
//!
//! Both are snapshots: what is requested meanwhile waits for a later turn. Idle callbacks run only
//! as long as nothing is ready, each told how much time is left before something is due.

use glassloop_executor::{Cause, Entry};

use super::Turn;
use crate::{Phase, limits::ns_of_us, stride::Stretch};

impl Turn<'_> {
    /// Phase 7: render callbacks if a frame is due, a checkpoint; then idle callbacks.
    pub(crate) fn render(&mut self) {
        self.phase(Phase::Render);
        if self.core.frames.is_empty() {
            return;
        }
        self.executor.set_cause(Cause::Task);
        self.core.stride.begin(self.reactor.read_clock());
        self.frame();
        self.idle();
        self.reactor.set_owner(0);
    }

    fn frame(&mut self) {
        let core = self.core;
        let due = core.frames.take_due(self.reactor.now(), core.limits.items_per_turn_max);
        let Some(last) = due.last().copied() else { return };
        for entry in due {
            self.call(entry);
        }
        self.checkpoint(last);
    }

    fn idle(&mut self) {
        let core = self.core;
        // The system must have been asked a moment ago: it may have something better to do.
        if !self.asked {
            return;
        }
        let longest = ns_of_us(core.limits.idle_us_max);
        let most = core.stride.read_at().saturating_add(longest);
        let most = core.pump_end.get().map_or(most, |end| end.min(most));
        let until = core.next_deadline().map_or(most, |deadline| deadline.min(most));
        for ran in 0..core.frames.idle_len().min(core.limits.items_per_turn_max) {
            // A pump whose time is over runs one all the same: a host that never has any to spare
            // would be asked for a pump for ever.
            let spared = ran == 0 && core.pump_end.get() == Some(until);
            if core.is_busy() || (core.stride.read_at() >= until && !spared) {
                return;
            }
            let Some(entry) = core.frames.next_idle(until) else { return };
            self.call(entry);
            self.checkpoint(entry);
        }
    }

    /// Calls a render or idle callback.
    fn call(&mut self, entry: Entry) {
        let core = self.core;
        self.now.set(entry, Phase::Render);
        self.reactor.set_owner(entry.to_bits());
        let began = core.stride.read_at();
        let ended = if core.watched.get() {
            self.watched_item(entry, Phase::Render)
        } else {
            self.executor.run_item(entry);
            self.reactor.read_clock()
        };
        core.stride.begin(ended);
        self.note_place(entry);
        core.standing.moves();
        self.note_stretch(Stretch { took_ns: ended.saturating_sub(began), items: 1 }, entry);
    }
}
