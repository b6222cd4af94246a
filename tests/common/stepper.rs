//! Loops that are taken by steps, and hosts that pump them.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use glassloop::{EventLoop, StepTo, Watch};

/// More than a pump of a test takes: it ends when there is no more to do.
pub(crate) const BUDGET: Duration = Duration::from_secs(10);

/// For a loop that may have ended within the last step, and comes nowhere any more.
const MOMENT: Duration = Duration::from_millis(2);

/// A pump whose host has other means to know when the next one is due.
pub(crate) fn pump(event_loop: &EventLoop) {
    event_loop.pump(BUDGET).map(|_| ()).unwrap();
}

/// Has another thread take a loop by steps, from before its first turn on, while `f` runs it. What
/// that gives, and how many steps there were.
pub(crate) fn stepped<T>(
    event_loop: &EventLoop,
    mut to: impl FnMut(&Watch) -> StepTo + Send + 'static,
    f: impl FnOnce() -> T,
) -> (T, usize) {
    let (watch, is_over) = (event_loop.watch(), Arc::new(AtomicBool::new(false)));
    watch.pause();
    let over = Arc::clone(&is_over);
    let stepper = thread::spawn(move || {
        let mut steps = 0;
        while !over.load(SeqCst) {
            if watch.stopped(MOMENT).is_some() {
                watch.step(to(&watch));
                steps += 1;
            }
        }
        steps
    });
    let result = f();
    is_over.store(true, SeqCst);
    (result, stepper.join().unwrap())
}
