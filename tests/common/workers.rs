//! This very program as a worker of a pool of processes, and such pools.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{env, io, process::Stdio, thread, time::Duration};

use glassloop::{
    EventLoop,
    process::{Command, ProcessPool, ProcessPoolLimits, worker},
};
use rustix::process::Pid;

/// Longer than anything takes that doesn't hang.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const MS: Duration = Duration::from_millis(1);

/// The limits of a pool for a test.
pub(crate) fn limits(workers_max: usize) -> ProcessPoolLimits {
    ProcessPoolLimits { workers_max, ..ProcessPoolLimits::default() }
}

/// This program once more, as a worker.
pub(crate) fn again() -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "workers::the_role_of_a_worker", "--ignored", "--nocapture"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

pub(crate) fn pool(workers_max: usize) -> ProcessPool {
    ProcessPool::with_limits(again(), limits(workers_max))
}

#[test]
#[ignore = "another test starts it as a program"]
fn the_role_of_a_worker() {
    worker()
        .job("sum", |numbers: Vec<u64>| numbers.iter().sum::<u64>())
        .job("double", |n: u64| 2 * n)
        .job("nap", |ms: u64| {
            thread::sleep(Duration::from_millis(ms));
            ms
        })
        .job("id", |()| std::process::id())
        .job("panic", |text: String| -> u64 { panic!("{text}") })
        .job("exit", |code: i32| -> u64 { std::process::exit(code) })
        .job("abort", |()| -> u64 { std::process::abort() })
        .job("print", |text: String| println!("{text}"))
        .job("read", |()| io::stdin().lines().count())
        .job("write", |bytes: usize| "x".repeat(bytes))
        .job("hear", |text: String| text.len())
        .job("start", |()| {
            let child = std::process::Command::new("sleep").arg("60").spawn();
            child.unwrap().id()
        })
        .serve();
}

/// Runs it on a loop of its own, which is clean behind it: no worker outlives its pool.
pub(crate) fn run<F: Future<Output = ()> + 'static>(future: F) {
    let event_loop = EventLoop::new().unwrap();
    event_loop.block_on(future).unwrap();
    let report = event_loop.close(MINUTE);
    assert!(report.is_clean(), "{report}");
}

pub(crate) fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
}
