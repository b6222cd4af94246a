//! `Worker`: one thread of a crew, and its life: it takes jobs until there is none, rests, and ends
//! when it has rested for long or the crew is closed.

use std::{
    mem,
    sync::{Arc, LazyLock, MutexGuard},
    thread::{self, JoinHandle, ThreadId},
    time::{Duration, Instant},
};

use super::{
    JobLine, JobState,
    crew::{Call, Crew, Inside},
    job::Job,
};

/// A thread of the crew, as the others see it.
#[derive(Default)]
pub(super) struct Worker {
    /// Until it leaves; a thread may be at work before who started it has come to note it.
    thread: Option<JoinHandle<()>>,
    /// Known as soon as it is at work.
    id: Option<ThreadId>,
    /// What it was given last; it may have run it by now.
    running: Option<Arc<dyn Job>>,
    /// It lay idle, and was called.
    pub(super) called: bool,
    /// It has left before its handle came.
    pub(super) gone: bool,
}

/// A rest in which a thread was called this soon was a short one; behind it the thread stays awake
/// for [`SPIN`] before it sleeps. So one who asks for a job at a time finds a thread that is awake,
/// and one who asks now and then pays for it once.
///
/// COST: measured on two processors of a virtual machine, where to wake one that sleeps takes 20
/// us: a job of 1 us at a time takes 20 us instead of 45, and 24 us of the processors' time instead
/// of 36. With one processor nobody stays awake.
const SHORT_REST: Duration = Duration::from_micros(100);
const SPIN: Duration = Duration::from_micros(50);

/// How often the processor is told to be patient between two looks.
const PAUSES: u32 = 20;

/// Asked once: the answer takes the standard library some files of the system's.
static HAS_SEVERAL_PROCESSORS: LazyLock<bool> =
    LazyLock::new(|| thread::available_parallelism().is_ok_and(|many| many.get() > 1));

impl Crew {
    /// The life of a thread.
    pub(super) fn work(self: Arc<Self>, key: usize) {
        let mut inside = self.inside();
        inside.coming = false;
        inside.workers[key].id = Some(thread::current().id());
        drop(inside);
        let (mut done, mut rested_shortly) = (None, false);
        while let Some(job) = self.next(key, done.take(), &mut rested_shortly) {
            job.run(&self.waiting);
            done = Some(job);
        }
    }

    /// The next job, when there is one. `None`: the thread has left, and is to end.
    fn next(
        self: &Arc<Self>,
        key: usize,
        mut done: Option<Arc<dyn Job>>,
        rested_shortly: &mut bool,
    ) -> Option<Arc<dyn Job>> {
        let mut inside = self.inside();
        // Not the last handle to it: `done` is, and goes with nothing locked.
        inside.workers[key].running = None;
        loop {
            if let Some(job) = inside.jobs.pop_front() {
                let call = inside.call(self.limits.threads_max);
                inside.workers[key].running = Some(Arc::clone(&job));
                drop(inside);
                self.make(call);
                return Some(job);
            }
            if inside.closed {
                self.leave(inside, key);
                return None;
            }
            inside.idle.push((key, thread::current()));
            drop(inside);
            drop(done.take());
            inside = self.rest(key, rested_shortly)?;
        }
    }

    /// Lies idle until it is called, or the crew ends. `None` if the time is over: it has left.
    fn rest(&self, key: usize, rested_shortly: &mut bool) -> Option<MutexGuard<'_, Inside>> {
        let (began, at_most) = (Instant::now(), Duration::from_millis(self.limits.idle_ms_max));
        let mut spins = mem::take(rested_shortly) && *HAS_SEVERAL_PROCESSORS;
        loop {
            let mut inside = self.inside();
            let rested = began.elapsed();
            if mem::take(&mut inside.workers[key].called) {
                inside.coming = false;
                *rested_shortly = rested < SHORT_REST;
                return Some(inside);
            }
            if inside.closed || rested >= at_most {
                inside.idle.retain(|(idle, _)| *idle != key);
                if inside.closed {
                    return Some(inside);
                }
                self.leave(inside, key);
                return None;
            }
            drop(inside);
            spins &= rested < SPIN;
            if spins {
                (0..PAUSES).for_each(|_| std::hint::spin_loop());
                // Whoever is ready on this processor goes first.
                thread::yield_now();
            } else {
                thread::park_timeout(at_most.saturating_sub(rested));
            }
        }
    }

    /// The last act of a thread, under the lock under which it has found nothing to do: who queues
    /// a job finds it resting, or finds its place free. It joins those who left before it.
    fn leave(&self, mut inside: MutexGuard<'_, Inside>, key: usize) {
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

    /// The thread has a handle now. If it has left by then its place is free only here, and whoever
    /// waits for that is told.
    pub(super) fn started(&self, key: usize, thread: JoinHandle<()>) -> Call {
        let mut inside = self.inside();
        let worker = &mut inside.workers[key];
        if !worker.gone {
            worker.thread = Some(thread);
            return Call::Nobody;
        }
        inside.has_left(key, thread);
        let call = inside.call(self.limits.threads_max);
        drop(inside);
        self.left.notify_all();
        call
    }
}

impl Worker {
    pub(super) fn is_this_thread(&self) -> bool {
        self.id == Some(thread::current().id())
    }

    /// The job that it runs or is about to, if that is to be told: not one that was given up, nor
    /// its own.
    pub(super) fn job(&self, now: Instant) -> Option<JobLine> {
        self.running.as_ref().filter(|_| !self.is_this_thread())?.line(now)
    }

    /// The job that it runs.
    pub(super) fn line(&self) -> Option<JobLine> {
        self.job(Instant::now()).filter(|job| job.state == JobState::Running)
    }

    /// Whether it leaves by itself, now that the crew is closed and its queue empty.
    pub(super) fn is_leaving(&self) -> bool {
        !self.is_this_thread() && self.line().is_none()
    }
}

/// Joins threads that have done their last act; not this one, where a thread-local value holds the
/// last handle of its pool.
pub(super) fn join(threads: Vec<JoinHandle<()>>) {
    let this = thread::current().id();
    for thread in threads.into_iter().filter(|thread| thread.thread().id() != this) {
        // What it ran was caught, each job by itself.
        drop(thread.join());
    }
}
