//! `Snapshot`: the state of a loop as data, exact at the moment it was made.
//!
//! It is built by the loop itself, from its tables; no future is polled for it. Its `Display` is a
//! table for people (`snapshot_table.rs`). It keeps nothing alive.

use std::{borrow::Cow, collections::HashMap, panic::Location};

use glassloop_executor::{Counts as ExecutorCounts, TaskId, TaskState, TaskView};
use glassloop_reactor::{Counts as ReactorCounts, SourceView, TimerView};

use crate::{core::Core, snapshot_table::due};

/// A place in a program's source.
pub(crate) type Place = &'static Location<'static>;

/// The state of a loop.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// Where the loop was made.
    pub made: Place,
    /// The turn it was made in.
    pub turn: u64,
    /// The turn's `now`, in nanoseconds since the clock's origin.
    pub now_ns: u64,
    /// Every task, by index.
    pub tasks: Vec<TaskLine>,
    /// Every source, by index.
    pub sources: Vec<SourceLine>,
    /// Every timer, by deadline.
    pub timers: Vec<TimerLine>,
    /// Every queue, with its depth.
    pub queues: Vec<QueueLine>,
    /// What the executor has done so far.
    pub executor: ExecutorCounts,
    /// What the reactor has done so far.
    pub reactor: ReactorCounts,
}

/// A task in a snapshot or a report.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskLine {
    /// Its id.
    pub id: TaskId,
    /// The number of its birth, never repeated.
    pub birth: u64,
    /// Its name, or the type of its future.
    pub name: Cow<'static, str>,
    /// The task that spawned it.
    pub parent: TaskId,
    /// What it is doing.
    pub state: TaskState,
    /// How often it was polled.
    pub polls: u32,
    /// How often it was woken.
    pub wakes: u32,
    /// Clones of its waker that are held anywhere.
    pub wakers_held: usize,
    /// Where it was spawned.
    pub born: Option<Place>,
    /// Where it last waited.
    pub awaits: Option<Place>,
    /// What it waits for, each leaf of ours by itself.
    pub waits: Vec<WaitLine>,
}

/// One thing that a task waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitLine {
    /// What it asked for: "read", "accept", "sleep", "join".
    pub operation: &'static str,
    /// Of what: "tcp 3 127.0.0.1:80", "task #4.9".
    pub of: String,
    /// Where.
    pub place: Option<Place>,
}

/// A source in a snapshot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SourceLine {
    /// Its kind, number and peer in words.
    pub name: String,
    /// What is ready, and what is closed.
    pub readiness: String,
    /// Who waits for it, and at what.
    pub waiters: Vec<(TaskId, &'static str)>,
}

/// A timer in a snapshot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TimerLine {
    /// How far ahead of the turn's `now` it is due; `u64::MAX` is never.
    pub in_ns: u64,
    /// What it is: "sleep", "timeout".
    pub operation: &'static str,
    /// The task that waits for it.
    pub owner: TaskId,
    /// Where.
    pub place: Place,
}

/// A queue in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueLine {
    /// Its name.
    pub name: &'static str,
    /// How many are in it.
    pub depth: usize,
    /// How many it takes.
    pub max: Option<usize>,
}

impl Snapshot {
    pub(crate) fn of(core: &Core) -> Snapshot {
        let now_ns = core.reactor.now();
        Snapshot {
            made: core.made,
            turn: core.turns.get(),
            now_ns,
            tasks: task_lines(core, usize::MAX),
            sources: sources(core),
            timers: timers(core, now_ns),
            queues: queues(core),
            executor: core.executor.counts(),
            reactor: core.reactor.counts(),
        }
    }

    /// The task with this id, if it was there.
    ///
    /// ```
    /// # glassloop::run(async {
    /// let task = glassloop::spawn(std::future::pending::<()>()).named("listener");
    /// glassloop::yield_now().await;
    /// let snapshot = glassloop::snapshot();
    /// let line = snapshot.task(task.id()).expect("it waits");
    /// assert!(line.is_alive() && !line.parent.is_none());
    /// assert_eq!((&*line.name, line.polls), ("listener", 1));
    /// # task.abort();
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<&TaskLine> {
        self.tasks.iter().find(|task| task.id == id)
    }
}

