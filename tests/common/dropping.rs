//! Dropping a future at every poll: a program is run once for each number of polls that a future
//! in it may get before it is dropped, until it gets ready.

use std::{cell::Cell, future::Future, pin::Pin, rc::Rc, task::Poll};

use glassloop::{EventLoop, snapshot};

use crate::common::poll_fn;

/// How often the future under test is polled in this run.
#[derive(Clone)]
pub(crate) struct Probe {
    polls_max: usize,
    was_ready: Rc<Cell<Option<bool>>>,
}

impl Probe {
    /// How often the future is polled at most.
    pub(crate) fn polls(&self) -> usize {
        self.polls_max
    }

    /// Polls a future as often as this run says, and drops it. Its output, if it got that far.
    /// Whatever it was, it must no longer wait for anything.
    pub(crate) async fn drive<F: Future>(&self, future: F) -> Option<F::Output> {
        let output = self.drive_kept(future).await;
        let snapshot = snapshot();
        let main = snapshot.tasks.iter().find(|task| task.name == "main").expect("it runs");
        assert!(main.waits.is_empty(), "it waits still: {:?}", main.waits);
        output
    }

    /// As `drive`, for a future that is lent and lives on: it waits until it is polled again.
    pub(crate) async fn drive_kept<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = Box::pin(future);
        let polls_max = self.polls_max;
        let output = poll_fn(|before, cx| {
            if before == polls_max {
                return Poll::Ready(None);
            }
            match future.as_mut().poll(cx) {
                Poll::Ready(output) => Poll::Ready(Some(output)),
                Poll::Pending if before + 1 == polls_max => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        drop(future);
        assert_eq!(self.was_ready.replace(Some(output.is_some())), None, "one future a run");
        output
    }
}

/// A program in which one future is driven by the probe it is given.
pub(crate) type Program = fn(Probe) -> Pin<Box<dyn Future<Output = ()>>>;

/// Runs a program until its future gets ready, dropping it one poll later each time; after each
/// run nothing of it may be left. How many polls it took.
pub(crate) fn drop_at_every_poll(name: &str, make: fn() -> EventLoop, program: Program) -> usize {
    const POLLS_MAX: usize = 100;
    for polls_max in 0..POLLS_MAX {
        let was_ready = Rc::new(Cell::new(None));
        let probe = Probe { polls_max, was_ready: Rc::clone(&was_ready) };
        let event_loop = make();
        let ran = event_loop.block_on(program(probe));
        ran.unwrap_or_else(|error| panic!("{name}, dropped after {polls_max} polls: {error}"));
        let left = event_loop.snapshot();
        let waiters: usize = left.sources.iter().map(|source| source.waiters.len()).sum();
        let counts = (left.tasks.len(), left.timers.len(), waiters);
        assert_eq!(counts, (0, 0, 0), "{name}, dropped after {polls_max} polls:\n{left}");
        if was_ready.get().expect("the program drives its future") {
            return polls_max;
        }
    }
    panic!("{name} was never ready");
}
