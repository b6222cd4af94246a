//! Rows: what a snapshot holds, as JSON.
//!
//! It turns each thing into one object and decides nothing; what is not known is `null`. Times are
//! in nanoseconds, places `file:line` with `/` on every system.

use std::{panic::Location, path::MAIN_SEPARATOR};

use glassloop::{
    Cause, Histogram, Interest, JobLine, QueueLine, RecordedLine, Snapshot, SourceLine, TaskId,
    TaskLine, TaskTimes, TimerLine, WaitLine, WaitsOn,
};
use serde_json::{Value, json};

use crate::names::Names;

/// How much is told of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    Whole,
    /// Without their histograms' buckets, which are most of it.
    Brief,
    /// One alone, whole, and what it waits for.
    Alone(TaskId),
}

impl Detail {
    pub(crate) fn tells_of(self, task: TaskId) -> bool {
        match self {
            Detail::Whole | Detail::Brief => true,
            Detail::Alone(alone) => task == alone,
        }
    }

    /// How many of the last lines of the log are told.
    pub(crate) fn log_lines_max(self) -> usize {
        if matches!(self, Detail::Brief) { 20 } else { usize::MAX }
    }

    pub(crate) fn tells_of_job(self, job: &JobLine) -> bool {
        match self {
            Detail::Whole | Detail::Brief => true,
            Detail::Alone(alone) => job.awaited_by == Some(alone),
        }
    }

    pub(crate) fn tells_of_source(self, source: &SourceLine) -> bool {
        match self {
            Detail::Whole | Detail::Brief => true,
            Detail::Alone(alone) => source.waiters.iter().any(|(task, _)| *task == alone),
        }
    }
}

/// A place in the program's source.
pub(crate) fn place(place: &Location<'_>) -> String {
    let file = place.file();
    let line = place.line();
    if MAIN_SEPARATOR == '/' {
        format!("{file}:{line}")
    } else {
        format!("{}:{line}", file.replace(MAIN_SEPARATOR, "/"))
    }
}

fn place_or_null(known: Option<&'static Location<'static>>) -> Value {
    known.map_or(Value::Null, |known| place(known).into())
}

/// A task's id, or `null` for nobody.
pub(crate) fn task_id(id: TaskId) -> Value {
    if id.is_none() { Value::Null } else { id.to_string().into() }
}

/// How often something took how long.
fn histogram(of: &Histogram, detail: Detail) -> Value {
    let nanos = |percent| of.percentile(percent).map(|time| nanos(time.as_nanos()));
    let mut told = json!({
        "count": of.count(),
        "p50_ns": nanos(50),
        "p99_ns": nanos(99),
        "max_ns": nanos(100),
    });
    if detail != Detail::Brief {
        told["buckets"] = json!(of.buckets());
    }
    told
}

