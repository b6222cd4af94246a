//! `HostQueue`: jobs for the host's own thread.
//!
//! It promises that a job runs at most once and on the thread that drains, in the order the jobs
//! came; that no lock is held while anything foreign runs; and that whoever waits for a job is
//! answered even if the host never comes, lets go of what it was given, or has gone.

use std::{
    fmt,
    future::{Future, IntoFuture},
    panic::Location,
    pin::pin,
    sync::{
        Arc, Condvar,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use glassloop_executor::Refused;
use glassloop_reactor::Elapsed;

use super::{
    Chunk, Drain, Drained, HostCall, HostError, HostStatistics, JobContext,
    blocking::Woken,
    cell::Cell,
    inner::{Inner, KickFunction},
    job::{Chunked, Deferred, Job, Once},
    ledger::{HostThread, Ledger},
    line::QUEUES,
};

/// How much a host queue holds, and how patient those who wait are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostLimits {
    /// Jobs that wait; one more is refused. 10,000.
    pub jobs_max: usize,
    /// How long a call waits for the host to come to it, unless it
    /// [says otherwise](HostCall::queue_timeout). 30,000.
    pub queued_ms_max: u64,
    /// How long a call runs before the log is told, unless it [says otherwise](
    /// HostCall::warn_after). 1,000.
    pub running_ms_warned: u64,
}

impl Default for HostLimits {
    fn default() -> HostLimits {
        HostLimits { jobs_max: 10_000, queued_ms_max: 30_000, running_ms_warned: 1_000 }
    }
}

/// Jobs for a host's own thread: what only that thread may do to the host's scene, window or
/// document. Cheap to clone, for any thread; with the last handle the queue is closed (a job that
/// holds one keeps it open).
///
/// A host that has an idle queue of its own (`executeDeferred`, `invokeMethod`, `PostMessage`) is
/// [kicked](HostQueueBuilder::kick): asked to drain. Any host can drain by itself, once a frame or
/// in batch.
///
/// ```
/// use std::{sync::mpsc, time::Duration};
/// use glassloop::{HostQueue, LoopThread};
///
/// // Stands for the host and its main thread, this one.
/// let (post, posted) = mpsc::channel();
/// let host = HostQueue::builder().kick(move |drain| drop(post.send(drain))).build();
///
/// let network = LoopThread::start("network")?;
/// let scene = host.clone();
/// let task = network.spawn(move || async move {
///     // On the loop's thread, which may not touch the scene.
///     scene.call(|| "a sphere").await
/// });
/// posted.recv()?.run(Duration::from_millis(5)); // the host's main thread comes to it
/// let answer = host.block_on(task, Duration::from_secs(5))???; // in time, on both threads
/// assert_eq!(answer, "a sphere");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct HostQueue {
    inner: Arc<Inner>,
}

/// Makes a [`HostQueue`].
#[derive(Default)]
#[must_use = "a builder makes nothing until `build`"]
pub struct HostQueueBuilder {
    limits: HostLimits,
    kick: Option<Box<KickFunction>>,
    thread: Option<Arc<HostThread>>,
}

impl HostQueueBuilder {
    /// Other bounds than the default ones.
    pub fn limits(mut self, limits: HostLimits) -> HostQueueBuilder {
        self.limits = limits;
        self
    }

    /// How the host is asked to drain: `f` gives the [`Drain`] to the host's own queue of idle
    /// work, which runs it on the host's thread. It is called on whatever thread leaves a job, one
    /// kick at a time, and must not block, nor run the drain itself: the jobs would run there.
    pub fn kick(mut self, f: impl Fn(Drain) + Send + Sync + 'static) -> HostQueueBuilder {
        self.kick = Some(Box::new(f));
        self
    }

