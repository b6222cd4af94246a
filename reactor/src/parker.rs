//! `Parker`: a thread's place to block without the OS's poller, on a condition variable.
//!
//! It promises that an unpark is never lost: one that comes first makes the next park return at
//! once. It knows no wake word; who may block and who must be woken is the [`Notifier`]'s affair.
//!
//! [`Notifier`]: crate::Notifier

use std::{
    fmt,
    time::{Duration, Instant},
};

use crate::sync::{Condvar, Mutex, PoisonError};

/// Where a loop without descriptors blocks. One thread parks, any number may unpark it.
pub struct Parker {
    unparked: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    /// A parker that nobody has unparked yet.
    #[must_use]
    pub fn new() -> Parker {
        Parker { unparked: Mutex::new(false), changed: Condvar::new() }
    }

    /// Blocks until it is unparked or `timeout` has passed; with `None`, until it is unparked.
    ///
    /// A condition variable may return for no reason, so this loops: it ends early only if it was
    /// unparked.
    pub fn park(&self, timeout: Option<Duration>) {
        // A deadline too far for the clock of this OS is none.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut unparked = self.unparked.lock().unwrap_or_else(PoisonError::into_inner);
        while !*unparked {
            unparked = match deadline {
                None => self.changed.wait(unparked).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return;
                    }
                    let waited = self.changed.wait_timeout(unparked, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        *unparked = false;
    }

    /// Ends the park under way, or the next one.
    pub fn unpark(&self) {
        *self.unparked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }
}

impl Default for Parker {
    fn default() -> Parker {
        Parker::new()
    }
}

impl fmt::Debug for Parker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parker").finish_non_exhaustive()
    }
}
