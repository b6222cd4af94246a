//! `Queue`: the jobs that wait for a worker, and who serves them.
//!
//! It promises that a job which waits is served as long as there is an idle worker, or may be one
//! more; and that each is resolved, whatever becomes of the pool. It is of one thread.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    io, mem,
    panic::Location,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::{ProcessPoolLimits, call, error::ProcessError, lane};
use crate::{CancelToken, current, process::Command, waits};

/// How much may be left of jobs that nobody wants, whatever else is in the queue.
const SWEEP_MIN: usize = 64;

/// The jobs of a pool.
pub(super) struct Queue {
    pub(super) command: RefCell<Command>,
    pub(super) limits: ProcessPoolLimits,
    jobs: RefCell<VecDeque<Job>>,
    /// How many of them nobody wants any more.
    unwanted: Cell<usize>,
    /// Tasks that serve a worker each, or start one.
    lanes: Cell<usize>,
    /// How many there ever were.
    begun: Cell<u64>,
    /// Those whose worker has nothing to do, the latest last: how to call them, until that is done.
    idle: RefCell<Vec<(u64, Option<Waker>)>>,
    /// The workers there are, and whether each has ever answered.
    workers: RefCell<BTreeMap<u32, bool>>,
    /// Cancelled when it is closed.
    pub(super) ended: CancelToken,
    /// A task is being spawned: one that is dropped meanwhile was refused.
    spawning: Cell<bool>,
}

/// A job that waits. Dropped, it resolves: nobody waits for what was lost.
pub(super) struct Job {
    pub(super) cell: Arc<call::Cell>,
    pub(super) arguments: Vec<u8>,
}

impl Job {
    pub(super) fn new(cell: &Arc<call::Cell>, arguments: Vec<u8>) -> Job {
        Job { cell: Arc::clone(cell), arguments }
    }

    fn is_unwanted(&self) -> bool {
        self.cell.unwanted.is_cancelled()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.cell.resolve(Err(ProcessError::Closed(self.cell.name())));
    }
}

impl Queue {
    pub(super) fn new(command: RefCell<Command>, limits: ProcessPoolLimits) -> Queue {
        Queue {
            command,
            limits: ProcessPoolLimits {
                workers_max: limits.workers_max.max(1),
                jobs_max: limits.jobs_max.max(1),
                ..limits
            },
            jobs: RefCell::default(),
            unwanted: Cell::new(0),
            lanes: Cell::new(0),
            begun: Cell::new(0),
            idle: RefCell::default(),
            workers: RefCell::default(),
            ended: CancelToken::new(),
            spawning: Cell::new(false),
        }
    }

    /// Queues a job, or resolves it with why it can't.
    #[track_caller]
    pub(super) fn submit(self: &Rc<Self>, job: Job) {
        if self.ended.is_cancelled() {
            return job.cell.resolve(Err(ProcessError::Closed(job.cell.name())));
        }
        // Those who were called and have not come yet have a job each.
        if self.waiting() >= self.limits.jobs_max + self.called() {
            return job.cell.resolve(Err(ProcessError::Full(job.cell.name())));
        }
        self.jobs.borrow_mut().push_back(job);
        self.call_one();
    }

    /// Has somebody serve what waits: who is idle, or one more.
    #[track_caller]
    pub(super) fn call_one(self: &Rc<Self>) {
        if self.waiting() == 0 || self.ended.is_cancelled() {
            return;
        }
        let idle = self.idle.borrow_mut().iter_mut().rev().find_map(|(_, waker)| waker.take());
        if let Some(idle) = idle {
            return waits::wake(idle);
        }
        if self.lanes.get() < self.limits.workers_max {
            let executor = current::executor("ProcessPool::call");
            let serving = lane::serve(Serving::begin(Rc::clone(self)));
            self.spawning.set(true);
            let place = Location::caller();
            // It serves others, too: the caller's task-local values are none of its business.
            let lane = executor.without_locals(|| Rc::clone(&executor).spawn(serving, place));
            self.spawning.set(false);
            lane.named("process worker").detach();
            if self.lanes.get() == 0 {
                self.refuse_all();
            }
        }
    }

    /// Nobody can be had who would serve: the loop takes no more tasks.
    fn refuse_all(&self) {
        while let Some(job) = self.take() {
            let error = io::Error::other("the loop takes no more tasks: it has `tasks_max`");
            job.cell.resolve(Err(ProcessError::NotStarted(job.cell.name(), error)));
        }
    }

