//! Debug mode: what is odd though not wrong is told to the log.
//!
//! Slow items with their places, handles that nobody awaited, loops that were never run or never
//! closed, and, to whoever looks for a loop on the wrong thread, where the loops are. It is for
//! finding faults, not for production: every item is timed by itself.

use std::{env, thread};

use glassloop_executor::{Entry, PlaceId, quietly};

use crate::{LoopName, core::Core, registry};

/// The variable that switches it on for every loop of a process: anything but empty or `0`.
const VARIABLE: &str = "GLASSLOOP_DEBUG";

pub(crate) fn from_environment() -> bool {
    is_on(VARIABLE)
}

/// Whether a variable of the environment switches something on.
pub(crate) fn is_on(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}

/// What to call this thread in a message.
pub(crate) fn this_thread() -> String {
    let thread = thread::current();
    match thread.name() {
        Some(name) => format!("thread `{name}`"),
        None => format!("unnamed thread {:?}", thread.id()),
    }
}

/// Where the loops in debug mode are, for somebody who looked in the wrong place.
pub(crate) fn where_the_loops_are() -> String {
    let live = registry::live();
    let told = live.iter().filter(|shared| shared.name.debug);
    let told = told.map(|shared| {
        let LoopName { made, thread, .. } = &shared.name;
        format!("made at {made} on thread `{thread}`")
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() { String::new() } else { format!(" Loops that live: {}.", told.join("; ")) }
}

/// What debug mode keeps of an item while it runs: afterwards some of it is gone.
pub(crate) struct Before {
    name: String,
    place: PlaceId,
}

impl Before {
    pub(crate) fn of(core: &Core, entry: Entry) -> Before {
        Before { name: core.item_name(entry), place: core.executor.item_place(entry) }
    }

    /// Tells of an item that held the loop for too long.
    pub(crate) fn tell_slow(&self, core: &Core, entry: Entry, millis: u64) {
        let from = told(" asked for at ", self.place);
        let waits = match entry.is_task() {
            true => told(", now waiting at ", core.shared.sites.awaits(entry.index())),
            false => String::new(),
        };
        let name = &self.name;
        quietly(|| log::warn!("run: {name}{from}{waits} held the loop for {millis} ms"));
    }
}

fn told(before: &str, place: PlaceId) -> String {
    place.location().map_or_else(String::new, |place| format!("{before}{place}"))
}
