//! `Recorder`: writes down what happens in a loop while somebody records.
//!
//! It hears of wakes, births and ends from the executor, and of items and phases from the turn;
//! each becomes an event of the ring, and the statistics grow. It reads no clock: what happens
//! between two readings has the time of the first.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell, RefCell},
    collections::VecDeque,
    rc::Rc,
    sync::Arc,
};

use glassloop_executor::{Entry, Kind, Outcome, PlaceId, Tap, TaskId, TaskView, Unhandled};

use crate::{
    By, Event, Happening, Lint, LintLimits, LintLine, LoopTimes, Note, Phase, TaskTimes,
    lint::{Linter, Run},
    notes::Lines,
    replay::Tape,
    ring::Ring,
    shared::Shared,
    statistics::Statistics,
};

/// What a loop is recorded with.
// COST: what is written once a turn is never inlined. In line it kept parts of the turn from being
// so: 17 instructions a turn of a loop that nobody records.
pub(crate) struct Recorder {
    shared: Arc<Shared>,
    /// The phase under way.
    phase: Cell<Phase>,
    /// Who wakes, between items.
    by: Cell<By>,
    /// How late the timer is that fires.
    late_ns: Cell<u64>,
    /// The item that runs, of which a microtask is a part.
    item: Cell<Entry>,
    /// What the clock said last.
    stamp: Cell<u64>,
    /// When the wait ended.
    woke_ns: Cell<u64>,
    statistics: RefCell<Statistics>,
    /// Since when each queue is not empty.
    queues_since: Cell<[Option<u64>; 3]>,
    /// It went on, and no item has begun since.
    is_new: Cell<bool>,
    /// The tasks that ended last, the latest at the end.
    ended: RefCell<VecDeque<(TaskView, u64)>>,
    ended_max: usize,
    /// What the program has logged.
    pub(crate) log: Lines,
    tape: OnceCell<Rc<Tape>>,
    /// Made when the lints are first switched on.
    linter: OnceCell<Linter>,
    lints: Cell<bool>,
}

/// How an item ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) at_ns: u64,
    /// Where something of ours was waited for in it.
    pub(crate) waits_at: PlaceId,
}

impl Recorder {
    pub(crate) fn new(shared: &Arc<Shared>, ended_max: usize, now_ns: u64) -> Recorder {
        Recorder {
            shared: Arc::clone(shared),
            phase: Cell::new(Phase::Wait),
            by: Cell::new(By::Host),
            late_ns: Cell::new(0),
            item: Cell::new(Entry::NOTHING),
            stamp: Cell::new(now_ns),
            woke_ns: Cell::new(now_ns),
            statistics: RefCell::new(Statistics::new(now_ns)),
            queues_since: Cell::default(),
            is_new: Cell::new(false),
            ended: RefCell::default(),
            ended_max,
            log: Lines::default(),
            tape: OnceCell::new(),
            linter: OnceCell::new(),
            lints: Cell::new(false),
        }
    }

