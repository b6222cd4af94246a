//! Hosts: programs with a main thread of their own, and the loops that live beside it or on it.
//!
//! This process's main thread stands for the host's. What is asked of it says whether it came to
//! the right thread.

pub mod backlog;
pub mod calloop;
pub mod channel;
#[cfg(feature = "glib")]
pub mod glib;
#[cfg(feature = "ours")]
pub mod ours;
pub mod parked;
pub mod poll;
pub mod tokio;

use std::cell::Cell;

use crate::machine::{Place, Processors};

/// A main thread that answers, and a loop that asks.
pub trait Host: 'static {
    const NAME: &'static str;

    type Asker: Asker;

    /// Makes both. The loop runs `asks` to its end, on another thread where the peer has one for
    /// it; this thread answers meanwhile.
    fn serve<T, F>(asks: impl FnOnce(Self::Asker) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static;
}

/// The loop's end, on the loop's thread.
pub trait Asker: Clone + 'static {
    /// Has `job` run by the host and gives its answer.
    fn ask(
        &self,
        job: impl FnOnce() -> u64 + Send + 'static,
    ) -> impl Future<Output = u64> + 'static;

    /// Starts a task on the loop; nobody joins it.
    fn spawn(&self, task: impl Future<Output = ()> + 'static);
}

/// A loop on the host's own thread, which turns it now and then and never waits for it.
pub trait Pumped: 'static {
    const NAME: &'static str;

    fn start() -> Self;

    /// Lets it do what there is to do.
    fn pump(&mut self);
}

/// Where the asking loop runs.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    pub processors: Processors,
    pub place: Place,
}

impl Seat {
    /// Moves the calling thread there.
    pub fn take(self) {
        self.processors.pin(self.place);
    }
}

thread_local! {
    static IS_HOST: Cell<bool> = const { Cell::new(false) };
}

/// From now on this thread is the host's.
pub fn begin_to_host() {
    IS_HOST.set(true);
}

/// What the host is asked: nearly nothing, so that what is measured is the asking.
pub fn job(number: u64) -> impl FnOnce() -> u64 + Send + 'static {
    move || {
        assert!(IS_HOST.get(), "a job ran on another thread than the host's");
        number
    }
}
