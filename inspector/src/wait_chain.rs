//! `WaitChain`: why a task is not running: what it waits for, and what that waits for.
//!
//! Waits for other tasks are followed until something could end them: a source, a timer, another
//! thread; or until it is plain that nothing can. A task that waits for several things has a line
//! for each. A task is followed once, and the whole is bounded in size.

use std::{collections::HashSet, fmt};

use glassloop::{Snapshot, SourceId, TaskId, TaskLine, TaskState, WaitLine, WaitsOn};
use serde_json::{Value, json};

use crate::{
    names::{Names, short_time},
    rows,
};

/// How many waits are followed.
const LINKS_MAX: usize = 1_000;

/// What a task waits for, followed to the end. Its `Display` is a line an end, indented.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitChain {
    /// The lines, each below what it belongs to.
    pub lines: Vec<ChainLine>,
}

/// One line of a [`WaitChain`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainLine {
    /// How far it is indented.
    pub depth: usize,
    /// The tasks in it, each waiting for the next.
    pub tasks: Vec<TaskId>,
    /// What it says.
    pub text: String,
    /// What is at its end.
    pub end: ChainEnd,
}

/// What could end a wait, or why nothing can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainEnd {
    /// A source that becomes ready.
    Source(SourceId),
    /// A timer, due then, in nanoseconds since the clock's origin; `u64::MAX` is never.
    Timer(u64),
    /// Another thread.
    Thread,
    /// The job of a pool with this number.
    Job(u64),
    /// So many tasks that are not named.
    Tasks(usize),
    /// A leaf that is not ours, and says nothing.
    Foreign,
    /// The task at the end runs, or stands in line.
    Awake,
    /// The task at the end has ended.
    Ended,
    /// The task at the end waits for several things: the lines below.
    Several,
    /// The tasks wait for each other.
    Cycle,
    /// The task at the end was followed in a line above.
    Told,
    /// There is more than is told.
    TooFar,
}

impl ChainEnd {
    /// Its name in JSON.
    fn name(self) -> &'static str {
        match self {
            ChainEnd::Source(_) => "source",
            ChainEnd::Timer(_) => "timer",
            ChainEnd::Thread => "thread",
            ChainEnd::Job(_) => "job",
            ChainEnd::Tasks(_) => "tasks",
            ChainEnd::Foreign => "foreign",
            ChainEnd::Awake => "awake",
            ChainEnd::Ended => "ended",
            ChainEnd::Several => "several",
            ChainEnd::Cycle => "cycle",
            ChainEnd::Told => "told",
            ChainEnd::TooFar => "too far",
        }
    }
}

/// Why a task is not running.
///
/// ```
/// use glassloop::EventLoop;
/// use glassloop_inspector::why_waits;
///
/// let event_loop = EventLoop::test();
/// let task = event_loop.spawn(std::future::pending::<()>()).named("a");
/// let id = task.id();
/// let told = why_waits(&event_loop.snapshot(), id);
/// assert_eq!(told.to_string(), "#0.0 `a` is ready: it stands in line\n");
/// assert_eq!(told.to_json()["lines"][0]["end"], "awake");
/// # task.abort();
/// ```
#[must_use]
pub fn why_waits(snapshot: &Snapshot, task: TaskId) -> WaitChain {
    let mut walk = Walk {
        snapshot,
        names: Names::of(snapshot),
        seen: HashSet::new(),
        links: 0,
        chain: WaitChain { lines: Vec::new() },
        todo: Vec::new(),
    };
    let begin = walk.names.short(task);
    walk.todo.push(Todo::Follow { depth: 0, path: vec![task], shown: 0, text: begin });
    while let Some(todo) = walk.todo.pop() {
        if walk.links >= LINKS_MAX {
            walk.line(0, Vec::new(), "and so on: there is more".to_owned(), ChainEnd::TooFar);
            break;
        }
        match todo {
            Todo::Follow { depth, path, shown, text } => walk.follow(depth, path, shown, text),
            Todo::Leaf(line) => walk.chain.lines.push(line),
        }
    }
    walk.chain
}

enum Todo {
    /// Goes on at the last task of the path, of which the first ones stand in lines above.
    Follow {
        depth: usize,
        path: Vec<TaskId>,
        shown: usize,
        text: String,
    },
    Leaf(ChainLine),
}

