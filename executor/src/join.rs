//! `JoinHandle`: the way to a task's result.
//!
//! Await it for the result, `abort` it to have its future dropped, drop it to detach: the task then
//! goes on by itself. A handle outlives its loop in peace. It never blocks.

use std::{
    borrow::Cow,
    fmt,
    future::Future,
    marker::PhantomData,
    panic::Location,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use crate::{
    caught::quietly,
    error::JoinError,
    executor::Executor,
    id::{Entry, TaskId},
    place::PlaceId,
    slot::State,
    table::{Joined, Target, Waiter},
    task::error_text,
};

/// Owns the right to a task's result. Dropping it detaches the task, which goes on running.
///
/// # Cancel safety
/// Awaiting it by reference loses nothing: the result stays until a poll gives it.
#[must_use = "a handle that is dropped detaches its task; say `drop(..)` or `.detach()` to mean it"]
pub struct JoinHandle<T> {
    executor: Rc<Executor>,
    /// The task, or one of the two marks below. COST: 16 bytes a handle, 24 with a state beside it.
    id: TaskId,
    /// A handle holds no `T`: it may move while the result lies in the table.
    result: PhantomData<fn() -> T>,
}

/// The task was never taken in.
const REFUSED: TaskId = TaskId { index: u32::MAX, generation: 1 };
/// The result was given.
const DONE: TaskId = TaskId { index: u32::MAX, generation: 0 };

impl<T: 'static> JoinHandle<T> {
    pub(crate) fn new(executor: Rc<Executor>, id: TaskId) -> JoinHandle<T> {
        JoinHandle { executor, id, result: PhantomData }
    }

    pub(crate) fn refused(executor: Rc<Executor>) -> JoinHandle<T> {
        JoinHandle::new(executor, REFUSED)
    }
}

impl<T> JoinHandle<T> {
    /// The task's id; [`TaskId::NONE`] if it was refused, or its result was given.
    #[must_use]
    pub fn id(&self) -> TaskId {
        if self.id.index == u32::MAX { TaskId::NONE } else { self.id }
    }

    /// Lets the task go on by itself. The same as dropping the handle, said aloud.
    pub fn detach(self) {
        self.expect_nobody();
    }

    /// Dropping this handle is no oversight.
    pub(crate) fn expect_nobody(&self) {
        self.executor.tasks.borrow_mut().expect_nobody(self.id);
    }

    /// Asks that the task's future be dropped, when its turn in the ready queue comes; the result
    /// is then [`JoinError::Cancelled`]. A task that has ended already keeps its result.
    ///
    /// A task may abort itself: the poll it is in is its last, and what that poll returns is lost.
    pub fn abort(&self) {
        self.executor.abort(self.id);
    }

    /// Whether the task has ended, so that the next poll of this handle is ready.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.executor.tasks.borrow().get(self.id).is_none_or(|s| s.state == State::Finished)
    }

    /// Gives the task a name, for every view and report from now on.
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> JoinHandle<T> {
        self.executor.tasks.borrow_mut().set_name(self.id, name.into());
        self
    }
}

impl<T: 'static, E: fmt::Display + 'static> JoinHandle<Result<T, E>> {
    /// Detaches the task; an error that it returns, now or later, goes to `on_unhandled` with its
    /// name and its place of birth, as a panic of it would.
    pub fn or_report(self) {
        if self.id == REFUSED {
            let what = "a detached task".to_owned();
            let text = JoinError::Refused.to_string();
            return self.executor.report_error(what, PlaceId::UNKNOWN, text);
        }
        self.executor.tasks.borrow_mut().set_reports(self.id, error_text::<T, E>);
        self.detach();
    }
}

impl<T: 'static> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    /// When polled again after it was ready, as futures may.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = match self.id {
            REFUSED => Poll::Ready(Err(JoinError::Refused)),
            DONE => panic!("a JoinHandle was polled after it gave its result"),
            id => self.executor.poll_join(id, cx, Location::caller()),
        };
        if polled.is_ready() {
            self.id = DONE;
        }
        polled
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if self.id.index != u32::MAX {
            self.executor.detach(self.id);
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("task", &self.id).finish_non_exhaustive()
    }
}

impl Executor {
    fn poll_join<T: 'static>(
        &self,
        id: TaskId,
        cx: &mut Context<'_>,
        place: &'static Location<'static>,
    ) -> Poll<Result<T, JoinError>> {
        let joined = self.tasks.borrow_mut().join(id);
        match joined {
            Joined::Alive => {}
            Joined::Gone => return Poll::Ready(Err(JoinError::Cancelled)),
            Joined::Finished(mut future) => {
                let mut result: Option<Result<T, JoinError>> = None;
                future.as_mut().take(&mut result);
                return Poll::Ready(result.unwrap_or(Err(JoinError::Cancelled)));
            }
        }
        // A clone is not ours to make while the table is borrowed.
        let target = self.target(cx.waker());
        let place = self.note_wait(place);
        let owner = self.current_task();
        let before = self.tasks.borrow_mut().set_waiter(id, Waiter { target, owner, place });
        self.drop_foreign("the waker of a join", before);
        Poll::Pending
    }

    /// What to wake for a waker: for the running task's own, no clone of it is needed.
    pub(crate) fn target(&self, waker: &Waker) -> Target {
        if self.is_own_waker(waker) {
            Target::Task(self.current_task())
        } else {
            Target::Foreign(waker.clone())
        }
    }

    /// Wakes who waited in a cell of ours, also outside of a turn.
    pub(crate) fn wake_target(&self, target: Target) {
        match target {
            Target::Foreign(waker) => self.wake_foreign(waker),
            Target::Task(id) => {
                self.wake(crate::Entry::task(id));
                if !self.is_turning() {
                    self.inbox().unpark();
                }
            }
        }
    }

    /// Aborts a task by its id, as its handle does. One that is gone is left alone.
    pub fn abort(&self, id: TaskId) {
        let queue = {
            let mut tasks = self.tasks.borrow_mut();
            tasks.expect_nobody(id);
            tasks.abort(id)
        };
        if queue {
            self.queue_woken(Entry::task(id));
        }
    }

    fn detach(&self, id: TaskId) {
        if self.debug.get() {
            self.tell_unexpected(id);
        }
        let (remains, waiter) = self.tasks.borrow_mut().detach(id);
        self.drop_foreign("the waker of a join", waiter);
        if let Some(remains) = remains {
            self.drop_unwanted(id, remains);
        }
    }

    /// A handle was dropped that nobody had awaited, detached or aborted.
    #[cold]
    fn tell_unexpected(&self, id: TaskId) {
        let unexpected = self.tasks.borrow().get(id).is_some_and(|slot| !slot.expected);
        if unexpected && !self.is_closed() {
            let name = self.task_name(id).unwrap_or_default();
            let born = self.sites().born(id.index).location();
            let born = born.map_or_else(String::new, |born| format!(", spawned at {born},"));
            quietly(|| {
                log::warn!(
                    "spawn: the handle of the task {id} `{name}`{born} was dropped unawaited: \
                     await it, or say `.detach()`"
                );
            });
        }
    }
}
