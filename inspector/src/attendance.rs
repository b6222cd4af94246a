//! Attendance: who watches a program that waits for that.
//!
//! Such a program stands still until somebody watches the events of a loop, and does not end before
//! everybody who watches has them all. Promises that the end takes no longer than it was given.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::facts::Facts;

/// Shared by the program's thread, which waits, and the inspector's.
#[derive(Debug, Default)]
pub(crate) struct Attendance {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    watching: usize,
    /// Somebody has, by now.
    was_watched: bool,
    /// The program ends: who has everything may go.
    ending: bool,
}

impl Attendance {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(self: &Arc<Attendance>) -> Watcher {
        let mut state = self.state();
        state.watching += 1;
        state.was_watched = true;
        drop(state);
        self.changed.notify_all();
        Watcher(Arc::clone(self))
    }

    /// Waits until somebody watches.
    pub(crate) fn wait(&self) {
        let waiting = self.changed.wait_while(self.state(), |state| !state.was_watched);
        drop(waiting.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until everybody who watches has all there is, `patience` at most. Whether they have.
    pub(crate) fn end(&self, patience: Duration) -> bool {
        let mut state = self.state();
        state.ending = true;
        let waiting = self.changed.wait_timeout_while(state, patience, |state| state.watching > 0);
        let (state, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        state.watching == 0
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.state().ending
    }

    pub(crate) fn was_watched(&self) -> bool {
        self.state().was_watched
    }
}

/// Somebody who watches; until this is dropped.
#[derive(Debug)]
pub(crate) struct Watcher(Arc<Attendance>);

impl Watcher {
    /// Somebody watches, if the program waits for that.
    pub(crate) fn of(facts: &Facts) -> Option<Watcher> {
        facts.attendance.as_ref().map(Attendance::enter)
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.0.is_ending()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.state().watching -= 1;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn who_waits_goes_on_when_somebody_watches_and_ends_when_nobody_does() {
        let attendance = Arc::new(Attendance::default());
        let waits = Arc::clone(&attendance);
        let program = thread::spawn(move || {
            waits.wait();
            waits.end(Duration::from_secs(60))
        });
        assert!(!attendance.was_watched());
        let watcher = attendance.enter();
        assert!(attendance.was_watched());
        while !watcher.is_ending() {
            thread::yield_now();
        }
        assert!(!program.is_finished(), "somebody watches");
        drop(watcher);
        assert!(program.join().unwrap());
    }

    #[test]
    fn an_end_waits_no_longer_than_it_is_given() {
        let attendance = Arc::new(Attendance::default());
        let watcher = attendance.enter();
        assert!(!attendance.end(Duration::ZERO), "somebody has not got everything");
        drop(watcher);
        assert!(attendance.end(Duration::ZERO));
    }
}
