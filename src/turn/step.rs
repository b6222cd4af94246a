//! A turn of a loop that somebody stops, or has go by steps: the same phases, and phase `run` item
//! by item.
//!
//! It promises that stepping changes nothing but when things happen: the items, their order and the
//! turns that they are in are those of a loop that nobody stops. A turn that is cut in phase `run`
//! goes on there; its last phases come when its last item has run, and nothing comes between.

use std::rc::Rc;

use glassloop_executor::{Batch, Cause};
use glassloop_reactor::Events;

use super::{Turn, run::Bounds};
use crate::{EventLoop, Phase, RunError, core::Core, current, standing::Cut, waiting::Waiting};

/// Why a phase `run` has come to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// It is over.
    Over,
    /// The step ends here.
    Here,
    /// Another order has come.
    News,
}

impl EventLoop {
    /// As [`turn`](EventLoop::turn), by the orders of who has stopped this loop.
    #[cold]
    pub(crate) fn step(&self, events: Events) -> Result<(), RunError> {
        let core = &self.core;
        // Neither within a turn nor after the end.
        let looks = Waiting::begin(core)?;
        core.standing.keep(&events);
        core.spare_events.set(events);
        let stood = core.standing.stands();
        core.heed();
        if core.standing.stands() {
            core.remain();
            return Ok(());
        }
        if stood && !core.standing.is_within() {
            // The wait before this was of no turn; the turn that comes has one of its own.
            return Ok(());
        }
        drop(looks);
        Turn::make_by_steps(core)
    }
}

impl<'a> Turn<'a> {
    /// Makes a turn, or the rest of one, as far as the order of now says.
    fn make_by_steps(core: &'a Rc<Core>) -> Result<(), RunError> {
        let (mut turn, cut) = match core.standing.take_cut() {
            Some(cut) => (Turn::reopen(core, cut)?, cut),
            None => Turn::begin_to_run(core)?,
        };
        let rest = turn.run_by_steps(cut);
        if rest == Rest::Over {
            turn.flush();
            turn.render();
            turn.finish();
        }
        drop(turn);
        let standing = &core.standing;
        match standing.goal() {
            _ if rest == Rest::News => {}
            Some(to) if rest == Rest::Here || core.ends_with_turn(to) => core.stand(Some(to)),
            None if !standing.has_kept() => core.leave_gate(),
            Some(_) | None => {}
        }
        Ok(())
    }

    /// What is left of a turn that was cut, when its loop ends: its items are the end's affair.
    pub(crate) fn end_cut(core: &'a Rc<Core>) {
        let Some(cut) = core.standing.take_cut() else { return };
        if let Ok(mut turn) = Turn::reopen(core, cut) {
            turn.flush();
            turn.finish();
        }
    }

    /// A turn whose first phases are over, and what it may run.
    fn begin_to_run(core: &'a Rc<Core>) -> Result<(Turn<'a>, Cut), RunError> {
        let mut events = core.spare_events.take();
        events.clear();
        core.standing.take_kept(&mut events);
        let mut turn = Turn::begin(core, events)?;
        turn.runs_on = false;
        turn.io();
        turn.timers();
        turn.deferred();
        turn.phase(Phase::Run);
        let mut bounds = Bounds::of(core);
        bounds.cut(core);
        turn.carried_over(&mut bounds);
        core.items_since_poll.set(bounds.since_poll(core));
        let (asked, observed) = (turn.asked, turn.observed);
        Ok((turn, Cut { items: 0, left: bounds.left, nanos: 0, asked, observed }))
    }

    /// A turn that was cut.
    fn reopen(core: &'a Rc<Core>, cut: Cut) -> Result<Turn<'a>, RunError> {
        core.begin_busy()?;
        let _entered = (!core.running.get()).then(|| current::enter(core));
        if let Some(recorder) = core.recorder() {
            recorder.phase(Phase::Run);
        }
        let mut turn = Turn::open(core, Events::new());
        (turn.items, turn.asked, turn.observed) = (cut.items, cut.asked, cut.observed);
        (turn.runs_on, turn._entered) = (false, _entered);
        Ok(turn)
    }

    /// Phase `run`, or the rest of it. Unless it is over the turn is cut.
    fn run_by_steps(&mut self, cut: Cut) -> Rest {
        let core = self.core;
        self.executor.set_cause(Cause::Task);
        let began = core.stride.read_at();
        let mut bounds = Bounds::of(core);
        // What it took before counts, not the time in which it was cut.
        bounds.left = cut.left;
        bounds.end = bounds.end.saturating_sub(cut.nanos);
        let mut batch = self.executor.take_batch();
        let mut rest = Rest::Over;
        while bounds.left > 0 && self.has_item(&mut batch, &bounds) {
            let next = self.executor.peek(&batch);
            if core.standing.goal().is_some_and(|to| core.has_come_to(to, next)) {
                rest = Rest::Here;
                break;
            }
            if core.has_order() {
                rest = Rest::News;
                break;
            }
            let Some(entry) = self.executor.next_item(&mut batch) else { break };
            bounds.left -= 1;
            bounds.unasked = bounds.unasked.saturating_sub(1);
            self.items += 1;
            self.item(entry, &mut bounds);
            core.standing.moves();
        }
        self.executor.end_batch(batch);
        self.end_stretch();
        self.reactor.set_owner(0);
        core.items_since_poll.set(bounds.since_poll(core));
        if rest != Rest::Over {
            let nanos = cut.nanos + core.stride.read_at().saturating_sub(began);
            let items = self.items;
            core.standing.cut(Cut { items, left: bounds.left, nanos, ..cut });
        }
        rest
    }

    fn has_item(&self, batch: &mut Batch, bounds: &Bounds) -> bool {
        self.executor.peek(batch).is_some()
            || (bounds.allowance.goes_on && self.executor.fill(batch))
    }
}