struct Walk<'a> {
    snapshot: &'a Snapshot,
    names: Names,
    /// The tasks that were followed.
    seen: HashSet<TaskId>,
    links: usize,
    chain: WaitChain,
    /// What is still to be told, the next at the end.
    todo: Vec<Todo>,
}

impl Walk<'_> {
    fn line(&mut self, depth: usize, tasks: Vec<TaskId>, text: String, end: ChainEnd) {
        self.chain.lines.push(ChainLine { depth, tasks, text, end });
    }

    fn follow(&mut self, depth: usize, mut path: Vec<TaskId>, shown: usize, mut text: String) {
        let (verdict, end) = loop {
            let Some(&id) = path.last() else { return };
            self.links += 1;
            if path[..path.len() - 1].contains(&id) {
                break (self.cycle(&path), ChainEnd::Cycle);
            }
            if !self.seen.insert(id) {
                break (": told above".to_owned(), ChainEnd::Told);
            }
            let Some(task) = self.snapshot.task(id) else {
                break (" has ended, or never was".to_owned(), ChainEnd::Ended);
            };
            if let Some(verdict) = not_waiting(task) {
                break verdict;
            }
            match &task.waits[..] {
                [] => break (foreign(task), ChainEnd::Foreign),
                [wait] => match wait.on {
                    WaitsOn::Task(next) if self.links < LINKS_MAX => {
                        text += &format!(" {} {}", verb(wait), self.names.short(next));
                        path.push(next);
                    }
                    _ => break (format!(" waits: {}", self.leaf(wait)), end_of(wait.on)),
                },
                waits => {
                    self.fork(depth + 1, &path, waits);
                    let several = format!(" waits for {} things:", waits.len());
                    break (several, ChainEnd::Several);
                }
            }
        };
        // A clause about the task at the end, where that isn't the one that was asked for.
        let which = if path.len() > 1 && verdict.starts_with(' ') { ", which" } else { "" };
        let text = format!("{text}{which}{verdict}");
        self.line(depth, path.split_off(shown.min(path.len())), text, end);
    }

    /// A line for each of several waits, to be told in their order.
    fn fork(&mut self, depth: usize, path: &[TaskId], waits: &[WaitLine]) {
        let room = LINKS_MAX.saturating_sub(self.todo.len());
        if waits.len() > room {
            let text = format!("and {} more", waits.len() - room);
            let line = ChainLine { depth, tasks: Vec::new(), text, end: ChainEnd::TooFar };
            self.todo.push(Todo::Leaf(line));
        }
        for wait in waits.iter().take(room).rev() {
            let todo = match wait.on {
                WaitsOn::Task(next) => {
                    let text = format!("{} {}", verb(wait), self.names.short(next));
                    let path: Vec<_> = path.iter().copied().chain([next]).collect();
                    Todo::Follow { depth, shown: path.len() - 1, path, text }
                }
                on => {
                    let (text, end) = (self.leaf(wait), end_of(on));
                    Todo::Leaf(ChainLine { depth, tasks: Vec::new(), text, end })
                }
            };
            self.todo.push(todo);
        }
    }

    /// What a wait is for, and where.
    fn leaf(&self, wait: &WaitLine) -> String {
        let of = match wait.on {
            WaitsOn::Source(id) => format!("of {}", self.names.source(id)),
            WaitsOn::Timer(u64::MAX) => "of a timer that is never due".to_owned(),
            WaitsOn::Timer(at) => match at.saturating_sub(self.snapshot.now_ns) {
                0 => "of a timer that is due".to_owned(),
                in_ns => format!("of a timer due in {}", short_time(in_ns)),
            },
            // A cell says only that it is not this thread's alone.
            WaitsOn::Thread if wait.of == "another thread" => "by another thread".to_owned(),
            WaitsOn::Job(number) => format!("of {}", self.job(number).unwrap_or(wait.of.clone())),
            _ => format!("of {}", wait.of),
        };
        let place = wait.place.map(|place| format!(" at {}", rows::place(place)));
        format!("{} {of}{}", wait.operation, place.unwrap_or_default())
    }

    /// A job, and for how long it has been at what it is at: "job `export`, running for 3.2 s".
    fn job(&self, number: u64) -> Option<String> {
        let job = self.snapshot.jobs.iter().find(|job| job.number == number)?;
        let time = short_time(rows::nanos(job.elapsed.as_nanos()));
        Some(format!("job `{}`, {} for {time}", job.name, job.state.name()))
    }

    /// Whether anything can end a cycle: something else that one of its tasks waits for, or who
    /// holds a waker of one.
    fn cycle(&self, path: &[TaskId]) -> String {
        let first = path.last().and_then(|last| path.iter().position(|id| id == last));
        let members = path[first.unwrap_or(0)..].iter().filter_map(|id| self.snapshot.task(*id));
        let closed = members.into_iter().all(|task| task.waits.len() == 1 && task.wakers_held == 0);
        let why =
            if closed { "nothing can end it" } else { "only what else they wait for ends it" };
        format!(": a cycle, {why}")
    }
}

