//! `Cell`: where the result of a host call goes, between the host's thread and whoever waits.
//!
//! It is locked for moves only: no waker is woken, cloned or dropped under the lock, and no result.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use glassloop_executor::{drop_caught, drop_payload, quietly};

use super::{HostError, JobContext};
use crate::waits::{self, Note, NoteCell, Noted};

enum State<T> {
    Waiting(Waiting),
    Resolved(Result<T, HostError>),
    Taken,
}

/// Who waits, and for what.
#[derive(Default)]
struct Waiting {
    progress: Progress,
    waker: Option<Waker>,
    /// A thread blocks for it. Telling a condition of which nobody hears is a system call, too.
    blocked: bool,
}

/// How far the host has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// It runs, or one of its steps does.
    pub(super) running: bool,
    /// Steps that are done.
    pub(super) steps: u32,
}

/// Where the result goes.
pub(super) struct Cell<T> {
    state: Mutex<State<T>>,
    resolved: Condvar,
    pub(super) context: JobContext,
    pub(super) note: NoteCell,
}

impl<T> Cell<T> {
    pub(super) fn new() -> Arc<Cell<T>> {
        Arc::new(Cell {
            state: Mutex::new(State::Waiting(Waiting::default())),
            resolved: Condvar::new(),
            context: JobContext::default(),
            note: NoteCell::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host has come to it. False if nobody wants it any more.
    pub(super) fn begin(&self) -> bool {
        if let State::Waiting(waiting) = &mut *self.state() {
            waiting.progress.running = true;
        }
        !self.context.is_cancelled()
    }

    /// A step is done, and the next one waits.
    pub(super) fn pause(&self) {
        if let State::Waiting(Waiting { progress, .. }) = &mut *self.state() {
            *progress = Progress { running: false, steps: progress.steps.saturating_add(1) };
        }
    }

    pub(super) fn progress(&self) -> Progress {
        match *self.state() {
            State::Waiting(Waiting { progress, .. }) => progress,
            State::Resolved(_) | State::Taken => Progress::default(),
        }
    }

    pub(super) fn is_resolved(&self) -> bool {
        !matches!(*self.state(), State::Waiting(_))
    }

    /// The first result stays; wakes who waits, with no lock held.
    pub(super) fn resolve(&self, result: Result<T, HostError>) {
        let mut state = self.state();
        if !matches!(*state, State::Waiting(_)) {
            drop(state);
            if let Err(HostError::Panicked(_)) = &result {
                quietly(|| log::error!("nobody waited for a host call any more: it panicked"));
            }
            return drop_caught(result).unwrap_or_else(drop_payload);
        }
        let before = std::mem::replace(&mut *state, State::Resolved(result));
        drop(state);
        let State::Waiting(before) = before else { return };
        if before.blocked {
            self.resolved.notify_all();
        }
        if let Some(waker) = before.waker {
            waits::wake(waker);
        }
    }

    /// The result, if it is there and was not taken.
    fn take(&self) -> Option<Result<T, HostError>> {
        let mut state = self.state();
        if matches!(*state, State::Waiting(_)) {
            return None;
        }
        match std::mem::replace(&mut *state, State::Taken) {
            State::Resolved(result) => Some(result),
            _ => panic!("a host call was polled after it gave its result"),
        }
    }

    /// The result, or leaves a waker for it.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Result<T, HostError>> {
        if let Some(result) = self.take() {
            return Poll::Ready(result);
        }
        // A waker's clone isn't ours to make under a lock, nor its drop.
        let waker = cx.waker().clone();
        let mut state = self.state();
        if let State::Waiting(waiting) = &mut *state {
            let replaced = waiting.waker.replace(waker);
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        drop(state);
        // It has come meanwhile.
        self.take().map_or(Poll::Pending, Poll::Ready)
    }

    /// Blocks this thread for the result, at most `timeout`.
    pub(super) fn wait(&self, timeout: Duration) -> Option<Result<T, HostError>> {
        let began = Instant::now();
        let mut state = self.state();
        while let State::Waiting(waiting) = &mut *state {
            waiting.blocked = true;
            let left = timeout.checked_sub(began.elapsed()).filter(|left| !left.is_zero())?;
            // A wait that is too long for the platform's clock is a long wait all the same.
            let waited = self.resolved.wait_timeout(state, left.min(Duration::from_secs(3600)));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        self.take()
    }

    /// Nobody will take the result.
    pub(super) fn abandon(&self) {
        self.context.cancel();
        self.note.set(None);
        let before = std::mem::replace(&mut *self.state(), State::Taken);
        if let State::Resolved(Err(error @ HostError::Panicked(_))) = &before {
            quietly(|| log::error!("nobody asked for the result of a host call: {error}"));
        }
        drop_caught(before).unwrap_or_else(drop_payload);
    }
}

impl<T: Send> Noted for Cell<T> {
    fn note(&self) -> Option<Note> {
        self.note.get()
    }

    fn is_answered_elsewhere(&self) -> bool {
        !self.is_resolved()
    }
}
