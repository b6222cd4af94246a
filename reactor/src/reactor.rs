//! `Reactor`: the sources, the timers and the clock of one loop, and the phases that serve them.
//!
//! It promises that whoever waits is woken once what it waits for has come, never early, and that
//! nobody's code runs while one of its tables is borrowed: wakers are handed to the caller. It
//! knows no task and polls nothing; *when* each phase runs is its caller's affair.

use std::{
    cell::{Cell, OnceCell, RefCell},
    fmt, io,
    panic::Location,
    rc::{Rc, Weak},
    sync::Arc,
    task::Waker,
    time::Duration,
};

use crate::{
    alarm::{self, Alarm, Precision},
    clock::{Clock, nanoseconds},
    counts::Counts,
    dice::Dice,
    events::Events,
    flush::{Flush, FlushLine},
    hooks::{Resolver, Stall},
    limits::Limits,
    net::names::Names,
    notifier::Notifier,
    poller::{Poller, PollerKind},
    readings::Readings,
    script::{Script, Stage},
    source_table::SourceTable,
    timers::Timers,
    waiter::{Place, Waiter},
    woken::{Origin, Woken},
};

mod doubts;
mod hooks;
mod lend;
mod playing;
mod service;
mod taped;
mod views;
mod wait;

pub use lend::LentWait;

/// What a reactor is built of.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where it blocks.
    pub poller: PollerKind,
    /// Where its time comes from.
    pub clock: Clock,
    /// How exactly it ends a wait at a deadline.
    pub precision: Precision,
    /// How long a wait looks for work without blocking before it blocks, in microseconds of the
    /// OS's time whatever the clock. 0: not at all. A processor is busy meanwhile.
    pub spin_us: u64,
    /// Its bounds.
    pub limits: Limits,
    /// What happens under [`PollerKind::Scripted`].
    pub script: Script,
}

/// Readiness and time of one loop. It belongs to one thread, and is shared there as an `Rc`.
///
/// Dropping it closes the poller. It outlives every socket and every sleep, which hold it.
pub struct Reactor {
    notifier: Arc<Notifier>,
    clock: Clock,
    limits: Limits,
    spin: Duration,
    made: Place,
    poller: RefCell<Poller>,
    /// Registers sources, whose code may be anybody's: no borrow is needed for it.
    registry: Option<mio::Registry>,
    alarm: RefCell<Option<Alarm>>,
    /// What the poller `Scripted` plays.
    stage: Option<RefCell<Stage>>,
    /// The script may have an answer to something.
    stirred: Cell<bool>,
    sources: RefCell<SourceTable>,
    timers: RefCell<Timers<Waiter>>,
    flushes: RefCell<FlushLine>,
    names: RefCell<Names>,
    /// The turn's `now`.
    now: Cell<u64>,
    /// The deadline that `next_deadline` gave last: what a host or the OS counts on.
    deadline_given: Cell<u64>,
    /// A deadline of a layer above.
    deadline_noted: Cell<Option<u64>>,
    owner: Cell<u64>,
    operations_left: Cell<u32>,
    /// Something stands in line for a phase: see `has_chores`.
    chores: Cell<bool>,
    last_place: Cell<Option<Place>>,
    /// For how long somebody went to sleep last, until somebody asks.
    last_sleep: Cell<Option<u64>>,
    counts: Cell<Counts>,
    last_stall: RefCell<Option<Stall>>,
    resolver: RefCell<Option<Resolver>>,
    /// They fall for whatever no promise decides, if somebody wants that.
    dice: OnceCell<Dice>,
    /// What the clock says is kept, or given.
    is_taped: Cell<bool>,
    readings: RefCell<Readings>,
}

