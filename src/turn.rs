//! `Turn`: phases 2 to 8 of one turn, each a method of that name.
//!
//! Every phase takes what it needs out of the tables, gives the tables back, and only then runs
//! what isn't ours, each piece caught by itself. None of them blocks. While a turn lives, no other
//! turn of the same loop can begin.

use std::rc::Rc;

use glassloop_executor::{Cause, Entry, Executor, PlaceId, Turning, caught};
use glassloop_reactor::{Events, Notifier, Reactor};

use crate::{Phase, RunError, Snapshot, core::Core, current, now_record::NowRecord};

mod render;
mod run;
mod step;

pub(crate) use run::Bounds;

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
    /// Observers were told that it began.
    observed: bool,
    /// `run` will go on with the next turn, unless somebody wants to be told of each.
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
        core.shared.now.set_turn(turn);
        let observed = core.observers.any();
        core.tell(Phase::Io, |observer| observer.turn_began(turn));
        if let Some(recorder) = core.recorder() {
            recorder.turn(turn, core.stride.read_at());
        }
        let mut turn = Turn::open(core, events);
        (turn.observed, turn._entered) = (observed, _entered);
        Ok(turn)
    }

    /// A turn that nobody was told of.
    #[inline]
    fn open(core: &'a Core, events: Events) -> Turn<'a> {
        Turn {
            core,
            executor: &core.executor,
            reactor: &core.reactor,
            notifier: &core.shared.notifier,
            now: &core.shared.now,
            events,
            turn: core.turns.get(),
            items: 0,
            asked: core.items_since_poll.get() == 0,
            observed: false,
            runs_on: core.running.get(),
            _turning: core.executor.begin_turn(),
            _entered: None,
        }
    }

    /// Phase 2: events become readiness; whoever waited for it is woken.
    #[inline]
    pub(crate) fn io(&mut self) {
        self.phase(Phase::Io);
        if self.events.is_empty() && !self.reactor.has_pending_events() {
            return;
        }
        self.executor.set_cause(Cause::Io);
        let mut woken = self.core.take_woken();
        self.reactor.io(&self.events, &mut woken);
        self.core.wake(Phase::Io, woken);
        self.served(self.events.len());
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
        let mut woken = self.core.take_woken();
        self.reactor.timers(&mut woken);
        let due = woken.len();
        self.core.wake(Phase::Timers, woken);
        self.served(due);
    }

    /// Phase 4: what other threads left joins the ready queue, in order.
    #[inline]
    pub(crate) fn deferred(&mut self) {
        self.phase(Phase::Deferred);
        let (core, executor, notifier) = (self.core, self.executor, self.notifier);
        executor.set_cause(Cause::Thread);
        #[cfg(drain_before_disarm)]
        let more = core.take_deferred();
        // The word first, the queue second: what is pushed after the take finds the word disarmed
        // and sets it again.
        if !notifier.disarm() && !core.is_turn_again() {
            return;
        }
        let before = executor.ready_len();
        #[cfg(not(drain_before_disarm))]
        let more = core.take_deferred();
        if more {
            notifier.notify();
        }
        self.served(executor.ready_len() - before);
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
        let taken = writers.len();
        let mut line = writers.drain(..);
        for writer in line.by_ref() {
            self.now.set(Entry::WRITER, Phase::Flush);
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
        self.served(taken - rest.len());
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
            let mut woken = core.take_woken();
            self.reactor.finish(&mut woken);
            core.wake(Phase::Finish, woken);
        }
        let now = self.reactor.now();
        if let Some(recorder) = core.recorder() {
            recorder.queues(core.queue_depths(), now);
        }
        if core.shared.published.is_due(now) {
            // With a look of its own.
            self.publish();
        } else if core.linter().is_some_and(|linter| linter.is_due(now)) {
            self.look_for_faults();
        }
        if self.observed {
            let (turn, items) = (self.turn, self.items);
            core.tell(Phase::Finish, |observer| observer.turn_ended(turn, items));
            if core.recording.get() {
                core.stride.begin(core.read_aside());
            }
        }
    }

    /// Has the lints look at everything. Its time is nobody else's.
    #[cold]
    fn look_for_faults(&self) {
        self.end_stretch();
        self.core.look_for_faults();
    }

    /// Leaves a snapshot for other threads.
    #[cold]
    fn publish(&self) {
        // Its time is nobody else's: not that of the items before it, nor of those after it.
        self.end_stretch();
        self.core.publish();
    }

    /// Opens a phase.
    #[inline]
    fn phase(&self, phase: Phase) {
        if self.core.watched.get() {
            self.tell_phase(phase);
        }
    }

    #[cold]
    fn tell_phase(&self, phase: Phase) {
        let (core, turn) = (self.core, self.turn);
        if self.observed {
            core.tell(phase, |observer| observer.phase_began(phase, turn));
        }
        if let Some(recorder) = core.recorder() {
            recorder.phase(phase);
        }
    }

    /// A phase had so much to do, and is over. Whoever records has the clock read for it, and what
    /// follows begins there.
    #[inline]
    fn served(&self, count: usize) {
        if count > 0
            && let Some(recorder) = self.core.recorder()
        {
            let now = self.reactor.read_clock();
            self.core.stride.begin(now);
            recorder.served(count, now);
        }
    }
}

