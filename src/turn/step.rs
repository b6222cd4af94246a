//! A turn of a loop that somebody stops, or has go by steps: the same phases, and phase `run` item
//! by item.
//!
//! It promises that stepping changes nothing but when things happen: the items, their order and the
//! turns that they are in are those of a loop that nobody stops. A turn that is cut in phase `run`
//! goes on there; its last phases come when its last item has run.

use std::rc::Rc;

use glassloop_executor::{Batch, Cause, Entry};
use glassloop_reactor::Events;

use super::{Turn, run::Bounds};
use crate::{
    EventLoop, Phase, RunError, StepTo, core::Core, current, event::entry_of, gate::Order,
    standing::Cut, waiting::Waiting,
};

impl EventLoop {
    /// As [`turn`](EventLoop::turn), by the orders of who has stopped this loop.
    #[cold]
    pub(crate) fn step(&self, events: Events) -> Result<(), RunError> {
        let core = &self.core;
        // Neither within a turn nor after the end.
        let looks = Waiting::begin(core)?;
        core.standing.keep(&events);
        core.spare_events.set(events);
        // The wait before this one was of no turn; the turn that comes has one of its own.
        let was_idle = core.heed() && !core.standing.is_aside();
        let to = match core.take_order() {
            Order::Stop => {
                core.stand(None);
                if core.shared.published.is_due(core.reactor.read_clock()) {
                    core.publish();
                }
                core.shared.now.clear();
                return Ok(());
            }
            _ if was_idle => return Ok(()),
            Order::Step(to) => Some(to),
            Order::Go => None,
        };
        drop(looks);
        Turn::make_by_steps(core, to)
    }
}

impl<'a> Turn<'a> {
    /// Makes a turn, or the rest of one, as far as `to`.
    fn make_by_steps(core: &'a Rc<Core>, to: Option<StepTo>) -> Result<(), RunError> {
        let (mut turn, left) = match core.standing.take_cut() {
            Some(cut) => (Turn::reopen(core, cut)?, cut.left),
            None => Turn::begin_to_run(core)?,
        };
        let came = turn.run_by_steps(to, left);
        let is_over = !core.standing.is_aside();
        if is_over {
            turn.flush();
            turn.render();
            turn.finish();
        }
        drop(turn);
        match to {
            Some(to) if came || core.ends_with_turn(to) => core.stand(Some(to)),
            None if is_over && !core.standing.has_kept() => core.leave_gate(),
            _ => {}
        }
        Ok(())
    }

    /// A turn whose first phases are over, and how many items it may run.
    fn begin_to_run(core: &'a Rc<Core>) -> Result<(Turn<'a>, usize), RunError> {
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
        turn.carried_over(&mut bounds);
        core.items_since_poll.set(bounds.since_poll(core));
        Ok((turn, bounds.left))
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

    /// Phase `run`, or the rest of it, until the step ends; then the turn is cut, if it has
    /// something left to run. Whether the step has ended.
    fn run_by_steps(&mut self, to: Option<StepTo>, left: usize) -> bool {
        let core = self.core;
        self.executor.set_cause(Cause::Task);
        let mut bounds = Bounds::of(core);
        bounds.left = left;
        if to.is_some() {
            // Whoever steps has time.
            bounds.end = u64::MAX;
        }
        let mut batch = self.executor.take_batch();
        let mut came = false;
        while bounds.left > 0 && self.has_item(&mut batch, &bounds) {
            let next = self.executor.peek(&batch);
            came = to.is_some_and(|to| core.has_come_to(to, next));
            if came {
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
        if came {
            let (items, left) = (self.items, bounds.left);
            let (asked, observed) = (self.asked, self.observed);
            core.standing.cut(Cut { items, left, asked, observed });
        }
        came
    }

    fn has_item(&self, batch: &mut Batch, bounds: &Bounds) -> bool {
        self.executor.peek(batch).is_some()
            || (bounds.allowance.goes_on && self.executor.fill(batch))
    }
}

impl Core {
    /// Whether a step ends here, in phase `run`, before `next` runs.
    fn has_come_to(&self, to: StepTo, next: Option<Entry>) -> bool {
        let standing = &self.standing;
        match to {
            StepTo::NextItem => standing.has_moved(),
            StepTo::NextTurn => false,
            StepTo::Task(task) => standing.has_moved() && next == Some(entry_of(task)),
            StepTo::Source(_) => standing.came(),
            StepTo::Time(at_ns) => self.reactor.now() >= at_ns,
        }
    }

    /// Whether it ends behind the turn that was just made.
    fn ends_with_turn(&self, to: StepTo) -> bool {
        to == StepTo::NextTurn || self.has_come_to(to, None)
    }
}
