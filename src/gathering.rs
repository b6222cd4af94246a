//! How a snapshot is gathered: who waits for what, from every table of a loop that knows.
//!
//! It reads the tables and polls nobody. No code but ours runs meanwhile.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use glassloop_executor::{TaskId, TaskView};
use glassloop_reactor::{SourceView, TimerView};

use crate::{
    JobLine, QueueLine, RecordedLine, Snapshot, SourceLine, TaskLine, TimerLine, WaitLine, WaitsOn,
    core::Core, ring::Ring, snapshot_table::due, waits::NotedWait,
};

impl Snapshot {
    pub(crate) fn of(core: &Core) -> Snapshot {
        // The turn's `now` of a loop that stands may be hours ago.
        let stands = core.standing.stands();
        let now_ns = if stands { core.read_aside() } else { core.reactor.now() };
        // One reading for all jobs: they are put in order by it.
        let now = Instant::now();
        let noted = core.waits.notes(now);
        let tasks = lines_of_tasks(core, usize::MAX, &noted);
        Snapshot {
            name: core.shared.name.clone(),
            made: core.made,
            turn: core.turns.get(),
            now_ns,
            tasks,
            sources: sources(core),
            timers: timers(core, now_ns),
            queues: queues(core),
            jobs: jobs(core, now, noted),
            executor: core.executor.counts(),
            reactor: core.reactor.counts(),
            looks: core.shared.published.looks(),
            stopped: core.shared.gate.stopped(),
            recorded: recorded(core),
            lint: core.lint_line(),
            log: core.last_recorder().map(|recorder| recorder.log.last()).unwrap_or_default(),
        }
    }
}

/// The first tasks of a loop, at most so many, each with what it waits for.
pub(crate) fn task_lines(core: &Core, max: usize) -> Vec<TaskLine> {
    lines_of_tasks(core, max, &core.waits.notes(Instant::now()))
}

fn lines_of_tasks(core: &Core, max: usize, noted: &[NotedWait]) -> Vec<TaskLine> {
    let mut waits = waits_by_owner(core, noted);
    let line = |task: TaskView| {
        let waits = waits.remove(&task.id).unwrap_or_default();
        let times = core.last_recorder().and_then(|recorder| recorder.of(task.id));
        TaskLine {
            waits,
            woken_by: times.and_then(|(_, by)| by),
            times: times.map(|(times, _)| times),
            ..task_line(task)
        }
    };
    core.executor.tasks_up_to(max).into_iter().map(line).collect()
}

fn task_line(task: TaskView) -> TaskLine {
    TaskLine {
        id: task.id,
        birth: task.birth,
        name: task.name,
        parent: task.parent,
        state: task.state,
        polls: task.polls,
        wakes: task.wakes,
        wakers_held: task.wakers_held,
        born: task.born.location(),
        awaits: task.awaits.location(),
        waits: Vec::new(),
        woken_by: None,
        times: None,
    }
}

fn recorded(core: &Core) -> Option<RecordedLine> {
    let recorder = core.last_recorder()?;
    let ended = recorder.ended().into_iter().map(|(task, at_ns)| (task_line(task), at_ns));
    Some(RecordedLine {
        on: core.recording.get(),
        events: core.shared.ring.get().map_or(0, Ring::written),
        times: recorder.of_loop(core.reactor.now()),
        ended: ended.collect(),
    })
}

/// Who waits for what.
pub(crate) fn who_waits(core: &Core) -> HashMap<TaskId, Vec<WaitLine>> {
    waits_by_owner(core, &core.waits.notes(Instant::now()))
}

/// What one task waits for.
pub(crate) fn waits_of(core: &Core, task: TaskId) -> Vec<WaitLine> {
    who_waits(core).remove(&task).unwrap_or_default()
}

/// The tasks of a scope that are named one by one; the others are counted.
const MEMBERS_SHOWN: usize = 16;

