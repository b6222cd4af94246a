//! The thread that looks names up starts with the first name and ends when its loop is gone.

#![cfg(test)]
#![cfg(target_os = "linux")]
// Miri resolves no names.
#![cfg(not(miri))]

mod common;

use std::{
    fs,
    thread::yield_now,
    time::{Duration, Instant},
};

use common::Harness;
use glassloop_reactor::net::lookup;

/// How many threads of this process look names up.
fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim_end() == "glassloop-names").count()
}

fn wait_for(count: usize) {
    let patience = Instant::now() + Duration::from_secs(20);
    while threads() != count {
        assert!(Instant::now() < patience, "expected {count} threads, came {}", threads());
        yield_now();
    }
}

#[test]
fn the_thread_starts_with_the_first_name_and_ends_with_the_loop() {
    let harness = Harness::kernel();
    harness.block_on(lookup("127.0.0.1", 80)).unwrap();
    assert_eq!(threads(), 0, "an address needs no thread");
    let mut first = lookup("localhost", 80);
    let mut second = lookup("localhost", 80);
    for named in [&mut first, &mut second] {
        while harness.poll_once(named).is_pending() {
            yield_now();
        }
    }
    wait_for(1);
    drop((first, second));
    drop(harness);
    wait_for(0);
}
