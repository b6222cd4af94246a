//! `Core`: what an `EventLoop` is made of, held by it and by whatever is current.
//!
//! It holds the two halves and the state of the turn between them. It has no behaviour of its own:
//! `event_loop.rs` is the loop, `turn.rs` the phases.

use std::{
    cell::{Cell, OnceCell, RefCell},
    panic::Location,
    rc::{Rc, Weak},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use glassloop_executor::{Entry, Executor, PlaceId, Tap, TaskId};
use glassloop_reactor::{Dice, Events, Flush, Origin, Reactor, Woken};

use crate::{
    By, Limits, LintLine, Observer, Phase, Pool, RunError, RunPolicy, deadlock::Suspicion,
    failure::Failure, frames::Frames, guest::Lodging, lint::Linter, observer::Observers,
    outside::Line, recorder::Recorder, registry::Registration, replay::Tape, resume::Listeners,
    ring::Ring, shared::Shared, standing::Standing, stride::Stride, waits::Waits,
};

/// One loop.
pub(crate) struct Core {
    pub(crate) executor: Rc<Executor>,
    pub(crate) reactor: Rc<Reactor>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) limits: Limits,
    /// `limits.run_us_max`, in the clock's unit.
    pub(crate) run_ns_max: u64,
    /// `limits.poll_us_max`, likewise.
    pub(crate) poll_ns_max: u64,
    /// `limits.stall_ms_min`, likewise.
    pub(crate) stall_ns_min: u64,
    /// The process that made it.
    pub(crate) process: Cell<u32>,
    pub(crate) made: &'static Location<'static>,
    pub(crate) observers: Observers,
    pub(crate) waits: Waits,
    /// Its own threads for work that blocks, since it was first asked for some.
    pub(crate) pool: OnceCell<Pool>,
    pub(crate) resume: Listeners,
    pub(crate) stride: Stride,
    pub(crate) policy: Cell<RunPolicy>,
    pub(crate) frames: Frames,
    /// A turn, or a wait, of this loop is under way.
    pub(crate) busy: Cell<bool>,
    pub(crate) turns: Cell<u64>,
    /// What it has put aside while it is stopped.
    pub(crate) standing: Standing,
    /// `run` or `block_on` is under way: the loop is entered already.
    pub(crate) running: Cell<bool>,
    /// What is to run when the turn is over.
    pub(crate) outside: Line,
    /// When the pump under way is over, if it has a budget.
    pub(crate) pump_end: Cell<Option<u64>>,
    /// The loop is a guest, and a tick will come: nobody else runs it.
    pub(crate) lent: Cell<bool>,
    /// What ends it as a guest.
    pub(crate) guest: RefCell<Weak<Lodging>>,
    /// The host waits for the loop's descriptor.
    pub(crate) by_descriptor: Cell<bool>,
    /// Items that ran since the operating system was last asked.
    pub(crate) items_since_poll: Cell<usize>,
    /// The emptied events of the last turn, to be filled again.
    pub(crate) spare_events: Cell<Events>,
    /// Empty between two phases.
    pub(crate) woken: RefCell<Woken>,
    pub(crate) flushes: RefCell<Vec<Rc<dyn Flush>>>,
    pub(crate) recording: Cell<bool>,
    /// They fall for what other threads leave, under a seed.
    pub(crate) deferred_dice: OnceCell<Dice>,
    /// What keeps this run, or has it run again.
    pub(crate) tape: OnceCell<Rc<Tape>>,
    /// Made when recording is first switched on.
    pub(crate) recorder: OnceCell<Rc<Recorder>>,
    /// Somebody observes or records: each item is timed.
    pub(crate) watched: Cell<bool>,
    /// The first failure that ends the run.
    pub(crate) failure: RefCell<Option<Failure>>,
    pub(crate) failed: Cell<bool>,
    /// It seems stuck for good.
    pub(crate) suspicion: RefCell<Option<Suspicion>>,
    /// The log was told of that.
    pub(crate) suspected: Cell<bool>,
    pub(crate) closed: Cell<bool>,
    /// What is odd is told to the log.
    pub(crate) debug: bool,
    /// What a lint finds is told to the log, too.
    pub(crate) lints_aloud: bool,
    /// Its place among the loops that live.
    pub(crate) _registration: Registration,
}

impl Core {
    /// Has the run end with this failure, unless another one came before.
    pub(crate) fn fail(&self, failure: impl FnOnce() -> Failure) {
        self.failed.set(true);
        self.failure.borrow_mut().get_or_insert_with(failure);
    }

    /// Marks a wait or a turn as under way.
    #[inline]
    pub(crate) fn begin_busy(&self) -> Result<(), RunError> {
        if self.closed.get() {
            return Err(RunError::Closed);
        }
        if self.lent.get() {
            return Err(RunError::Guest);
        }
        if self.busy.replace(true) {
            return Err(RunError::Reentrant);
        }
        Ok(())
    }