/// What is to be said of a task that doesn't wait.
fn not_waiting(task: &TaskLine) -> Option<(String, ChainEnd)> {
    let (what, end) = match task.state {
        TaskState::Running => (" is running", ChainEnd::Awake),
        TaskState::Ready => (" is ready: it stands in line", ChainEnd::Awake),
        TaskState::Aborted => (" was aborted: it stands in line to be dropped", ChainEnd::Awake),
        TaskState::Finished => (" has ended: its result was not taken yet", ChainEnd::Ended),
        _ => return None,
    };
    Some((what.to_owned(), end))
}

/// What is to be said of a task that waits for nothing of ours.
fn foreign(task: &TaskLine) -> String {
    let place = match task.awaits {
        Some(place) => format!(", last at {}", rows::place(place)),
        None => String::new(),
    };
    let held = match task.wakers_held {
        0 => "nobody holds a waker of it".to_owned(),
        1 => "a clone of its waker is held".to_owned(),
        held => format!("{held} clones of its waker are held"),
    };
    format!(" waits: a leaf that isn't ours{place}; {held}")
}

fn verb(wait: &WaitLine) -> String {
    match wait.operation {
        "join" => "joins".to_owned(),
        "scope" => "has in its scope".to_owned(),
        operation => format!("waits by {operation} for"),
    }
}

fn end_of(on: WaitsOn) -> ChainEnd {
    match on {
        WaitsOn::Source(id) => ChainEnd::Source(id),
        WaitsOn::Timer(at) => ChainEnd::Timer(at),
        WaitsOn::Thread => ChainEnd::Thread,
        WaitsOn::Job(number) => ChainEnd::Job(number),
        WaitsOn::Tasks(tasks) => ChainEnd::Tasks(tasks),
        WaitsOn::Task(_) => ChainEnd::TooFar,
        _ => ChainEnd::Foreign,
    }
}

impl WaitChain {
    /// The same as JSON: the lines in their order, each with its depth.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let line = |line: &ChainLine| {
            let tasks: Vec<_> = line.tasks.iter().map(TaskId::to_string).collect();
            json!({
                "depth": line.depth,
                "tasks": tasks,
                "text": line.text,
                "end": line.end.name(),
            })
        };
        json!({ "lines": self.lines.iter().map(line).collect::<Vec<_>>() })
    }
}

impl fmt::Display for WaitChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{:indent$}{}", "", line.text, indent = 2 * line.depth)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use glassloop::{EventLoop, spawn, yield_now};

    use super::*;

    #[test]
    fn a_chain_of_thousands_is_cut_and_says_so() {
        let event_loop = EventLoop::test();
        let told = event_loop
            .block_on(async {
                let mut last = spawn(std::future::pending::<()>());
                for _ in 0..2 * LINKS_MAX {
                    last = spawn(async move { drop(last.await) });
                }
                yield_now().await;
                let told = why_waits(&glassloop::snapshot(), last.id());
                last.abort();
                told
            })
            .unwrap();
        assert_eq!(told.lines.len(), 1, "{:?}", told.lines.len());
        assert_eq!((told.lines[0].end, told.lines[0].tasks.len()), (ChainEnd::TooFar, LINKS_MAX));
        event_loop.close(std::time::Duration::ZERO);
    }
}
