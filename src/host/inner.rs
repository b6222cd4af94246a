//! The inside of a host queue: the jobs, and what is known of who drains them.
//!
//! It promises that no lock is held while anything foreign runs: a job, a kick, a drop.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak, atomic::AtomicUsize},
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use glassloop_executor::{caught, drop_payload, message, quietly};

use super::{
    Drain, Drained, HostError, HostLimits, HostStatistics,
    job::{Job, Ran},
    statistics::Waited,
};

/// Gives a drain to the host.
pub(super) type KickFunction = dyn Fn(Drain) + Send + Sync;

/// What is shared by the handles, the calls and what the host was given.
pub(super) struct Inner {
    pub(super) limits: HostLimits,
    pub(super) kick: Option<Box<KickFunction>>,
    pub(super) inside: Mutex<Inside>,
    /// A job came, or somebody was woken, while the host's thread blocks.
    pub(super) changed: Condvar,
    pub(super) handles: AtomicUsize,
}

#[derive(Default)]
pub(super) struct Inside {
    pub(super) jobs: BTreeMap<u64, Queued>,
    next_key: u64,
    /// The host was asked, and has not come.
    pub(super) kicked: bool,
    pub(super) closed: bool,
    /// The thread that drained last.
    host: Option<ThreadId>,
    pub(super) waited: Waited,
    pub(super) statistics: HostStatistics,
}

pub(super) struct Queued {
    job: Box<dyn Job>,
    pub(super) since: Instant,
    /// It has run a step already.
    pub(super) begun: bool,
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
        self.inside.jobs.insert(key, Queued { job, since: Instant::now(), begun: false });
        let kicks = self.inner.begin_kick(&mut self.inside);
        drop(self.inside);
        self.inner.changed.notify_all();
        if kicks {
            self.inner.kick();
        }
        key
    }
}

impl Inner {
    pub(super) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Whether the host is to be asked now.
    fn begin_kick(&self, inside: &mut Inside) -> bool {
        let kicks = self.kick.is_some() && !inside.kicked && !inside.jobs.is_empty();
        if kicks {
            inside.kicked = true;
            inside.statistics.kicks += 1;
        }
        kicks
    }

    fn kick(self: &Arc<Self>) {
        let Some(kick) = &self.kick else { return };
        let drain = Drain { inner: Some(Arc::clone(self)) };
        // If it panics the drain is dropped on its way, which tells those who wait.
        if let Err(payload) = caught(|| kick(drain)) {
            quietly(|| {
                let what = message(payload.as_ref());
                log::error!("what kicks the host of a queue panicked: {what}");
            });
            drop_payload(payload);
        }
    }

    pub(super) fn drain(self: &Arc<Self>, budget: Duration) -> Drained {
        let began = Instant::now();
        let mut inside = self.inside();
        inside.kicked = false;
        inside.host = Some(thread::current().id());
        inside.statistics.drains += 1;
        serve(self);
        let mut ran = 0;
        let mut go_on = Vec::new();
        while ran == 0 || began.elapsed() < budget {
            let Some((key, queued)) = inside.jobs.pop_first() else { break };
            if !queued.begun {
                inside.waited.add(queued.since.elapsed());
            }
            drop(inside);
            let outcome = queued.job.run();
            inside = self.inside();
            ran += 1;
            let statistics = &mut inside.statistics;
            match outcome {
                Ran::Done => statistics.ran += 1,
                Ran::Panicked => statistics.panicked += 1,
                Ran::Skipped => statistics.cancelled += 1,
                Ran::More(job) => go_on.push((key, Queued { job, begun: true, ..queued })),
            }
        }
        // In their old places: the next drain begins with a step of each.
        inside.jobs.extend(go_on);
        let (kicks, more) = (self.begin_kick(&mut inside), !inside.jobs.is_empty());
        drop(inside);
        if kicks {
            self.kick();
        }
        Drained { ran, more }
    }

    /// Blocks this thread until a job comes or `woken` says so, at most `timeout`.
    pub(super) fn rest(&self, timeout: Duration, woken: impl Fn() -> bool) {
        let inside = self.inside();
        if !inside.jobs.is_empty() || woken() {
            return;
        }
        // A wait that is too long for the platform's clock is a long wait all the same.
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
        self.changed.notify_all();
        count
    }

    pub(super) fn is_host_thread(&self) -> bool {
        self.inside().host == Some(thread::current().id())
    }
}

thread_local! {
    /// The queues that this thread has drained.
    static SERVED: RefCell<Vec<Weak<Inner>>> = const { RefCell::new(Vec::new()) };
}

/// This thread drains that queue: it is its host's.
fn serve(inner: &Arc<Inner>) {
    let weak = Arc::downgrade(inner);
    // A thread that ends may have lost the list already; then it blocks no more either.
    let _ended = SERVED.try_with(|served| {
        let mut served = served.borrow_mut();
        if !served.iter().any(|other| other.ptr_eq(&weak)) {
            served.retain(|other| other.strong_count() > 0);
            served.push(weak);
        }
    });
}

/// Whether this thread is the host's of a queue that is open.
pub(crate) fn serves_a_host() -> bool {
    let served = SERVED.try_with(|served| served.borrow().clone()).unwrap_or_default();
    served.iter().filter_map(Weak::upgrade).any(|inner| !inner.inside().closed)
}
