//! `CancelToken`: a cooperative "please end", for tasks and threads alike.
//!
//! Cancelling is a flag and a round of wakes; whoever waits for it decides what to do. It is
//! `Send`, so it stores wakers like any foreign cell, and is never part of a deadlock's proof.

use std::{
    future::Future,
    panic::Location,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use crate::{
    current,
    waits::{self, Note, NoteCell, Noted},
};

#[derive(Debug, Default)]
struct State {
    cancelled: bool,
    /// Who waits, by a key that only grows.
    waiting: Vec<(u64, Waker)>,
    next: u64,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A flag that is set once and that can be waited for. Clones are the same token.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    shared: Arc<Shared>,
}

impl CancelToken {
    /// A token that nobody has cancelled.
    #[must_use]
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Sets the flag and wakes everybody who waits for it. Once is enough.
    pub fn cancel(&self) {
        let mut state = self.shared.state();
        state.cancelled = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for (_, waker) in waiting {
            waits::wake(waker);
        }
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.shared.state().cancelled
    }

    /// Resolves once the token is cancelled.
    ///
    /// # Cancel safety
    /// Dropping it loses nothing: the token stays cancelled.
    pub fn cancelled(&self) -> Cancelled {
        let shared = Arc::clone(&self.shared);
        Cancelled { shared, key: None, note: Arc::default() }
    }
}

#[derive(Debug, Default)]
struct WaitCell(NoteCell);

impl Noted for WaitCell {
    fn note(&self) -> Option<Note> {
        self.0.get()
    }
}

/// Resolves once its token is cancelled; see [`CancelToken::cancelled`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Cancelled {
    shared: Arc<Shared>,
    key: Option<u64>,
    note: Arc<WaitCell>,
}

impl Future for Cancelled {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let place = Location::caller();
        // A waker's clone and drop aren't ours to do under a lock.
        let mut waker = cx.waker().clone();
        let mut state = self.shared.state();
        if state.cancelled {
            drop(state);
            self.note.0.set(None);
            return Poll::Ready(());
        }
        let known = self.key.and_then(|key| state.waiting.iter_mut().find(|(k, _)| *k == key));
        if let Some((_, before)) = known {
            std::mem::swap(before, &mut waker);
            drop(state);
            drop(waker);
        } else {
            let key = state.next;
            state.next += 1;
            state.waiting.push((key, waker));
            drop(state);
            self.key = Some(key);
            if let Some(core) = current::get() {
                let cell = Arc::clone(&self.note) as Arc<dyn Noted>;
                core.waits.add(Arc::downgrade(&cell));
            }
        }
        self.note.0.wait("cancelled", place);
        Poll::Pending
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let mut state = self.shared.state();
        let row = state.waiting.iter().position(|(k, _)| *k == key);
        let waiter = row.map(|row| state.waiting.swap_remove(row));
        drop(state);
        drop(waiter);
    }
}