impl TaskLine {
    /// Whether the task had neither ended nor been aborted.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, TaskState::Finished | TaskState::Aborted)
    }
}

/// The first tasks of a loop, at most so many, each with what it waits for.
pub(crate) fn task_lines(core: &Core, max: usize) -> Vec<TaskLine> {
    let mut waits = waits_by_owner(core);
    let line = |task: TaskView| TaskLine {
        waits: waits.remove(&task.id).unwrap_or_default(),
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
    };
    core.executor.tasks_up_to(max).into_iter().map(line).collect()
}

/// The tasks of a scope that are named one by one; the others are counted.
const MEMBERS_SHOWN: usize = 16;

/// Who waits for what, gathered from every table that knows.
fn waits_by_owner(core: &Core) -> HashMap<TaskId, Vec<WaitLine>> {
    let mut waits: HashMap<TaskId, Vec<WaitLine>> = HashMap::new();
    let mut add = |owner: TaskId, operation, of, place| {
        waits.entry(owner).or_default().push(WaitLine { operation, of, place });
    };
    for source in core.reactor.sources() {
        for waiter in &source.waiters {
            let owner = Core::owner_of(waiter.owner);
            add(owner, waiter.operation, source_name(&source), Some(waiter.place));
        }
    }
    for lookup in core.reactor.lookups() {
        let of = format!("name `{}`", lookup.host);
        add(Core::owner_of(lookup.owner), "lookup", of, Some(lookup.place));
    }
    for timer in sorted_timers(core) {
        let of = format!("timer {}", due(timer.at, core.reactor.now()));
        add(Core::owner_of(timer.owner), timer.operation, of, Some(timer.place));
    }
    for task in core.executor.tasks() {
        let Some((owner, place)) = task.joined_by else { continue };
        let of = format!("task {} `{}`", task.id, task.name);
        add(owner, "join", of, place.location());
    }
    for scope in core.executor.waiting_scopes() {
        let (shown, more) = scope.members.split_at(scope.members.len().min(MEMBERS_SHOWN));
        for member in shown {
            let name = core.executor.task_name(*member).unwrap_or_default();
            add(scope.owner, "scope", format!("task {member} `{name}`"), scope.place.location());
        }
        if !more.is_empty() {
            let of = format!("{} tasks more", more.len());
            add(scope.owner, "scope", of, scope.place.location());
        }
    }
    for note in core.waits.notes() {
        add(note.owner, note.operation, "another thread".to_owned(), note.place.location());
    }
    waits
}

fn sorted_timers(core: &Core) -> Vec<TimerView> {
    let mut timers = core.reactor.timer_views();
    timers.sort_by_key(|timer| timer.at);
    timers
}

/// What a source is called: its kind, its number, its peer. Descriptors are left out, so that the
/// same program prints the same table.
fn source_name(source: &SourceView) -> String {
    let name = format!("{} {}", source.kind, source.id.index);
    match &source.peer {
        Some(peer) => format!("{name} {peer}"),
        None => name,
    }
}

fn sources(core: &Core) -> Vec<SourceLine> {
    let line = |source: SourceView| SourceLine {
        name: source_name(&source),
        readiness: format!("{:?}", source.readiness),
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

fn queues(core: &Core) -> Vec<QueueLine> {
    let limits = &core.limits.executor;
    let executor = &core.executor;
    let frames = [("render", core.frames.render_len()), ("idle", core.frames.idle_len())];
    let asked = frames.into_iter().filter(|(_, depth)| *depth > 0);
    let mut queues = vec![
        QueueLine { name: "ready", depth: executor.ready_len(), max: None },
        QueueLine {
            name: "callbacks",
            depth: executor.callbacks_waiting(),
            max: Some(limits.callbacks_max),
        },
        QueueLine {
            name: "deferred",
            depth: executor.inbox().calls(),
            max: Some(limits.deferred_max),
        },
    ];
    queues.extend(asked.map(|(name, depth)| QueueLine { name, depth, max: None }));
    queues
}