    /// This thread is the host's, and no other one ever runs a job: what is drained elsewhere is
    /// refused and told to the log, as if the host had let go of it. Without this the host's thread
    /// is the one that drained last.
    ///
    /// ```
    /// use std::{thread, time::Duration};
    /// use glassloop::{HostError, HostQueue};
    ///
    /// let host = HostQueue::builder().for_this_thread().build();
    /// let (mistaken, job) = (host.clone(), host.call(|| 6 * 7));
    /// thread::spawn(move || assert_eq!(mistaken.drain(Duration::ZERO).ran, 0)).join().unwrap();
    /// // Also before the first drain: this wait would never end.
    /// assert!(matches!(job.wait(Duration::from_secs(5)), Err(HostError::WouldDeadlock)));
    /// ```
    pub fn for_this_thread(mut self) -> HostQueueBuilder {
        self.thread = Some(HostThread::this());
        self
    }

    /// The queue. [`host_queues`](crate::host_queues) shows where it was made.
    #[must_use]
    #[track_caller]
    pub fn build(self) -> HostQueue {
        let thread = self.thread.as_ref().map(|thread| thread.id);
        let ledger = Arc::new(Ledger::new(Location::caller(), self.limits, self.thread));
        QUEUES.enter(ledger.number, &ledger);
        let inner = Arc::new(Inner {
            ledger,
            kick: self.kick,
            thread,
            changed: Condvar::new(),
            handles: AtomicUsize::new(1),
        });
        if thread.is_some() {
            inner.serve();
        }
        HostQueue { inner }
    }
}

impl HostQueue {
    /// A queue that nobody is asked to drain: the host comes by itself.
    #[must_use]
    #[track_caller]
    pub fn new() -> HostQueue {
        HostQueue::builder().build()
    }

    /// A queue made to measure.
    pub fn builder() -> HostQueueBuilder {
        HostQueueBuilder::default()
    }

    /// Leaves a job without a result. A panic of it goes to the log; if the host is found to have
    /// gone by then, or goes, it is dropped.
    ///
    /// # Errors
    /// [`Refused`] with the closure: `Closed`, or `Full` when `jobs_max` jobs wait.
    #[track_caller]
    pub fn defer<F>(&self, f: F) -> Result<(), Refused<F>>
    where
        F: FnOnce() + Send + 'static,
    {
        match self.inner.admit() {
            Ok(admitted) => {
                admitted.leave(Box::new(Deferred(f)), Location::caller());
                Ok(())
            }
            Err(HostError::Full) => Err(Refused::Full(f)),
            Err(_) => Err(Refused::Closed(f)),
        }
    }

