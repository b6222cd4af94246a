//! `LoopThread`: a loop on a thread of its own, as its host holds it.
//!
//! The host's threads leave calls and spawn tasks there, and take the loop down again: `join` waits
//! for as long as it is told, and then says what still runs. Nothing here waits for ever.

use std::{
    fmt,
    future::Future,
    io,
    panic::Location,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use glassloop_executor::{Entry, Panic, Payload, Refused, caught, quietly};
use glassloop_reactor::nanoseconds;

use crate::{Call, CloseReport, EventLoop, Now, Remote, RunError, TaskLine, Watch};

/// What is left on the loop has so long to end by itself, unless somebody says otherwise.
const GRACE: Duration = Duration::from_secs(1);

/// How long a handle that is dropped waits for its thread.
const DROP_WAIT: Duration = Duration::from_secs(1);

/// A loop that runs on a thread of its own, held by its host.
///
/// # Drop
/// As [`join`](LoopThread::join) with a second; if the thread still runs then it is left alone, and
/// the log says what it runs.
///
/// ```
/// use std::time::Duration;
/// use glassloop::{LoopThread, sleep};
///
/// let mut network = LoopThread::start("network")?;
/// let answer = network.spawn(|| async {
///     sleep(Duration::from_millis(5)).await; // on its thread, under its loop
///     6 * 7
/// });
/// // ... the host goes on with its own work, and comes back for the result ...
/// # let mut answer = answer;
/// assert_eq!(answer.wait(Duration::from_secs(5)).unwrap(), 42);
///
/// let report = network.join(Duration::from_secs(5)).unwrap();
/// assert!(report.is_clean());
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "a loop whose handle is dropped is stopped"]
pub struct LoopThread {
    name: String,
    remote: Remote,
    end: Arc<End>,
    thread: Option<thread::JoinHandle<()>>,
    id: ThreadId,
}

/// How the thread ends, and when it has.
#[derive(Default)]
struct End {
    /// Somebody has asked for it.
    asked: AtomicBool,
    /// How long the tasks that are left have to end by themselves, in nanoseconds.
    grace_ns: AtomicU64,
    outcome: Mutex<Option<Outcome>>,
    ended: Condvar,
}

type Outcome = Result<Result<CloseReport, RunError>, Payload>;

/// Why [`LoopThread::join`] has no report.
#[non_exhaustive]
pub enum ThreadError {
    /// The thread had not ended in the time given. Join again if you like.
    StillRuns(Box<StillRuns>),
    /// The loop's run ended in an error; the loop was closed behind it.
    Run(RunError),
    /// The thread panicked, outside of any task or call.
    Panicked(Panic),
    /// A thread that waits for its own end would never come to it.
    WouldDeadlock,
    /// It was joined before.
    Joined,
}

/// What a loop's thread was doing when somebody lost patience with it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StillRuns {
    /// The thread's name.
    pub thread: String,
    /// How long it was waited for.
    pub waited: Duration,
    /// What the loop runs.
    pub now: Now,
    /// Where the task that it runs was spawned, and where that last waited; or where the callback
    /// or the call that it runs was asked for.
    pub places: [Option<&'static Location<'static>>; 2],
    /// The tasks that lived when the loop last [told](crate::Builder::snapshot_every) its state, or
    /// when it began to close.
    pub tasks: Vec<TaskLine>,
}

impl LoopThread {
    /// Starts a thread with a loop of the defaults.
    ///
    /// # Errors
    /// When the operating system gives no thread or no descriptors.
    pub fn start(name: impl Into<String>) -> io::Result<LoopThread> {
        LoopThread::start_with(name, EventLoop::new)
    }

