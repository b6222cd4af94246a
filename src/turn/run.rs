//! Phase `run`: items of the ready queue, one by one, under the run policy and its bounds.
//!
//! After each item comes a microtask checkpoint; the clock is read once a stride. A next turn that
//! would find something here and nothing in any other phase is run in place.

use std::time::Duration;

use glassloop_executor::{Batch, Cause, Entry, Outcome, quietly};
use glassloop_reactor::Stall;

use super::Turn;
use crate::{
    Phase,
    core::Core,
    debug::Before,
    policy::Allowance,
    recorder::{End, Recorder},
    stride::Stretch,
};

/// Of so many items a stall names who it may have been.
const STALL_NAMES_MAX: usize = 4;

/// How far a run phase goes.
pub(crate) struct Bounds {
    /// What the policy allows each turn.
    pub(crate) allowance: Allowance,
    /// Items that this turn may still run.
    pub(crate) left: usize,
    /// Items that may run before the system is asked again.
    pub(crate) unasked: usize,
    /// When the phase ends.
    pub(super) end: u64,
    /// When the system is to be asked again.
    ask: u64,
}

impl Bounds {
    pub(super) fn of(core: &Core) -> Bounds {
        let allowance = core.policy.get().allowance(core);
        // A run that is kept asks before each turn, so that a turn says what came in for it.
        let unasked = if core.is_taped() { 0 } else { core.limits.items_per_poll_max };
        let unasked = unasked.saturating_sub(core.items_since_poll.get());
        Bounds {
            allowance,
            left: allowance.items,
            unasked,
            end: core.stride.read_at().saturating_add(allowance.nanos).min(core.run_end()),
            ask: core.reactor.now().saturating_add(core.poll_ns_max),
        }
    }

    /// Items that ran since the system was asked.
    #[inline]
    pub(super) fn since_poll(&self, core: &Core) -> usize {
        core.limits.items_per_poll_max.saturating_sub(self.unasked)
    }
}

