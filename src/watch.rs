//! `Watch`: looking at a loop from another thread, also while it hangs.
//!
//! Everything it gives was written by the loop itself, in atomics or as finished data; the one lock
//! between them is held for an exchange of pointers. It keeps no loop alive. What costs the loop
//! something is a snapshot that it makes because of a watch, about a microsecond for each task and
//! source, and the recording that a watch switches on.

use std::{panic::Location, sync::Arc, time::Duration};

use glassloop_executor::{Executor, Kind, PlaceId, Refused, TaskId};
use glassloop_reactor::{ManualClock, WeakManualClock, nanoseconds};

use crate::{
    LoopName, Seen, Snapshot, StepTo, Stopped, gate::Order, now_record::Now, published::Wish,
    ring::Read, shared::Shared,
};

/// A loop's state as another thread may read it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Watch {
    shared: Arc<Shared>,
}

/// A snapshot that was asked for.
#[derive(Clone, Debug)]
#[must_use = "the answer is to be waited for"]
pub struct Asked {
    shared: Arc<Shared>,
    begun: u64,
}

impl Asked {
    /// The snapshot, once the loop has made it, or the last one when `timeout` is over. As
    /// [`Watch::look`], it doesn't wait on the loop's own thread.
    #[must_use]
    pub fn wait(&self, timeout: Duration) -> Option<Seen> {
        let timeout = if self.shared.is_loop_thread() { Duration::ZERO } else { timeout };
        self.shared.published.wait(self.begun, timeout)
    }
}

impl Watch {
    pub(crate) fn new(shared: Arc<Shared>) -> Watch {
        Watch { shared }
    }

    /// Which loop this is.
    #[must_use]
    pub fn name(&self) -> &LoopName {
        &self.shared.name
    }

    /// What the loop runs at this moment.
    #[must_use]
    pub fn now(&self) -> Now {
        self.shared.now.read()
    }

    /// Where the task that runs now was spawned, and where it last waited; or where the callback
    /// or the deferred call that runs now was asked for.
    #[must_use]
    pub fn places(&self) -> [Option<&'static Location<'static>>; 2] {
        let (item, sites) = (self.now().item, &self.shared.sites);
        let (made, awaits) = match item.kind() {
            Kind::Task => (sites.born(item.index()), sites.awaits(item.index())),
            Kind::Callback => (sites.called(item.generation()), PlaceId::UNKNOWN),
            _ => (item.deferred_at(), PlaceId::UNKNOWN),
        };
        [made.location(), awaits.location()]
    }

