//! `EventLoop`: the loop. This file is where the two halves meet.
//!
//! ```text
//! while nothing has ended it {
//!     let events = self.wait()?;    // phase 1, the only one that blocks
//!     self.turn(events)?;           // phases 2 to 8
//! }
//! ```
//!
//! The reactor knows descriptors and time, the executor knows tasks; between them go wakers, and
//! nothing else. A loop lives on one thread. What it promises stands in ARCHITECTURE.md, each
//! promise with its test.

use std::{
    future::Future,
    panic::Location,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use glassloop_executor::{JoinError, JoinHandle};
use glassloop_reactor::Events;

use crate::{
    Builder, CloseReport, Limits, Observer, Offload, Remote, RunError, RunPolicy, Snapshot, Watch,
    core::Core, current, failure::Failure, turn::Turn, waiting::Waiting,
};

/// An event loop: tasks, timers, sockets and calls of other threads, on one thread.
///
/// Dropping it closes it at once: what was left is dropped, and the log says what that was and
/// where it was born. One with nothing left goes in silence. See [`close`](EventLoop::close).
///
/// ```
/// let event_loop = glassloop::EventLoop::new()?;
/// let answer = event_loop.block_on(async {
///     let task = glassloop::spawn(async { 6 * 7 });
///     task.await.unwrap()
/// })?;
/// assert_eq!(answer, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It lives on the thread that made it: to touch it from another one doesn't compile. What other
/// threads have is a [`Remote`].
///
/// ```compile_fail,E0277
/// let event_loop = glassloop::EventLoop::new().unwrap();
/// std::thread::spawn(move || event_loop.call_soon(|| ()).is_ok());
/// ```
#[must_use = "a loop does nothing until it is run"]
pub struct EventLoop {
    pub(crate) core: Rc<Core>,
}

impl EventLoop {
    /// A loop with sockets, the system's clock and the default limits.
    ///
    /// # Errors
    /// When the operating system gives no more descriptors.
    #[track_caller]
    pub fn new() -> std::io::Result<EventLoop> {
        Builder::new().build()
    }

    /// A loop made to measure.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A loop for tests: no descriptors, a clock that jumps to the next deadline whenever nothing
    /// else can happen, and a failure that nobody handles ends the run with
    /// [`RunError::Failed`].
    #[track_caller]
    pub fn test() -> EventLoop {
        Builder::test().build().expect("a loop without descriptors asks the system for nothing")
    }

    /// Phase `wait`: until the operating system, a deadline or another thread has something.
    ///
    /// It doesn't block when anything is ready. The events are plain data for
    /// [`turn`](EventLoop::turn).
    ///
    /// # Errors
    /// [`RunError::Reentrant`] inside a turn of this loop, [`RunError::Closed`] after `close`,
    /// [`RunError::Io`] when the system refuses.
    pub fn wait(&self) -> Result<Events, RunError> {
        self.can_run()?;
        self.core.step_outside();
        let waiting = Waiting::begin(&self.core)?;
        self.core.take_thread_back();
        waiting.wait(None)
    }

    /// Phases `io` to `finish`: one turn, with what [`wait`](EventLoop::wait) brought. A loop that
    /// was [stopped](Watch::pause) keeps that for later, and has run nothing.
    ///
    /// # Errors
    /// [`RunError::Reentrant`] inside a turn of this loop, [`RunError::Closed`] after `close`.
    pub fn turn(&self, events: Events) -> Result<(), RunError> {
        if self.core.heeds_orders() {
            return self.step(events);
        }
        let mut turn = Turn::begin(&self.core, events)?;
        turn.io();
        turn.timers();
        turn.deferred();
        turn.run();
        turn.flush();
        turn.render();
        turn.finish();
        Ok(())
    }

    /// Runs turns until [`stop`](EventLoop::stop) is called, or until nothing is left that could
    /// ever run: no task, callback, timer or reader, and no [`Remote`].
    ///
    /// # Errors
    /// [`RunError::Deadlock`] when tasks wait that nothing can ever wake; and as
    /// [`wait`](EventLoop::wait).
    pub fn run(&self) -> Result<(), RunError> {
        match self.run_while(|| true) {
            Err(RunError::Stopped) => Ok(()),
            ended => ended,
        }
    }

    /// Runs turns until `future` has a result, and gives it. The future is a task like any other.
    ///
    /// A panic of the future goes on here.
    ///
    /// # Errors
    /// As [`run`](EventLoop::run); [`RunError::Stopped`] when `stop` came before the result: the
    /// task then lives on, detached; [`RunError::Refused`] when it was one task too many;
    /// [`RunError::Cancelled`] when somebody aborted it.
    #[track_caller]
    pub fn block_on<F>(&self, future: F) -> Result<F::Output, RunError>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        // Refused before it is spawned: what nobody waits for must not run.
        self.can_run()?;
        // The thread is the loop's from here on: for its own main task the host needs no call.
        self.core.take_thread_back();
        let mut main = self.spawn(future).named("main");
        let ran = self.run_while(|| !main.is_finished());
        match Pin::new(&mut main).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(value)) => ran.map(|()| value),
            Poll::Ready(Err(JoinError::Panicked(panic))) => panic.resume(),
            Poll::Ready(Err(error)) => Err(ran.err().unwrap_or(match error {
                _ if self.core.closed.get() => RunError::Closed,
                JoinError::Refused => RunError::Refused,
                _ => RunError::Cancelled,
            })),
            Poll::Pending => Err(ran.err().unwrap_or(RunError::Stopped)),
        }
    }

    pub(crate) fn can_run(&self) -> Result<(), RunError> {
        let core = &self.core;
        match core.busy.get() || core.running.get() {
            true => Err(RunError::Reentrant),
            false if core.lent.get() => Err(RunError::Guest),
            false => Ok(()),
        }
    }

    /// Turns, for as long as `going` says so and nothing else ends it.
    pub(crate) fn run_while(&self, going: impl Fn() -> bool) -> Result<(), RunError> {
        self.can_run()?;
        let _entered = current::enter(&self.core);
        let _running = Running::begin(&self.core);
        let ended = self.make_turns_to_their_end(going);
        self.core.tell_seed_after(&ended);
        ended
    }

    fn make_turns_to_their_end(&self, going: impl Fn() -> bool) -> Result<(), RunError> {
        let before = self.core.turns.get();
        let ended = self.make_turns(going);
        if self.core.linter().is_none() || self.core.turns.get() == before {
            return ended;
        }
        self.core.look_for_faults();
        // What is found only now ends this run as well, and no other.
        let found = self.take_failure(self.core.outside.is_running());
        match (&ended, found) {
            (Ok(()) | Err(RunError::Stopped | RunError::Deadlock(_)), Some(found)) => Err(found),
            _ => ended,
        }
    }

    fn make_turns(&self, going: impl Fn() -> bool) -> Result<(), RunError> {
        self.core.items_since_poll.set(0);
        while going() || self.core.standing.is_within() {
            let Some(events) = Waiting::begin(&self.core)?.wait_for_work()? else {
                // What failed before this run, in a guest's last turn, is told here.
                return self.look_for_end(self.core.outside.is_running());
            };
            self.turn(events)?;
            self.core.step_outside();
            match self.look_for_end(self.core.outside.is_running()) {
                Err(RunError::Stopped) if !going() => return Ok(()),
                looked => looked?,
            }
        }
        Ok(())
    }

    /// Whether the turn that was just made is to be the last one. If it is nested in a dialog that
    /// somebody opened [`outside`](crate::outside) of a turn it stays so: whoever made that turn is
    /// to end, too.
    pub(crate) fn look_for_end(&self, nested: bool) -> Result<(), RunError> {
        let core = &self.core;
        if core.standing.is_within() {
            // It goes on with its turn first.
            return Ok(());
        }
        if let Some(failure) = self.take_failure(nested) {
            return Err(failure);
        }
        if core.executor.is_stopping() {
            if !nested {
                core.stopped();
            }
            return Err(RunError::Stopped);
        }
        Ok(())
    }

    /// What is to end the run, if anything is. Nested, whoever is around it is to end by it, too.
    fn take_failure(&self, nested: bool) -> Option<RunError> {
        let core = &self.core;
        if !core.failed.replace(core.failed.get() && nested) {
            return None;
        }
        let failure = core.failure.borrow().clone();
        if !nested {
            core.failure.replace(None);
        }
        Some(failure.unwrap_or_else(|| Failure::Unhandled(String::new())).into())
    }

    /// Asks the loop to stop at the end of its turn, or of the next one it makes. It can be run
    /// again afterwards. From another thread: [`Remote::stop`].
    pub fn stop(&self) {
        self.core.stop();
    }

    /// Ends the loop: refuses calls of other threads, runs what was accepted and what is left for
    /// at most `deadline`, then drops the rest on this thread, newest task first.
    ///
    /// What is left of `deadline` is given to jobs that still run on threads of the loop's pool;
    /// see [`offload`](crate::offload()). One that takes longer goes on by itself. Its thread ends
    /// behind it, or with the program.
    ///
    /// The report says what was still alive, where it was born and what it waited for, and names
    /// the jobs that still ran. Afterwards every call on the loop gives `Closed`.
    #[track_caller]
    pub fn close(&self, deadline: Duration) -> CloseReport {
        crate::close::close(self, deadline, Location::caller())
    }

    /// A handle to this loop for other threads.
    #[must_use]
    pub fn remote(&self) -> Remote {
        Remote::new(Arc::clone(&self.core.shared))
    }

    /// A way to look at this loop from another thread, also while it hangs.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch::new(Arc::clone(&self.core.shared))
    }

    /// The loop's state now, as data. Its `Display` is a table.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.core)
    }

    /// Makes this the current loop of the thread while `f` runs: free functions like `spawn` then
    /// mean it.
    pub fn enter<T>(&self, f: impl FnOnce() -> T) -> T {
        let _entered = current::enter(&self.core);
        f()
    }

    /// Spawns a task on this loop. See [`spawn`](crate::spawn).
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Rc::clone(&self.core.executor).spawn(future, Location::caller())
    }

    /// Has work that blocks run on a thread of this loop's pool. See [`offload`](crate::offload()).
    #[track_caller]
    pub fn offload<F, T>(&self, f: F) -> Offload<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.core.pool().offload(f)
    }

    /// Has `observer` told of everything from now on.
    pub fn observe(&self, observer: Rc<dyn Observer>) {
        self.core.observers.add(observer);
        self.core.update_watched();
    }

    /// Takes an observer off again.
    pub fn unobserve(&self, observer: &Rc<dyn Observer>) {
        self.core.observers.remove(observer);
        self.core.update_watched();
    }

    /// Switches the recording of events into the ring on or off; a [`Watch`] reads them. The ring's
    /// memory (see [`Limits::ring_events_max`]) is taken the first time and kept; of each task that
    /// is woken 350 bytes are kept until it ends. Without feature `observe` nothing is recorded.
    pub fn record(&self, on: bool) {
        self.core.record(on);
    }

    /// How much of the ready queue one turn runs.
    #[must_use]
    pub fn policy(&self) -> RunPolicy {
        self.core.policy.get()
    }

    /// Changes how much of the ready queue one turn runs, from the next run phase on.
    pub fn set_policy(&self, policy: RunPolicy) {
        self.core.policy.set(policy);
        // Turns that are run in place have read it already.
        self.core.reactor.add_chore();
    }

    /// The bounds it was made with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.core.limits
    }
}

/// Marks a run under way, until dropped: then the thread is the host's again.
struct Running<'a>(&'a Core);

impl<'a> Running<'a> {
    fn begin(core: &'a Core) -> Running<'a> {
        core.take_thread_back();
        core.running.set(true);
        Running(core)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.set(false);
        self.0.lend();
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        crate::close::dropped(self);
    }
}

impl std::fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLoop")
            .field("made", &format_args!("{}", self.core.made))
            .field("turns", &self.core.turns.get())
            .field("executor", &self.core.executor)
            .finish_non_exhaustive()
    }
}
