//! `Gate`: what stops a loop between two items, and lets it go on a step at a time.
//!
//! Any thread may give an order; the loop looks at one number a turn, carries the order out, and
//! says where it stands. It promises that a loop which is told to go on does, whatever came while
//! it stood, and that nobody who ends a loop is held up by who has stopped it. What the loop puts
//! aside meanwhile is in `standing.rs`.

use std::{
    fmt,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use glassloop_executor::{Entry, TaskId};
use glassloop_reactor::SourceId;

use crate::Lint;

/// How far a loop goes before it stops again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepTo {
    /// One item runs, with its microtasks. If nothing is ready the loop waits for it, as ever.
    NextItem,
    /// To the end of the turn under way; or one whole turn, if none is.
    NextTurn,
    /// Until this task is about to run. If the loop stands before it already, until its next run.
    Task(TaskId),
    /// Until this source has become ready for somebody, who was woken and has not run yet.
    Source(SourceId),
    /// Until the loop's clock says so many nanoseconds since its origin: what is due by then was
    /// woken and has not run yet.
    Time(u64),
    /// Until a lint has found something: this one, or any. Only while the loop
    /// [lints](crate::EventLoop::lint).
    Lint(Option<Lint>),
}

/// Where a loop stands that was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// The turn under way, or the last one.
    pub turn: u64,
    /// It stands within that turn, in phase `run`; else behind it.
    pub within: bool,
    /// What runs next, if anything is ready.
    pub next: Option<Entry>,
    /// The step that has brought it here. `None`: it was just stopped.
    pub by: Option<StepTo>,
}

/// What a loop is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    Go,
    Stop,
    Step(StepTo),
}

#[derive(Debug, Default)]
struct State {
    order: Order,
    /// The how many-th it is.
    number: u64,
    /// Where the loop stands by that order.
    stopped: Option<Stopped>,
    /// Its clock is to jump to the next deadline.
    jumps: bool,
    /// It was told to end, its run or itself: until then nothing stops it any more.
    stopping: bool,
    ended: bool,
}

/// The orders of one loop.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// How many orders there were.
    orders: AtomicU64,
    state: Mutex<State>,
    news: Condvar,
}

impl Gate {
    /// How many orders there were: another number than before is news.
    // COST: a load, once a turn.
    #[inline]
    pub(crate) fn orders(&self) -> u64 {
        self.orders.load(Ordering::Relaxed)
    }

    /// Gives an order; `wake` brings the loop to look at it. Whoever ends a loop is not held up.
    pub(crate) fn give(&self, order: Order, wake: impl FnOnce()) {
        let state = self.state();
        let is_going = order == Order::Go;
        if state.ended || (state.stopping && !is_going) || (is_going && state.order == order) {
            return;
        }
        self.news(state, order);
        // It is seen by whoever is woken for it.
        wake();
    }

    /// Has its clock jump to the next deadline, if that is one which can; `wake` as above.
    pub(crate) fn jump(&self, wake: impl FnOnce()) {
        let mut state = self.state();
        if state.ended {
            return;
        }
        state.jumps = true;
        self.count(&mut state);
        drop(state);
        wake();
    }

    /// Has it go on, and heed no other order until its run has ended, or for good; `wake` as above.
    pub(crate) fn open(&self, for_good: bool, wake: impl FnOnce()) {
        let mut state = self.state();
        (state.stopping, state.ended) = (true, state.ended || for_good);
        if state.order != Order::Go {
            self.news(state, Order::Go);
            wake();
        }
    }

    /// Its run has ended: the next one may be stopped.
    pub(crate) fn run_ended(&self) {
        self.state().stopping = false;
    }

    fn news(&self, mut state: MutexGuard<'_, State>, order: Order) {
        state.order = order;
        state.stopped = None;
        self.count(&mut state);
        drop(state);
        self.news.notify_all();
    }

    /// One order more.
    fn count(&self, state: &mut State) {
        state.number += 1;
        self.orders.store(state.number, Ordering::Relaxed);
    }

    /// The last order, with its number, and whether the clock is to jump.
    pub(crate) fn take(&self) -> (Order, u64, bool) {
        let mut state = self.state();
        (state.order, state.number, std::mem::take(&mut state.jumps))
    }

    /// Whether it was told to go on for good, or never anything else.
    pub(crate) fn is_open(&self) -> bool {
        self.state().order == Order::Go
    }

    /// The loop stands, by the order of this number. Another one may have come.
    pub(crate) fn stands(&self, number: u64, stopped: Stopped) {
        let mut state = self.state();
        if state.number == number && state.stopped.is_none() {
            state.order = Order::Stop;
            state.stopped = Some(stopped);
        }
        drop(state);
        self.news.notify_all();
    }

    /// Where the loop stands, if it does.
    pub(crate) fn stopped(&self) -> Option<Stopped> {
        self.state().stopped
    }

    /// The same, once the last order was carried out; waits `timeout` at most.
    pub(crate) fn wait(&self, timeout: Duration) -> Option<Stopped> {
        let waits = |state: &mut State| state.order != Order::Go && state.stopped.is_none();
        let waited = self.news.wait_timeout_while(self.state(), timeout, waits);
        waited.unwrap_or_else(PoisonError::into_inner).0.stopped
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for StepTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepTo::NextItem => f.write_str("the next item"),
            StepTo::NextTurn => f.write_str("the next turn"),
            StepTo::Task(task) => write!(f, "task {task}"),
            StepTo::Source(source) => write!(f, "source {source}"),
            StepTo::Lint(Some(lint)) => write!(f, "lint {lint}"),
            StepTo::Lint(None) => f.write_str("the next finding of a lint"),
            StepTo::Time(at_ns) => write!(f, "{:?} by its clock", Duration::from_nanos(*at_ns)),
        }
    }
}
