//! The sinks: who is told of each state as it begins.
//!
//! Promises that all of them are told, that one which panics disturbs nobody, and that none is kept
//! once all is over. Each may do anything with the client meanwhile.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::state::ReconnectState;

pub(crate) type Sink = Box<dyn FnMut(&ReconnectState)>;

/// Empty while they are called.
#[derive(Default)]
pub(crate) struct Sinks(RefCell<Vec<Sink>>);

impl Sinks {
    pub(crate) fn add(&self, sink: Sink) {
        self.0.borrow_mut().push(sink);
    }

    /// Calls every sink. One that panics is a matter between it and the log: neither the others nor
    /// the connection have to do with it.
    pub(crate) fn tell(&self, state: &ReconnectState) {
        let mut sinks = self.0.take();
        for sink in &mut sinks {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| sink(state))) {
                log::error!("reconnecting: a state sink panicked at \"{state}\"");
                // Its drop may be anything.
                catch_unwind(AssertUnwindSafe(|| drop(payload))).ok();
            }
        }
        // What was added meanwhile stands behind them.
        sinks.append(&mut self.0.borrow_mut());
        if state.is_over() {
            // They may hold handles of ours.
            drop(sinks);
        } else {
            drop(self.0.replace(sinks));
        }
    }
}
