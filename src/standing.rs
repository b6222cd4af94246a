//! `Standing`: what a loop that was stopped has put aside, on its own thread.
//!
//! It stands behind a turn, or within one, between two items of phase `run`. Then it has nothing to
//! do, whatever is ready and whatever is due; it waits as long as it may, and only for orders. What
//! the system tells meanwhile is kept for the next turn's phase `io`, a notification for its phase
//! `deferred`; the time is nobody's.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use glassloop_reactor::{Clock, Event, Events, Readiness, SourceId};

use crate::{StepTo, Stopped, core::Core, gate::Order};

/// The orders are looked at in every turn: the loop stands, or steps.
const ALWAYS: u64 = u64::MAX;

/// A turn that was cut within phase `run`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// What it has run.
    pub(crate) items: usize,
    /// What it may still run.
    pub(crate) left: usize,
    /// The system and the clock were asked before it.
    pub(crate) asked: bool,
    /// Observers were told that it began.
    pub(crate) observed: bool,
}

/// See the head of this file.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// As many orders as are known, while there is no need to look at them.
    expected: Cell<u64>,
    /// As many as are known.
    known: Cell<u64>,
    /// It has nothing to do.
    stands: Cell<bool>,
    /// The turn that it stands within.
    cut: Cell<Option<Cut>>,
    /// The time at which it is to stop.
    until: Cell<Option<u64>>,
    /// The source for which it is to stop; and that somebody was woken for it.
    awaited: Cell<Option<SourceId>>,
    came: Cell<bool>,
    /// An item ran since it stood last.
    moved: Cell<bool>,
    /// What the system has told.
    kept: RefCell<BTreeMap<(u32, u32), Readiness>>,
    /// Somebody has notified.
    notified: Cell<bool>,
    /// How many items had run since the system was asked.
    items_since_poll: Cell<usize>,
}

impl Standing {
    /// Whether this loop has nothing to do, whatever there is.
    #[inline]
    pub(crate) fn stands(&self) -> bool {
        self.stands.get()
    }

    /// Whether its waits are of no turn: it stands, or is within one.
    pub(crate) fn is_aside(&self) -> bool {
        self.stands.get() || self.cut.get().is_some()
    }

    /// When it is to stop.
    pub(crate) fn until(&self) -> Option<u64> {
        self.until.get()
    }

    /// Whether it is to be told of sources for which somebody is woken.
    pub(crate) fn awaits_source(&self) -> bool {
        self.awaited.get().is_some()
    }

    /// Somebody was woken for this one.
    pub(crate) fn became_ready(&self, source: SourceId) {
        if self.awaited.get() == Some(source) {
            self.came.set(true);
        }
    }

    /// Keeps what the system has told, for the turn after.
    pub(crate) fn keep(&self, events: &Events) {
        let mut kept = self.kept.borrow_mut();
        for event in events {
            let SourceId { index, generation } = event.source;
            let readiness = kept.entry((index, generation)).or_default();
            *readiness = readiness.union(event.readiness);
        }
    }

    /// What was kept.
    pub(crate) fn take_kept(&self, events: &mut Events) {
        for ((index, generation), readiness) in std::mem::take(&mut *self.kept.borrow_mut()) {
            events.push(Event { source: SourceId { index, generation }, readiness });
        }
    }

    pub(crate) fn has_kept(&self) -> bool {
        !self.kept.borrow().is_empty()
    }

    /// Whether somebody was woken for the source that it is to stop for.
    pub(crate) fn came(&self) -> bool {
        self.came.get()
    }

    /// An item ran.
    pub(crate) fn moves(&self) {
        self.moved.set(true);
    }

    /// Whether one did since it stood last.
    pub(crate) fn has_moved(&self) -> bool {
        self.moved.get()
    }

    /// The turn under way is cut here.
    pub(crate) fn cut(&self, cut: Cut) {
        self.cut.set(Some(cut));
    }

    /// The turn that was cut goes on.
    pub(crate) fn take_cut(&self) -> Option<Cut> {
        self.cut.take()
    }
}

impl Core {
    /// Whether somebody stops this loop, or has it go by steps.
    #[inline]
    pub(crate) fn is_stepped(&self) -> bool {
        self.shared.gate.orders() != self.standing.expected.get()
    }

    /// Whether an order has come that the loop doesn't know of.
    pub(crate) fn has_order(&self) -> bool {
        self.shared.gate.orders() != self.standing.known.get()
    }

    /// The order of now.
    pub(crate) fn take_order(&self) -> Order {
        let (order, number, jumps) = self.shared.gate.take();
        if jumps && let Clock::Manual(clock) = self.reactor.clock() {
            // To the next of all, whatever it is for.
            self.earliest_deadline().into_iter().for_each(|at| clock.jump_to(at));
        }
        let standing = &self.standing;
        standing.known.set(number);
        standing.expected.set(ALWAYS);
        standing.until.set(match order {
            Order::Step(StepTo::Time(at_ns)) => Some(at_ns),
            _ => None,
        });
        standing.awaited.set(match order {
            Order::Step(StepTo::Source(source)) => Some(source),
            _ => None,
        });
        order
    }

    /// Stands here from now on, by the last order.
    pub(crate) fn stand(&self, by: Option<StepTo>) {
        let standing = &self.standing;
        if !standing.stands.replace(true) {
            standing.items_since_poll.set(self.items_since_poll.replace(0));
            standing.until.set(None);
            standing.awaited.set(None);
            standing.came.set(false);
            standing.moved.set(false);
        }
        self.hush();
        let within = standing.cut.get().is_some();
        let stopped =
            Stopped { turn: self.turns.get(), within, next: self.executor.first_ready(), by };
        self.shared.gate.stands(standing.known.get(), stopped);
    }

    /// Goes on from where it stood, if it did. The time since then was nobody's.
    pub(crate) fn go_on(&self) {
        let standing = &self.standing;
        if standing.stands.replace(false) {
            self.items_since_poll.set(standing.items_since_poll.get());
            self.skip_time();
        }
        // Who left something called the loop for it, which it did not hear.
        if standing.notified.take() && self.executor.has_left() {
            self.shared.notifier.notify();
        }
    }

    /// What was left waits, and nobody need be called for it any more. An order, too, has called.
    fn hush(&self) {
        if self.shared.notifier.disarm() {
            self.standing.notified.set(true);
        }
    }

    /// Between two turns: does as it was told last, if that is news. Whether it goes on now, having
    /// stood.
    pub(crate) fn heed(&self) -> bool {
        if !self.has_order() {
            return false;
        }
        // What comes after this is heard by the next look.
        self.hush();
        let stood = self.standing.stands();
        if self.take_order() == Order::Stop {
            self.stand(None);
            return false;
        }
        self.go_on();
        stood
    }

    /// Nobody stops this loop any more, and nothing is left of it.
    pub(crate) fn leave_gate(&self) {
        self.standing.expected.set(self.standing.known.get());
    }
}