    /// Whether this is still the process that made the loop.
    // COST: a system call, some 200 ns.
    #[cold]
    pub(crate) fn look_for_fork(&self) -> Result<(), RunError> {
        let (made_in, here) = (self.process.get(), std::process::id());
        if made_in == here { Ok(()) } else { Err(RunError::Forked { made_in, here }) }
    }

    /// Work was added by the loop's own thread, into no queue that says so by itself. In a turn
    /// that is seen anyway; a host that has the thread is called.
    pub(crate) fn rouse(&self) {
        if self.shared.notifier.is_armed() {
            self.shared.notifier.notify();
        }
    }

    /// Somebody wants to be told of each phase. In debug mode somebody always looks.
    pub(crate) fn is_observed(&self) -> bool {
        self.observers.any() || self.debug
    }

    /// An observer came or went, or recording was switched.
    pub(crate) fn update_watched(&self) {
        self.watched.set(self.recording.get() || self.is_observed());
    }

    /// Switches recording on or off.
    pub(crate) fn record(&self, on: bool) {
        // A run that is kept, or run again, is recorded to its end.
        if !cfg!(feature = "observe") || self.recording.get() == on || (!on && self.is_taped()) {
            return;
        }
        if on {
            let recorder = self.recorder.get_or_init(|| {
                let (ended_max, now_ns) = (self.limits.ended_tasks_max, self.reactor.now());
                let recorder = Rc::new(Recorder::new(&self.shared, ended_max, now_ns));
                self.executor.set_tap(Rc::clone(&recorder) as Rc<dyn Tap>);
                recorder
            });
            self.shared.ring.get_or_init(|| Ring::new(self.limits.ring_events_max));
            let now_ns = self.reactor.read_clock();
            let lives = |task| self.executor.task_name(task).is_some();
            recorder.tape(self.tape.get());
            recorder.resume(self.executor.current_item(), now_ns, lives);
            // What was noted before is nobody's.
            self.executor.take_noted();
            self.stride.begin(now_ns);
        } else if let Some(recorder) = self.recorder() {
            recorder.pause(self.reactor.read_clock());
        }
        self.executor.tap(on);
        self.recording.set(on);
        self.update_watched();
    }

    /// Tells each observer. The now-record says so meanwhile.
    #[inline]
    pub(crate) fn tell(&self, phase: Phase, what: impl Fn(&dyn Observer)) {
        if self.observers.any() {
            let told = || self.observers.tell(&self.executor, what);
            self.shared.now.during(Entry::OBSERVER, phase, told);
        }
    }