    /// The next job that somebody wants, or leaves a waker for it. `None` when the pool has ended.
    fn poll_next(&self, lane: u64, cx: &Context<'_>) -> Poll<Option<Job>> {
        self.is_busy(lane);
        if self.ended.is_cancelled() {
            return Poll::Ready(None);
        }
        if let Some(job) = self.take() {
            return Poll::Ready(Some(job));
        }
        let waker = cx.waker().clone();
        self.idle.borrow_mut().push((lane, Some(waker)));
        Poll::Pending
    }

    /// How many were called, and have not come for their job yet.
    fn called(&self) -> usize {
        self.idle.borrow().iter().filter(|(_, waker)| waker.is_none()).count()
    }

    /// Who serves there is not to be called: it comes by itself, or never again.
    fn is_busy(&self, lane: u64) {
        let mut idle = self.idle.borrow_mut();
        let place = idle.iter().position(|(other, _)| *other == lane);
        let waker = place.map(|place| idle.remove(place));
        drop(idle);
        drop(waker);
    }

    /// The next job that somebody wants, if one waits.
    pub(super) fn take(&self) -> Option<Job> {
        loop {
            let job = self.jobs.borrow_mut().pop_front()?;
            if !job.is_unwanted() {
                return Some(job);
            }
            self.unwanted.set(self.unwanted.get() - 1);
        }
    }

    /// A job that no worker had begun is wanted no more.
    pub(super) fn note_unwanted(&self) {
        if self.ended.is_cancelled() {
            return;
        }
        self.unwanted.set(self.unwanted.get() + 1);
        let mut jobs = self.jobs.borrow_mut();
        if self.unwanted.get() > jobs.len() / 2 + SWEEP_MIN {
            let all = mem::take(&mut *jobs);
            let (unwanted, wanted): (VecDeque<_>, _) = all.into_iter().partition(Job::is_unwanted);
            *jobs = wanted;
            self.unwanted.set(0);
            drop(jobs);
            drop(unwanted);
        }
    }

    /// How many jobs wait that somebody wants.
    pub(super) fn waiting(&self) -> usize {
        self.jobs.borrow().len() - self.unwanted.get()
    }

    pub(super) fn workers(&self) -> Vec<u32> {
        self.workers.borrow().keys().copied().collect()
    }

    /// Whether one of them is known to be of use.
    pub(super) fn has_proven(&self) -> bool {
        self.workers.borrow().values().any(|proven| *proven)
    }

    /// A worker is there, as long as what this gives lives.
    pub(super) fn at_work(self: &Rc<Self>, id: u32) -> AtWork {
        self.workers.borrow_mut().insert(id, false);
        AtWork { queue: Rc::clone(self), id }
    }

    /// The pool ends: what waits is resolved, and who serves a worker ends with it.
    pub(super) fn close(&self) {
        self.ended.cancel();
        self.unwanted.set(0);
        let jobs = self.jobs.take();
        let idle = self.idle.take();
        drop(jobs);
        idle.into_iter().filter_map(|(_, waker)| waker).for_each(waits::wake);
    }
}

/// Keeps a worker in the list of its pool.
pub(super) struct AtWork {
    queue: Rc<Queue>,
    id: u32,
}

impl AtWork {
    /// It has answered.
    pub(super) fn proves(&self) {
        self.queue.workers.borrow_mut().insert(self.id, true);
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.queue.workers.borrow_mut().remove(&self.id);
    }
}

/// A task that serves a worker, until dropped. If it never came to its end the loop is ending.
pub(super) struct Serving {
    queue: Rc<Queue>,
    lane: u64,
    is_over: bool,
}

impl Serving {
    fn begin(queue: Rc<Queue>) -> Serving {
        queue.lanes.set(queue.lanes.get() + 1);
        queue.begun.set(queue.begun.get() + 1);
        let lane = queue.begun.get();
        Serving { queue, lane, is_over: false }
    }

    /// The next job that somebody wants, or leaves a waker for it. `None` when the pool has ended.
    pub(super) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Job>> {
        self.queue.poll_next(self.lane, cx)
    }

    pub(super) fn queue(&self) -> &Rc<Queue> {
        &self.queue
    }

    /// Its worker is of no use any more: whoever has a job calls another.
    pub(super) fn is_of_no_use(&self) {
        self.queue.is_busy(self.lane);
        self.queue.call_one();
    }

    /// It couldn't begin, and others are there.
    pub(super) fn end_for_good(mut self) {
        self.is_over = true;
    }

    /// Its worker is gone. If jobs wait, another takes its place.
    pub(super) fn end(mut self) {
        self.is_over = true;
        let queue = Rc::clone(&self.queue);
        drop(self);
        queue.call_one();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.queue.lanes.set(self.queue.lanes.get() - 1);
        self.queue.is_busy(self.lane);
        if !self.is_over && !self.queue.spawning.get() {
            self.queue.close();
        }
    }
}
