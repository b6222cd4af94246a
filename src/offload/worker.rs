//! `Worker`: one thread of a crew, and its life: it takes jobs until there is none, rests, and ends
//! when it has rested for long or the crew is closed.

use std::{
    mem,
    sync::{Arc, LazyLock, MutexGuard},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    JobLine,
    crew::{Crew, Inside},
    job::Job,
};

/// A thread of the crew, as the others see it.
#[derive(Default)]
pub(super) struct Worker {
    /// Until it leaves; a thread may be at work before who started it has come to note it.
    thread: Option<JoinHandle<()>>,
    pub(super) running: Option<Running>,
    /// It lay idle, and was called.
    pub(super) called: bool,
    /// It has left before its handle came.
    gone: bool,
}

pub(super) struct Running {
    job: Arc<dyn Job>,
    since: Instant,
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
        self.inside().coming = false;
        let (mut done, mut rested_shortly) = (None, false);
        while let Some(job) = self.next(key, done.take(), &mut rested_shortly) {
            job.run(&self.waiting);
            done = Some(job);
        }
        self.leave(key);
    }

    /// The next job, when there is one. `None`: the thread is to end.
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
                let running = Running { job: Arc::clone(&job), since: Instant::now() };
                inside.workers[key].running = Some(running);
                drop(inside);
                self.make(call);
                return Some(job);
            }
            if inside.closed {
                return None;
            }
            inside.idle.push((key, thread::current()));
            drop(inside);
            drop(done.take());
            inside = self.rest(key, rested_shortly)?;
        }
    }

    /// Lies idle until it is called. `None` if the time is over, or the crew ends.
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
    pub(super) fn started(&self, key: usize, thread: JoinHandle<()>) {
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
}

impl Worker {
    pub(super) fn is_this_thread(&self) -> bool {
        let this = thread::current().id();
        self.thread.as_ref().is_some_and(|thread| thread.thread().id() == this)
    }

    /// Whether it leaves by itself, now that the crew is closed and its queue empty.
    pub(super) fn is_leaving(&self) -> bool {
        let runs = self.running.as_ref().is_some_and(|running| !running.job.has_run());
        !runs && !self.is_this_thread()
    }
}

impl Running {
    pub(super) fn line(&self) -> JobLine {
        JobLine { name: self.job.name(), born: self.job.born(), elapsed: self.since.elapsed() }
    }
}

/// Threads that have done their last act.
pub(super) fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        // What it ran was caught, each job by itself.
        drop(thread.join());
    }
}