    /// Who writes down what happens, while somebody records.
    #[inline]
    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        if self.recording.get() { self.recorder.get().map(|recorder| &**recorder) } else { None }
    }

    /// Who did so, if anybody ever recorded.
    pub(crate) fn last_recorder(&self) -> Option<&Recorder> {
        self.recorder.get().map(|recorder| &**recorder)
    }

    /// Switches the lints on or off. They need what a recording hears.
    pub(crate) fn lint(&self, on: bool) {
        if on {
            self.record(true);
        }
        if let Some(recorder) = self.last_recorder() {
            recorder.lint(on, self.limits.lint);
        }
    }

    /// Who looks for faults, while somebody wants that.
    #[inline]
    pub(crate) fn linter(&self) -> Option<&Linter> {
        self.recorder().and_then(Recorder::linter)
    }

    /// What the lints have found, if they were ever on.
    pub(crate) fn lint_line(&self) -> Option<LintLine> {
        self.last_recorder().and_then(|recorder| recorder.lint_line(self.recording.get()))
    }

    /// Has the lints look at everything. Not while this loop is at something else.
    pub(crate) fn look_for_faults(&self) {
        // While it stands nothing can come to those who wait.
        if let Some(linter) = self.linter().filter(|_| !self.standing.is_aside()) {
            linter.look(self);
            self.stride.begin(self.read_aside());
        }
    }

    /// A wait is over, behind a turn: whoever records hears of both.
    pub(crate) fn record_wait(&self, began_ns: u64, events: usize, rested: bool) {
        let Some(recorder) = self.recorder() else { return };
        let now_ns = self.stride.read_at();
        let turn_ns = recorder.waited(began_ns, now_ns, events, rested);
        if let Some(linter) = recorder.linter() {
            linter.turned(self, turn_ns, rested && now_ns > began_ns, events);
        }
    }

    /// Where a phase puts those whom it wakes.
    pub(crate) fn take_woken(&self) -> Woken {
        let mut woken = self.woken.take();
        woken.trace(self.recording.get() || self.standing.awaits_source());
        woken
    }

    /// Wakes them, each by itself, with the tables released.
    pub(crate) fn wake(&self, phase: Phase, mut woken: Woken) {
        // A waker may be anybody's code.
        self.shared.now.set(Entry::WAKER, phase);
        for (waker, origin) in woken.drain() {
            if let Some(origin) = origin {
                self.tell_origin(origin);
            }
            self.executor.wake_foreign(waker);
        }
        self.woken.replace(woken);
    }

    /// Whoever records, or waits for a source, is told what somebody is woken for.
    fn tell_origin(&self, origin: Origin) {
        if let Origin::Source(source) = origin {
            self.standing.became_ready(source);
        }
        let Some(recorder) = self.recorder() else { return };
        match origin {
            Origin::Source(id) => recorder.wakes(By::Source(id), 0),
            Origin::Timer { place, at } => {
                let late_ns = self.reactor.now().saturating_sub(at);
                recorder.wakes(By::Timer(self.executor.place(place)), late_ns);
            }
        }
    }

    /// Whether a turn has something to do right now.
    pub(crate) fn has_work(&self) -> bool {
        let standing = &self.standing;
        if standing.stands() {
            return self.has_order();
        }
        self.is_busy() || self.frames.idle_len() > 0 || standing.has_kept() || standing.is_within()
    }

    /// Whether it has something to do that comes before idle callbacks.
    pub(crate) fn is_busy(&self) -> bool {
        self.executor.has_ready()
            || self.executor.is_stopping()
            || self.reactor.has_pending_events()
            || self.reactor.has_flushes()
            || self.shared.notifier.is_notified()
            || self.outside.len() > 0
    }

    /// When something is due next, a timer or a frame, or a little earlier.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let frame = self.frames.next_due();
        self.reactor.note_deadline(frame);
        earlier(self.reactor.next_deadline(), frame)
    }

    /// When something is due next, to the nanosecond.
    pub(crate) fn earliest_deadline(&self) -> Option<u64> {
        earlier(self.reactor.earliest_deadline(), self.frames.next_due())
    }

    /// How many are ready, callbacks, calls of other threads.
    pub(crate) fn queue_depths(&self) -> [usize; 3] {
        let executor = &self.executor;
        [executor.ready_len(), executor.callbacks_waiting(), executor.inbox().calls()]
    }

    /// What to call an item in words.
    pub(crate) fn item_name(&self, entry: Entry) -> String {
        use glassloop_executor::Kind;
        match entry.kind() {
            Kind::Task => self.name_of_task(entry.id()),
            Kind::Callback => "a callback".to_owned(),
            Kind::Deferred => "a deferred call".to_owned(),
            Kind::Microtask => "a microtask".to_owned(),
            Kind::Wake => "a waker".to_owned(),
            Kind::Flush => "a corked writer".to_owned(),
            Kind::Observer => "an observer".to_owned(),
            Kind::Nothing => "nothing".to_owned(),
        }
    }

    /// Where a task waited last; where it was born, if it never did.
    pub(crate) fn place_of_task(&self, task: TaskId) -> PlaceId {
        let sites = self.executor.sites();
        match sites.awaits(task.index) {
            PlaceId::UNKNOWN => sites.born(task.index),
            awaits => awaits,
        }
    }

    /// What to call a task in words, also if it has ended not long ago.
    pub(crate) fn name_of_task(&self, task: TaskId) -> String {
        let lives = self.executor.task_name(task);
        let ended = || self.recorder().and_then(|recorder| recorder.name_of_ended(task));
        match lives.or_else(ended) {
            Some(name) => format!("task {task} `{name}`"),
            None => format!("task {task} (ended)"),
        }
    }

    /// The same of an item that ran, with the place where a task was spawned or a call deferred.
    pub(crate) fn item_label(&self, entry: Entry) -> String {
        let name = self.item_name(entry);
        // The slot of one that has ended may be another's by now.
        let known = !entry.is_task() || self.executor.task_name(entry.id()).is_some();
        match self.executor.item_place(entry).location().filter(|_| known) {
            Some(place) => format!("{name}, {}:{}", place.file(), place.line()),
            None => name,
        }
    }

    /// The owner mark of a task: what leaves of the reactor note.
    pub(crate) fn owner_of(owner: u64) -> TaskId {
        Entry::from_bits(owner).task_id()
    }

    /// Its own threads for work that blocks.
    pub(crate) fn pool(&self) -> &Pool {
        self.pool.get_or_init(|| {
            let pool = Pool::made_at(self.limits.pool, self.made);
            if self.closed.get() {
                pool.close(Duration::ZERO);
            }
            pool
        })
    }

    /// Asks the loop to stop at the end of its turn, or of the next one.
    pub(crate) fn stop(&self) {
        self.executor.stop();
        self.shared.open_gate(false);
    }

    /// The loop stops: it may be run again, and be stopped by who watches it.
    pub(crate) fn stopped(&self) {
        self.executor.stopped();
        self.shared.gate.run_ended();
    }

    /// Other threads that can reach the loop.
    pub(crate) fn remotes(&self) -> usize {
        self.shared.remotes.load(Ordering::Acquire)
    }
}

/// The earlier of two deadlines, of which either may be missing.
pub(crate) fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}
