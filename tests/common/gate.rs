//! `Gate`: holds jobs back until a test lets them go. It never opens by itself, so nothing depends
//! on how fast a machine is.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

/// Longer than any test that goes on takes.
const LONGEST: Duration = Duration::from_secs(60);

/// A gate that is closed until somebody opens it. Clones are the same gate.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    open: bool,
    waiting: usize,
    passed: usize,
}

impl Gate {
    /// Lets everybody pass, from now on.
    pub(crate) fn open(&self) {
        let (state, changed) = &*self.0;
        state.lock().unwrap().open = true;
        changed.notify_all();
    }

    /// Waits until the gate is open.
    pub(crate) fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut inside = state.lock().unwrap();
        inside.waiting += 1;
        changed.notify_all();
        let (mut inside, late) =
            changed.wait_timeout_while(inside, LONGEST, |inside| !inside.open).unwrap();
        assert!(!late.timed_out(), "nobody opened the gate");
        inside.waiting -= 1;
        inside.passed += 1;
    }

    /// Waits until so many stand before it.
    pub(crate) fn until_waiting(&self, many: usize) {
        let (state, changed) = &*self.0;
        let inside = state.lock().unwrap();
        let wait = changed.wait_timeout_while(inside, LONGEST, |inside| inside.waiting < many);
        let (inside, late) = wait.unwrap();
        assert!(!late.timed_out(), "{} of {many} have come", inside.waiting);
    }

    /// How many stand before it.
    pub(crate) fn waiting(&self) -> usize {
        self.0.0.lock().unwrap().waiting
    }
}
