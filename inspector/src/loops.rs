//! The loops of the process that can be looked at: those that live, and those that ended last,
//! where the program waits for who watches.
//!
//! Promises that a loop which is built while an inspector runs is recorded from its first event.

use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use glassloop::{OnNewLoop, Watch, on_new_loop};

use crate::watchdog::SNAPSHOT_EVERY;

/// So many are kept that may have ended. Each has its ring, of 2.5 MiB by default.
const KEPT_MAX: usize = 4;

static KEPT: Mutex<VecDeque<Watch>> = Mutex::new(VecDeque::new());

fn kept() -> MutexGuard<'static, VecDeque<Watch>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All of them, oldest first.
pub(crate) fn all() -> Vec<Watch> {
    let mut all = glassloop::loops();
    let is_there = |number| move |watch: &Watch| watch.name().number == number;
    for watch in kept().iter() {
        if !all.iter().any(is_there(watch.name().number)) {
            all.push(watch.clone());
        }
    }
    all.sort_by_key(|watch| watch.name().number);
    all
}

/// Lets go of those that were kept.
pub(crate) fn forget() {
    let kept = mem::take(&mut *kept());
    drop(kept);
}

/// Has every loop that is built from now on seen into from its beginning, and the last ones kept
/// when they end.
pub(crate) fn follow(records: bool, keeps: bool) -> OnNewLoop {
    on_new_loop(move |event_loop| {
        let watch = event_loop.watch();
        if watch.name().internal {
            return;
        }
        watch.snapshot_at_least_every(SNAPSHOT_EVERY);
        if records {
            event_loop.record(true);
        }
        if keeps {
            let mut kept = kept();
            kept.push_back(watch);
            // The last handle to a loop's ring is dropped outside of the lock.
            let oldest = if kept.len() > KEPT_MAX { kept.pop_front() } else { None };
            drop(kept);
            drop(oldest);
        }
    })
}
