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

/// So many are kept that have ended. Each has its ring, of 2.5 MiB by default.
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

/// What is wanted of each loop of the program.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wants {
    /// It is recorded.
    pub(crate) records: bool,
    /// It looks for faults, and is recorded for that.
    pub(crate) lints: bool,
}

impl Wants {
    /// It is recorded, and no more.
    pub(crate) const RECORDS: Wants = Wants { records: true, lints: false };
}

/// Has every loop that is built from now on seen into from its beginning, and the last ones kept
/// when they end. Those of a fork are nobody's.
pub(crate) fn follow(wants: Wants, keeps: bool) -> OnNewLoop {
    let process = std::process::id();
    on_new_loop(move |event_loop| {
        let watch = event_loop.watch();
        if watch.name().internal || std::process::id() != process {
            return;
        }
        watch.snapshot_at_least_every(SNAPSHOT_EVERY);
        if wants.records {
            event_loop.record(true);
        }
        if wants.lints {
            event_loop.lint(true);
        }
        if keeps {
            keep(watch);
        }
    })
}

/// Of those that have ended only the last ones stay.
fn keep(watch: Watch) {
    let mut kept = kept();
    // Another inspector may have been told of it, too.
    if kept.iter().any(|known| known.name().number == watch.name().number) {
        return;
    }
    kept.push_back(watch);
    let ended = kept.iter().filter(|known| known.has_ended()).count();
    let oldest = kept.iter().position(Watch::has_ended).filter(|_| ended > KEPT_MAX);
    let oldest = oldest.and_then(|at| kept.remove(at));
    // The last handle to a loop's ring is dropped outside of the lock.
    drop(kept);
    drop(oldest);
}
