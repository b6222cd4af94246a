//! `Linter`: hears of wakes, items and turns as they happen, and says which of them are a fault.
//!
//! It is told by the recorder and by the turn, and reads no clock. What it remembers of a task lies
//! in that task's row. It runs no code but ours, and changes nothing.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use glassloop_executor::{Entry, Failure, Outcome, PlaceId, TaskId, Unhandled, message};

use super::{
    Lint, LintLimits, LintLine,
    finding::Findings,
    look::Looks,
    row::{Rows, Woken, WokenBy},
    turns::{Busy, SoFar},
};
use crate::{
    By,
    core::Core,
    limits::{ns_of_ms, ns_of_us},
    snapshot_table::at,
};

/// Failures that are kept until somebody tells of them; what is more is left out.
const FAILURES_MAX: usize = 16;

/// How an item ran.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) item: Entry,
    pub(crate) outcome: Outcome,
    pub(crate) began_ns: u64,
    pub(crate) took_ns: u64,
    /// Where a task waits since, as far as that is known.
    pub(crate) waits_at: PlaceId,
}

/// A failure that nobody was there to take.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) task: TaskId,
    pub(super) place: PlaceId,
    pub(super) what: String,
    pub(super) how: String,
}

/// What was known of an item before it ran.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    /// The lints were on when it began.
    is_known: bool,
    /// Where a task waited, or where it was born, if it never did; where a callback or a call was
    /// asked for.
    pub(super) place: PlaceId,
    pub(super) is_first_poll: bool,
    pub(super) woken_by: WokenBy,
    /// Clones of its waker.
    pub(super) wakers_held: usize,
    /// How many steps joins had made.
    pub(super) joins: u64,
}

impl Before {
    const NOTHING: Before = Before {
        is_known: false,
        place: PlaceId::UNKNOWN,
        is_first_poll: false,
        woken_by: WokenBy::Other,
        wakers_held: 0,
        joins: 0,
    };
}

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Linter {
    pub(super) limits: LintLimits,
    /// Those of them that each item is compared with, in the clock's unit.
    slow_poll_ns: u64,
    starved_ns: u64,
    since_ns: u64,
    pub(super) rows: RefCell<Rows>,
    pub(super) before: Cell<Before>,
    /// Whom the item that runs has woken or spawned, itself aside.
    pub(super) acts: Cell<u32>,
    /// Items that have run.
    items: Cell<u64>,
    pub(super) turn: Cell<SoFar>,
    pub(super) busy: Cell<Busy>,
    /// Since the last wait something came from outside, or a task was born or has ended.
    pub(super) moves: Cell<bool>,
    /// When the last item ended that took half as long as a task that starves waits.
    long_ended_ns: Cell<u64>,
    /// How long, in all, the thread was somebody else's.
    lent_ns: Cell<u64>,
    pub(super) looks: RefCell<Looks>,
    pub(super) failures: RefCell<Vec<Failed>>,
    pub(super) findings: RefCell<Findings>,
}

/// A time in words.
pub(super) fn time(ns: u64) -> String {
    format!("{:.1?}", Duration::from_nanos(ns))
}

/// What has happened, as the recorder tells.
impl Linter {
    pub(crate) fn new(limits: LintLimits, now_ns: u64) -> Linter {
        Linter {
            limits,
            slow_poll_ns: ns_of_us(limits.slow_poll_us_min),
            starved_ns: ns_of_ms(limits.starved_ms_min),
            since_ns: now_ns,
            rows: RefCell::default(),
            before: Cell::new(Before::NOTHING),
            acts: Cell::new(0),
            items: Cell::new(0),
            turn: Cell::default(),
            busy: Cell::default(),
            moves: Cell::new(false),
            long_ended_ns: Cell::new(0),
            lent_ns: Cell::new(0),
            looks: RefCell::default(),
            failures: RefCell::default(),
            findings: RefCell::default(),
        }
    }

    /// The lints go on: of what was between nothing is known.
    pub(crate) fn resume(&self) {
        self.rows.take();
        self.looks.take();
        self.before.set(Before::NOTHING);
        self.turn.take();
        self.busy.take();
        self.long_ended_ns.set(0);
    }

    /// A task joined the ready queue.
    pub(crate) fn woken(&self, task: TaskId, by: By, now_ns: u64) {
        let woken_by = WokenBy::of(task, by);
        match by {
            By::Item(_) if woken_by != WokenBy::Itself => self.acts.set(self.acts.get() + 1),
            By::Source(_) | By::Thread | By::Host => self.moves.set(true),
            _ => {}
        }
        self.rows.borrow_mut().of(task).woken(woken_by, self.woken_at(now_ns));
    }

    fn woken_at(&self, now_ns: u64) -> Woken {
        Woken { at_ns: now_ns, items: self.items.get(), lent_ns: self.lent_ns.get() }
    }

    /// Something was woken that is no task, or was awake.
    pub(crate) fn woke_again(&self, item: Entry, by: By) {
        match by {
            By::Item(by) if by != item => self.acts.set(self.acts.get() + 1),
            By::Thread | By::Host => self.moves.set(true),
            _ => {}
        }
    }

    /// A task was spawned.
    pub(crate) fn born(&self, task: TaskId, now_ns: u64) {
        self.moves.set(true);
        self.acts.set(self.acts.get() + 1);
        self.rows.borrow_mut().of(task).woken(WokenBy::Other, self.woken_at(now_ns));
    }

