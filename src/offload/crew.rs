//! `Crew`: the threads of a pool, and the jobs that wait for them.
//!
//! It promises that a job which waits is never left to wait for a job that runs, as long as the
//! pool may have one thread more; and that of many jobs that come at once only the first calls
//! anybody: one thread is on its way at a time, and whoever arrives and leaves something behind
//! calls the next. The thread that has rested the shortest is called first, so that in a lull the
//! others end. Nothing foreign runs under its lock.

use std::{
    collections::VecDeque,
    io, mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};

use slab::Slab;

use super::{
    JobLine, OffloadError, PoolLimits, PoolReport,
    job::Job,
    worker::{Worker, join},
};
use crate::snapshot::Place;

/// What the threads are called. Linux shows fifteen letters.
const THREAD: &str = "glassloop-pool";

/// How long a close waits for threads that have done their job and are still waking whoever waited.
const WAKING: Duration = Duration::from_secs(1);

/// How often it looks whether they have come to something else.
const LOOK: Duration = Duration::from_millis(1);

/// How much may be left of jobs that were given up, whatever else is in the queue.
const SWEEP_MIN: usize = 64;

/// So many of the queue are looked at for whoever asks what waits: the lock is held meanwhile, and
/// what is left of jobs that were given up may lie before the others.
const LOOKED_AT_MAX: usize = 1_024;

/// The threads of one pool.
pub(super) struct Crew {
    made: Place,
    pub(super) limits: PoolLimits,
    inside: Mutex<Inside>,
    /// Jobs that no thread has come to and nobody has given up. Whoever takes a job's closure
    /// counts it off.
    pub(super) waiting: AtomicUsize,
    /// A thread has left.
    pub(super) left: Condvar,
}

#[derive(Default)]
pub(super) struct Inside {
    /// What waits, and what is left of jobs that were given up meanwhile.
    pub(super) jobs: VecDeque<Arc<dyn Job>>,
    pub(super) workers: Slab<Worker>,
    /// Those who have nothing to do, the latest last.
    pub(super) idle: Vec<(usize, Thread)>,
    /// A worker was called or started, and hasn't looked at the queue yet.
    pub(super) coming: bool,
    pub(super) closed: bool,
    /// Threads that have done their last act: the next to leave joins them, or who closes.
    pub(super) ended: Vec<JoinHandle<()>>,
}

/// Who is to come to the queue, as it was decided under the lock and is done without it.
#[must_use]
pub(super) enum Call {
    Nobody,
    Idle(Thread),
    New(usize),
}

impl Crew {
    pub(super) fn new(limits: PoolLimits, made: Place) -> Arc<Crew> {
        let (threads_max, jobs_max) = (limits.threads_max.max(1), limits.jobs_max.max(1));
        let limits = PoolLimits { threads_max, jobs_max, ..limits };
        Arc::new(Crew {
            made,
            limits,
            inside: Mutex::default(),
            waiting: AtomicUsize::new(0),
            left: Condvar::new(),
        })
    }

    pub(super) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job.
    pub(super) fn submit(self: &Arc<Self>, job: Arc<dyn Job>) -> Result<(), OffloadError> {
        let mut inside = self.inside();
        if inside.closed {
            return Err(OffloadError::Closed);
        }
        if self.waiting.load(Relaxed) >= self.limits.jobs_max {
            return Err(OffloadError::Full);
        }
        self.waiting.fetch_add(1, Relaxed);
        inside.jobs.push_back(job);
        let call = inside.call(self.limits.threads_max);
        drop(inside);
        self.make(call);
        Ok(())
    }

    /// Nobody wants this job any more. If no thread has come to it, it never runs.
    pub(super) fn give_up(&self, job: &dyn Job) {
        if !job.give_up() {
            return;
        }
        let waiting = self.waiting.fetch_sub(1, Relaxed) - 1;
        let mut inside = self.inside();
        // What is left of jobs lies in the queue until it is most of it.
        if inside.jobs.len() > 2 * waiting + SWEEP_MIN {
            let all = mem::take(&mut inside.jobs);
            let (left_over, jobs): (VecDeque<_>, _) =
                all.into_iter().partition(|job| job.is_taken());
            inside.jobs = jobs;
            drop(inside);
            drop(left_over);
        }
    }

    fn refuse(&self, jobs: VecDeque<Arc<dyn Job>>, why: impl Fn() -> OffloadError) -> usize {
        let refused = jobs.into_iter().filter(|job| job.refuse(why())).count();
        self.waiting.fetch_sub(refused, Relaxed);
        refused
    }

