//! `Standing`: what a loop that was stopped has put aside, on its own thread.
//!
//! It stands behind a turn, or within one, between two items of phase `run`. Then it has nothing to
//! do, whatever is ready and whatever is due; it waits as long as it may, and only for orders. What
//! the system tells meanwhile is kept for the next turn's phase `io`, a notification for its phase
//! `deferred`; the time is nobody's.
//!
//! An order is news as long as its number isn't known here. Whoever asks whether there is anything
//! to do looks for news *after* the notification was taken that may have told of it.

use std::cell::{Cell, RefCell};

use glassloop_executor::Entry;
use glassloop_reactor::{Clock, Event, Events, SourceId};

use crate::{Lint, StepTo, Stopped, core::Core, event::entry_of, gate::Order};

/// Nobody has ever given so many orders: they are looked at in every turn.
const ALWAYS: u64 = u64::MAX;

/// A turn that was cut within phase `run`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// What it has run.
    pub(crate) items: usize,
    /// What it may still run.
    pub(crate) left: usize,
    /// How long that took.
    pub(crate) nanos: u64,
    /// The system and the clock were asked before it.
    pub(crate) asked: bool,
    /// Observers were told that it began.
    pub(crate) observed: bool,
}

/// The order that is carried out.
#[derive(Clone, Copy, Debug, Default)]
struct Under {
    order: Order,
    number: u64,
    /// What the loop stood before when it came.
    from: Option<Entry>,
    /// An item has run since.
    moved: bool,
    /// What it is to stop for has come since: somebody was woken for that source, or that lint
    /// has found something.
    came: bool,
}

/// See the head of this file.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// As many orders as there must be for a turn not to look.
    expected: Cell<u64>,
    under: Cell<Under>,
    stands: Cell<bool>,
    /// The turn under way, if that was cut.
    cut: Cell<Option<Cut>>,
    /// What the system has told, in its order.
    kept: RefCell<Vec<Event>>,
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

    /// Whether a turn is under way that goes on later: it has no end yet, and nothing comes between
    /// its items.
    pub(crate) fn is_within(&self) -> bool {
        self.cut.get().is_some()
    }

    /// Whether its waits are of no turn.
    pub(crate) fn is_aside(&self) -> bool {
        self.stands() || self.is_within()
    }

    /// What it is to go to.
    pub(crate) fn goal(&self) -> Option<StepTo> {
        match self.under.get().order {
            Order::Step(to) => Some(to),
            Order::Go | Order::Stop => None,
        }
    }

    /// When it is to stop.
    pub(crate) fn until(&self) -> Option<u64> {
        if let Some(StepTo::Time(at_ns)) = self.goal() { Some(at_ns) } else { None }
    }

    /// Whether it is to be told of sources for which somebody is woken.
    pub(crate) fn awaits_source(&self) -> bool {
        matches!(self.goal(), Some(StepTo::Source(_)))
    }

    /// Somebody was woken for this one.
    pub(crate) fn became_ready(&self, source: SourceId) {
        if self.goal() == Some(StepTo::Source(source)) {
            self.under.set(Under { came: true, ..self.under.get() });
        }
    }

    /// A lint has found something.
    pub(crate) fn found(&self, lint: Lint) {
        if matches!(self.goal(), Some(StepTo::Lint(which)) if which.is_none_or(|it| it == lint)) {
            self.under.set(Under { came: true, ..self.under.get() });
        }
    }

    /// An item ran.
    pub(crate) fn moves(&self) {
        self.under.set(Under { moved: true, ..self.under.get() });
    }

    /// The turn under way is cut here.
    pub(crate) fn cut(&self, cut: Cut) {
        self.cut.set(Some(cut));
    }

    /// The turn that was cut goes on.
    pub(crate) fn take_cut(&self) -> Option<Cut> {
        self.cut.take()
    }

    /// Keeps what the system has told, for the turn after: of each source once.
    // COST: a look at all that is kept for each event. Nobody is in a hurry.
    pub(crate) fn keep(&self, events: &Events) {
        let mut kept = self.kept.borrow_mut();
        for event in events {
            match kept.iter_mut().find(|other| other.source == event.source) {
                Some(other) => other.readiness = other.readiness.union(event.readiness),
                None => kept.push(*event),
            }
        }
    }

    /// Adds what was kept.
    pub(crate) fn take_kept(&self, events: &mut Events) {
        self.kept.borrow_mut().drain(..).for_each(|event| events.push(event));
    }

    pub(crate) fn has_kept(&self) -> bool {
        !self.kept.borrow().is_empty()
    }
}

