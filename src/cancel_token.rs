//! `CancelToken`: a cooperative "please end", for tasks and threads alike.
//!
//! Cancelling is a flag and a round of wakes; whoever waits for it decides what to do. A child is
//! cancelled with its parent, never the other way round. A token is `Send`, so it stores wakers
//! like any foreign cell, and is never part of a deadlock's proof.

use std::{
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
};

use slab::Slab;

use crate::{
    current,
    run_until_cancelled::RunUntilCancelled,
    waits::{self, Note, NoteCell, Noted},
};

#[derive(Default)]
struct State {
    cancelled: bool,
    /// Who waits. Once cancelled it is empty for good, so a row's key can't mean another's.
    waiting: Slab<Waker>,
    /// Likewise.
    children: Slab<Weak<Shared>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// The token it was made from, and its row there.
    parent: Option<(Arc<Shared>, usize)>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the flag; who waited and who is to be cancelled next is added to the lists.
    fn cancel(&self, waiting: &mut Vec<Waker>, next: &mut Vec<Weak<Shared>>) {
        let mut state = self.state();
        state.cancelled = true;
        let (wakers, children) =
            (std::mem::take(&mut state.waiting), std::mem::take(&mut state.children));
        drop(state);
        waiting.extend(wakers.into_iter().map(|(_, waker)| waker));
        next.extend(children.into_iter().map(|(_, child)| child));
    }
}

impl Drop for Shared {
    /// Leaves the parent's list. A parent that lived for this alone goes with it, and so on: in a
    /// loop, so that a long line of tokens needs no stack.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some((parent, row)) = next {
            let child = parent.state().children.try_remove(row);
            drop(child);
            next = Arc::into_inner(parent).and_then(|mut parent| parent.parent.take());
        }
    }
}

/// A flag that is set once and that can be waited for. Clones are the same token, and may be
/// cancelled and waited for on any thread: it is how a host ends what runs on its loop's.
///
/// ```
/// let token = glassloop::CancelToken::new();
/// let child = token.child();
/// # glassloop::run(async move {
/// let worker = glassloop::spawn(async move {
///     child.run_until_cancelled(std::future::pending::<()>()).await
/// });
/// token.cancel();
/// token.cancelled().await;
/// assert_eq!(worker.await.unwrap(), None);
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct CancelToken {
    shared: Arc<Shared>,
}

impl CancelToken {
    /// A token that nobody has cancelled.
    #[must_use]
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// A token that is cancelled with this one, and can be cancelled alone.
    #[must_use]
    pub fn child(&self) -> CancelToken {
        let mut state = self.shared.state();
        if state.cancelled {
            drop(state);
            let token = CancelToken::new();
            token.cancel();
            return token;
        }
        let row = state.children.insert(Weak::new());
        let parent = Some((Arc::clone(&self.shared), row));
        let child = Arc::new(Shared { state: Mutex::default(), parent });
        state.children[row] = Arc::downgrade(&child);
        drop(state);
        CancelToken { shared: child }
    }

    /// Sets the flag and wakes everybody who waits for it, on this token and on those below it.
    /// Once is enough.
    pub fn cancel(&self) {
        let (mut waiting, mut next) = (Vec::new(), Vec::new());
        self.shared.cancel(&mut waiting, &mut next);
        while let Some(child) = next.pop() {
            if let Some(child) = child.upgrade() {
                child.cancel(&mut waiting, &mut next);
            }
        }
        for waker in waiting {
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

    /// Runs `future` until it is ready or the token is cancelled: then it is dropped, and the
    /// result is `None`. A future that is ready when the token is cancelled still wins; one that
    /// had not begun by then is never polled.
    ///
    /// # Cancel safety
    /// Dropping it drops the future; the token is as it was.
    pub fn run_until_cancelled<F: Future>(&self, future: F) -> RunUntilCancelled<F> {
        RunUntilCancelled::new(self.cancelled(), future)
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state();
        f.debug_struct("CancelToken")
            .field("cancelled", &state.cancelled)
            .field("waiting", &state.waiting.len())
            .field("children", &state.children.len())
            .finish()
    }
}

#[derive(Debug, Default)]
struct WaitCell(NoteCell);

impl Noted for WaitCell {
    fn note(&self) -> Option<Note> {
        self.0.get()
    }

    /// Whoever holds the token, on whatever thread.
    fn waits_for(&self) -> String {
        "a token".to_owned()
    }
}

/// Resolves once its token is cancelled; see [`CancelToken::cancelled`].
///
/// # Cancel safety
/// Dropping it loses nothing: the token stays cancelled.
#[must_use = "futures do nothing unless awaited"]
pub struct Cancelled {
    shared: Arc<Shared>,
    /// Its row among those who wait.
    key: Option<usize>,
    note: Arc<WaitCell>,
}

impl Cancelled {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.shared.state().cancelled
    }
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
        if let Some(before) = self.key.and_then(|key| state.waiting.get_mut(key)) {
            std::mem::swap(before, &mut waker);
            drop(state);
            drop(waker);
        } else {
            let key = state.waiting.insert(waker);
            drop(state);
            self.key = Some(key);
            if let Some(core) = current::get() {
                let cell = Arc::clone(&self.note) as Arc<dyn Noted>;
                core.waits.add(Arc::downgrade(&cell));
            }
        }
        self.note.0.wait("cancel", place);
        Poll::Pending
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let waiter = self.shared.state().waiting.try_remove(key);
        drop(waiter);
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").field("cancelled", &self.is_cancelled()).finish_non_exhaustive()
    }
}
