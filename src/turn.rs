//! `Turn`: phases 2 to 8 of one turn, each a method of that name.
//!
//! Every phase takes what it needs out of the tables, gives the tables back, and only then runs
//! what isn't ours, each piece caught by itself. None of them blocks. While a turn lives, no other
//! turn of the same loop can begin.

use std::{rc::Rc, time::Duration};

use glassloop_executor::{
    Batch, Cause, Entry, Executor, Kind, Outcome, PlaceId, Turning, caught, quietly,
};
use glassloop_reactor::{Events, Notifier, Reactor, Stall};

use crate::{
    Phase, RunError, Snapshot, core::Core, current, now_record::NowRecord, ring::Happening,
    stride::Stretch,
};

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

/// How far a run phase goes.
struct Bounds {
    items: usize,
    /// Items after which the system is to be asked again.
    unasked: usize,
    /// When it ends.
    end: u64,
    /// When the system is to be asked again.
    ask: u64,
}

impl<'a> Turn<'a> {
    /// Opens a turn, unless one is open.
    #[inline]
    pub(crate) fn begin(core: &'a Rc<Core>, events: Events) -> Result<Turn<'a>, RunError> {
        core.begin_busy()?;
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

    /// Phase 5: the batch that was ready when the phase began, as far as the bounds allow.
    pub(crate) fn run(&mut self) {
        self.phase(Phase::Run);
        let core = self.core;
        self.executor.set_cause(Cause::Task);
        let mut bounds = Bounds {
            items: core.limits.items_per_turn_max,
            unasked: core.limits.items_per_poll_max.saturating_sub(core.items_since_poll.get()),
            end: core.stride.read_at().saturating_add(core.run_ns_max),
            ask: self.reactor.now().saturating_add(core.poll_ns_max),
        };
        self.now.set_turn(self.turn);
        if self.executor.has_microtasks() {
            // They may go on for ever without an item: the system is asked before the next turn.
            self.checkpoint(Entry::NOTHING);
            bounds.unasked = 0;
        }
        let mut batch = self.executor.take_batch();
        while let Some(entry) = self.next_item(&mut batch, &bounds) {
            self.item(entry, &mut bounds);
        }
        self.executor.end_batch(batch);
        self.reactor.set_owner(0);
        let items = if bounds.unasked == 0 { usize::MAX } else { self.items };
        core.items_since_poll.set(core.items_since_poll.get().saturating_add(items));
    }

    /// The next entry of the batch; or of the next turn's, if that is run in place.
    #[inline]
    fn next_item(&mut self, batch: &mut Batch, bounds: &Bounds) -> Option<Entry> {
        if self.items >= bounds.items {
            return None;
        }
        let next = self.executor.next_item(batch);
        if next.is_some() {
            return next;
        }
        if self.items >= bounds.unasked || !self.next_is_only_run() {
            return None;
        }
        self.turn += 1;
        self.core.turns.set(self.turn);
        self.now.set_turn(self.turn);
        self.executor.refill(batch);
        self.executor.next_item(batch)
    }

    /// Whether the next turn would find something in phase `run` and nothing in any other. It is
    /// then run in place, a turn like any other.
    // COST: two tasks that wake each other take two turns a round. Run in place they need 830
    // instructions for it, through the empty phases 1,420.
    #[inline]
    fn next_is_only_run(&self) -> bool {
        self.runs_on
            && self.executor.has_ready()
            && !self.notifier.is_notified()
            && !self.reactor.has_chores()
            && !self.executor.is_stopping()
    }

    /// One item and its checkpoint; at the end of a stride, the clock.
    #[inline]
    fn item(&mut self, entry: Entry, bounds: &mut Bounds) {
        let core = self.core;
        self.now.set(entry, Phase::Run);
        self.reactor.set_owner(entry.to_bits());
        self.items += 1;
        let stride_over = if core.watched.get() {
            self.watched_item(entry, bounds);
            false
        } else {
            let outcome = self.executor.run_item(entry);
            if !matches!(outcome, Outcome::Pending | Outcome::Called) {
                // The end of a task may be what `run` waits for.
                self.runs_on = false;
            }
            core.stride.step()
        };
        if self.reactor.has_last_place() {
            self.note_place(entry);
        }
        if self.executor.has_microtasks() {
            self.checkpoint(entry);
        }
        if stride_over {
            self.end_stride(self.reactor.read_clock(), entry, bounds);
        }
    }

    /// As `item`, with somebody looking: the clock is read after each, and before each as well
    /// when observers ran in between.
    #[cold]
    fn watched_item(&mut self, entry: Entry, bounds: &mut Bounds) {
        let core = self.core;
        self.runs_on = false;
        core.observers.tell(self.executor, |observer| observer.item_began(entry));
        let observed = core.observers.any();
        let began = if observed { self.reactor.read_clock() } else { core.stride.read_at() };
        let outcome = self.executor.run_item(entry);
        let ended = self.reactor.read_clock();
        let took_ns = ended.saturating_sub(began);
        core.record(Phase::Run, began, took_ns, Happening::Ran(entry, outcome));
        let took = Duration::from_nanos(took_ns);
        core.observers.tell(self.executor, |observer| observer.item_ended(entry, outcome, took));
        core.stride.step();
        self.end_stride(ended, entry, bounds);
    }

    /// Notes where a task waits. A place is taken whatever the item was: a callback's wait is not
    /// that of the task after it.
    #[inline(never)]
    fn note_place(&self, entry: Entry) {
        if let Some(place) = self.reactor.take_last_place()
            && entry.is_task()
        {
            self.executor.note_wait_of(entry.id(), place);
        }
    }

    /// The clock was read: is the phase over, and was this a stall?
    #[inline(never)]
    fn end_stride(&self, now: u64, last: Entry, bounds: &mut Bounds) {
        self.note_stretch(self.core.stride.end(now), last);
        if now >= bounds.ask {
            // The system may have something by now: it is asked before the next turn.
            bounds.unasked = 0;
        }
        if now >= bounds.end {
            bounds.items = 0;
        }
    }

    /// Microtasks, to empty or to the limit; the rest is carried over, not lost.
    fn checkpoint(&self, after: Entry) {
        let core = self.core;
        for ran in 0..core.limits.microtasks_per_checkpoint_max {
            if ran == core.limits.microtasks_warned_at {
                let item = core.item_name(after);
                quietly(|| {
                    log::warn!("run: {ran} microtasks in the checkpoint after {item}, and more");
                });
            }
            if !self.executor.run_microtask() {
                return;
            }
        }
    }

    /// Keeps the last stretch of items that was a stall.
    fn note_stretch(&self, Stretch { took_ns, items }: Stretch, last: Entry) {
        let core = self.core;
        let millis = took_ns / 1_000_000;
        if millis >= core.limits.stall_ms_min {
            let name = core.item_name(last);
            let label = match items {
                1 => name,
                _ => format!("one of {items} items, the last of them {name}"),
            };
            self.reactor.set_last_stall(Stall { label, millis, at: core.stride.read_at() });
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
        for writer in writers.drain(..) {
            self.now.set(Entry::new(Kind::Flush, 0, 0), Phase::Flush);
            if let Err(payload) = caught(|| writer.flush()) {
                self.executor.report("a corked writer", PlaceId::UNKNOWN, payload);
            }
        }
        core.flushes.replace(writers);
    }

    /// Phase 7: nothing asks to be rendered yet; the phase stands and is told to observers.
    pub(crate) fn render(&mut self) {
        self.phase(Phase::Render);
    }

    /// Phase 8: retired slots become free, a snapshot is published, observers are told.
    pub(crate) fn finish(&mut self) {
        self.phase(Phase::Finish);
        let core = self.core;
        self.reactor.finish();
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
