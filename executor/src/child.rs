//! `Child`: a task of a scope, seen from outside and from inside.
//!
//! Outside it is a handle that may be dropped: the scope waits all the same. Inside it is a future
//! that tells its scope of its failure, and leaves the scope once it has been dropped.

use std::{
    any::type_name,
    borrow::Cow,
    fmt::{self, Display},
    future::Future,
    panic::Location,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    JoinError, JoinHandle,
    caught::caught,
    id::TaskId,
    members::Membership,
    scope::{ScopeError, ScopeFailure, Shared},
    task::short_type,
};

/// The way to a child's value. Dropping it changes nothing: the scope waits for the child.
///
/// A child that has failed is `JoinError::Cancelled` here; its failure is what the scope returns.
///
/// # Cancel safety
/// Awaiting it by reference loses nothing: the value stays until a poll gives it.
pub struct Child<T> {
    handle: JoinHandle<T>,
}

impl<T: 'static> Child<T> {
    pub(crate) fn new(handle: JoinHandle<T>) -> Child<T> {
        handle.expect_nobody();
        Child { handle }
    }
}

impl<T> Child<T> {
    /// The task's id; [`TaskId::NONE`] if it was refused, or its value was given.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.handle.id()
    }

    /// Ends this child alone. That is no failure: its scope goes on.
    pub fn abort(&self) {
        self.handle.abort();
    }

    /// Gives the child a name, for every view and report from now on.
    #[expect(clippy::return_self_not_must_use, reason = "a child may be dropped at any time")]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Child<T> {
        Child { handle: self.handle.named(name) }
    }
}

impl<T: 'static> Future for Child<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    /// When polled again after it was ready, as futures may.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.handle).poll(cx)
    }
}

impl<T> fmt::Debug for Child<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("task", &self.handle.id()).finish_non_exhaustive()
    }
}

pin_project! {
    /// What the loop polls for a child.
    pub(crate) struct ChildTask<F, E> {
        #[pin]
        future: F,
        shared: Rc<Shared<E>>,
        place: &'static Location<'static>,
        // INVARIANT: the last field. A child leaves its scope when its future has been dropped.
        membership: Membership,
    }
}

impl<F, E> ChildTask<F, E> {
    pub(crate) fn new(
        future: F,
        shared: Rc<Shared<E>>,
        membership: Membership,
        place: &'static Location<'static>,
    ) -> ChildTask<F, E> {
        ChildTask { future, shared, place, membership }
    }
}

impl<F, T, E> Future for ChildTask<F, E>
where
    F: Future<Output = Result<T, E>>,
    E: Display + 'static,
{
    type Output = T;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = self.project();
        let polled = {
            let _inside = this.membership.members().enter();
            caught(|| this.future.poll(cx))
        };
        let failure = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(value))) => return Poll::Ready(value),
            Ok(Poll::Ready(Err(error))) => ScopeFailure::Error(error),
            Err(payload) => ScopeFailure::Panicked(payload.into()),
        };
        let executor = this.membership.members().executor();
        let task = executor.current_task();
        let name = executor.tasks.borrow().name(task.index).map(ToString::to_string);
        let name = name.unwrap_or_else(name_of::<F>);
        this.shared.fail(ScopeError { failure, task, name, place: this.place });
        // There is no value to be ready with: this was the last poll.
        executor.abort(task);
        Poll::Pending
    }
}

/// A name for a future that was given none.
pub(crate) fn name_of<F>() -> String {
    short_type(type_name::<F>()).to_owned()
}