    /// For so long the thread was a host's, or the loop stood: nobody waited for the loop.
    pub(crate) fn lent(&self, for_ns: u64) {
        self.lent_ns.set(self.lent_ns.get() + for_ns);
        self.moves.set(true);
    }

    /// A failure that nobody was there to take. An error that comes here was to be reported.
    pub(crate) fn failed(&self, failure: &Unhandled) {
        if failure.failure == Failure::Error {
            return;
        }
        let mut failures = self.failures.borrow_mut();
        if failures.len() < FAILURES_MAX {
            failures.push(Failed {
                task: failure.task,
                place: failure.place,
                what: failure.what.clone(),
                how: format!("{}: {}", failure.failure, message(failure.payload.as_ref())),
            });
        }
    }

    /// So much of the turn under way was a look's.
    pub(crate) fn spare(&self, took_ns: u64) {
        let turn = self.turn.get();
        self.turn.set(SoFar { spared_ns: turn.spared_ns + took_ns, ..turn });
    }

    /// What was found so far.
    pub(crate) fn line(&self, on: bool) -> LintLine {
        self.findings.borrow().line(on, self.since_ns)
    }

    /// Has a finding of this lint end the run.
    pub(crate) fn deny(&self, lint: Lint) {
        self.findings.borrow_mut().deny(lint);
    }
}

/// An item, and what it is found to be.
impl Linter {
    /// An item is about to run.
    pub(crate) fn begins(&self, core: &Core, item: Entry, at_ns: u64) {
        let executor = &core.executor;
        // Of what ran before.
        core.reactor.take_last_sleep();
        let place = match item.is_task() {
            true => core.place_of_task(item.id()),
            false => executor.item_place(item),
        };
        let joins = executor.join_steps();
        let mut before = Before { is_known: true, place, joins, ..Before::NOTHING };
        if let Some(glance) = item.is_task().then(|| executor.glance(item.id())).flatten() {
            before.wakers_held = glance.wakers_held;
            before.is_first_poll = glance.polls == 0;
            if before.is_first_poll {
                self.look_at_size(core, item);
            }
            let (woken, by) = self.rows.borrow_mut().of(item.id()).take_woken();
            before.woken_by = by;
            if let Some(woken) = woken
                && at_ns.saturating_sub(woken.at_ns) >= self.starved_ns
            {
                self.look_for_starvation(core, item, woken, at_ns);
            }
        }
        self.acts.set(0);
        self.before.set(before);
    }

    fn look_at_size(&self, core: &Core, item: Entry) {
        let bytes = core.executor.future_bytes(item.id()).unwrap_or(0);
        if bytes >= self.limits.future_bytes_min {
            let reason = format!("has a future of {bytes} bytes");
            self.found(core, Lint::LargeFuture, item, core.executor.item_place(item), reason);
        }
    }

    /// Whether a task that is about to run has waited too long for it. Not if one other item took
    /// most of that: of it is told as a slow poll.
    #[cold]
    fn look_for_starvation(&self, core: &Core, item: Entry, woken: Woken, at_ns: u64) {
        if self.long_ended_ns.get() > woken.at_ns {
            return;
        }
        let lent_ns = self.lent_ns.get() - woken.lent_ns;
        let waited_ns = at_ns.saturating_sub(woken.at_ns).saturating_sub(lent_ns);
        if waited_ns < self.starved_ns {
            return;
        }
        let items = self.items.get() - woken.items;
        let reason = format!(
            "was woken and waited {} in the ready queue, while {items} items ran",
            time(waited_ns)
        );
        self.found(core, Lint::Starvation, item, core.executor.item_place(item), reason);
    }

    /// An item ran.
    pub(crate) fn ran(&self, core: &Core, run: &Run) {
        if !self.before.get().is_known {
            return;
        }
        self.items.set(self.items.get() + 1);
        self.note_in_turn(run);
        if run.took_ns >= self.slow_poll_ns {
            self.was_slow(core, run);
        }
        if run.took_ns >= self.starved_ns / 2 {
            self.long_ended_ns.set(run.began_ns.saturating_add(run.took_ns));
        }
        self.tell_failures(core);
        match run.outcome {
            Outcome::Pending => self.waits(core, run),
            Outcome::Called | Outcome::Stale => {}
            Outcome::Finished | Outcome::Panicked | Outcome::Cancelled => self.moves.set(true),
        }
    }

    #[cold]
    fn was_slow(&self, core: &Core, run: &Run) {
        self.turn.set(SoFar { has_slow: true, ..self.turn.get() });
        let before = self.before.get();
        let never =
            before.is_first_poll && run.took_ns >= ns_of_ms(self.limits.never_yielded_ms_min);
        let (lint, from) = match (never, run.item.is_task()) {
            (true, _) => (Lint::NeverYielded, " since it was spawned, and never awaited anything"),
            (false, true) if before.is_first_poll => (Lint::SlowPoll, " from its birth"),
            (false, true) => (Lint::SlowPoll, " from this await"),
            (false, false) => (Lint::SlowPoll, ""),
        };
        let to = match run.waits_at.location() {
            Some(place) if run.outcome == Outcome::Pending => {
                format!(" until that at {}", at(place))
            }
            _ => String::new(),
        };
        let reason = format!("held the loop for {}{from}{to}", time(run.took_ns));
        self.found(core, lint, run.item, before.place, reason);
    }
}
