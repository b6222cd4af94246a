//! `Names`: what the ids of a recording are called, in words.
//!
//! They come from snapshots: the tasks and sources that live, and the tasks that ended last. Who is
//! in none of them is called by its number alone. Nothing here asks the loop for anything.

use std::{collections::HashMap, panic::Location, sync::Arc, time::Duration};

use glassloop::{
    By, Entry, Kind, LogLine, Now, Phase, PlaceId, Snapshot, SourceId, TaskId, TaskLine,
};
use serde_json::{Value, json};

use crate::rows;

/// The names of tasks and sources, by their ids.
///
/// ```
/// use glassloop::{EventLoop, TaskId};
/// use glassloop_inspector::Names;
///
/// let event_loop = EventLoop::test();
/// let task = event_loop.spawn(std::future::pending::<()>()).named("listener");
/// let mut names = Names::of(&event_loop.snapshot());
/// assert_eq!(names.task(task.id()), "task #0.0 `listener`");
/// assert_eq!(names.task(TaskId { index: 3, generation: 7 }), "task #3.7");
/// names.add(&event_loop.snapshot()); // a later one brings more
/// # task.abort();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Names {
    tasks: HashMap<TaskId, String>,
    sources: HashMap<(u32, u32), String>,
    /// The lines of the log, by the numbers that events have of them.
    lines: HashMap<u32, Arc<LogLine>>,
    /// The tasks that live, with when that was known.
    alive: Vec<(TaskId, u64)>,
    of_loop: String,
}

/// A recorded source has the low bits of its generation only.
const SOURCE_GENERATION: u32 = 0x0FFF_FFFF;

impl Names {
    /// The names that a snapshot knows.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Names {
        let mut names = Names::default();
        names.add(snapshot);
        names
    }

    /// Adds those that another one knows. Of a task that has two the later counts: it may have been
    /// named since its birth.
    pub fn add(&mut self, snapshot: &Snapshot) {
        let name = &snapshot.name;
        self.of_loop = format!("loop {} ({})", name.number, name.thread);
        let ended = snapshot.recorded.iter().flat_map(|recorded| &recorded.ended);
        for task in ended.map(|(task, _)| task).chain(&snapshot.tasks) {
            self.tasks.insert(task.id, task.name.clone().into_owned());
        }
        let alive = snapshot.tasks.iter().filter(|task| task.is_alive());
        self.alive = alive.map(|task| (task.id, snapshot.now_ns)).collect();
        for line in &snapshot.log {
            self.lines.insert(line.event_number(), Arc::clone(line));
        }
        for source in &snapshot.sources {
            let called = match source.descriptor {
                Some(descriptor) => format!("descriptor {descriptor} ({})", source.name),
                None => format!("{} {}", source.kind, source.id.index),
            };
            self.sources.insert(source_key(source.id), called);
        }
    }

    /// A task: "task #3.9 `conn`".
    #[must_use]
    pub fn task(&self, id: TaskId) -> String {
        format!("task {}", self.short(id))
    }

    /// The same without the word: "#3.9 `conn`".
    pub(crate) fn short(&self, id: TaskId) -> String {
        self.tasks.get(&id).map_or_else(|| id.to_string(), |name| format!("{id} `{name}`"))
    }

    /// What a line of the log says, by the number that an event has of it.
    pub(crate) fn line(&self, number: u32) -> Option<&str> {
        self.lines.get(&number).map(|line| line.text.as_str())
    }

    /// What an entry of the ready queue is called.
    pub(crate) fn item(&self, entry: Entry) -> String {
        match entry.kind() {
            Kind::Task => self.task(entry.id()),
            Kind::Callback => format!("callback {}", entry.id()),
            Kind::Deferred => match entry.deferred_at().location() {
                Some(place) => format!("a call deferred at {}", rows::place(place)),
                None => "a deferred call".to_owned(),
            },
            Kind::Microtask => "a microtask".to_owned(),
            Kind::Wake => "a waker".to_owned(),
            Kind::Flush => "a corked writer".to_owned(),
            Kind::Observer => "an observer".to_owned(),
            Kind::Nothing => "an item".to_owned(),
        }
    }

    /// The same of one that runs now, of which a callback's place is known, too.
    pub(crate) fn item_of(&self, item: Entry, place: Option<&Location<'_>>) -> String {
        match place.filter(|_| item.kind() == Kind::Callback) {
            Some(place) => format!("{} asked for at {}", self.item(item), rows::place(place)),
            None => self.item(item),
        }
    }

    /// What runs: an item, made at this place if that is known, or the phase itself.
    pub(crate) fn running(
        &self,
        item: Entry,
        phase: Phase,
        place: Option<&Location<'_>>,
    ) -> String {
        if item == Entry::NOTHING { format!("phase {phase}") } else { self.item_of(item, place) }
    }

    /// The same of what is under way.
    pub(crate) fn under_way(&self, now: Now) -> String {
        now.phase.map_or_else(|| self.item(now.item), |phase| self.running(now.item, phase, None))
    }

    /// A source: "descriptor 9 (tcp 3 127.0.0.1:80)", "memory 4".
    pub(crate) fn source(&self, id: SourceId) -> String {
        let called = self.sources.get(&source_key(id));
        called.cloned().unwrap_or_else(|| format!("source {} (gone)", id.index))
    }

    /// Who woke somebody.
    pub(crate) fn by(&self, by: By) -> String {
        match by {
            By::Item(entry) => self.item(entry),
            By::Source(id) => self.source(id),
            By::Timer(place) => timer(place),
            By::Phase(phase) => format!("phase {phase}"),
            By::Thread => "another thread".to_owned(),
            By::Host => "the host".to_owned(),
            _ => "somebody".to_owned(),
        }
    }

    /// The loop: "loop 1 (main)".
    pub(crate) fn of_loop(&self) -> &str {
        if self.of_loop.is_empty() { "loop" } else { &self.of_loop }
    }

    /// The tasks that the last snapshot saw alive, and when it was made.
    pub(crate) fn alive(&self) -> &[(TaskId, u64)] {
        &self.alive
    }

    /// All of them as JSON: by number, what each is called.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let tasks: serde_json::Map<String, Value> =
            self.tasks.iter().map(|(id, name)| (id.to_string(), json!(name))).collect();
        let sources: serde_json::Map<String, Value> = self
            .sources
            .iter()
            .map(|((index, _), name)| (index.to_string(), json!(name)))
            .collect();
        json!({ "loop": self.of_loop(), "tasks": tasks, "sources": sources })
    }
}

