//! `HostQueueLine`: a host queue as data, for whoever looks at it.
//!
//! It is read by the thread that asks, and waits for no job: none runs under a queue's lock. It
//! keeps nothing alive.

use std::{sync::Arc, time::Duration};

use super::{
    HostLimits, HostStatistics,
    ledger::{Ledger, Queued, Running},
};
use crate::{registry::Registry, snapshot::Place};

/// Every queue whose ledger lives.
pub(super) static QUEUES: Registry<Ledger> = Registry::new();

/// A host queue as it stood when [`host_queues`] was asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HostQueueLine {
    /// The how many-th host queue of the process this is, counted from 1. Never used again.
    pub number: u64,
    /// Where it was made.
    pub made: Place,
    /// The host's thread, its name, or its number where it has none: [the only one](
    /// crate::HostQueueBuilder::for_this_thread) that may drain, or else the one that drained last.
    pub thread: Option<String>,
    /// The operating system's number of that thread, where it has one to give: on Linux and
    /// Android, with feature `os-time`. The thread may have ended since, and its number be another
    /// one's by now.
    pub thread_id: Option<u32>,
    /// It takes no more jobs.
    pub closed: bool,
    /// How much it holds, and how patient those who wait are.
    pub limits: HostLimits,
    /// The job that is first in line, and for how long it has waited: since it was asked for, or
    /// since its last step.
    pub next: Option<HostJobLine>,
    /// What runs now, and for how long. A job within the drain of another comes after it. Who has
    /// just got a result may still see its job here.
    pub running: Vec<HostJobLine>,
    /// How many jobs wait, how long the oldest has, and what became of those before.
    pub statistics: HostStatistics,
}

/// A job of a host queue, waiting or running.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostJobLine {
    /// Where it was asked for.
    pub asked: Place,
    /// Which step of it waits or runs, counted from 1, if it is [in steps](
    /// crate::HostQueue::call_chunked).
    pub step: Option<u32>,
    /// How long it has waited, or run.
    pub elapsed: Duration,
}

/// Every host queue of this process, oldest first, as it stands. Any thread may ask, at any time:
/// it waits for nothing, least of all for a job that runs.
///
/// A queue is here from when it is made until its last handle is dropped, or as long as a job of it
/// runs then.
///
/// ```
/// use std::time::Duration;
/// use glassloop::HostQueue;
///
/// let host = HostQueue::new();
/// host.defer(|| ()).unwrap();
/// for line in glassloop::host_queues() {
///     assert!(line.running.is_empty(), "nobody has drained it");
///     let waits = line.next.expect("a job waits");
///     println!("{} has waited for {:?}", waits.asked, waits.elapsed);
/// }
///
/// // While a job runs, whoever looks sees where that one was asked for.
/// let look = || glassloop::host_queues().into_iter().flat_map(|line| line.running).collect();
/// let seen = host.call(look);
/// host.drain(Duration::from_secs(1));
/// let running: Vec<glassloop::HostJobLine> = host.block_on(seen, Duration::from_secs(1))??;
/// assert_eq!(running.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn host_queues() -> Vec<HostQueueLine> {
    QUEUES.live().iter().filter_map(line).collect()
}

/// What a queue is at. `None` if it has ended.
fn line(ledger: &Arc<Ledger>) -> Option<HostQueueLine> {
    let inside = ledger.inside();
    if inside.ended && inside.running.is_empty() {
        return None;
    }
    Some(HostQueueLine {
        number: ledger.number,
        made: ledger.made,
        thread: inside.host.as_ref().map(|host| host.name.clone()),
        thread_id: inside.host.as_ref().and_then(|host| host.os_id),
        closed: inside.closed,
        limits: ledger.limits,
        next: inside.jobs.values().next().map(waiting),
        running: inside.running.iter().map(running).collect(),
        statistics: ledger.statistics(&inside),
    })
}

fn waiting(queued: &Queued) -> HostJobLine {
    HostJobLine { asked: queued.place, step: queued.step(), elapsed: queued.since.elapsed() }
}

fn running(running: &Running) -> HostJobLine {
    let Running { place, since, step } = *running;
    HostJobLine { asked: place, step, elapsed: since.elapsed() }
}