    /// Has `f` run on the host's thread and gives its result. It always resolves.
    #[track_caller]
    pub fn call<F, T>(&self, f: F) -> HostCall<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.call_with(move |_| f())
    }

    /// As [`call`](HostQueue::call); `f` is told whether anybody still wants its result.
    ///
    /// ```
    /// use std::time::Duration;
    /// use glassloop::HostQueue;
    ///
    /// let host = HostQueue::new();
    /// let render = host.call_with(|job| {
    ///     (0..1_000).take_while(|_line| !job.is_cancelled()).count() // ... render a line ...
    /// });
    /// assert_eq!(host.drain(Duration::from_secs(1)).ran, 1);
    /// assert!(render.is_resolved());
    /// let statistics = host.statistics();
    /// assert_eq!((statistics.ran, statistics.queued), (1, 0));
    /// ```
    #[track_caller]
    pub fn call_with<F, T>(&self, f: F) -> HostCall<T>
    where
        F: FnOnce(&JobContext) -> T + Send + 'static,
        T: Send + 'static,
    {
        let cell = Cell::new();
        let job = Box::new(Once { f, cell: Arc::clone(&cell) });
        self.leave(job, cell, Location::caller())
    }

    /// As [`call`](HostQueue::call), in steps: each drain runs one of them, so that a long export
    /// doesn't freeze the host. It ends between two steps when it is cancelled.
    ///
    /// ```
    /// use std::time::Duration;
    /// use glassloop::{Chunk, HostQueue};
    ///
    /// let host = HostQueue::new();
    /// let mut frame = 0;
    /// let export = host.call_chunked(move |_| {
    ///     frame += 1; // ... export a frame ...
    ///     if frame == 3 { Chunk::Done("exported") } else { Chunk::More }
    /// });
    /// for _frame_of_the_host in 0..3 {
    ///     host.drain(Duration::from_millis(5));
    /// }
    /// assert!(export.is_resolved());
    /// ```
    #[track_caller]
    pub fn call_chunked<F, T>(&self, step: F) -> HostCall<T>
    where
        F: FnMut(&JobContext) -> Chunk<T> + Send + 'static,
        T: Send + 'static,
    {
        let cell = Cell::new();
        let job = Box::new(Chunked { step, cell: Arc::clone(&cell) });
        self.leave(job, cell, Location::caller())
    }

    fn leave<T: Send + 'static>(
        &self,
        job: Box<dyn Job>,
        cell: Arc<Cell<T>>,
        place: &'static Location<'static>,
    ) -> HostCall<T> {
        let key = match self.inner.admit() {
            Ok(admitted) => admitted.leave(job, place),
            Err(why) => {
                // What it captured dies here, on the caller's thread.
                job.refuse(why);
                u64::MAX
            }
        };
        HostCall::new(cell, Arc::clone(&self.inner), key, place)
    }

    /// Runs jobs on this thread, which is the host's, for about as long as `budget`: one in any
    /// case, if one waits. One job is never cut short.
    ///
    /// A job may drain itself, as when it opens a dialog that runs the host's loop. On another
    /// thread than the one that is draining nothing is run.
    pub fn drain(&self, budget: Duration) -> Drained {
        self.inner.drain(budget, || false)
    }

    /// Blocks the host's thread until `future` is ready, at most `timeout`, and drains the queue
    /// meanwhile: what the future waits for may need the host itself. Of a job in steps it runs one
    /// after the other, and nothing of the host's own between them. It runs no loop of this thread:
    /// for what a [guest](crate::Guest) is to do, run its ticks.
    ///
    /// # Errors
    /// [`Elapsed`] when the time is over; the future is dropped then.
    ///
    /// ```
    /// use std::time::Duration;
    /// use glassloop::{HostQueue, LoopThread};
    ///
    /// let (host, network) = (HostQueue::new(), LoopThread::start("network")?);
    /// let scene = host.clone();
    /// let task = network.spawn(move || async move { scene.call(|| 6 * 7).await });
    /// // On the host's main thread; `task.wait` would wait for what only this thread can do.
    /// let answer = host.block_on(task, Duration::from_secs(5))???; // in time, on both threads
    /// assert_eq!(answer, 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn block_on<F>(&self, future: F, timeout: Duration) -> Result<F::Output, Elapsed>
    where
        F: IntoFuture,
    {
        let (began, mut future) = (Instant::now(), pin!(future.into_future()));
        let woken = Woken::new(&self.inner);
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            if woken.take()
                && let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return Ok(value);
            }
            let left = timeout.checked_sub(began.elapsed()).filter(|left| !left.is_zero());
            let left = left.ok_or(Elapsed::new(timeout))?;
            if self.inner.drain(left, || woken.is_set()).ran == 0 {
                self.inner.rest(left, || woken.is_set());
            }
        }
    }

    /// Refuses jobs from now on; every one that waits resolves with [`HostError::Closed`], or is
    /// dropped if it has no result. How many that were. One that runs goes on.
    pub fn close(&self) -> usize {
        self.inner.inside().closed = true;
        self.inner.refuse_all(|| HostError::Closed)
    }

    /// Whether jobs are refused for good.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.inside().closed
    }

    /// How the host has served it so far.
    #[must_use]
    pub fn statistics(&self) -> HostStatistics {
        self.inner.ledger.statistics(&self.inner.inside())
    }
}

impl Clone for HostQueue {
    fn clone(&self) -> HostQueue {
        self.inner.handles.fetch_add(1, Ordering::AcqRel);
        HostQueue { inner: Arc::clone(&self.inner) }
    }
}

impl Drop for HostQueue {
    fn drop(&mut self) {
        if self.inner.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.close();
            self.inner.inside().ended = true;
        }
    }
}

impl Default for HostQueue {
    #[track_caller]
    fn default() -> HostQueue {
        HostQueue::new()
    }
}

impl fmt::Debug for HostQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let statistics = self.statistics();
        f.debug_struct("HostQueue").field("statistics", &statistics).finish_non_exhaustive()
    }
}

impl fmt::Debug for HostQueueBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostQueueBuilder").field("limits", &self.limits).finish_non_exhaustive()
    }
}