impl Core {
    /// Leaves a snapshot for other threads. A watch's wish to record, or not to, is fulfilled here.
    #[cold]
    pub(crate) fn publish(&self) {
        self.shared.now.set(Entry::NOTHING, Phase::Finish);
        let recorded = self.recording.get();
        let read_clock = || self.read_aside();
        // Who looks is told of what is so now.
        self.look_for_faults();
        let began = read_clock();
        let asked = self.shared.published.publish(read_clock, |wish| {
            if let Some(on) = wish.record {
                self.record(on);
            }
            if let Some(on) = wish.lint {
                self.lint(on);
            }
            Snapshot::of(self)
        });
        let now = read_clock();
        if let Some(linter) = self.linter() {
            linter.spare(now.saturating_sub(began));
        }
        self.stride.begin(now);
        // While it stands, that is no part of a turn.
        if let Some(recorder) = self.recorder().filter(|_| recorded && !self.standing.stands()) {
            recorder.published(asked, now);
        }
    }
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        self.executor.set_cause(Cause::Host);
        if let Some(recorder) = self.core.recorder() {
            recorder.outside();
        }
        if self.asked {
            let mut events = std::mem::take(&mut self.events);
            events.clear();
            self.core.spare_events.set(events);
        }
        self.now.clear();
        self.core.busy.set(false);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use crate::{EventLoop, Limits};

    #[test]
    #[cfg_attr(miri, ignore = "everything takes long there")]
    fn the_time_of_a_snapshot_is_nobodys_stall() {
        let limits = Limits { stall_ms_min: 2, ..Limits::default() };
        // A machine that stops for so long is one; it doesn't each time.
        let stalls = (0..10).filter(|_| {
            let event_loop = EventLoop::builder().limits(limits).build().unwrap();
            for _ in 0..20_000 {
                event_loop.spawn(pending::<()>()).detach();
            }
            let watch = event_loop.watch();
            // In one run, which goes on with what it has and asks nobody for the time.
            let turns = async move {
                crate::yield_now().await;
                drop(watch.ask());
                crate::yield_now().await;
                crate::yield_now().await;
            };
            event_loop.block_on(async {}).unwrap();
            let before = event_loop.core.reactor.last_stall();
            event_loop.block_on(turns).unwrap();
            let stalled = event_loop.core.reactor.last_stall();
            event_loop.close(std::time::Duration::ZERO);
            stalled.map(|stall| stall.at) != before.map(|stall| stall.at)
        });
        assert!(stalls.count() < 10);
    }
}