/// A time as it goes out.
pub(crate) fn nanos(nanos: u128) -> u64 {
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

/// A task.
pub(crate) fn task(task: &TaskLine, snapshot: &Snapshot, names: &Names, detail: Detail) -> Value {
    json!({
        "id": task_id(task.id),
        "birth": task.birth,
        "name": task.name,
        "parent": task_id(task.parent),
        "state": task.state.name(),
        "polls": task.polls,
        "wakes": task.wakes,
        "wakers": task.wakers_held,
        "born": place_or_null(task.born),
        "awaits": place_or_null(task.awaits),
        "waits": task.waits.iter().map(wait).collect::<Vec<_>>(),
        "woken_by": task.woken_by.map(|by| names.by(by)),
        "times": task.times.map(|times| self::times(&times, snapshot.now_ns, detail)),
    })
}

fn wait(wait: &WaitLine) -> Value {
    let on = match wait.on {
        WaitsOn::Source(id) => json!({ "kind": "source", "id": id.to_string() }),
        WaitsOn::Timer(at) => json!({ "kind": "timer", "at_ns": (at != u64::MAX).then_some(at) }),
        WaitsOn::Task(id) => json!({ "kind": "task", "id": task_id(id) }),
        WaitsOn::Tasks(count) => json!({ "kind": "tasks", "count": count }),
        WaitsOn::Thread => json!({ "kind": "thread" }),
        WaitsOn::Job(number) => json!({ "kind": "job", "number": number }),
        _ => Value::Null,
    };
    json!({
        "operation": wait.operation,
        "of": wait.of,
        "on": on,
        "at": place_or_null(wait.place),
    })
}

/// Where a task's time went. What is neither busy nor scheduled is idle.
fn times(times: &TaskTimes, now_ns: u64, detail: Detail) -> Value {
    let since = now_ns.saturating_sub(times.since_ns);
    let idle = since.saturating_sub(times.busy_ns).saturating_sub(times.scheduled_ns);
    json!({
        "since_ns": times.since_ns,
        "busy_ns": times.busy_ns,
        "scheduled_ns": times.scheduled_ns,
        "idle_ns": idle,
        "polls": histogram(&times.polls, detail),
        "delays": histogram(&times.delays, detail),
    })
}

/// A source.
pub(crate) fn source(source: &SourceLine) -> Value {
    let waiters = source
        .waiters
        .iter()
        .map(|(task, operation)| json!({ "task": task_id(*task), "operation": operation }));
    json!({
        "id": source.id.to_string(),
        "name": source.name,
        "kind": source.kind,
        "descriptor": source.descriptor,
        "peer": source.peer,
        "interest": match source.interest {
            Interest::Read => "read",
            Interest::Write => "write",
            Interest::Both => "both",
        },
        "readiness": source.readiness,
        "operations": source.operations,
        "in_vain": source.in_vain,
        "waiters": waiters.collect::<Vec<_>>(),
    })
}

/// A timer.
pub(crate) fn timer(timer: &TimerLine) -> Value {
    json!({
        "in_ns": (timer.in_ns != u64::MAX).then_some(timer.in_ns),
        "operation": timer.operation,
        "task": task_id(timer.owner),
        "at": place(timer.place),
    })
}

/// A queue.
pub(crate) fn queue(queue: &QueueLine) -> Value {
    json!({
        "name": queue.name,
        "depth": queue.depth,
        "max": queue.max,
        "age_ns": queue.age_ns,
    })
}

/// A job of a pool, and how long it has run, or waited for a thread.
pub(crate) fn job(job: &JobLine) -> Value {
    json!({
        "number": job.number,
        "name": job.name,
        "state": job.state.name(),
        "for_ns": nanos(job.elapsed.as_nanos()),
        "task": job.awaited_by.map_or(Value::Null, task_id),
        "born": place(job.born),
        "pool": place(job.pool),
    })
}

/// Everything that is counted.
pub(crate) fn counts(snapshot: &Snapshot) -> Value {
    let (executor, reactor) = (&snapshot.executor, &snapshot.reactor);
    let wakes: serde_json::Map<_, _> = Cause::ALL
        .into_iter()
        .zip(executor.wakes)
        .map(|(cause, wakes)| (cause.name().to_owned(), wakes.into()))
        .collect();
    json!({
        "spawned": executor.spawned,
        "polls": executor.polls,
        "finished": executor.finished,
        "panicked": executor.panicked,
        "cancelled": executor.cancelled,
        "callbacks": executor.callbacks,
        "calls": executor.calls,
        "microtasks": executor.microtasks,
        "stale": executor.stale,
        "wakes": wakes,
        "ready_depth_max": executor.ready_depth_max,
        "unhandled": executor.unhandled,
        "waits": reactor.waits,
        "blocked": reactor.blocked,
        "operations": reactor.operations,
        "kernel_operations": reactor.kernel_operations,
        "operations_in_vain": reactor.operations_in_vain,
        "events": reactor.events,
        "stale_events": reactor.stale_events,
        "timers_fired": reactor.timers_fired,
        "wake_calls": reactor.wake_calls,
        "host_wakes": reactor.host_wakes,
    })
}

/// What recording has brought.
pub(crate) fn recorded(recorded: &RecordedLine, detail: Detail) -> Value {
    let times = &recorded.times;
    let elapsed = times.elapsed_ns;
    let busy = elapsed.saturating_sub(times.waited_ns);
    let ended = recorded.ended.iter().filter(|(task, _)| detail.tells_of(task.id));
    let ended = ended.map(|(task, at_ns)| {
        json!({
            "id": task_id(task.id),
            "name": task.name,
            "polls": task.polls,
            "wakes": task.wakes,
            "at_ns": at_ns,
            "born": place_or_null(task.born),
        })
    });
    json!({
        "on": recorded.on,
        "events": recorded.events,
        "times": {
            "since_ns": times.since_ns,
            "elapsed_ns": elapsed,
            "waited_ns": times.waited_ns,
            "utilisation": if elapsed == 0 { 0.0 } else { busy as f64 / elapsed as f64 },
            "polls": histogram(&times.polls, Detail::Whole),
            "delays": histogram(&times.delays, Detail::Whole),
            "lateness": histogram(&times.lateness, Detail::Whole),
            "turns": histogram(&times.turns, Detail::Whole),
        },
        "ended": ended.collect::<Vec<_>>(),
    })
}