    /// Starts a thread with the loop that `make` makes there: by a [builder](EventLoop::builder),
    /// with observers, with its first tasks spawned.
    ///
    /// # Errors
    /// What `make` says, or that it panicked; that the operating system gives no thread.
    ///
    /// ```
    /// use glassloop::{EventLoop, LoopThread};
    ///
    /// let network = LoopThread::start_with("network", || {
    ///     let event_loop = EventLoop::builder().debug(true).build()?;
    ///     event_loop.spawn(async { println!("the first task") }).named("first").detach();
    ///     Ok(event_loop)
    /// })?;
    /// # drop(network);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn start_with<F>(name: impl Into<String>, make: F) -> io::Result<LoopThread>
    where
        F: FnOnce() -> io::Result<EventLoop> + Send + 'static,
    {
        let name = name.into();
        let end = Arc::new(End::default());
        end.grace_ns.store(nanoseconds(GRACE), Ordering::Relaxed);
        let (told, made) = mpsc::channel();
        let its_end = Arc::clone(&end);
        let thread = thread::Builder::new().name(name.clone()).spawn(move || {
            let ran = caught(|| live(make, &told, &its_end));
            // It was not told if the making failed or panicked, and then nobody joins.
            its_end.tell(ran.map(|ran| ran.unwrap_or_else(|| Ok(CloseReport::default()))));
        })?;
        let id = thread.thread().id();
        match made.recv() {
            Ok(Ok(remote)) => Ok(LoopThread { name, remote, end, thread: Some(thread), id }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::Error::other("what makes the loop of a thread panicked there")),
        }
    }

    /// A handle to the loop for any thread.
    #[must_use]
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// A way to look at the loop, also while it hangs.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.remote.watch()
    }

    /// As [`Remote::defer`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn defer<F>(&self, f: F) -> Result<(), Refused<F>>
    where
        F: FnOnce() + Send + 'static,
    {
        self.remote.defer(f)
    }

    /// As [`Remote::call`].
    #[track_caller]
    pub fn call<F, T>(&self, f: F) -> Call<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.remote.call(f)
    }

    /// As [`Remote::spawn`].
    #[track_caller]
    pub fn spawn<F, U>(&self, f: F) -> Call<U::Output>
    where
        F: FnOnce() -> U + Send + 'static,
        U: Future + 'static,
        U::Output: Send + 'static,
    {
        self.remote.spawn(f)
    }

    /// Asks the loop to end: what it was asked before is done, the tasks that are left have so long
    /// to end by themselves, and then they are aborted. It doesn't wait for any of it.
    ///
    /// A later call can only change the time, and only until the loop takes the first one.
    pub fn stop(&self, grace: Duration) {
        self.end.asked.store(true, Ordering::Relaxed);
        self.end.grace_ns.store(nanoseconds(grace), Ordering::Relaxed);
        self.remote.stop();
    }

    /// Whether the loop has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(thread::JoinHandle::is_finished)
    }

    /// Waits until the thread has ended, at most `timeout`, and gives the report of its loop's
    /// close. If nobody has asked it to [`stop`](LoopThread::stop) this does, with half of the
    /// timeout as its grace.
    ///
    /// On a host's thread let [`HostQueue::block_on`](crate::HostQueue::block_on) wait for what the
    /// loop is still to do, and close the queue: this drains none, so a task that waits for the
    /// host would be aborted when its grace is over.
    ///
    /// # Errors
    /// [`ThreadError::StillRuns`] when the time is over, with the names of what runs; ask again if
    /// you like. [`ThreadError::WouldDeadlock`] on the loop's own thread. What the loop ended in,
    /// if that was no stop.
    pub fn join(&mut self, timeout: Duration) -> Result<CloseReport, ThreadError> {
        if thread::current().id() == self.id {
            return Err(ThreadError::WouldDeadlock);
        }
        let Some(thread) = self.thread.take() else { return Err(ThreadError::Joined) };
        if !self.end.asked.load(Ordering::Relaxed) {
            self.stop(timeout / 2);
        }
        match self.end.wait(timeout) {
            None => {
                self.thread = Some(thread);
                Err(ThreadError::StillRuns(Box::new(self.still_runs(timeout))))
            }
            Some(outcome) => {
                // What is left of it is the end of a thread. Its outcome is the one it has told.
                drop(thread.join());
                outcome
                    .map_err(|payload| ThreadError::Panicked(payload.into()))?
                    .map_err(ThreadError::Run)
            }
        }
    }

    fn still_runs(&self, waited: Duration) -> StillRuns {
        let watch = self.watch();
        let tasks = watch.snapshot().map(|snapshot| snapshot.tasks.clone()).unwrap_or_default();
        let thread = self.name.clone();
        StillRuns { thread, waited, now: watch.now(), places: watch.places(), tasks }
    }
}

