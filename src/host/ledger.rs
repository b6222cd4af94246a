//! The ledger of a host queue: the jobs that wait, what runs, and what is known of who drains them.
//!
//! It is what a reader of another thread looks at. Nothing foreign runs under its lock, so it can
//! be read while a job runs, however long that takes. The last handle to it may be a reader's: by
//! then its queue has ended and no job is left in it, so nothing foreign is dropped there either.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use glassloop_reactor::os_thread_id;

use super::{
    HostLimits, HostStatistics,
    job::{Ended, Job},
    line::QUEUES,
    statistics::Waited,
};
use crate::{registry::thread_name, snapshot::Place};

/// What may be seen of a queue.
pub(super) struct Ledger {
    pub(super) number: u64,
    pub(super) made: Place,
    pub(super) limits: HostLimits,
    pub(super) inside: Mutex<Inside>,
    /// What has become of the jobs that the host came to, by [`Ended`].
    pub(super) ended: [AtomicU64; Ended::KINDS],
}

#[derive(Default)]
pub(super) struct Inside {
    pub(super) jobs: BTreeMap<u64, Queued>,
    pub(super) next_key: u64,
    /// What the host's thread is at, each job within the drain of the one before it.
    pub(super) running: Vec<Running>,
    /// The number of the kick that the host was given and has not used.
    pub(super) kicked: Option<u64>,
    pub(super) closed: bool,
    /// The last handle is gone.
    pub(super) ended: bool,
    /// The only thread that may drain, or else the one that drained last.
    pub(super) host: Option<Arc<HostThread>>,
    /// How many drains are under way there, one within the other.
    pub(super) depth: u32,
    /// The host's thread blocks, and nobody has called it since.
    pub(super) resting: bool,
    pub(super) waited: Waited,
    pub(super) statistics: HostStatistics,
}

/// A job that waits.
pub(super) struct Queued {
    pub(super) job: Box<dyn Job>,
    /// Where it was asked for.
    pub(super) place: Place,
    /// When it was, or when its last step ended.
    pub(super) since: Instant,
    /// The drain that ran its last step, by number; 0 if it has not begun.
    pub(super) stepped_in: u64,
    /// Steps that are done.
    pub(super) steps: u32,
}

impl Queued {
    pub(super) fn has_begun(&self) -> bool {
        self.stepped_in > 0
    }

    /// The step that comes next, counted from 1, of a job in steps.
    pub(super) fn step(&self) -> Option<u32> {
        self.job.is_in_steps().then_some(self.steps.saturating_add(1))
    }
}

/// A job that runs, or a step of it.
#[derive(Clone, Copy)]
pub(super) struct Running {
    pub(super) place: Place,
    pub(super) since: Instant,
    pub(super) step: Option<u32>,
}

/// A thread that drains, or did: it may have ended.
pub(super) struct HostThread {
    pub(super) id: ThreadId,
    /// Its name, or its number where it has none.
    pub(super) name: String,
    /// The operating system's number of it.
    pub(super) os_id: Option<u32>,
}

thread_local! {
    /// What this thread is called. It is asked for once: where threads take turns at a queue, each
    /// turn tells it.
    static THIS: Arc<HostThread> = Arc::new(HostThread::ask());
}

impl HostThread {
    /// This thread. To be called with no lock held.
    pub(super) fn this() -> Arc<HostThread> {
        // A thread that ends may have lost it already.
        THIS.try_with(Arc::clone).unwrap_or_else(|_| Arc::new(HostThread::ask()))
    }

    fn ask() -> HostThread {
        HostThread { id: thread::current().id(), name: thread_name(), os_id: os_thread_id() }
    }
}

impl Ledger {
    pub(super) fn new(made: Place, limits: HostLimits, host: Option<Arc<HostThread>>) -> Ledger {
        Ledger {
            number: QUEUES.number(),
            made,
            limits,
            inside: Mutex::new(Inside { host, ..Inside::default() }),
            ended: Default::default(),
        }
    }

    pub(super) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the host has served it so far.
    pub(super) fn statistics(&self, inside: &Inside) -> HostStatistics {
        let ended = |how: Ended| self.ended[how as usize].load(Ordering::Relaxed);
        let oldest = inside.jobs.values().find(|queued| !queued.has_begun());
        HostStatistics {
            queued: inside.jobs.len(),
            oldest_wait: oldest.map_or(Duration::ZERO, |queued| queued.since.elapsed()),
            waited_p95: inside.waited.p95(),
            ran: ended(Ended::Done),
            panicked: ended(Ended::Panicked),
            cancelled: inside.statistics.cancelled + ended(Ended::Cancelled),
            ..inside.statistics
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        QUEUES.leave(self.number);
    }
}

impl Inside {
    /// Whether this thread is the host's, as far as that is known.
    pub(super) fn is_host(&self, thread: ThreadId) -> bool {
        self.host.as_ref().is_some_and(|host| host.id == thread)
    }

    /// This thread drains.
    pub(super) fn begin_drain(&mut self, this: &Arc<HostThread>) -> u64 {
        if !self.is_host(this.id) {
            self.host = Some(Arc::clone(this));
        }
        self.depth += 1;
        self.statistics.drains += 1;
        self.statistics.drains
    }

    /// Takes out the first job that no drain since this one has come to, and says that it runs.
    /// `now` is a reading of the clock that is there anyway.
    pub(super) fn begin_job(&mut self, drain: u64, now: Instant) -> Option<(u64, Queued)> {
        let (&key, _) = self.jobs.iter().find(|(_, queued)| queued.stepped_in < drain)?;
        let queued = self.jobs.remove(&key)?;
        if !queued.has_begun() {
            self.waited.add(now.saturating_duration_since(queued.since));
        }
        self.running.push(Running { place: queued.place, since: now, step: queued.step() });
        Some((key, queued))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_asks_once_what_it_is_called() {
        let (first, again) = (HostThread::this(), HostThread::this());
        assert!(Arc::ptr_eq(&first, &again));
        let other = thread::Builder::new().name("another".to_owned()).spawn(HostThread::this);
        let other = other.expect("a thread").join().expect("its name");
        assert_eq!((other.name.as_str(), other.id == first.id), ("another", false));
    }
}
