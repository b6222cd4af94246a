//! `Snapshot`: the state of a loop as data, exact at the moment it was made.
//!
//! It is built by the loop itself, from its tables (`gathering.rs`); no future is polled for it.
//! Its `Display` is a table for people (`snapshot_table.rs`). It keeps nothing alive.

use std::{borrow::Cow, panic::Location, sync::Arc};

use glassloop_executor::{Counts as ExecutorCounts, TaskId, TaskState};
use glassloop_reactor::{Counts as ReactorCounts, Interest, SourceId};

use crate::{By, JobLine, LintLine, LogLine, LoopName, LoopTimes, Stopped, TaskTimes};

/// A place in a program's source.
pub(crate) type Place = &'static Location<'static>;

/// The state of a loop.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// Which loop this is.
    pub name: LoopName,
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
    /// The jobs of the loop's own pool, and those of others that its tasks wait for: all that run,
    /// the longest first, then of those that have no thread each that a task waits for, and the
    /// first 64 in the own pool's queue. How many wait there is the depth of the queue "offload";
    /// other pools are asked themselves.
    pub jobs: Vec<JobLine>,
    /// What the executor has done so far.
    pub executor: ExecutorCounts,
    /// What the reactor has done so far.
    pub reactor: ReactorCounts,
    /// How often a [`Watch`](crate::Watch) asked for a fresh one: each may have woken the loop.
    pub looks: u64,
    /// Where it stands, if it was [stopped](crate::Watch::pause).
    pub stopped: Option<Stopped>,
    /// What recording has brought, if it was ever switched on.
    pub recorded: Option<RecordedLine>,
    /// What the lints have found, if they were ever switched on.
    pub lint: Option<LintLine>,
    /// What the program has logged while it was recorded, by a [`Logger`](crate::Logger) of ours:
    /// the last lines, oldest first.
    pub log: Vec<Arc<LogLine>>,
}

/// What a recording holds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecordedLine {
    /// Whether it goes on.
    pub on: bool,
    /// How many events were written so far. The ring holds the last ones.
    pub events: u64,
    /// Where the loop's time went.
    pub times: LoopTimes,
    /// The tasks that ended last, the latest first, with when they did, in nanoseconds since the
    /// clock's origin.
    pub ended: Vec<(TaskLine, u64)>,
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
    /// Who woke it last, of the wakes that were recorded.
    pub woken_by: Option<By>,
    /// Where its time went, since recording was switched on.
    pub times: Option<TaskTimes>,
}

/// One thing that a task waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitLine {
    /// What it asked for: "read", "accept", "sleep", "join".
    pub operation: &'static str,
    /// Of what: "tcp 3 127.0.0.1:80", "task #4.9".
    pub of: String,
    /// The same, to be followed.
    pub on: WaitsOn,
    /// Where.
    pub place: Option<Place>,
}

/// What could end a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitsOn {
    /// A source that becomes ready.
    Source(SourceId),
    /// A timer, due then, in nanoseconds since the clock's origin; `u64::MAX` is never.
    Timer(u64),
    /// Another task that ends.
    Task(TaskId),
    /// So many other tasks that end.
    Tasks(usize),
    /// Another thread: an answer, a name, a token.
    Thread,
    /// The job of a pool with this number; see [`Snapshot::jobs`].
    Job(u64),
}

/// A source in a snapshot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SourceLine {
    /// Its id.
    pub id: SourceId,
    /// Its kind, number and peer in words.
    pub name: String,
    /// What it is: "tcp", "listener", "memory".
    pub kind: &'static str,
    /// Its number at the operating system, if it has one.
    pub descriptor: Option<i32>,
    /// Where it was made.
    pub born: Place,
    /// What it is connected to, if that is known.
    pub peer: Option<String>,
    /// Which directions of it are watched.
    pub interest: Interest,
    /// What is ready, and what is closed.
    pub readiness: String,
    /// How often an operation on it was tried: a read, a write, an accept. A system call each, if
    /// it is the operating system's.
    pub operations: u64,
    /// How often it wasn't ready for that, though it had been told so.
    pub in_vain: u64,
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
    /// Since when it was not empty, turn by turn, while recording; in nanoseconds.
    pub age_ns: Option<u64>,
}

impl Snapshot {
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
