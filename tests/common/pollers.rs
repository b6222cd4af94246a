//! `for_each_poller`: one test, on every poller that there is.
//!
//! A failure says which poller it was; the test itself names none.

#![cfg(test)]

use std::thread;

use glassloop::{Builder, EventLoop, PollerKind};

const POLLERS: [PollerKind; 3] = [PollerKind::Mio, PollerKind::TimersOnly, PollerKind::Scripted];

/// Runs a test once for each poller, with the builder of a loop on it.
pub(crate) fn for_each_poller(test: impl Fn(Builder)) {
    for poller in POLLERS {
        let _named = Named(poller);
        test(EventLoop::builder().poller(poller));
    }
}

/// Names the poller when the test fails under it.
struct Named(PollerKind);

impl Drop for Named {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("failed on PollerKind::{:?}", self.0);
        }
    }
}