    #[inline(always)]
    fn write(&self, phase: Phase, at_ns: u64, took_ns: u64, what: Happening) {
        if let Some(ring) = self.shared.ring.get() {
            ring.write(Event { at_ns, took_ns, phase, what });
        }
        if self.tape.get().is_some() {
            self.tell_tape(phase, (at_ns, took_ns), what);
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_tape(&self, phase: Phase, (at_ns, took_ns): (u64, u64), what: Happening) {
        if let Some(tape) = self.tape.get() {
            tape.event(Event { at_ns, took_ns, phase, what });
        }
    }

    /// What happens is kept by this tape, too, or compared with what it has.
    pub(crate) fn tape(&self, tape: Option<&Rc<Tape>>) {
        if let Some(tape) = tape {
            self.tape.get_or_init(|| Rc::clone(tape));
        }
    }

    /// Recording goes on: this item runs, or none.
    pub(crate) fn resume(&self, item: Entry, now_ns: u64, lives: impl Fn(TaskId) -> bool) {
        self.item.set(item);
        self.stamp.set(now_ns);
        self.woke_ns.set(now_ns);
        self.queues_since.take();
        self.statistics.borrow_mut().resume(now_ns, lives);
        self.is_new.set(true);
        self.phase.set(if item == Entry::NOTHING { Phase::Wait } else { Phase::Run });
        self.by.set(By::Host);
        if let Some(linter) = self.linter() {
            linter.resume();
        }
    }

    /// Switches the lints on or off.
    pub(crate) fn lint(&self, on: bool, limits: LintLimits) {
        if on {
            self.linter.get_or_init(|| Linter::new(limits, self.stamp.get())).resume();
        }
        self.lints.set(on);
    }

    /// Who looks for faults, while somebody wants that.
    #[inline]
    pub(crate) fn linter(&self) -> Option<&Linter> {
        if self.lints.get() { self.linter.get() } else { None }
    }

    /// What was found, if anybody ever looked.
    pub(crate) fn lint_line(&self, records: bool) -> Option<LintLine> {
        self.linter.get().map(|linter| linter.line(records && self.lints.get()))
    }

    /// A lint has found something, of this item or of none.
    pub(crate) fn found(&self, lint: Lint, item: Entry, now_ns: u64) {
        self.write(self.phase.get(), now_ns, 0, Happening::Found(lint, item));
    }

    /// The program says something of itself.
    pub(crate) fn noted(&self, note: Note, item: Entry, now_ns: u64) {
        self.write(self.phase.get(), now_ns, 0, Happening::Noted(note, item));
    }

    /// Recording rests: no time counts until it goes on.
    pub(crate) fn pause(&self, now_ns: u64) {
        self.statistics.borrow_mut().pause(now_ns);
    }

    /// Between turns, from now on: what is woken there is the host's doing.
    #[inline(never)]
    pub(crate) fn outside(&self) {
        self.phase.set(Phase::Wait);
        self.by.set(By::Host);
    }

    /// From `began_ns` to `now_ns` the host had the thread: no part of the turn before, nor of the
    /// wait to come.
    #[inline(never)]
    pub(crate) fn host_had(&self, began_ns: u64, now_ns: u64) {
        let had_ns = now_ns.saturating_sub(began_ns);
        self.statistics.borrow_mut().rested(had_ns);
        self.woke_ns.set(self.woke_ns.get() + had_ns);
        if let Some(linter) = self.linter() {
            linter.lent(had_ns);
        }
    }

    /// The wait from `began_ns` to `now_ns` is over, in which the thread rested or did not. How
    /// long the turn before it took.
    #[inline(never)]
    pub(crate) fn waited(&self, began_ns: u64, now_ns: u64, events: usize, rested: bool) -> u64 {
        let waited_ns = now_ns.saturating_sub(began_ns);
        let turn_ns = began_ns.saturating_sub(self.woke_ns.replace(now_ns));
        self.statistics.borrow_mut().turned(turn_ns, if rested { waited_ns } else { 0 });
        self.stamp.set(now_ns);
        self.write(Phase::Wait, began_ns, waited_ns, Happening::waited(events));
        turn_ns
    }

    /// A turn begins.
    #[inline(never)]
    pub(crate) fn turn(&self, turn: u64, at_ns: u64) {
        self.stamp.set(at_ns);
        self.write(Phase::Io, at_ns, 0, Happening::turn(turn));
    }

    /// A phase begins; what is woken in it between items is woken by it.
    pub(crate) fn phase(&self, phase: Phase) {
        self.phase.set(phase);
        self.by.set(if phase == Phase::Deferred { By::Thread } else { By::Phase(phase) });
    }

    /// A phase that had something to do is over.
    #[inline(never)]
    pub(crate) fn served(&self, count: usize, now_ns: u64) {
        let began_ns = self.stamp.replace(now_ns);
        let took_ns = now_ns.saturating_sub(began_ns);
        self.write(self.phase.get(), began_ns, took_ns, Happening::served(count));
    }

    /// A snapshot was published, which so many had asked for.
    #[inline(never)]
    pub(crate) fn published(&self, asked: u64, now_ns: u64) {
        let began_ns = self.stamp.replace(now_ns);
        let took_ns = now_ns.saturating_sub(began_ns);
        self.write(Phase::Finish, began_ns, took_ns, Happening::published(asked));
    }

    /// What is woken now is woken by this.
    pub(crate) fn wakes(&self, by: By, late_ns: u64) {
        self.by.set(by);
        self.late_ns.set(late_ns);
        if matches!(by, By::Timer(_)) {
            self.statistics.borrow_mut().fired(late_ns);
        }
    }

    /// Whether it went on in the item before this one, or between two turns: what came before is
    /// not this one's.
    pub(crate) fn take_is_new(&self) -> bool {
        self.is_new.replace(false)
    }

    /// An item is about to run.
    pub(crate) fn begins(&self, item: Entry, now_ns: u64) {
        self.item.set(item);
        self.stamp.set(now_ns);
    }

    /// What ran until now is told elsewhere, or not at all: the next event begins here.
    pub(crate) fn goes_on_at(&self, now_ns: u64) {
        self.stamp.set(now_ns);
    }

    /// It ran; if it is a task that waits now, this is where, as far as that is known.
    pub(crate) fn ran(&self, item: Entry, outcome: Outcome, phase: Phase, end: End) -> Run {
        let End { at_ns: ended_ns, waits_at } = end;
        let began_ns = self.stamp.replace(ended_ns);
        let took_ns = ended_ns.saturating_sub(began_ns);
        if item.is_task() && outcome != Outcome::Stale {
            let mut statistics = self.statistics.borrow_mut();
            statistics.ran(item.id(), began_ns, took_ns);
            if outcome != Outcome::Pending {
                statistics.forget(item.id());
            }
        }
        let place = match (item.kind(), outcome) {
            (Kind::Task, Outcome::Pending) => waits_at,
            (Kind::Callback, Outcome::Called | Outcome::Panicked) => {
                self.shared.sites.called(item.generation())
            }
            _ => PlaceId::UNKNOWN,
        };
        self.write(phase, began_ns, took_ns, Happening::Ran(item, outcome, place));
        Run { item, outcome, began_ns, took_ns, waits_at }
    }

    /// The turn ends with so much in each queue.
    #[inline(never)]
    pub(crate) fn queues(&self, depths: [usize; 3], now_ns: u64) {
        let mut since = self.queues_since.get();
        // COST: written each time, 3 ns of the 50 that a turn of one item takes.
        if since.iter().zip(depths).all(|(since, depth)| since.is_some() == (depth > 0)) {
            return;
        }
        for (since, depth) in since.iter_mut().zip(depths) {
            *since = if depth == 0 { None } else { since.or(Some(now_ns)) };
        }
        self.queues_since.set(since);
    }

    /// For how long each queue has not been empty at the end of a turn.
    pub(crate) fn queue_ages(&self, now_ns: u64) -> [Option<u64>; 3] {
        self.queues_since.get().map(|since| since.map(|since| now_ns.saturating_sub(since)))
    }

    /// What is known of a task's time, and who woke it last.
    pub(crate) fn of(&self, task: TaskId) -> Option<(TaskTimes, Option<By>)> {
        self.statistics.borrow().of(task)
    }

    pub(crate) fn of_loop(&self, now_ns: u64) -> LoopTimes {
        self.statistics.borrow().of_loop(now_ns)
    }

    /// What a task was called that has ended not long ago.
    pub(crate) fn name_of_ended(&self, task: TaskId) -> Option<Cow<'static, str>> {
        let ended = self.ended.borrow();
        ended.iter().rev().find(|(ended, _)| ended.id == task).map(|(ended, _)| ended.name.clone())
    }

    /// The tasks that ended last, with when they did, the latest first.
    pub(crate) fn ended(&self) -> Vec<(TaskView, u64)> {
        self.ended.borrow().iter().rev().cloned().collect()
    }

    fn who(&self, by: Entry) -> By {
        match by.kind() {
            Kind::Nothing => self.by.get(),
            Kind::Microtask => By::Item(self.item.get()),
            _ => By::Item(by),
        }
    }
}

/// None of these calls what isn't ours.
impl Tap for Recorder {
    fn woken(&self, item: Entry, by: Entry, queued: bool) {
        // A microtask after the poll is no part of it.
        let in_its_poll = by == item;
        let by = self.who(by);
        let what = if queued { Happening::Woke(item, by) } else { Happening::WokeAgain(item, by) };
        let now_ns = self.stamp.get();
        if queued && item.is_task() {
            let mut statistics = self.statistics.borrow_mut();
            match in_its_poll {
                true => statistics.woke_itself(item.id(), by, now_ns),
                false => statistics.woken(item.id(), by, now_ns),
            }
        }
        if let Some(linter) = self.linter() {
            match queued && item.is_task() {
                true => linter.woken(item.id(), by, now_ns),
                false => linter.woke_again(item, by),
            }
        }
        let late_ns = if matches!(by, By::Timer(_)) { self.late_ns.get() } else { 0 };
        self.write(self.phase.get(), now_ns, late_ns, what);
    }

    fn born(&self, task: TaskId, parent: Entry) {
        let (by, now_ns) = (self.who(parent), self.stamp.get());
        self.statistics.borrow_mut().woken(task, by, now_ns);
        if let Some(linter) = self.linter() {
            linter.born(task, now_ns);
        }
        let place = self.shared.sites.born(task.index);
        self.write(self.phase.get(), now_ns, 0, Happening::Born(task, by, place));
    }

    fn ended(&self, task: TaskView) {
        let mut ended = self.ended.borrow_mut();
        if ended.len() >= self.ended_max {
            ended.pop_front();
        }
        if self.ended_max > 0 {
            ended.push_back((task, self.stamp.get()));
        }
    }

    fn unhandled(&self, failure: &Unhandled) {
        if let Some(linter) = self.linter() {
            linter.failed(failure);
        }
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ring = self.shared.ring.get().map(Ring::written);
        f.debug_struct("Recorder").field("written", &ring).finish_non_exhaustive()
    }
}
