//! `Remote`: the loop, as every other thread may hold it.
//!
//! A call left here runs once, on the loop's thread, in order per sender; or it is refused on the
//! spot and the closure comes back. Leaving one never waits for the loop. While the loop runs it
//! costs no system call.

use std::{
    fmt,
    future::Future,
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use glassloop_executor::Refused;

use crate::{Watch, call::Call, shared::Shared};

/// A handle to a loop for any thread. Cheap to clone.
///
/// As long as one lives, its loop can be reached: `run` goes on waiting, and no deadlock is ever
/// called proven.
pub struct Remote {
    shared: Arc<Shared>,
}

impl Remote {
    pub(crate) fn new(shared: Arc<Shared>) -> Remote {
        shared.remotes.fetch_add(1, Ordering::AcqRel);
        Remote { shared }
    }

    pub(crate) fn is_of(&self, shared: &Arc<Shared>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }

    /// Leaves a call for the loop.
    ///
    /// Accepted, it runs exactly once, after everything this thread left before: in the next run
    /// phase, or at the latest inside `close`. A panic of it is reported and the loop goes on.
    ///
    /// # Errors
    /// [`Refused`] with the closure: `Closed`, or `Full` when `deferred_max` calls wait.
    ///
    /// ```
    /// let event_loop = glassloop::EventLoop::new()?;
    /// let remote = event_loop.remote();
    /// std::thread::spawn(move || remote.defer(|| println!("on the loop's thread")));
    /// event_loop.run()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn defer<F>(&self, f: F) -> Result<(), Refused<F>>
    where
        F: FnOnce() + Send + 'static,
    {
        self.shared.inbox.defer(f, Location::caller())
    }

    /// As [`defer`](Remote::defer), unless a call left under the same key still waits: then the
    /// closure is dropped and `Ok(false)` says so. For "refresh"-like calls, of which one is as
    /// good as ten.
    ///
    /// The key is free again just before the call runs, so what happens during it can leave
    /// another.
    ///
    /// # Errors
    /// As [`defer`](Remote::defer).
    ///
    /// ```
    /// use glassloop::{EventLoop, OnceKey};
    ///
    /// let event_loop = EventLoop::new()?;
    /// let (remote, refresh) = (event_loop.remote(), OnceKey::new());
    /// let first = remote.defer_once(&refresh, || println!("refreshed"));
    /// let second = remote.defer_once(&refresh, || println!("refreshed"));
    /// assert_eq!((first.unwrap(), second.unwrap()), (true, false));
    /// assert!(event_loop.close(std::time::Duration::from_secs(1)).is_clean());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn defer_once<F>(&self, key: &OnceKey, f: F) -> Result<bool, Refused<F>>
    where
        F: FnOnce() + Send + 'static,
    {
        // An exchange, not a load: the call that waits must see what this thread wrote before.
        let taken = key.waiting.compare_exchange(true, true, Ordering::AcqRel, Ordering::Acquire);
        if taken.is_ok() {
            return Ok(false);
        }
        // The place first, the key second: a key that is taken means a call that waits.
        let place = match self.shared.inbox.reserve() {
            Ok(place) => place,
            Err(refused) => return Err(refused.map(|()| f)),
        };
        if key.waiting.swap(true, Ordering::AcqRel) {
            return Ok(false);
        }
        // If the loop drops the call unrun, the key is freed all the same.
        let free = FreeKey(Arc::clone(&key.waiting));
        let run = move || {
            drop(free);
            f();
        };
        place.leave(Box::new(run), Location::caller());
        Ok(true)
    }

    /// Has `f` called on the loop's thread and gives its result: await it on any loop, or
    /// [`wait`](Call::wait) for it. It always resolves.
    #[track_caller]
    pub fn call<F, T>(&self, f: F) -> Call<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Call::defer(&self.shared, f, Location::caller())
    }

    /// Spawns a task on the loop: `f` makes its future there, so the future need not be `Send`.
    /// Dropping the [`Call`] detaches the task; [`cancel`](Call::cancel) asks it to end.
    #[track_caller]
    pub fn spawn<F, U>(&self, f: F) -> Call<U::Output>
    where
        F: FnOnce() -> U + Send + 'static,
        U: Future + 'static,
        U::Output: Send + 'static,
    {
        Call::spawn(&self.shared, f, Location::caller())
    }

    /// Asks the loop to stop: `run` returns at the end of the turn that takes this. What this
    /// thread left before is taken first. It never fails; on a loop that is gone it does nothing.
    pub fn stop(&self) {
        self.shared.inbox.stop();
        self.shared.open_gate(false);
    }

    /// A way to look at the loop that doesn't keep it waiting for more.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch::new(Arc::clone(&self.shared))
    }

    /// Whether calls are refused for good.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.inbox.is_closed()
    }
}

impl Clone for Remote {
    fn clone(&self) -> Remote {
        Remote::new(Arc::clone(&self.shared))
    }
}

impl Drop for Remote {
    /// The last one brings the loop back: it may have nothing left to wait for.
    fn drop(&mut self) {
        if self.shared.remotes.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.inbox.unpark();
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

/// What calls of [`Remote::defer_once`] are told apart by. Clones are the same key.
#[derive(Clone, Debug, Default)]
pub struct OnceKey {
    waiting: Arc<AtomicBool>,
}

impl OnceKey {
    /// A key of its own.
    #[must_use]
    pub fn new() -> OnceKey {
        OnceKey::default()
    }
}

struct FreeKey(Arc<AtomicBool>);

impl Drop for FreeKey {
    fn drop(&mut self) {
        // A swap, not a store: the call must see what a sender wrote before it found the key taken.
        self.0.swap(false, Ordering::AcqRel);
    }
}
