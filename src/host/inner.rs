//! The inside of a host queue: the jobs, and what is known of who drains them.
//!
//! It promises that no lock is held while anything foreign runs: a job, a kick, a drop.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use glassloop_executor::{caught, drop_payload, message, quietly};

use super::{
    Drain, Drained, HostError, HostLimits, HostStatistics,
    job::{Ended, Job},
    statistics::Waited,
};

/// Gives a drain to the host.
pub(super) type KickFunction = dyn Fn(Drain) + Send + Sync;

/// What is shared by the handles, the calls and what the host was given.
pub(super) struct Inner {
    pub(super) limits: HostLimits,
    pub(super) kick: Option<Box<KickFunction>>,
    /// The host's thread, if nobody else may drain.
    pub(super) thread: Option<ThreadId>,
    pub(super) inside: Mutex<Inside>,
    /// A job came, or somebody was woken, while the host's thread blocks.
    pub(super) changed: Condvar,
    pub(super) handles: AtomicUsize,
    /// What has become of the jobs that the host came to, by [`Ended`].
    pub(super) ended: [AtomicU64; Ended::KINDS],
}

#[derive(Default)]
pub(super) struct Inside {
    pub(super) jobs: BTreeMap<u64, Queued>,
    next_key: u64,
    /// The number of the kick that the host was given and has not used.
    kicked: Option<u64>,
    pub(super) closed: bool,
    /// The thread that drained last.
    host: Option<ThreadId>,
    /// How many drains are under way there, one within the other.
    depth: u32,
    /// The host's thread blocks, and nobody has called it since.
    resting: bool,
    pub(super) waited: Waited,
    pub(super) statistics: HostStatistics,
}

pub(super) struct Queued {
    job: Box<dyn Job>,
    pub(super) since: Instant,
    /// The drain that ran its last step, by number; 0 if it has not begun.
    stepped_in: u64,
}

impl Queued {
    pub(super) fn has_begun(&self) -> bool {
        self.stepped_in > 0
    }
}

/// The right to leave one job.
pub(super) struct Admitted<'a> {
    inner: &'a Arc<Inner>,
    inside: MutexGuard<'a, Inside>,
}

impl Admitted<'_> {
    pub(super) fn leave(mut self, job: Box<dyn Job>) -> u64 {
        let key = self.inside.next_key;
        self.inside.next_key += 1;
        self.inside.jobs.insert(key, Queued { job, since: Instant::now(), stepped_in: 0 });
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
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
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
        let why = match (inside.closed, inside.jobs.len() >= self.limits.jobs_max) {
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
        let (began, here) = (Instant::now(), thread::current().id());
        if self.is_wrong_thread() {
            quietly(|| log::error!("a host queue is drained on a thread that isn't its host's"));
            return Drained { ran: 0, more: !self.inside().jobs.is_empty() };
        }
        self.serve();
        let mut inside = self.inside();
        if inside.depth > 0 && inside.host != Some(here) {
            // Another thread is at it: jobs run one after the other.
            return Drained { ran: 0, more: true };
        }
        inside.host = Some(here);
        inside.depth += 1;
        inside.statistics.drains += 1;
        let number = inside.statistics.drains;
        let (mut ran, mut now) = (0, began);
        while ran == 0 || (now - began < budget && !enough()) {
            // A step that a drain within this one ran counts as well.
            let next = inside.jobs.iter().find(|(_, queued)| queued.stepped_in < number);
            let Some((key, queued)) = next.map(|(key, _)| *key).and_then(|key| inside.take(key))
            else {
                break;
            };
            if !queued.has_begun() {
                inside.waited.add(now.saturating_duration_since(queued.since));
            }
            drop(inside);
            let more = queued.job.run(&Tally(self));
            ran += 1;
            // One reading serves the budget and the next job's wait.
            now = Instant::now();
            if let Some(job) = more {
                self.put_back(key, Queued { job, stepped_in: number, ..queued });
            }
            inside = self.inside();
        }
        inside.depth -= 1;
        let (kicks, more) = (self.begin_kick(&mut inside), !inside.jobs.is_empty());
        self.rouse(inside);
        if let Some(number) = kicks {
            self.kick(number);
        }
        Drained { ran, more }
    }

    /// A job has more steps: it keeps its place, unless it has ended meanwhile.
    fn put_back(&self, key: u64, queued: Queued) {
        let mut inside = self.inside();
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

    /// Blocks this thread until a job comes or `woken` says so, at most `timeout`.
    pub(super) fn rest(&self, timeout: Duration, woken: impl Fn() -> bool) {
        let mut inside = self.inside();
        let drained_elsewhere = inside.depth > 0 && inside.host != Some(thread::current().id());
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
        self.thread.or(self.inside().host) == Some(thread::current().id())
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

impl Inside {
    fn take(&mut self, key: u64) -> Option<(u64, Queued)> {
        self.jobs.remove(&key).map(|queued| (key, queued))
    }
}

/// Counts what becomes of a job, before anybody hears of it.
pub(super) struct Tally<'a>(&'a Inner);

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
