//! `Brood`: several futures that one future polls, without polling all of them for each wake.
//!
//! A few are polled with the waker of whoever polls the brood, all of them each time. Many get
//! wakers of their own, which note who was woken: one wake is then one poll. They finish in any
//! order, and each is dropped when it has.

use std::{
    future::Future,
    mem,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
};

/// Up to so many are polled together.
// COST: a future that yields three times costs 42 ns among 16 that are polled together, and 210
// with a waker of its own, however many there are. Together, a wake is up to 16 polls.
pub(crate) const TOGETHER_MAX: usize = 16;

pub(crate) struct Brood<F> {
    futures: Vec<Option<Pin<Box<F>>>>,
    left: usize,
    /// Where there are many.
    many: Option<Many>,
}

struct Many {
    calls: Arc<Calls>,
    wakers: Vec<Arc<Caller>>,
    /// The list that was taken last, emptied.
    spare: Vec<usize>,
}

/// Who was woken.
#[derive(Default)]
struct Calls {
    state: Mutex<CallState>,
}

#[derive(Default)]
struct CallState {
    woken: Vec<usize>,
    /// Who polls the brood, until the first of it is woken.
    parent: Option<Waker>,
}

/// The waker of one future of many.
struct Caller {
    calls: Arc<Calls>,
    index: usize,
    /// It is in the list of the woken. INVARIANT: at most once.
    is_woken: AtomicBool,
}

impl Calls {
    fn state(&self) -> MutexGuard<'_, CallState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Caller {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_woken.swap(true, Ordering::AcqRel) {
            return;
        }
        let parent = {
            let mut state = self.calls.state();
            state.woken.push(self.index);
            state.parent.take()
        };
        // Anybody's code: woken after the lock.
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}

impl<F: Future> Brood<F> {
    pub(crate) fn new(futures: impl IntoIterator<Item = F>) -> Brood<F> {
        let futures: Vec<_> = futures.into_iter().map(|f| Some(Box::pin(f))).collect();
        let many = (futures.len() > TOGETHER_MAX).then(|| Many::new(futures.len()));
        Brood { left: futures.len(), futures, many }
    }

    /// How many there were at first.
    pub(crate) fn len(&self) -> usize {
        self.futures.len()
    }

    /// How many have not finished.
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// Drops all that are left.
    pub(crate) fn clear(&mut self) {
        self.left = 0;
        self.futures.clear();
    }

    /// Polls those that may have something, and hands over what they finished with, until told
    /// to stop.
    #[track_caller]
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut finished: impl FnMut(usize, F::Output) -> ControlFlow<()>,
    ) {
        let Some(mut many) = self.many.take() else {
            for index in 0..self.futures.len() {
                if self.poll_one(index, cx, &mut finished).is_break() {
                    return;
                }
            }
            return;
        };
        let mut woken = many.take_woken(cx.waker());
        for index in woken.drain(..) {
            let caller = &many.wakers[index];
            // A swap, not a store: it must see what the waker wrote before its own, failed, swap.
            caller.is_woken.swap(false, Ordering::AcqRel);
            let waker = Waker::from(Arc::clone(caller));
            if self.poll_one(index, &mut Context::from_waker(&waker), &mut finished).is_break() {
                break;
            }
        }
        many.spare = woken;
        self.many = Some(many);
    }

    #[track_caller]
    fn poll_one(
        &mut self,
        index: usize,
        cx: &mut Context<'_>,
        finished: &mut impl FnMut(usize, F::Output) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some(Some(future)) = self.futures.get_mut(index) else {
            return ControlFlow::Continue(());
        };
        let std::task::Poll::Ready(output) = future.as_mut().poll(cx) else {
            return ControlFlow::Continue(());
        };
        let over = self.futures[index].take();
        self.left -= 1;
        drop(over);
        finished(index, output)
    }
}

impl Many {
    fn new(len: usize) -> Many {
        let calls = Arc::new(Calls::default());
        // All are to be polled at first.
        calls.state().woken = (0..len).collect();
        let caller = |index| {
            let is_woken = AtomicBool::new(true);
            Arc::new(Caller { calls: Arc::clone(&calls), index, is_woken })
        };
        Many { wakers: (0..len).map(caller).collect(), calls, spare: Vec::new() }
    }

    /// Who was woken since this was last asked. Whoever is woken from now on wakes `parent`.
    fn take_woken(&mut self, parent: &Waker) -> Vec<usize> {
        // A waker's clone and drop aren't ours to do under a lock.
        let parent = parent.clone();
        let mut state = self.calls.state();
        let before = state.parent.replace(parent);
        let woken = mem::replace(&mut state.woken, mem::take(&mut self.spare));
        drop(state);
        drop(before);
        woken
    }
}

impl<F> Drop for Brood<F> {
    /// Whoever is dropped with it may still be woken by somebody: that concerns nobody any more.
    fn drop(&mut self) {
        if let Some(many) = &self.many {
            let parent = many.calls.state().parent.take();
            drop(parent);
        }
    }
}
