//! `Crew`: the threads of a pool, and the jobs that wait for them.
//!
//! It promises that a job which waits is never left to wait for a job that runs, as long as the
//! pool may have one thread more; and that of many jobs that come at once each calls nobody but the
//! first: one thread is on its way at a time, and whoever arrives and leaves something behind calls
//! the next. The thread that rested last is called first, so that in a lull the others end. Nothing
//! foreign runs under its lock.

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

use super::{JobLine, OffloadError, PoolLimits, PoolReport, job::Job};
use crate::snapshot::Place;

/// What the threads are called. Linux shows fifteen letters.
const THREAD: &str = "glassloop-pool";

/// How much may be left of jobs that were given up, whatever else is in the queue.
const SWEEP_MIN: usize = 64;

/// The threads of one pool.
pub(super) struct Crew {
    made: Place,
    limits: PoolLimits,
    inside: Mutex<Inside>,
    /// Jobs that no thread has come to and nobody has given up. Whoever takes a job's closure
    /// counts it off.
    waiting: AtomicUsize,
    /// A thread has left.
    left: Condvar,
}

#[derive(Default)]
struct Inside {
    /// What waits, and what is left of jobs that were given up meanwhile.
    jobs: VecDeque<Arc<dyn Job>>,
    workers: Slab<Worker>,
    /// Those who have nothing to do, the latest last.
    idle: Vec<(usize, Thread)>,
    /// A worker was called or started, and hasn't looked at the queue yet.
    coming: bool,
    closed: bool,
    /// Threads that have done their last act: the next to leave joins them, or who closes.
    ended: Vec<JoinHandle<()>>,
}

/// A thread of the crew, as the others see it.
#[derive(Default)]
struct Worker {
    /// Until it leaves; a thread may be at work before who started it has come to note it.
    thread: Option<JoinHandle<()>>,
    running: Option<Running>,
    /// It lay idle, and was called.
    called: bool,
    /// It has left before its handle came.
    gone: bool,
}

struct Running {
    job: Arc<dyn Job>,
    since: Instant,
}

/// Who is to come to the queue, as it was decided under the lock and is done without it.
#[must_use]
enum Call {
    Nobody,
    Idle(Thread),
    New(usize),
}