fn source_key(id: SourceId) -> (u32, u32) {
    (id.index, id.generation & SOURCE_GENERATION)
}

/// A timer, by where it is waited for.
pub(crate) fn timer(place: PlaceId) -> String {
    match place.location() {
        Some(place) => format!("timer of {}", rows::place(place)),
        None => "timer".to_owned(),
    }
}

/// A line of a snapshot, in short: "#3.9 `conn`".
pub(crate) fn line(task: &TaskLine) -> String {
    format!("{} `{}`", task.id, task.name)
}

/// How a time is told: three figures behind the point, and a unit.
pub(crate) fn short_time(ns: u64) -> String {
    let time = Duration::from_nanos(ns);
    match ns {
        0 => "0 ns".to_owned(),
        1..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.1} us", time.as_secs_f64() * 1e6),
        1_000_000..1_000_000_000 => format!("{:.3} ms", time.as_secs_f64() * 1e3),
        // Some hundreds of seconds are compared more easily than minutes are.
        1_000_000_000..600_000_000_000 => format!("{:.3} s", time.as_secs_f64()),
        600_000_000_000..7_200_000_000_000 => format!("{:.3} min", time.as_secs_f64() / 60.0),
        _ => format!("{:.3} h", time.as_secs_f64() / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use glassloop::{EventLoop, Phase, net};

    use super::*;

    #[test]
    fn a_name_is_a_kind_a_number_and_what_is_known() {
        let event_loop = EventLoop::test();
        let (_here, _there) = event_loop.enter(net::duplex).unwrap();
        let task = event_loop.spawn(async {}).named("<img onerror>");
        let snapshot = event_loop.snapshot();
        let names = Names::of(&snapshot);
        assert_eq!(names.task(task.id()), "task #0.0 `<img onerror>`");
        assert_eq!(names.short(task.id()), "#0.0 `<img onerror>`");
        assert_eq!(names.item(Entry::new(Kind::Callback, 2, 5)), "callback #2.5");
        assert_eq!(names.item(Entry::DEFERRED), "a deferred call");
        let here = Location::caller();
        let call = names.item(Entry::deferred(PlaceId::of(here)));
        assert_eq!(call, format!("a call deferred at inspector/src/names.rs:{}", here.line()));
        let callback = Entry::new(Kind::Callback, 2, 5);
        let called = format!("callback #2.5 asked for at inspector/src/names.rs:{}", here.line());
        assert_eq!(names.item_of(callback, Some(here)), called);
        let source = snapshot.sources[0].id;
        assert_eq!(names.by(By::Source(source)), "memory 0");
        let recorded = SourceId { generation: source.generation | 1 << 31, ..source };
        assert_eq!(names.source(recorded), "memory 0", "high bits are not recorded");
        let heir = SourceId { generation: source.generation + 9, ..source };
        assert_eq!(names.source(heir), "source 0 (gone)");
        let here = Location::caller();
        let expected = format!("timer of {}", rows::place(here));
        assert_eq!(names.by(By::Timer(PlaceId::of(here))), expected);
        assert_eq!(names.by(By::Timer(PlaceId::UNKNOWN)), "timer");
        assert_eq!(names.by(By::Phase(Phase::Flush)), "phase flush");
        assert!(names.of_loop().starts_with("loop "));
        assert_eq!(names.to_json()["tasks"]["#0.0"], "<img onerror>");
        event_loop.run().unwrap();
        drop(task);
    }

    #[test]
    fn a_kernel_source_is_called_by_its_descriptor() {
        let event_loop = EventLoop::new().unwrap();
        let listener = event_loop
            .enter(|| net::TcpListener::from_std(std::net::TcpListener::bind("127.0.0.1:0")?))
            .unwrap();
        let snapshot = event_loop.snapshot();
        let called = Names::of(&snapshot).source(snapshot.sources[0].id);
        let name = &snapshot.sources[0].name;
        match snapshot.sources[0].descriptor {
            Some(fd) => assert_eq!(called, format!("descriptor {fd} ({name})")),
            None => assert_eq!(called, "listener 0"),
        }
        drop(listener);
    }

    #[test]
    fn a_time_has_its_unit() {
        let told = [0, 7, 41_000, 2_500_000, 1_200_000_000].map(short_time);
        assert_eq!(told, ["0 ns", "7 ns", "41.0 us", "2.500 ms", "1.200 s"]);
        let seconds = [599, 600, 7_199, 7_200, 90_000];
        let told = seconds.map(|seconds| short_time(seconds * 1_000_000_000));
        assert_eq!(told, ["599.000 s", "10.000 min", "119.983 min", "2.000 h", "25.000 h"]);
    }
}