/// The life of the loop on its thread. `None` if it was never made.
fn live(
    make: impl FnOnce() -> io::Result<EventLoop>,
    told: &mpsc::Sender<io::Result<Remote>>,
    end: &End,
) -> Option<Result<CloseReport, RunError>> {
    let event_loop = match make() {
        Ok(event_loop) => event_loop,
        Err(error) => {
            told.send(Err(error)).ok();
            return None;
        }
    };
    told.send(Ok(event_loop.remote())).ok()?;
    let ran = event_loop.run();
    // What a close hangs in has a name by then.
    let now_ns = event_loop.core.reactor.now();
    event_loop.core.shared.published.publish(|| now_ns, |_| event_loop.snapshot());
    let report = event_loop.close(Duration::from_nanos(end.grace_ns.load(Ordering::Relaxed)));
    Some(ran.map(|()| report))
}

impl End {
    fn tell(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.ended.notify_all();
    }

    /// The outcome, or nothing if it isn't there in time.
    fn wait(&self, timeout: Duration) -> Option<Outcome> {
        let began = Instant::now();
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        while outcome.is_none() {
            let left = timeout.checked_sub(began.elapsed())?;
            let waited = self.ended.wait_timeout(outcome, left);
            outcome = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        outcome.take()
    }
}

impl Drop for LoopThread {
    fn drop(&mut self) {
        if self.thread.is_none() {
            return;
        }
        if !self.end.asked.load(Ordering::Relaxed) {
            self.stop(DROP_WAIT / 2);
        }
        match self.join(DROP_WAIT) {
            // On its own thread: it ends when this call is over.
            Err(ThreadError::WouldDeadlock) => {}
            Ok(report) if report.is_clean() => {}
            Ok(report) => quietly(|| {
                log::warn!("the loop of thread `{}` was dropped; {report}", self.name);
            }),
            Err(error) => quietly(|| log::warn!("a loop's thread was dropped: {error}")),
        }
    }
}

impl fmt::Debug for LoopThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopThread")
            .field("name", &self.name)
            .field("ended", &self.has_ended())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for StillRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "thread `{}` still runs after {:?}", self.thread, self.waited)?;
        let item = self.now.item;
        match self.now.phase {
            Some(phase) => write!(f, ": turn {}, phase `{}`", self.now.turn, phase.name())?,
            None => f.write_str(": between two turns")?,
        }
        if item != Entry::NOTHING {
            let line = self.tasks.iter().find(|task| item.is_task() && task.id == item.task_id());
            match line {
                Some(task) => write!(f, ", in {task}")?,
                None if item.is_task() => write!(f, ", in task {}", item.task_id())?,
                None => write!(f, ", in {:?}", item.kind())?,
            }
            let made = if item.is_task() { "spawned" } else { "asked for" };
            for (what, place) in [made, "last waited"].iter().zip(self.places) {
                if let Some(place) = place.filter(|_| line.is_none()) {
                    write!(f, ", {what} at {}:{}", place.file(), place.line())?;
                }
            }
        }
        for task in self.tasks.iter().filter(|task| task.is_alive()) {
            write!(f, "\n  {task}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ThreadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ThreadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ThreadError::StillRuns(still_runs) => still_runs.fmt(f),
            ThreadError::Run(error) => write!(f, "the run of the thread's loop failed: {error}"),
            ThreadError::Panicked(panic) => write!(f, "the thread of the loop panicked: {panic}"),
            ThreadError::WouldDeadlock => {
                f.write_str("a thread that waits for its own end would never come to it")
            }
            ThreadError::Joined => f.write_str("the thread of the loop was joined before"),
        }
    }
}

impl std::error::Error for ThreadError {}