/// Who waits for what, gathered from every table that knows.
fn waits_by_owner(core: &Core, noted: &[NotedWait]) -> HashMap<TaskId, Vec<WaitLine>> {
    let mut waits: HashMap<TaskId, Vec<WaitLine>> = HashMap::new();
    let mut add = |owner: TaskId, operation, (of, on), place| {
        waits.entry(owner).or_default().push(WaitLine { operation, of, on, place });
    };
    for source in core.reactor.sources() {
        for waiter in &source.waiters {
            let owner = Core::owner_of(waiter.owner);
            let of = (source_name(&source), WaitsOn::Source(source.id));
            add(owner, waiter.operation, of, Some(waiter.place));
        }
    }
    for lookup in core.reactor.lookups() {
        let of = (format!("name `{}`", lookup.host), WaitsOn::Thread);
        add(Core::owner_of(lookup.owner), "lookup", of, Some(lookup.place));
    }
    for timer in sorted_timers(core) {
        let of = (format!("timer {}", due(timer.at, core.reactor.now())), WaitsOn::Timer(timer.at));
        add(Core::owner_of(timer.owner), timer.operation, of, Some(timer.place));
    }
    for task in core.executor.tasks() {
        let Some((owner, place)) = task.joined_by else { continue };
        let of = (format!("task {} `{}`", task.id, task.name), WaitsOn::Task(task.id));
        add(owner, "join", of, place.location());
    }
    for scope in core.executor.waiting_scopes() {
        let (shown, more) = scope.members.split_at(scope.members.len().min(MEMBERS_SHOWN));
        for member in shown {
            let name = core.executor.task_name(*member).unwrap_or_default();
            let of = (format!("task {member} `{name}`"), WaitsOn::Task(*member));
            add(scope.owner, "scope", of, scope.place.location());
        }
        if !more.is_empty() {
            let of = (format!("{} tasks more", more.len()), WaitsOn::Tasks(more.len()));
            add(scope.owner, "scope", of, scope.place.location());
        }
    }
    for NotedWait { note, of, on, .. } in noted {
        add(note.owner, note.operation, (of.clone(), *on), note.place.location());
    }
    waits
}

/// So many of the own pool's queue are named, whoever awaits them; the others are counted by it.
const JOBS_QUEUED_SHOWN: usize = 64;

/// The jobs of the loop's own pool, and all that its tasks wait for.
///
/// What is awaited was read before, with the waits: a job goes on while we look, and a line of it
/// that was read again would belie what its wait says, or, once it is over, miss who awaits it.
fn jobs(core: &Core, now: Instant, noted: Vec<NotedWait>) -> Vec<JobLine> {
    let own = core.pool.get().map(|pool| pool.jobs(now, JOBS_QUEUED_SHOWN)).unwrap_or_default();
    let awaited = noted.into_iter().filter_map(|wait| wait.job);
    let all: BTreeMap<u64, JobLine> =
        own.into_iter().chain(awaited).map(|job| (job.number, job)).collect();
    let mut jobs: Vec<JobLine> = all.into_values().collect();
    jobs.sort_by_key(|job| (job.state, Reverse(job.elapsed)));
    jobs
}

fn sorted_timers(core: &Core) -> Vec<TimerView> {
    let mut timers = core.reactor.timer_views();
    timers.sort_by_key(|timer| timer.at);
    timers
}

/// What a source is called: its kind, its number, its peer. Descriptors are left out, so that the
/// same program prints the same table.
pub(crate) fn source_name(source: &SourceView) -> String {
    let name = format!("{} {}", source.kind, source.id.index);
    match &source.peer {
        Some(peer) => format!("{name} {peer}"),
        None => name,
    }
}

fn sources(core: &Core) -> Vec<SourceLine> {
    let line = |source: SourceView| SourceLine {
        id: source.id,
        name: source_name(&source),
        kind: source.kind,
        descriptor: source.descriptor,
        born: source.born,
        peer: source.peer.map(|peer| peer.to_string()),
        interest: source.interest,
        readiness: format!("{:?}", source.readiness),
        operations: source.operations,
        in_vain: source.in_vain,
        waiters: source
            .waiters
            .iter()
            .map(|waiter| (Core::owner_of(waiter.owner), waiter.operation))
            .collect(),
    };
    core.reactor.sources().into_iter().map(line).collect()
}

fn timers(core: &Core, now_ns: u64) -> Vec<TimerLine> {
    let line = |timer: TimerView| TimerLine {
        in_ns: if timer.at == u64::MAX { timer.at } else { timer.at.saturating_sub(now_ns) },
        operation: timer.operation,
        owner: Core::owner_of(timer.owner),
        place: timer.place,
    };
    sorted_timers(core).into_iter().map(line).collect()
}

pub(crate) fn queues(core: &Core) -> Vec<QueueLine> {
    let limits = &core.limits.executor;
    let [ready, callbacks, deferred] = core.queue_depths();
    let ages = core.recorder().map(|recorder| recorder.queue_ages(core.reactor.now()));
    let [ready_age, callbacks_age, deferred_age] = ages.unwrap_or_default();
    let line = |name, depth, max, age_ns| QueueLine { name, depth, max, age_ns };
    let mut queues = vec![
        line("ready", ready, None, ready_age),
        line("callbacks", callbacks, Some(limits.callbacks_max), callbacks_age),
        line("deferred", deferred, Some(limits.deferred_max), deferred_age),
    ];
    let frames = [("render", core.frames.render_len()), ("idle", core.frames.idle_len())];
    let asked = frames.into_iter().filter(|(_, depth)| *depth > 0);
    queues.extend(asked.map(|(name, depth)| line(name, depth, None, None)));
    if let Some(pool) = core.pool.get() {
        queues.push(line("offload", pool.queued(), Some(pool.limits().jobs_max), None));
    }
    queues
}
