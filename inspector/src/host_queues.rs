//! The host queues of the process as they stand, as JSON.
//!
//! They are read, not asked: no host has to come for it, and a job that runs for long is shown
//! while it does. Times are in nanoseconds.

use glassloop::{HostJobLine, HostQueueLine};
use serde_json::{Value, json};

use crate::{rows, thread_state};

/// All of them, oldest first.
pub(crate) fn host_queues() -> Vec<Value> {
    glassloop::host_queues().iter().map(queue).collect()
}

fn queue(queue: &HostQueueLine) -> Value {
    let counts = &queue.statistics;
    // What the host's thread is at matters only when it is waited for.
    let is_waited_for = queue.next.is_some() || !queue.running.is_empty();
    let thread_state = queue.thread_id.filter(|_| is_waited_for).and_then(thread_state::of);
    json!({
        "number": queue.number,
        "made": rows::place(queue.made),
        "thread": queue.thread,
        "thread_id": queue.thread_id,
        "thread_state": thread_state.map(|state| state.to_string()),
        "closed": queue.closed,
        "next": queue.next.as_ref().map(job),
        "running": queue.running.iter().map(job).collect::<Vec<_>>(),
        "queued": counts.queued,
        "max": queue.limits.jobs_max,
        "oldest_wait_ns": rows::nanos(counts.oldest_wait.as_nanos()),
        "waited_p95_ns": rows::nanos(counts.waited_p95.as_nanos()),
        "ran": counts.ran,
        "panicked": counts.panicked,
        "cancelled": counts.cancelled,
        "timed_out": counts.timed_out,
        "slow": counts.slow,
        "lost": counts.lost,
        "refused": counts.refused,
        "kicks": counts.kicks,
        "drains": counts.drains,
    })
}

fn job(job: &HostJobLine) -> Value {
    json!({
        "asked": rows::place(job.asked),
        "step": job.step,
        "for_ns": rows::nanos(job.elapsed.as_nanos()),
    })
}
