//! Pools for a test: one that is blocked, one that ends; a job waited for without a loop.

#![cfg(test)]

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use glassloop::{Offload, OffloadError, Pool, PoolLimits};

use crate::gate::Gate;

/// Longer than anything takes that doesn't hang.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// A pool whose only thread stands before a gate.
pub(crate) fn blocked_pool(limits: PoolLimits) -> (Pool, Gate, Offload<()>) {
    let (pool, gate) =
        (Pool::with_limits(PoolLimits { threads_max: 1, ..limits }), Gate::default());
    let passes = gate.clone();
    let blocker = pool.offload(move || passes.pass());
    gate.until_waiting(1);
    (pool, gate, blocker)
}

/// Ends the pool behind a test: no thread of it is left.
pub(crate) fn end(pool: &Pool) {
    let report = pool.close(MINUTE);
    assert!(report.running.is_empty(), "{report}");
    assert_eq!(pool.threads(), 0);
}

/// The result of a job, waited for by this thread without a loop.
pub(crate) fn wait<T: Send + 'static>(job: Offload<T>) -> Result<T, OffloadError> {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut job = pin!(job);
    loop {
        if let Poll::Ready(result) = job.as_mut().poll(&mut Context::from_waker(&waker)) {
            return result;
        }
        thread::park_timeout(MINUTE);
    }
}
