//! The free functions: what a task or callback asks of the loop it runs on.
//!
//! Each has a twin on `EventLoop`. Outside of a loop they panic with a message that says which
//! thread this is and what to do; `callbacks.rs` holds the ones that call a closure later.

use std::{future::Future, panic::Location};

use glassloop_executor::JoinHandle;

use crate::{EventLoop, RunError, Snapshot, close, current};

/// Makes a loop, runs `future` to its end on it, closes the loop, and gives the result.
///
/// What the future spawned and left behind is dropped. A panic of the future goes on here.
///
/// # Errors
/// As [`EventLoop::block_on`], and when the system gives no descriptors for a loop.
///
/// ```
/// # fn main() -> Result<(), glassloop::RunError> {
/// let sum = glassloop::run(async {
///     let tasks: Vec<_> = (1..=3).map(|n| glassloop::spawn(async move { n * n })).collect();
///     let mut sum = 0;
///     for task in tasks {
///         sum += task.await.unwrap();
///     }
///     sum
/// })?;
/// assert_eq!(sum, 14);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn run<F>(future: F) -> Result<F::Output, RunError>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let event_loop = EventLoop::new()?;
    let result = event_loop.block_on(future);
    close::close_after_run(&event_loop, Location::caller());
    result
}

/// Spawns a task on the current loop: it is polled first in the next batch. Past `tasks_max` the
/// handle is ready with `JoinError::Refused`.
///
/// Dropping the handle detaches the task: it goes on, and a panic of it goes to `on_unhandled`.
///
/// # Panics
/// Outside of a loop.
///
/// ```
/// # glassloop::run(async {
/// let task = glassloop::spawn(async { "done" }).named("worker");
/// assert!(!task.is_finished(), "it runs when this task waits");
/// assert_eq!(task.await.unwrap(), "done");
/// # }).unwrap();
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    current::executor("spawn").spawn(future, Location::caller())
}

/// Asks the current loop to stop at the end of this turn.
///
/// # Panics
/// Outside of a loop.
#[track_caller]
pub fn stop() {
    current::expect("stop").stop();
}

/// A handle to the current loop for other threads.
///
/// # Panics
/// Outside of a loop.
#[track_caller]
#[must_use]
pub fn remote() -> crate::Remote {
    crate::Remote::new(current::expect("remote").shared.clone())
}

/// The state of the current loop, now.
///
/// # Panics
/// Outside of a loop.
#[track_caller]
#[must_use]
pub fn snapshot() -> Snapshot {
    Snapshot::of(&current::expect("snapshot"))
}
