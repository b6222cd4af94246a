//! Child processes for a test, and how many this program has.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    collections::HashSet,
    fs, io, process,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use glassloop::{
    EventLoop,
    process::{Child, Command},
};
use rustix::process::Pid;

const MINUTE: Duration = Duration::from_secs(60);

/// One test at a time: what they count is of the whole process.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs it on a loop of its own, which it leaves clean.
pub(crate) fn run<F: Future<Output = io::Result<()>> + 'static>(future: F) {
    let event_loop = EventLoop::new().unwrap();
    event_loop.block_on(future).unwrap().unwrap();
    let report = event_loop.close(MINUTE);
    assert!(report.is_clean(), "{report}");
}

pub(crate) fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

pub(crate) fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

/// The children of this process, zombies among them.
pub(crate) fn children() -> HashSet<u32> {
    let mut children = HashSet::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // `pid (name) state ppid ..`: a name may hold anything but an end to itself.
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1));
        if parent.and_then(|parent| parent.parse().ok()) == Some(process::id()) {
            children.insert(id);
        }
    }
    children
}

/// Until this process has no child: who is dropped is waited for by another thread.
pub(crate) fn until_childless() {
    let began = Instant::now();
    while !children().is_empty() {
        assert!(began.elapsed() < MINUTE, "left: {:?}", children());
        std::thread::yield_now();
    }
}