impl Reactor {
    /// A reactor without sources and timers.
    ///
    /// # Errors
    /// The OS's, if it gives no poller.
    #[track_caller]
    pub fn new(options: Options) -> io::Result<Rc<Reactor>> {
        let (poller, notifier) = Poller::new(options.poller, options.limits.events_per_wait_max)?;
        let notifier = Arc::new(notifier);
        if let Clock::Manual(clock) = &options.clock {
            clock.add_loop(Waker::from(Arc::clone(&notifier)));
        }
        let is_scripted = options.poller == PollerKind::Scripted;
        let stage = is_scripted.then(|| Stage::new(&options.script, &options.limits));
        let now = options.clock.now();
        let registry = poller.registry()?;
        let alarm = alarm::alarm(registry.as_ref(), &options.clock, options.precision)?;
        Ok(Rc::new(Reactor {
            notifier,
            limits: options.limits,
            made: Location::caller(),
            spin: Duration::from_micros(options.spin_us),
            registry,
            poller: RefCell::new(poller),
            alarm: RefCell::new(alarm),
            stage: stage.map(RefCell::new),
            stirred: Cell::new(is_scripted),
            sources: RefCell::new(SourceTable::new(options.limits.sources_max)),
            timers: RefCell::new(Timers::new(now)),
            flushes: RefCell::default(),
            names: RefCell::default(),
            now: Cell::new(now),
            deadline_given: Cell::new(u64::MAX),
            deadline_noted: Cell::new(None),
            owner: Cell::new(0),
            operations_left: Cell::new(options.limits.operations_per_poll_max),
            chores: Cell::new(false),
            last_place: Cell::new(None),
            last_sleep: Cell::new(None),
            counts: Cell::default(),
            last_stall: RefCell::default(),
            resolver: RefCell::default(),
            dice: OnceCell::new(),
            is_taped: Cell::new(false),
            readings: RefCell::default(),
            clock: options.clock,
        }))
    }

    // The phases.

    /// Phase 2: what the events told is stored, and so is what memory sockets have told since. The
    /// wakers of those who waited for it are added to `woken`. With [dice](Reactor::seed) they say
    /// in which order that happens, and what is told only in the next turn.
    pub fn io(&self, events: &Events, woken: &mut Woken) {
        let mut sources = self.sources.borrow_mut();
        let mut stale = 0;
        let mut most = usize::MAX;
        if let Some(dice) = self.dice.get() {
            most = sources.mix(events, dice);
        } else {
            for event in events {
                stale += u64::from(!sources.deliver(event.source, event.readiness, woken));
            }
        }
        let (raised, raised_stale) = sources.deliver_raised(most, woken);
        if sources.has_unclaimed() {
            self.chores.set(true);
        }
        drop(sources);
        let told = events.len() as u64 + raised;
        if told > 0 {
            self.count(|counts| {
                counts.events += told;
                counts.stale_events += stale + raised_stale;
            });
        }
    }

    /// Phase 3: the wakers of those whose deadline has come are added to `woken`, in order.
    pub fn timers(&self, woken: &mut Woken) {
        let count = self.timers.borrow_mut().expire(self.now.get(), |at, waiter| {
            woken.push(waiter.waker, Origin::Timer { place: waiter.place, at });
        });
        if count > 0 {
            self.count(|counts| counts.timers_fired += count as u64);
        }
    }

    /// Whether the phase `timers` may have something to do, by the turn's `now`.
    // COST: O(1).
    #[inline]
    #[must_use]
    pub fn has_due(&self) -> bool {
        self.timers.borrow().next_deadline().is_some_and(|at| at <= self.now.get())
    }