    /// The snapshot that the loop published last: because somebody [looked](Watch::look), or
    /// because it was told to [every so often](Watch::snapshot_at_least_every).
    #[must_use]
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.seen().map(|seen| seen.snapshot)
    }

    /// The same, with its age.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        self.shared.published.seen()
    }

    /// Has the loop make a snapshot now, and waits for it, `timeout` at most; if the loop hangs, or
    /// nobody runs it, the last one that it published. A loop that sleeps is woken for it, once.
    ///
    /// On the loop's own thread, which would wait for itself, it gives the last one at once.
    ///
    /// ```
    /// use std::time::Duration;
    /// use glassloop::LoopThread;
    ///
    /// let thread = LoopThread::start("network")?;
    /// let watch = glassloop::loops().pop().expect("a loop");
    /// let seen = watch.look(Duration::from_secs(60)).expect("it answers");
    /// assert!(seen.fresh && seen.age < Duration::from_secs(60));
    /// # drop(thread);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn look(&self, timeout: Duration) -> Option<Seen> {
        self.ask().wait(timeout)
    }

    /// The first half of [`look`](Watch::look): whoever looks at several loops asks them all, and
    /// waits then.
    pub fn ask(&self) -> Asked {
        let shared = Arc::clone(&self.shared);
        let begun = shared.published.ask(|| shared.notifier.notify());
        Asked { shared, begun }
    }

    /// Has the loop publish a snapshot at least this often from now on, as long as turns happen, as
    /// [`snapshot_every`](crate::Builder::snapshot_every) does; but never so often that it takes
    /// more than a twentieth of the loop's time.
    ///
    /// ```
    /// let event_loop = glassloop::EventLoop::new()?;
    /// let watch = event_loop.watch();
    /// watch.snapshot_at_least_every(std::time::Duration::from_secs(1));
    /// event_loop.block_on(async {})?;
    /// assert!(watch.snapshot().is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot_at_least_every(&self, every: Duration) {
        self.shared.published.at_least_every(nanoseconds(every));
    }

    /// Has the loop record, or stop doing so, from its next turn on: see
    /// [`EventLoop::record`](crate::EventLoop::record). A loop that sleeps is woken for it.
    pub fn record(&self, on: bool) {
        self.want(Wish { record: Some(on), ..Wish::default() });
    }

    /// Has the loop look for faults, or stop doing so, from its next turn on: see
    /// [`EventLoop::lint`](crate::EventLoop::lint). A loop that sleeps is woken for it.
    pub fn lint(&self, on: bool) {
        self.want(Wish { lint: Some(on), ..Wish::default() });
    }

    fn want(&self, wish: Wish) {
        self.shared.published.want(wish, || self.shared.notifier.notify());
    }

    /// Has the loop abort a task in its next turn, as [`JoinHandle::abort`](crate::JoinHandle)
    /// does: its future is dropped, whoever joins it hears that it was cancelled. A task that is
    /// gone by then is left alone.
    ///
    /// ```
    /// use glassloop::{EventLoop, JoinError};
    ///
    /// let event_loop = EventLoop::new()?;
    /// let task = event_loop.spawn(std::future::pending::<()>());
    /// let (watch, id) = (event_loop.watch(), task.id());
    /// std::thread::spawn(move || watch.abort(id)).join().unwrap()?;
    /// assert!(matches!(event_loop.block_on(task)?, Err(JoinError::Cancelled)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the loop is closed, or takes no more calls.
    #[track_caller]
    pub fn abort(&self, task: TaskId) -> Result<(), Refused<()>> {
        let abort = move || {
            if let Some(executor) = Executor::current() {
                executor.abort(task);
            }
        };
        self.shared.inbox.defer(abort, Location::caller()).map_err(|refused| refused.map(|_| ()))
    }

    /// Stops the loop behind the turn that runs (behind the item, if it goes by steps): it runs
    /// nothing more, whatever is ready and whatever is due, until it is told to
    /// [go on](Watch::resume) or to take a [step](Watch::step). A turn of it returns at once, a
    /// pump has nothing to do, and a clock that jumps stays where it is. What comes in is kept. It
    /// still answers who [looks](Watch::look).
    ///
    /// Whoever ends the loop isn't held up: a [stop](crate::Remote::stop) and a
    /// [close](crate::EventLoop::close) have it go on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use glassloop::{EventLoop, StepTo};
    ///
    /// let event_loop = EventLoop::test();
    /// let watch = event_loop.watch();
    /// for name in ["first", "second"] {
    ///     event_loop.spawn(async move { println!("{name}") }).detach();
    /// }
    /// watch.pause();
    /// event_loop.pump(Duration::from_millis(2))?; // runs nothing
    /// watch.step(StepTo::NextItem);
    /// event_loop.pump(Duration::from_millis(2))?; // prints "first"
    /// let stopped = watch.stopped(Duration::ZERO).expect("it has made its step");
    /// assert_eq!((stopped.turn, stopped.within, stopped.next.is_some()), (1, true, true));
    /// watch.resume();
    /// event_loop.pump(Duration::from_millis(2))?; // prints "second"
    /// # assert!(watch.stopped(Duration::ZERO).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pause(&self) {
        self.shared.order(Order::Stop);
    }

    /// Has a loop that was [stopped](Watch::pause), or goes by steps, go on for good.
    pub fn resume(&self) {
        self.shared.order(Order::Go);
    }

    /// Has the loop go so far and stop there, whether or not it was [stopped](Watch::pause) before.
    /// Its items, their order and what shares a turn are those of a loop that nobody stops, but for
    /// a clock that jumps: it stops at a [time](StepTo::Time) on its way.
    pub fn step(&self, to: StepTo) {
        self.shared.order(Order::Step(to));
    }

    /// Whether the loop was told to stop, or to take a step, and not to go on since.
    ///
    /// ```
    /// let event_loop = glassloop::EventLoop::new()?;
    /// let watch = event_loop.watch();
    /// watch.pause();
    /// assert!(watch.is_stepped() && watch.stopped(std::time::Duration::ZERO).is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn is_stepped(&self) -> bool {
        !self.shared.gate.is_open()
    }

    /// Where the loop stands, once it has done what it was last told; `timeout` is how long that
    /// may take. `None` if it was told to go on, and if it has not come there yet: it hangs, nobody
    /// runs it, or what it is to stop for has not come.
    ///
    /// On the loop's own thread, which would wait for itself, it doesn't wait.
    #[must_use]
    pub fn stopped(&self, timeout: Duration) -> Option<Stopped> {
        let timeout = if self.shared.is_loop_thread() { Duration::ZERO } else { timeout };
        self.shared.gate.wait(timeout)
    }

    /// The clock that the loop is on, if that is a [`ManualClock`]: to be moved, or to flow at
    /// another rate. As long as it is held the loop can't say that its time stands still for good.
    ///
    /// ```
    /// use glassloop::{EventLoop, sleep};
    /// use std::time::Duration;
    ///
    /// let event_loop = EventLoop::test();
    /// let clock = event_loop.watch().manual_clock().expect("a clock that jumps");
    /// clock.set_autojump(false);
    /// clock.set_rate(3_600_000.0); // an hour in a millisecond
    /// event_loop.block_on(async { sleep(Duration::from_secs(3_600)).await })?;
    /// assert!(clock.now() >= 3_600_000_000_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn manual_clock(&self) -> Option<ManualClock> {
        self.shared.clock.as_ref().and_then(WeakManualClock::upgrade)
    }

    /// Has the loop's [manual clock](Watch::manual_clock) jump to the next deadline, be it a
    /// timer's, a frame's or a script's, when the loop is between two turns, also while it is
    /// [stopped](Watch::pause). Nothing jumps where nothing is to come, nor on another clock.
    ///
    /// ```
    /// use glassloop::{EventLoop, StepTo, sleep};
    /// use std::time::Duration;
    ///
    /// let event_loop = EventLoop::test();
    /// let watch = event_loop.watch();
    /// event_loop.spawn(async { sleep(Duration::from_secs(60)).await }).detach();
    /// watch.step(StepTo::NextTurn);
    /// event_loop.pump(Duration::from_millis(2))?;
    /// watch.jump();
    /// event_loop.pump(Duration::from_millis(2))?;
    /// assert_eq!(watch.manual_clock().map(|clock| clock.now()), Some(60_000_000_000));
    /// assert!(watch.stopped(Duration::ZERO).is_some(), "it is due, and has not fired");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn jump(&self) {
        self.shared.gate.jump(|| self.shared.notifier.notify());
    }

    /// The recorded events from number `from` on; empty when nothing was ever recorded.
    #[must_use]
    pub fn events(&self, from: u64) -> Read {
        self.shared.ring.get().map_or_else(Read::default, |ring| ring.read(from))
    }

    /// How many failures there were so far that nobody handled: they went to
    /// [`on_unhandled`](crate::Builder::on_unhandled).
    ///
    /// ```
    /// let event_loop = glassloop::EventLoop::new()?;
    /// let watch = event_loop.watch();
    /// event_loop.block_on(async { glassloop::spawn(async { panic!("alone") }).detach() })?;
    /// event_loop.run()?;
    /// assert_eq!(watch.unhandled(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn unhandled(&self) -> u64 {
        self.shared.unhandled.get()
    }

    /// Whether the loop has ended: nothing of it runs any more, and no other snapshot comes.
    ///
    /// ```
    /// let event_loop = glassloop::EventLoop::new()?;
    /// let watch = event_loop.watch();
    /// assert!(!watch.has_ended());
    /// event_loop.close(std::time::Duration::ZERO);
    /// assert!(watch.has_ended());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.shared.published.has_ended()
    }

    /// Whether the loop was closed, or is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.inbox.is_closed()
    }
}
