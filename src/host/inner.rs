//! The inside of a host queue: how its jobs are left, drained and ended.
//!
//! It promises that no lock is held while anything foreign runs: a job, a kick, a drop.

use std::{
    cell::RefCell,
    sync::{
        Arc, Condvar, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use glassloop_executor::{caught, drop_payload, message, quietly};

use super::{
    Drain, Drained, HostError,
    job::{Ended, Job},
    ledger::{HostThread, Inside, Ledger, Queued},
};
use crate::snapshot::Place;

/// Gives a drain to the host.
pub(super) type KickFunction = dyn Fn(Drain) + Send + Sync;

/// What is shared by the handles, the calls and what the host was given.
pub(super) struct Inner {
    pub(super) ledger: Arc<Ledger>,
    pub(super) kick: Option<Box<KickFunction>>,
    /// The host's thread, if nobody else may drain.
    pub(super) thread: Option<ThreadId>,
    /// A job came, or somebody was woken, while the host's thread blocks.
    pub(super) changed: Condvar,
    pub(super) handles: AtomicUsize,
}

/// The right to leave one job.
pub(super) struct Admitted<'a> {
    inner: &'a Arc<Inner>,
    inside: MutexGuard<'a, Inside>,
}

impl Admitted<'_> {
    /// Leaves it; `place` is where it was asked for.
    pub(super) fn leave(mut self, job: Box<dyn Job>, place: Place) -> u64 {
        let key = self.inside.next_key;
        self.inside.next_key += 1;
        let queued = Queued { job, place, since: Instant::now(), stepped_in: 0, steps: 0 };
        self.inside.jobs.insert(key, queued);
        let kicks = self.inner.begin_kick(&mut self.inside);
        self.inner.rouse(self.inside);
        if let Some(number) = kicks {
            self.inner.kick(number);
        }
        key
    }
}