    /// When the phase `timers` has something to do next, or a little earlier. `None`: never.
    // COST: O(1).
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        let timers = self.timers.borrow().next_deadline();
        let deadline = [timers, self.script_deadline()].into_iter().flatten().min();
        self.deadline_given.set(deadline.unwrap_or(u64::MAX));
        deadline
    }

    /// A deadline that a layer above keeps by itself: the next waits end there as exactly as at a
    /// timer's.
    pub fn note_deadline(&self, deadline: Option<u64>) {
        self.deadline_noted.set(deadline);
    }

    /// The next deadline to the nanosecond, for a clock that jumps to it.
    // COST: O(timers) at worst.
    #[must_use]
    pub fn earliest_deadline(&self) -> Option<u64> {
        let timers = self.timers.borrow().earliest();
        [timers, self.script_deadline()].into_iter().flatten().min()
    }

    /// Phase 6: has a writer called at the end of this turn, or of the next if this one's phase
    /// is over. A writer must not ask again before it was called.
    pub fn at_turn_end(&self, writer: Weak<dyn Flush>) {
        self.flushes.borrow_mut().push(writer);
        self.chores.set(true);
        self.rouse();
    }

    /// Moves the first `max` writers in line to `out`. The others stay first.
    pub fn take_flushes(&self, max: usize, out: &mut Vec<Rc<dyn Flush>>) {
        self.flushes.borrow_mut().take(max, out);
    }

    /// Puts writers that were taken and not called before those in line.
    pub fn put_back_flushes(&self, writers: Vec<Weak<dyn Flush>>) {
        self.flushes.borrow_mut().put_back(writers);
    }

    /// Whether a writer stands in line.
    #[must_use]
    pub fn has_flushes(&self) -> bool {
        !self.flushes.borrow().is_empty()
    }

    /// This turn has something to do in a phase after `run`: the next one is not to begin before.
    pub fn add_chore(&self) {
        self.chores.set(true);
    }

    /// Whether a turn may have anything to do here but timers: an event of a memory socket, a
    /// writer in line, a slot to free, a stand-in that looks what was left.
    // COST: one load.
    #[inline]
    #[must_use]
    pub fn has_chores(&self) -> bool {
        self.chores.get()
    }

    /// Phase 8: the slots of sources that went away in this turn may be used again. The wakers of
    /// stand-ins for whom something is left to read are added to `woken`. Without
    /// [chores](Self::has_chores) it does nothing.
    #[inline]
    pub fn finish(&self, woken: &mut Woken) {
        self.sources.borrow_mut().finish(woken);
        self.chores.set(self.has_flushes() || self.has_pending_events());
    }

    /// Whether memory sockets have told something that waits for the next phase `io`, the peers of
    /// a script may do so in the next wait, or a stand-in looks when the next turn ends.
    #[must_use]
    pub fn has_pending_events(&self) -> bool {
        let sources = self.sources.borrow();
        self.stirred.get() || sources.has_raised() || sources.has_unclaimed()
    }

    // What it was built of, and time.

    /// What brings this loop back from its wait, from any thread.
    #[must_use]
    pub fn notifier(&self) -> &Arc<Notifier> {
        &self.notifier
    }

    /// The bounds it was built with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where it was made.
    #[must_use]
    pub fn made(&self) -> Place {
        self.made
    }

    /// The loop's clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The turn's `now`: the reading of the last wait. It decides what is due.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now.get()
    }

    /// A fresh reading of the clock, not kept. Where readings are
    /// [given](Reactor::give_readings), the next one of them.
    #[must_use]
    pub fn read_clock(&self) -> u64 {
        if self.is_taped.get() { self.taped_reading() } else { self.clock.now() }
    }

    /// The deadline that lies `timeout` after this very moment. `u64::MAX` is never.
    #[must_use]
    pub fn deadline_after(&self, timeout: Duration) -> u64 {
        self.read_clock().saturating_add(nanoseconds(timeout))
    }

    // Who waits for what.

    /// Says whom the loop runs from now on: opaque, 0 for nobody. Its operation budget is full.
    #[inline]
    pub fn set_owner(&self, owner: u64) {
        self.owner.set(owner);
        self.operations_left.set(self.limits.operations_per_poll_max);
    }

    /// Whom the loop runs.
    #[must_use]
    pub fn owner(&self) -> u64 {
        self.owner.get()
    }

    /// Whether [`take_last_place`](Self::take_last_place) has something to give.
    #[inline]
    #[must_use]
    pub fn has_last_place(&self) -> bool {
        self.last_place.get().is_some()
    }

    /// The place of the last leaf that returned Pending, if one did since this was last asked.
    #[inline]
    pub fn take_last_place(&self) -> Option<Place> {
        self.last_place.take()
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        if let Clock::Manual(clock) = &self.clock {
            clock.remove_loop(&Waker::from(Arc::clone(&self.notifier)));
        }
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("made", &self.made)
            .field("now", &self.now.get())
            .field("notifier", &self.notifier)
            .finish_non_exhaustive()
    }
}