impl Crew {
    pub(super) fn new(limits: PoolLimits, made: Place) -> Arc<Crew> {
        let limits = PoolLimits { threads_max: limits.threads_max.max(1), ..limits };
        Arc::new(Crew {
            made,
            limits,
            inside: Mutex::default(),
            waiting: AtomicUsize::new(0),
            left: Condvar::new(),
        })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
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
    fn make(self: &Arc<Self>, call: Call) {
        match call {
            Call::Nobody => {}
            Call::Idle(thread) => thread.unpark(),
            Call::New(key) => {
                let crew = Arc::clone(self);
                let thread = thread::Builder::new().name(THREAD.to_owned());
                match thread.spawn(move || crew.work(key)) {
                    Ok(thread) => self.started(key, thread),
                    Err(error) => self.could_not_start(key, &error),
                }
            }
        }
    }

    /// There is no thread more. Where there is none at all nobody would ever come.
    fn could_not_start(&self, key: usize, error: &io::Error) {
        let mut inside = self.inside();
        inside.workers.remove(key);
        inside.coming = false;
        let nobody_comes = inside.workers.is_empty();
        let jobs = if nobody_comes { mem::take(&mut inside.jobs) } else { VecDeque::new() };
        drop(inside);
        self.left.notify_all();
        self.refuse(jobs, || {
            OffloadError::NoThread(io::Error::new(error.kind(), error.to_string()))
        });
    }

    /// The life of a thread.
    fn work(self: Arc<Self>, key: usize) {
        self.inside().coming = false;
        let mut done = None;
        while let Some(job) = self.next(key, done.take()) {
            job.run(&self.waiting);
            done = Some(job);
        }
        self.leave(key);
    }

    /// The next job, when there is one. `None`: the thread is to end.
    fn next(self: &Arc<Self>, key: usize, mut done: Option<Arc<dyn Job>>) -> Option<Arc<dyn Job>> {
        let mut inside = self.inside();
        // Not the last handle to it: `done` is, and goes with nothing locked.
        inside.workers[key].running = None;
        loop {
            if let Some(job) = inside.jobs.pop_front() {
                let call = inside.call(self.limits.threads_max);
                let running = Running { job: Arc::clone(&job), since: Instant::now() };
                inside.workers[key].running = Some(running);
                drop(inside);
                self.make(call);
                return Some(job);
            }
            if inside.closed {
                return None;
            }
            inside = self.rest(inside, key, done.take())?;
        }
    }

    /// Lies idle until it is called. `None` if the time is over, or the crew ends.
    fn rest<'a>(
        &'a self,
        mut inside: MutexGuard<'a, Inside>,
        key: usize,
        done: Option<Arc<dyn Job>>,
    ) -> Option<MutexGuard<'a, Inside>> {
        inside.idle.push((key, thread::current()));
        drop(inside);
        drop(done);
        let (began, at_most) = (Instant::now(), Duration::from_millis(self.limits.idle_ms_max));
        loop {
            thread::park_timeout(at_most.saturating_sub(began.elapsed()));
            inside = self.inside();
            if mem::take(&mut inside.workers[key].called) {
                inside.coming = false;
                return Some(inside);
            }
            if inside.closed || began.elapsed() >= at_most {
                inside.idle.retain(|(idle, _)| *idle != key);
                return None;
            }
            drop(inside);
        }
    }

    /// The last act of a thread. It joins those who left before it, of whom little is left.
    fn leave(&self, key: usize) {
        let mut inside = self.inside();
        let ended = mem::take(&mut inside.ended);
        let worker = &mut inside.workers[key];
        match worker.thread.take() {
            Some(thread) => inside.has_left(key, thread),
            None => worker.gone = true,
        }
        drop(inside);
        self.left.notify_all();
        join(ended);
    }

    /// The thread has a handle now.
    fn started(&self, key: usize, thread: JoinHandle<()>) {
        let mut inside = self.inside();
        let worker = &mut inside.workers[key];
        if worker.gone {
            inside.has_left(key, thread);
            drop(inside);
            self.left.notify_all();
        } else {
            worker.thread = Some(thread);
        }
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
        // Who runs nothing finds the queue empty and leaves: that takes nobody's patience.
        while inside.workers.iter().any(|(_, worker)| worker.is_leaving()) {
            inside = self.left.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        let (running, ended) = (inside.running(), mem::take(&mut inside.ended));
        drop(inside);
        join(ended);
        PoolReport { running, refused }
    }

    pub(super) fn running(&self) -> Vec<JobLine> {
        self.inside().running()
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
    fn call(&mut self, threads_max: usize) -> Call {
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

    fn has_left(&mut self, key: usize, thread: JoinHandle<()>) {
        self.workers.remove(key);
        self.ended.push(thread);
    }

    /// The jobs that others than this thread run.
    fn running(&self) -> Vec<JobLine> {
        let others = self.workers.iter().filter(|(_, worker)| !worker.is_this_thread());
        others.filter_map(|(_, worker)| worker.running.as_ref().map(Running::line)).collect()
    }

    fn is_only_this_thread(&self) -> bool {
        self.workers.iter().all(|(_, worker)| worker.is_this_thread())
    }
}

impl Worker {
    fn is_this_thread(&self) -> bool {
        let this = thread::current().id();
        self.thread.as_ref().is_some_and(|thread| thread.thread().id() == this)
    }

    /// Whether it leaves by itself, now that the crew is closed and its queue empty.
    fn is_leaving(&self) -> bool {
        let runs = self.running.as_ref().is_some_and(|running| !running.job.has_run());
        !runs && !self.is_this_thread()
    }
}

impl Running {
    fn line(&self) -> JobLine {
        JobLine { name: self.job.name(), born: self.job.born(), elapsed: self.since.elapsed() }
    }
}

/// Threads that have done their last act.
fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        // What it ran was caught, each job by itself.
        drop(thread.join());
    }
}