    /// Does what was decided under the lock.
    pub(super) fn make(self: &Arc<Self>, mut call: Call) {
        loop {
            call = match call {
                Call::Nobody => return,
                Call::Idle(thread) => return thread.unpark(),
                Call::New(key) => {
                    let crew = Arc::clone(self);
                    let thread = thread::Builder::new().name(THREAD.to_owned());
                    match thread.spawn(move || crew.work(key)) {
                        Ok(thread) => self.started(key, thread),
                        Err(error) => return self.could_not_start(key, &error),
                    }
                }
            };
        }
    }

    /// There is no thread more. Where there is none at all nobody would ever come.
    fn could_not_start(&self, key: usize, error: &io::Error) {
        let mut inside = self.inside();
        inside.workers.remove(key);
        inside.coming = false;
        let nobody_comes = inside.workers.iter().all(|(_, worker)| worker.gone);
        let jobs = if nobody_comes { mem::take(&mut inside.jobs) } else { VecDeque::new() };
        drop(inside);
        self.left.notify_all();
        self.refuse(jobs, || {
            OffloadError::NoThread(io::Error::new(error.kind(), error.to_string()))
        });
    }

    /// See [`Pool::close`](super::Pool::close).
    pub(super) fn close(&self, deadline: Duration) -> PoolReport {
        let began = Instant::now();
        let mut inside = self.inside();
        inside.closed = true;
        for (_, idle) in &inside.idle {
            idle.unpark();
        }
        while !inside.workers.is_empty() && !inside.is_only_this_thread() {
            let left = deadline.saturating_sub(began.elapsed());
            if left.is_zero() {
                break;
            }
            // A wait that is too long for the platform's clock is a long wait all the same.
            let left = left.min(Duration::from_secs(3600));
            inside = self.left.wait_timeout(inside, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let jobs = mem::take(&mut inside.jobs);
        drop(inside);
        let refused = self.refuse(jobs, || OffloadError::Closed);
        inside = self.inside();
        // Who runs nothing finds the queue empty and leaves, at once unless a waker holds it up.
        let began = Instant::now();
        while inside.has_some_that_leave() && began.elapsed() < WAKING {
            inside = self.left.wait_timeout(inside, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        let (running, ended) = (inside.running(), mem::take(&mut inside.ended));
        drop(inside);
        join(ended);
        PoolReport { running, refused }
    }

    pub(super) fn running(&self) -> Vec<JobLine> {
        self.inside().running()
    }

    /// The jobs that run, and the first of those that wait, in their order; fewer if many before
    /// them were given up.
    pub(super) fn jobs(&self, now: Instant, waiting_max: usize) -> Vec<JobLine> {
        let inside = self.inside();
        let taken = inside.workers.iter().filter_map(|(_, worker)| worker.job(now));
        let looked_at = inside.jobs.iter().take(LOOKED_AT_MAX);
        let waiting = looked_at.filter_map(|job| job.line(now)).take(waiting_max);
        taken.chain(waiting).collect()
    }

    pub(super) fn queued(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    pub(super) fn threads(&self) -> usize {
        self.inside().workers.len()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.inside().closed
    }

    pub(super) fn idle(&self) -> usize {
        self.inside().idle.len()
    }

    pub(super) fn limits(&self) -> &PoolLimits {
        &self.limits
    }

    pub(super) fn made(&self) -> Place {
        self.made
    }
}

impl Inside {
    /// Who is to come, now that a job was queued or left behind.
    pub(super) fn call(&mut self, threads_max: usize) -> Call {
        if self.coming || self.jobs.is_empty() {
            return Call::Nobody;
        }
        if let Some((key, thread)) = self.idle.pop() {
            self.workers[key].called = true;
            self.coming = true;
            Call::Idle(thread)
        } else if self.workers.len() < threads_max {
            self.coming = true;
            Call::New(self.workers.insert(Worker::default()))
        } else {
            Call::Nobody
        }
    }

    pub(super) fn has_left(&mut self, key: usize, thread: JoinHandle<()>) {
        self.workers.remove(key);
        self.ended.push(thread);
    }

    /// The jobs that others than this thread run.
    fn running(&self) -> Vec<JobLine> {
        self.workers.iter().filter_map(|(_, worker)| worker.line()).collect()
    }

    fn has_some_that_leave(&self) -> bool {
        self.workers.iter().any(|(_, worker)| worker.is_leaving())
    }

    fn is_only_this_thread(&self) -> bool {
        self.workers.iter().all(|(_, worker)| worker.is_this_thread())
    }
}