impl Turn<'_> {
    /// Phase 5: what is ready, as far as the policy and the bounds allow.
    pub(crate) fn run(&mut self) {
        self.phase(Phase::Run);
        let core = self.core;
        self.executor.set_cause(Cause::Task);
        let mut bounds = Bounds::of(core);
        bounds.cut(core);
        self.carried_over(&mut bounds);
        if core.frames.is_due(self.reactor.now()) {
            // No other turn before it is drawn. One that is requested meanwhile is a chore.
            self.runs_on = false;
        }
        let mut batch = self.executor.take_batch();
        while let Some(entry) = self.next_item(&mut batch, &mut bounds) {
            self.item(entry, &mut bounds);
        }
        self.executor.end_batch(batch);
        if core.stride.is_open() && (!self.executor.has_ready() || !core.frames.is_empty()) {
            // The loop may block now, or draw. What ran since the last reading must not be lost.
            let last = Entry::from_bits(self.reactor.owner());
            self.end_stride(self.reactor.read_clock(), last, &mut bounds);
        }
        self.reactor.set_owner(0);
        core.items_since_poll.set(bounds.since_poll(core));
    }

    /// The microtasks that were carried over, or queued outside of a turn.
    #[inline]
    pub(super) fn carried_over(&mut self, bounds: &mut Bounds) {
        if self.executor.has_microtasks() {
            self.now.set(Entry::MICROTASKS, Phase::Run);
            // They may go on for ever without an item: the system is asked before the next turn.
            self.checkpoint(Entry::NOTHING);
            bounds.unasked = 0;
        }
    }

    /// The next item of this turn; or of the next one, if that is run in place.
    #[inline]
    fn next_item(&mut self, batch: &mut Batch, bounds: &mut Bounds) -> Option<Entry> {
        if bounds.left > 0 {
            let mut next = self.executor.next_item(batch);
            if next.is_none() && bounds.allowance.goes_on && self.executor.fill(batch) {
                next = self.executor.next_item(batch);
            }
            if next.is_some() {
                bounds.left -= 1;
                return next;
            }
        }
        let ran = bounds.allowance.items - bounds.left;
        self.items += ran;
        bounds.unasked = bounds.unasked.saturating_sub(ran);
        if bounds.unasked == 0 || !self.next_is_only_run() {
            return None;
        }
        if let Some(recorder) = self.core.recorder() {
            recorder.queues(self.core.queue_depths(), self.core.stride.read_at());
        }
        if !self.executor.fill(batch) {
            return None;
        }
        self.turn += 1;
        self.core.turns.set(self.turn);
        self.now.set_turn(self.turn);
        if let Some(recorder) = self.core.recorder() {
            self.record_turn(recorder);
        }
        bounds.left = bounds.allowance.items - 1;
        self.executor.next_item(batch)
    }

    /// A turn that is run in place is recorded like any other: the last one ends, nobody is asked,
    /// and this one begins.
    fn record_turn(&self, recorder: &Recorder) {
        let now = self.core.stride.read_at();
        self.core.record_wait(now, 0, false);
        recorder.turn(self.turn, now);
    }

    /// Whether the next turn would find nothing but in phase `run`. If it finds something there it
    /// is run in place, a turn like any other, unless somebody wants to be told of each phase.
    // COST: two tasks that wake each other take two turns a round. Run in place they need 850
    // instructions for it, through the empty phases 1,420.
    #[inline]
    fn next_is_only_run(&self) -> bool {
        self.runs_on
            && !self.core.is_observed()
            && !self.notifier.is_notified()
            && !self.reactor.has_chores()
            && !self.executor.is_stopping()
    }

    /// One item and its checkpoint; at the end of a stride, the clock.
    #[inline]
    pub(super) fn item(&mut self, entry: Entry, bounds: &mut Bounds) {
        let core = self.core;
        self.now.set(entry, Phase::Run);
        self.reactor.set_owner(entry.to_bits());
        let stride_over = if core.watched.get() {
            let ended = if core.is_observed() {
                self.watched_item(entry, Phase::Run)
            } else {
                self.recorded_item(entry)
            };
            core.stride.step(entry);
            self.end_stride(ended, entry, bounds);
            false
        } else {
            let outcome = self.executor.run_item(entry);
            self.runs_on_after(outcome);
            core.stride.step(entry)
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

    /// The end of a task may be what `run` waits for.
    #[inline]
    fn runs_on_after(&mut self, outcome: Outcome) {
        if !matches!(outcome, Outcome::Pending | Outcome::Called) {
            self.runs_on = false;
        }
    }

    /// As `run_item`, with a recorder and nobody else looking: the clock is read after each. When
    /// it ended.
    #[inline]
    fn recorded_item(&mut self, entry: Entry) -> u64 {
        let core = self.core;
        self.begin_recorded(entry, core.stride.read_at());
        let outcome = self.executor.run_item(entry);
        self.runs_on_after(outcome);
        let ended = self.reactor.read_clock();
        self.tell_recorder(entry, outcome, Phase::Run, ended);
        ended
    }

    /// An item is about to run. What was waited for by hand since the last one is not its own.
    #[inline]
    fn begin_recorded(&self, entry: Entry, at_ns: u64) {
        if let Some(recorder) = self.core.recorder() {
            if self.reactor.has_last_place() {
                self.reactor.take_last_place();
            }
            recorder.begins(entry, at_ns);
            if let Some(linter) = recorder.linter() {
                linter.begins(self.core, entry, at_ns);
            }
        }
    }

    /// An item has ended; it may have ended the recording.
    #[inline]
    fn tell_recorder(&mut self, entry: Entry, outcome: Outcome, phase: Phase, at_ns: u64) {
        if let Some(recorder) = self.core.recorder() {
            if self.reactor.has_last_place() {
                self.note_place(entry);
            }
            let waits_at = self.executor.take_noted();
            let run = recorder.ran(entry, outcome, phase, End { at_ns, waits_at });
            if let Some(linter) = recorder.linter() {
                linter.ran(self.core, &run);
                // If something was found that ends the run, this turn is the last.
                self.runs_on &= !self.core.failed.get();
            }
        }
    }

    /// As `run_item`, with somebody looking: the clock is read after each, and before each as well
    /// when observers ran in between. When it ended.
    #[cold]
    pub(super) fn watched_item(&mut self, entry: Entry, phase: Phase) -> u64 {
        let core = self.core;
        core.tell(phase, |observer| observer.item_began(entry));
        let read = core.observers.any() || core.recorder().is_some_and(Recorder::take_is_new);
        let began = if read { core.read_aside() } else { core.stride.read_at() };
        let before = core.debug.then(|| Before::of(core, entry));
        self.begin_recorded(entry, began);
        let outcome = self.executor.run_item(entry);
        self.runs_on_after(outcome);
        let ended = self.reactor.read_clock();
        let took_ns = ended.saturating_sub(began);
        if let Some(before) = before.filter(|_| took_ns >= core.stall_ns_min) {
            self.note_place(entry);
            before.tell_slow(core, entry, took_ns / 1_000_000);
        }
        self.tell_recorder(entry, outcome, phase, ended);
        let took = Duration::from_nanos(took_ns);
        core.tell(phase, |observer| observer.item_ended(entry, outcome, took));
        ended
    }

    /// Notes where a task waits. A place is taken whatever the item was: a callback's wait is not
    /// that of the task after it.
    #[inline(never)]
    pub(super) fn note_place(&self, entry: Entry) {
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
            bounds.unasked = 0;
            bounds.allowance.items -= std::mem::take(&mut bounds.left);
        }
    }

    /// Microtasks, to empty or to the limit; the rest is carried over, not lost.
    pub(super) fn checkpoint(&mut self, after: Entry) {
        let core = self.core;
        for ran in 0..core.limits.microtasks_per_checkpoint_max {
            if ran == core.limits.microtasks_warned_at {
                let item = core.item_name(after);
                quietly(|| {
                    log::warn!("run: {ran} microtasks in the checkpoint after {item}, and more");
                });
            }
            if !self.executor.run_microtask() {
                break;
            }
        }
        if self.executor.has_microtasks() || core.failed.get() {
            self.runs_on = false;
        }
        if core.watched.get() {
            self.note_checkpoint(after);
        }
    }

    /// With somebody looking: the time of a checkpoint is not the next item's, nor a snapshot's.
    #[cold]
    fn note_checkpoint(&self, after: Entry) {
        let core = self.core;
        let ended = self.reactor.read_clock();
        let took_ns = ended.saturating_sub(core.stride.read_at());
        core.stride.begin(ended);
        if let Some(recorder) = core.recorder() {
            recorder.goes_on_at(ended);
        }
        self.note_stretch(Stretch { took_ns, items: 1 }, after);
        if core.debug && took_ns >= core.stall_ns_min {
            let (item, millis) = (core.item_name(after), took_ns / 1_000_000);
            quietly(|| {
                log::warn!("run: the microtasks after {item} held the loop for {millis} ms");
            });
        }
    }

    /// Items ran since the clock was read last: it is read.
    pub(super) fn end_stretch(&self) {
        let stride = &self.core.stride;
        if stride.is_open() {
            let stretch = stride.end(self.reactor.read_clock());
            let last = stride.ran(stretch).last().copied().unwrap_or(Entry::NOTHING);
            self.note_stretch(stretch, last);
        }
    }

    /// Keeps the last stretch of items that was a stall.
    #[inline]
    pub(super) fn note_stretch(&self, stretch: Stretch, last: Entry) {
        if stretch.took_ns >= self.core.stall_ns_min {
            self.note_stall(stretch, last);
        }
    }

    /// Keeps it by the names of those that it may have been. Alone, an item is named by who calls:
    /// it may be no item of the queue.
    #[cold]
    fn note_stall(&self, stretch: Stretch, last: Entry) {
        let core = self.core;
        let mut ran = core.stride.ran(stretch);
        if ran.len() <= 1 {
            ran = vec![last];
        }
        let names = ran.iter().take(STALL_NAMES_MAX).map(|&entry| core.item_label(entry));
        let mut label = names.collect::<Vec<_>>().join(" or ");
        if ran.len() > STALL_NAMES_MAX {
            label += &format!(" or one of {} more", ran.len() - STALL_NAMES_MAX);
        }
        let millis = stretch.took_ns / 1_000_000;
        self.reactor.set_last_stall(Stall { label, millis, at: core.stride.read_at() });
    }
}