impl Core {
    /// Whether somebody stops this loop, or has it go by steps: a turn looks at its orders.
    #[inline]
    pub(crate) fn heeds_orders(&self) -> bool {
        self.shared.gate.orders() != self.standing.expected.get()
    }

    /// Whether an order has come that the loop doesn't know of.
    pub(crate) fn has_order(&self) -> bool {
        self.shared.gate.orders() != self.standing.under.get().number
    }

    /// Between two turns, or behind a turn that was cut: does as it was told last, if that is news.
    pub(crate) fn heed(&self) -> bool {
        if !self.has_order() {
            return false;
        }
        let (order, number, jumps) = self.shared.gate.take();
        let standing = &self.standing;
        let from = if standing.stands() { self.executor.first_ready() } else { None };
        standing.expected.set(ALWAYS);
        standing.under.set(Under { order, number, from, ..Under::default() });
        if jumps && let Clock::Manual(clock) = self.reactor.clock() {
            // To the next of all, whatever it is for.
            self.earliest_deadline()
                .into_iter()
                .for_each(|at| clock.jump_to(self.reactor.by_clock(at)));
        }
        if order == Order::Stop {
            self.stand(None)
        } else {
            self.go_on()
        }
        true
    }

    /// Stands here from now on: it was just stopped, or a step has come to its end.
    pub(crate) fn stand(&self, by: Option<StepTo>) {
        let standing = &self.standing;
        if !standing.stands.replace(true) {
            standing.items_since_poll.set(self.items_since_poll.replace(0));
        }
        let number = standing.under.get().number;
        standing.under.set(Under { order: Order::Stop, number, ..Under::default() });
        let within = standing.is_within();
        let stopped =
            Stopped { turn: self.turns.get(), within, next: self.executor.first_ready(), by };
        self.shared.gate.stands(number, stopped);
        self.remain();
    }

    /// Still stands: what was left waits, and nobody need be called for it any more; who looks is
    /// answered.
    pub(crate) fn remain(&self) {
        self.hush();
        if self.shared.published.is_due(self.read_aside()) {
            self.publish();
        }
        self.shared.now.clear();
    }

    /// Takes the notification, if there is one: it may be an order's, and may be for what was left.
    fn hush(&self) {
        if self.shared.notifier.disarm() {
            self.standing.notified.set(true);
        }
    }

    /// Goes on from where it stood, if it did. The time since then was nobody's.
    fn go_on(&self) {
        let standing = &self.standing;
        self.hush();
        if standing.stands.replace(false) {
            self.items_since_poll.set(standing.items_since_poll.get());
            if !self.is_taped() {
                self.skip_time();
                self.stride.begin(self.reactor.read_clock());
            }
        }
        // Who left something called the loop for it, which it did not hear.
        if standing.notified.take() && self.executor.has_left() {
            self.shared.notifier.notify();
        }
    }

    /// Whether a step ends here, in phase `run`, before `next` runs.
    pub(crate) fn has_come_to(&self, to: StepTo, next: Option<Entry>) -> bool {
        let Under { from, moved, came, .. } = self.standing.under.get();
        match to {
            StepTo::NextItem => moved,
            StepTo::NextTurn => false,
            // It stood before that one, and is to come to the next.
            StepTo::Task(_) if !moved && from == next => false,
            StepTo::Task(task) => next == Some(entry_of(task)),
            StepTo::Source(_) | StepTo::Lint(_) => came,
            StepTo::Time(at_ns) => self.reactor.now() >= at_ns,
        }
    }

    /// Whether it ends behind the turn that was just made.
    pub(crate) fn ends_with_turn(&self, to: StepTo) -> bool {
        to == StepTo::NextTurn || self.has_come_to(to, None)
    }

    /// Nobody stops this loop any more, and nothing is put aside.
    pub(crate) fn leave_gate(&self) {
        self.standing.expected.set(self.standing.under.get().number);
    }
}
