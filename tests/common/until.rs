//! Waits of a test for what comes by itself, and how long it is waited for.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    thread,
    time::{Duration, Instant},
};

/// Longer than anything takes that doesn't hang.
const LONGEST: Duration = Duration::from_secs(60);

/// Waits on this thread, whatever its loop does.
#[track_caller]
pub(crate) fn until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < LONGEST, "it has not come");
        thread::yield_now();
    }
}

/// Waits in a task, whose loop goes on.
pub(crate) async fn until_told(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < LONGEST, "it has not come");
        glassloop::sleep(Duration::from_millis(1)).await;
    }
}
