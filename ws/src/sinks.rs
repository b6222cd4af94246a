//! The sinks: who is told of each state as it begins.
//!
//! Promises that all of them are told of every state, in their order, also of one that begins while
//! they are told of another; that one which panics disturbs nobody, and that none is kept once all
//! is over. Each may do anything with what it is told of meanwhile.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) type Sink<S> = Box<dyn FnMut(&S)>;

pub(crate) struct Sinks<S> {
    /// Empty while they are called.
    list: RefCell<Vec<Sink<S>>>,
    /// True while they are called.
    telling: Cell<bool>,
    /// What began meanwhile.
    later: RefCell<VecDeque<S>>,
    /// True once the last state has begun.
    over: Cell<bool>,
}

impl<S: Display + Clone> Sinks<S> {
    pub(crate) fn add(&self, sink: Sink<S>) {
        if !self.over.get() {
            self.list.borrow_mut().push(sink);
        }
    }

    /// Calls every sink. One that panics is a matter between it and the log: neither the others nor
    /// the connection have to do with it.
    pub(crate) fn tell(&self, state: &S) {
        if self.telling.replace(true) {
            return self.later.borrow_mut().push_back(state.clone());
        }
        let mut sinks = self.list.take();
        call(&mut sinks, state);
        loop {
            // What was added meanwhile stands behind them.
            sinks.append(&mut self.list.borrow_mut());
            let later = self.later.borrow_mut().pop_front();
            let Some(later) = later else { break };
            call(&mut sinks, &later);
        }
        self.telling.set(false);
        if self.over.get() {
            // They may hold handles of ours.
            drop(sinks);
        } else {
            drop(self.list.replace(sinks));
        }
    }

    /// The last state begins: none is kept beyond it.
    pub(crate) fn tell_last(&self, state: &S) {
        self.over.set(true);
        self.tell(state);
    }
}

fn call<S: Display>(sinks: &mut [Sink<S>], state: &S) {
    for sink in sinks {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| sink(state))) {
            log::error!("a state sink panicked at \"{state}\"");
            // Its drop may be anything.
            catch_unwind(AssertUnwindSafe(|| drop(payload))).ok();
        }
    }
}

impl<S> Default for Sinks<S> {
    fn default() -> Sinks<S> {
        Sinks {
            list: RefCell::default(),
            telling: Cell::default(),
            later: RefCell::default(),
            over: Cell::default(),
        }
    }
}
