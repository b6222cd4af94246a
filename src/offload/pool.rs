//! `Pool`: threads for work that blocks, as whoever has such work holds them.

use std::{
    fmt,
    panic::Location,
    sync::Arc,
    time::{Duration, Instant},
};

use glassloop_executor::quietly;

use super::{
    JobLine, Offload, PoolReport,
    crew::Crew,
    job::{Job, job},
};
use crate::{current, snapshot::Place};

/// The bounds of a [`Pool`]. Start from `PoolLimits::default()` and change what you must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// Threads at once. 64: jobs block more than they compute, so there are more of them than
    /// processors; and a thread that blocks takes some 20 KiB.
    pub threads_max: usize,
    /// Jobs that wait for a thread. 1,048,576, of some 230 bytes each and what they capture.
    pub jobs_max: usize,
    /// How long a thread waits for a job before it ends. 5,000.
    pub idle_ms_max: u64,
}

impl Default for PoolLimits {
    fn default() -> PoolLimits {
        PoolLimits { threads_max: 64, jobs_max: 1 << 20, idle_ms_max: 5_000 }
    }
}

/// Threads for work that blocks. Clones are the same pool.
///
/// It grows with what waits, to `threads_max` threads, and shrinks when they have nothing to do. It
/// ends with its last handle: while somebody waits for one of its jobs that one counts, too.
///
/// # Drop
/// The last one waits for threads that have nothing to do, which end at once. Jobs that still run,
/// for nobody, are told to the log and left alone. To wait for them [`close`](Pool::close) it.
///
/// ```
/// use std::{fs, time::Duration};
/// use glassloop::Pool;
///
/// let disk = Pool::new(2);
/// glassloop::run(async move {
///     let texts = ["Cargo.toml", "no such file"].map(|path| disk.offload(move || fs::read(path)));
///     let [found, missing] = texts;
///     assert!(found.await.unwrap().is_ok());
///     assert!(missing.await.unwrap().is_err());
///     assert!(disk.close(Duration::from_secs(1)).is_clean());
/// })?;
/// # Ok::<(), glassloop::RunError>(())
/// ```
#[derive(Clone)]
pub struct Pool(Arc<Handle>);

/// What all handles of a pool hold. Its threads hold the crew alone.
struct Handle {
    crew: Arc<Crew>,
}

impl Pool {
    /// A pool of at most so many threads, none of which has started. A pool of 0 has 1.
    #[track_caller]
    #[must_use]
    pub fn new(threads_max: usize) -> Pool {
        Pool::with_limits(PoolLimits { threads_max, ..PoolLimits::default() })
    }

    /// A pool with these bounds.
    ///
    /// ```
    /// use glassloop::{Pool, PoolLimits};
    ///
    /// let limits = PoolLimits { threads_max: 2, idle_ms_max: 100, ..PoolLimits::default() };
    /// let disk = Pool::with_limits(limits);
    /// assert_eq!((disk.limits(), disk.threads(), disk.idle(), disk.queued()), (&limits, 0, 0, 0));
    /// assert!(disk.running().is_empty());
    /// ```
    #[track_caller]
    #[must_use]
    pub fn with_limits(limits: PoolLimits) -> Pool {
        Pool::made_at(limits, Location::caller())
    }

    pub(crate) fn made_at(limits: PoolLimits, made: Place) -> Pool {
        Pool(Arc::new(Handle { crew: Crew::new(limits, made) }))
    }

    /// Has `f` run on a thread of this pool; see [`offload`](crate::offload()). Any thread may ask.
    #[track_caller]
    pub fn offload<F, T>(&self, f: F) -> Offload<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let job: Arc<_> = job(f, Location::caller(), self.0.crew.made());
        if let Err(why) = self.0.crew.submit(job.clone()) {
            job.refuse(why);
        }
        Offload::new(job, self.clone())
    }

    /// Closes the pool: from now on jobs are refused. Those that wait still run, and those that run
    /// end, for at most `deadline`; then what waits is given up with [`OffloadError::Closed`](
    /// crate::OffloadError::Closed), and what still runs is left alone and told.
    ///
    /// The pool's threads have ended when this returns, and what jobs left in their thread-local
    /// values is dropped, however long that takes; but not those that are in the report, and the
    /// one that calls this. It blocks: on a loop's thread give it no time, or the end of the loop.
    pub fn close(&self, deadline: Duration) -> PoolReport {
        self.0.crew.close(deadline)
    }

    /// The jobs that run now.
    #[must_use]
    pub fn running(&self) -> Vec<JobLine> {
        self.0.crew.running()
    }

    /// The same, and the first of those that wait for a thread.
    pub(crate) fn jobs(&self, now: Instant, waiting_max: usize) -> Vec<JobLine> {
        self.0.crew.jobs(now, waiting_max)
    }

    /// How many jobs wait for a thread.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.0.crew.queued()
    }

    /// How many threads it has.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.0.crew.threads()
    }

    /// How many of them have nothing to do.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.0.crew.idle()
    }

    /// The bounds it was made with.
    #[must_use]
    pub fn limits(&self) -> &PoolLimits {
        self.0.crew.limits()
    }

    pub(super) fn give_up(&self, job: &dyn Job) {
        self.0.crew.give_up(job);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let was_closed = self.crew.is_closed();
        let report = self.crew.close(Duration::ZERO);
        // What a close left was in its report.
        if !was_closed && !report.is_clean() {
            let made = self.crew.made();
            quietly(|| log::warn!("the pool made at {made} was dropped without a close; {report}"));
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("threads", &self.threads())
            .field("queued", &self.queued())
            .field("limits", self.limits())
            .finish_non_exhaustive()
    }
}

/// Has `f` run on a thread of the current loop's own pool, and gives its result: for work that
/// would block the loop, of the disk, of a library, of the processor.
///
/// It is queued at once, in order; the pool's first thread starts with its first job. How many
/// there may be says [`Limits::pool`](crate::Limits::pool). The loop doesn't end while it waits for
/// the result; [`close`](crate::EventLoop::close) waits for what still runs, until its deadline,
/// and reports it by name.
///
/// # Errors
/// [`OffloadError`](crate::OffloadError): that it panicked, or was refused.
///
/// # Panics
/// Outside of a loop; a [`Pool`] can be used anywhere.
///
/// ```
/// # glassloop::run(async {
/// let sum = glassloop::offload(|| (1..=1_000_000_u64).sum::<u64>()).named("sum");
/// // ... the loop goes on meanwhile ...
/// assert_eq!(sum.await.unwrap(), 500_000_500_000);
///
/// let error = glassloop::offload(|| -> u32 { panic!("out of paper") }).await.unwrap_err();
/// assert_eq!(error.to_string(), "the job panicked: out of paper");
/// # }).unwrap();
/// ```
#[track_caller]
pub fn offload<F, T>(f: F) -> Offload<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    current::expect("offload").pool().offload(f)
}
