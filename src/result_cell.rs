//! `ResultCell`: where a result goes, between the thread that brings it and whoever waits for it.
//!
//! The first result stays, and is given once. It is locked for moves only: no waker is woken,
//! cloned or dropped under the lock, and no result is dropped there.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use glassloop_executor::{Executor, drop_caught, drop_payload};

use crate::waits;

/// A place for one result.
pub(crate) struct ResultCell<T, E> {
    state: Mutex<State<T, E>>,
    resolved: Condvar,
    /// The result is there, and whoever waits has yet to be woken.
    waking: AtomicBool,
}

enum State<T, E> {
    Waiting {
        waker: Option<Waker>,
        /// A thread blocks for it. Telling a condition of which nobody hears is a system call, too.
        blocked: bool,
    },
    Resolved(Result<T, E>),
    Taken,
}

impl<T, E> ResultCell<T, E> {
    pub(crate) const fn new() -> ResultCell<T, E> {
        let state = State::Waiting { waker: None, blocked: false };
        ResultCell {
            state: Mutex::new(state),
            resolved: Condvar::new(),
            waking: AtomicBool::new(false),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the result and wakes who waits, with no lock held.
    ///
    /// # Errors
    /// The result, if there was one before or nobody will take it.
    pub(crate) fn resolve(&self, result: Result<T, E>) -> Result<(), Result<T, E>> {
        let mut state = self.state();
        if !matches!(*state, State::Waiting { .. }) {
            return Err(result);
        }
        let before = std::mem::replace(&mut *state, State::Resolved(result));
        self.waking.store(true, Relaxed);
        drop(state);
        if let State::Waiting { waker, blocked } = before {
            if blocked {
                self.resolved.notify_all();
            }
            waker.into_iter().for_each(waits::wake);
        }
        self.waking.store(false, Release);
        Ok(())
    }

    /// Whether the result came, or nobody will take it.
    pub(crate) fn is_resolved(&self) -> bool {
        !matches!(*self.state(), State::Waiting { .. })
    }

    /// Whether a thread is at work on it, which will wake whoever waits.
    pub(crate) fn is_on_its_way(&self) -> bool {
        !self.is_resolved() || self.waking.load(Acquire)
    }

    /// The result, or leaves a waker for it.
    ///
    /// # Panics
    /// When the result was taken before; `what` names it.
    pub(crate) fn poll(&self, cx: &Context<'_>, what: &str) -> Poll<Result<T, E>> {
        let mut state = self.state();
        match &*state {
            State::Waiting { waker: Some(waker), .. } if waker.will_wake(cx.waker()) => {
                return Poll::Pending;
            }
            State::Waiting { .. } => {}
            State::Resolved(_) | State::Taken => return Poll::Ready(taken(state, what)),
        }
        drop(state);
        // A waker's clone isn't ours to make under a lock, nor its drop.
        let mut waker = Some(cx.waker().clone());
        state = self.state();
        if let State::Waiting { waker: stored, .. } = &mut *state {
            std::mem::swap(stored, &mut waker);
            drop(state);
            drop_caught(waker).unwrap_or_else(drop_payload);
            return Poll::Pending;
        }
        // It has come meanwhile.
        let result = taken(state, what);
        drop_caught(waker).unwrap_or_else(drop_payload);
        Poll::Ready(result)
    }

    /// Blocks this thread for the result, at most `timeout`.
    ///
    /// # Panics
    /// As [`poll`](ResultCell::poll).
    pub(crate) fn wait(&self, timeout: Duration, what: &str) -> Option<Result<T, E>> {
        let began = Instant::now();
        let mut state = self.state();
        while let State::Waiting { blocked, .. } = &mut *state {
            let left = timeout.checked_sub(began.elapsed()).filter(|left| !left.is_zero())?;
            *blocked = true;
            // A wait that is too long for the platform's clock is a long wait all the same.
            let waited = self.resolved.wait_timeout(state, left.min(Duration::from_secs(3600)));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Some(taken(state, what))
    }

    /// Nobody will take the result. Gives it if it is there.
    pub(crate) fn abandon(&self) -> Option<Result<T, E>> {
        let before = std::mem::replace(&mut *self.state(), State::Taken);
        match before {
            State::Resolved(result) => return Some(result),
            State::Waiting { waker, .. } => drop_caught(waker).unwrap_or_else(drop_payload),
            State::Taken => {}
        }
        None
    }
}

fn taken<T, E>(mut state: MutexGuard<'_, State<T, E>>, what: &str) -> Result<T, E> {
    // A task that takes results gets further, whatever it waits for besides.
    Executor::current().into_iter().for_each(|executor| executor.note_result());
    match std::mem::replace(&mut *state, State::Taken) {
        State::Resolved(result) => result,
        _ => panic!("{what} was asked again after it gave its result"),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        task::{Wake, Waker},
    };

    use super::*;

    /// Looks at a cell when it is woken for it.
    struct Looks {
        cell: Arc<ResultCell<u32, ()>>,
        saw: AtomicBool,
    }

    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            assert!(self.cell.is_resolved());
            self.saw.store(self.cell.is_on_its_way(), Relaxed);
        }
    }

    #[test]
    fn a_result_is_on_its_way_until_whoever_waits_has_been_woken() {
        let cell = Arc::new(ResultCell::new());
        let looks = Arc::new(Looks { cell: Arc::clone(&cell), saw: AtomicBool::new(false) });
        let waker = Waker::from(Arc::clone(&looks));
        assert!(cell.poll(&Context::from_waker(&waker), "a job").is_pending());
        assert!(cell.is_on_its_way());
        cell.resolve(Ok(7)).unwrap();
        assert!(looks.saw.load(Relaxed), "when it was woken");
        assert!(!cell.is_on_its_way());
        let given = cell.poll(&Context::from_waker(&waker), "a job");
        assert_eq!(given, Poll::Ready(Ok(7)));
    }
}
