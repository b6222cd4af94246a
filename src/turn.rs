//! `Turn`: phases 2 to 8 of one turn, each a method of that name.
//!
//! Every phase takes what it needs out of the tables, gives the tables back, and only then runs
//! what isn't ours, each piece caught by itself. None of them blocks. While a turn lives, no other
//! turn of the same loop can begin.

use std::rc::Rc;

use glassloop_executor::{Cause, Entry, Executor, Kind, PlaceId, Turning, caught};
use glassloop_reactor::{Events, Notifier, Reactor};

use crate::{
    Phase, RunError, Snapshot, core::Core, current, now_record::NowRecord, ring::Happening,
};

mod render;
mod run;

/// A turn under way.
pub(crate) struct Turn<'a> {
    core: &'a Core,
    executor: &'a Executor,
    reactor: &'a Reactor,
    notifier: &'a Notifier,
    now: &'a NowRecord,
    events: Events,
    turn: u64,
    items: usize,
    /// The system and the clock were asked before this turn.
    asked: bool,
    /// Somebody wants to be told of each phase.
    observed: bool,
    /// `run` will go on with the next turn, and nobody wants to be told of each.
    runs_on: bool,
    /// Wakes go straight to the ready queue.
    _turning: Turning,
    _entered: Option<current::Entered>,
}

impl<'a> Turn<'a> {
    /// Opens a turn, unless one is open.
    #[inline]
    pub(crate) fn begin(core: &'a Rc<Core>, events: Events) -> Result<Turn<'a>, RunError> {
        core.begin_busy()?;
        if core.debug {
            core.look_for_fork().inspect_err(|_| core.busy.set(false))?;
        }
        let _entered = (!core.running.get()).then(|| current::enter(core));
        let turn = core.turns.get() + 1;
        core.turns.set(turn);
        let runs_on = core.running.get() && !core.watched.get();
        let observed = core.observers.any();
        if observed {
            core.observers.tell(&core.executor, |observer| observer.turn_began(turn));
        }
        core.record(Phase::Io, core.stride.read_at(), 0, Happening::turn(turn));
        Ok(Turn {
            core,
            executor: &core.executor,
            reactor: &core.reactor,
            notifier: &core.shared.notifier,
            now: &core.shared.now,
            events,
            turn,
            items: 0,
            asked: core.items_since_poll.get() == 0,
            observed,
            runs_on,
            _turning: core.executor.begin_turn(),
            _entered,
        })
    }

    /// Phase 2: events become readiness; whoever waited for it is woken.
    #[inline]
    pub(crate) fn io(&mut self) {
        self.phase(Phase::Io);
        if self.events.is_empty() && !self.reactor.has_pending_events() {
            return;
        }
        self.executor.set_cause(Cause::Io);
        let mut woken = self.core.woken.take();
        self.reactor.io(&self.events, &mut woken);
        self.wake(woken);
    }

    /// Phase 3: what is due is woken, in order. What is armed meanwhile waits for the next turn.
    #[inline]
    pub(crate) fn timers(&mut self) {
        self.phase(Phase::Timers);
        // Without a new reading of the clock nothing new is due.
        if !self.asked || !self.reactor.has_due() {
            return;
        }
        self.executor.set_cause(Cause::Timer);
        let mut woken = self.core.woken.take();
        self.reactor.timers(&mut woken);
        self.wake(woken);
    }

    /// Phase 4: what other threads left joins the ready queue, in order.
    #[inline]
    pub(crate) fn deferred(&mut self) {
        self.phase(Phase::Deferred);
        let (executor, notifier) = (self.executor, self.notifier);
        executor.set_cause(Cause::Thread);
        #[cfg(drain_before_disarm)]
        let more = executor.take_deferred();
        // The word first, the queue second: what is pushed after the take finds the word disarmed
        // and sets it again.
        if !notifier.disarm() {
            return;
        }
        #[cfg(not(drain_before_disarm))]
        let more = executor.take_deferred();
        if more {
            notifier.notify();
        }
    }

    /// Phase 6: corked writers write, once each.
    pub(crate) fn flush(&mut self) {
        self.phase(Phase::Flush);
        let core = self.core;
        if !self.reactor.has_flushes() {
            return;
        }
        let mut writers = core.flushes.take();
        self.reactor.take_flushes(core.limits.flushes_per_turn_max, &mut writers);
        let mut line = writers.drain(..);
        for writer in line.by_ref() {
            self.now.set(Entry::new(Kind::Flush, 0, 0), Phase::Flush);
            if let Err(payload) = caught(|| writer.flush()) {
                self.executor.report("a corked writer", PlaceId::UNKNOWN, payload);
            }
            if core.budget_is_spent() {
                break;
            }
        }
        let mut rest = Vec::new();
        for writer in line {
            rest.push(Rc::downgrade(&writer));
            // We may be the last to let go of it.
            if let Err(payload) = caught(|| drop(writer)) {
                self.executor.report("a corked writer", PlaceId::UNKNOWN, payload);
            }
        }
        self.reactor.put_back_flushes(rest);
        core.flushes.replace(writers);
    }

    /// Phase 8: retired slots become free, stand-ins are woken for what was left to read, a
    /// snapshot is published, observers are told.
    pub(crate) fn finish(&mut self) {
        self.phase(Phase::Finish);
        let core = self.core;
        if self.reactor.has_chores() {
            self.executor.set_cause(Cause::Io);
            let mut woken = core.woken.take();
            self.reactor.finish(&mut woken);
            self.wake(woken);
        }
        if let Some(every) = core.snapshot_every_ns.get() {
            let now = self.reactor.now();
            if now >= core.snapshot_due.get() {
                core.snapshot_due.set(now.saturating_add(every));
                core.shared.publish(Snapshot::of(core));
            }
        }
        if self.observed {
            let (turn, items) = (self.turn, self.items);
            core.observers.tell(self.executor, |observer| observer.turn_ended(turn, items));
        }
    }

    /// Opens a phase.
    #[inline]
    fn phase(&self, phase: Phase) {
        if self.observed {
            let (core, turn) = (self.core, self.turn);
            core.observers.tell(self.executor, |observer| observer.phase_began(phase, turn));
        }
    }

    /// Wakes what the tables gave back, each by itself, and keeps the vector.
    fn wake(&self, mut woken: Vec<std::task::Waker>) {
        for waker in woken.drain(..) {
            self.executor.wake_foreign(waker);
        }
        self.core.woken.replace(woken);
    }
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        self.executor.set_cause(Cause::Host);
        if self.asked {
            let mut events = std::mem::take(&mut self.events);
            events.clear();
            self.core.spare_events.set(events);
        }
        self.now.clear();
        self.core.busy.set(false);
    }
}
