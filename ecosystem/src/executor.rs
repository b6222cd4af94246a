//! `LoopExecutor`: where hyper's own futures run.

use std::future::Future;

use hyper::rt::Executor;

/// Spawns on the current loop. Only HTTP/2 asks for it: a stream of a connection is a task.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopExecutor;

impl<F> Executor<F> for LoopExecutor
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        glassloop::spawn(future).named("hyper").detach();
    }
}