impl Inner {
    pub(super) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.ledger.inside()
    }

    /// Something has changed for the host's thread: it is called if it blocks. Telling a condition
    /// of which nobody hears costs a system call, a sixth of a host call.
    pub(super) fn rouse(&self, mut inside: MutexGuard<'_, Inside>) {
        let resting = std::mem::take(&mut inside.resting);
        drop(inside);
        if resting {
            self.changed.notify_all();
        }
    }

    pub(super) fn admit(self: &Arc<Self>) -> Result<Admitted<'_>, HostError> {
        let mut inside = self.inside();
        let why = match (inside.closed, inside.jobs.len() >= self.ledger.limits.jobs_max) {
            (true, _) => HostError::Closed,
            (_, true) => HostError::Full,
            _ => return Ok(Admitted { inner: self, inside }),
        };
        inside.statistics.refused += 1;
        Err(why)
    }

    /// The number of the kick, if the host is to be asked now.
    fn begin_kick(&self, inside: &mut Inside) -> Option<u64> {
        if self.kick.is_none() || inside.kicked.is_some() || inside.jobs.is_empty() {
            return None;
        }
        inside.statistics.kicks += 1;
        inside.kicked = Some(inside.statistics.kicks);
        inside.kicked
    }

    fn kick(self: &Arc<Self>, number: u64) {
        let Some(kick) = &self.kick else { return };
        let drain = Drain::new(self, number);
        // If it panics the drain is dropped on its way, which tells those who wait.
        if let Err(payload) = caught(|| kick(drain)) {
            quietly(|| {
                let what = message(payload.as_ref());
                log::error!("what kicks the host of a queue panicked: {what}");
            });
            drop_payload(payload);
        }
    }

    /// The host has used that kick, or let go of it. False if another one counts by now.
    pub(super) fn end_kick(&self, number: u64) -> bool {
        self.inside().kicked.take_if(|kicked| *kicked == number).is_some()
    }

    /// Runs jobs for about as long as `budget`, one in any case, or until `enough` says so.
    pub(super) fn drain(self: &Arc<Self>, budget: Duration, enough: impl Fn() -> bool) -> Drained {
        let began = Instant::now();
        if self.is_wrong_thread() {
            quietly(|| log::error!("a host queue is drained on a thread that isn't its host's"));
            return Drained { ran: 0, more: !self.inside().jobs.is_empty() };
        }
        self.serve();
        let this = HostThread::this();
        let mut inside = self.inside();
        if inside.depth > 0 && !inside.is_host(this.id) {
            // Another thread is at it: jobs run one after the other.
            return Drained { ran: 0, more: true };
        }
        let number = inside.begin_drain(&this);
        let (mut ran, mut now) = (0, began);
        while ran == 0 || (now - began < budget && !enough()) {
            // A step that a drain within this one ran counts as well.
            let Some((key, queued)) = inside.begin_job(number, now) else { break };
            drop(inside);
            let more = queued.job.run(&Tally(&self.ledger));
            ran += 1;
            // One reading serves the budget and the next job's wait.
            now = Instant::now();
            inside = self.inside();
            inside.running.pop();
            if let Some(job) = more {
                let steps = queued.steps.saturating_add(1);
                let queued = Queued { job, since: now, stepped_in: number, steps, ..queued };
                put_back(inside, key, queued);
                inside = self.inside();
            }
        }
        inside.depth -= 1;
        let (kicks, more) = (self.begin_kick(&mut inside), !inside.jobs.is_empty());
        self.rouse(inside);
        if let Some(number) = kicks {
            self.kick(number);
        }
        Drained { ran, more }
    }

    /// Blocks this thread until a job comes or `woken` says so, at most `timeout`.
    pub(super) fn rest(&self, timeout: Duration, woken: impl Fn() -> bool) {
        let mut inside = self.inside();
        let drained_elsewhere = inside.depth > 0 && !inside.is_host(thread::current().id());
        if (!inside.jobs.is_empty() && !drained_elsewhere) || woken() {
            return;
        }
        // A wait that is too long for the platform's clock is a long wait all the same.
        inside.resting = true;
        let waited = self.changed.wait_timeout(inside, timeout.min(Duration::from_secs(3600)));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes a job out that is not running, and ends it so. If it isn't there any more nothing
    /// happens.
    pub(super) fn withdraw(&self, key: u64, why: HostError) {
        let mut inside = self.inside();
        let Some(queued) = inside.jobs.remove(&key) else { return };
        match why {
            HostError::TimedOut => inside.statistics.timed_out += 1,
            _ => inside.statistics.cancelled += 1,
        }
        drop(inside);
        // What it captured is anybody's: dropped with no lock held.
        queued.job.refuse(why);
    }

    /// Ends every job that waits. How many that were.
    pub(super) fn refuse_all(&self, why: impl Fn() -> HostError) -> usize {
        let mut inside = self.inside();
        let jobs = std::mem::take(&mut inside.jobs);
        inside.statistics.lost += jobs.len() as u64;
        drop(inside);
        let count = jobs.len();
        jobs.into_values().for_each(|queued| queued.job.refuse(why()));
        self.rouse(self.inside());
        count
    }

    pub(super) fn is_host_thread(&self) -> bool {
        self.inside().is_host(thread::current().id())
    }

    /// Whether somebody else's is the only thread that may drain.
    pub(super) fn is_wrong_thread(&self) -> bool {
        self.thread.is_some_and(|host| host != thread::current().id())
    }

    /// This thread drains the queue, or is to: it is its host's.
    pub(super) fn serve(self: &Arc<Self>) {
        let weak = Arc::downgrade(self);
        // A thread that ends may have lost the list already; then it blocks no more either.
        let _ended = SERVED.try_with(|served| {
            let mut served = served.borrow_mut();
            if !served.iter().any(|other| other.ptr_eq(&weak)) {
                served.retain(|other| other.strong_count() > 0);
                served.push(weak);
            }
        });
    }
}

/// A job has more steps: it keeps its place, unless it has ended meanwhile.
fn put_back(mut inside: MutexGuard<'_, Inside>, key: u64, queued: Queued) {
    let why = if inside.closed {
        inside.statistics.lost += 1;
        HostError::Closed
    } else if queued.job.is_cancelled() {
        inside.statistics.cancelled += 1;
        HostError::Cancelled
    } else {
        queued.job.pause();
        inside.jobs.insert(key, queued);
        return;
    };
    drop(inside);
    queued.job.refuse(why);
}

/// Counts what becomes of a job, before anybody hears of it.
pub(super) struct Tally<'a>(&'a Ledger);

impl Tally<'_> {
    pub(super) fn count(&self, ended: Ended) {
        self.0.ended[ended as usize].fetch_add(1, Ordering::Relaxed);
    }
}

thread_local! {
    /// The queues whose host's thread this is, or was.
    static SERVED: RefCell<Vec<Weak<Inner>>> = const { RefCell::new(Vec::new()) };
}

/// Whether this thread is the host's of a queue that is open.
pub(crate) fn serves_a_host() -> bool {
    let served = SERVED.try_with(|served| served.borrow().clone()).unwrap_or_default();
    let serves = |inner: &Arc<Inner>| inner.is_host_thread() && !inner.inside().closed;
    served.iter().filter_map(Weak::upgrade).any(|inner| serves(&inner))
}
