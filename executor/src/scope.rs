//! `scope`: tasks that can't outlive the place that spawned them.
//!
//! It returns when its body and all its children have ended. The first that fails, by an error or
//! a panic, has the others aborted and is what the scope returns; a further failure goes to
//! `on_unhandled`. Dropped, it aborts its children: they are dropped on the loop's thread when
//! their entries come up, and nobody waits for that.

use std::{
    cell::RefCell,
    error::Error,
    fmt::{self, Display},
    future::Future,
    panic::Location,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    JoinHandle,
    caught::{Panic, caught},
    child::{Child, ChildTask, name_of},
    executor::Executor,
    id::TaskId,
    members::{Kind, Members},
};

/// What made a scope fail.
#[non_exhaustive]
pub enum ScopeFailure<E> {
    /// This was returned.
    Error(E),
    /// A panic, and what it carried.
    Panicked(Panic),
    /// A child was never taken in: the loop had `tasks_max` tasks, or was closed.
    Refused,
}

/// The first failure in a scope.
#[non_exhaustive]
pub struct ScopeError<E> {
    /// What happened.
    pub failure: ScopeFailure<E>,
    /// The child that failed; [`TaskId::NONE`] if it was the scope's own body, or a child that was
    /// refused.
    pub task: TaskId,
    /// The name of the child, or the type of its future. `body` is the scope's own.
    pub name: String,
    /// Where the child was spawned, or the scope begun.
    pub place: &'static Location<'static>,
}

impl<E> ScopeError<E> {
    /// The error that was returned, if it was one.
    pub fn into_error(self) -> Option<E> {
        match self.failure {
            ScopeFailure::Error(error) => Some(error),
            _ => None,
        }
    }
}

impl<E: Display> Display for ScopeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scope: `{}` (born at {}) ", self.name, self.place)?;
        match &self.failure {
            ScopeFailure::Error(error) => write!(f, "failed: {error}"),
            ScopeFailure::Panicked(panic) => write!(f, "panicked: {panic}"),
            ScopeFailure::Refused => f.write_str("was refused: the loop is closed or full"),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for ScopeFailure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScopeFailure::Error(error) => f.debug_tuple("Error").field(error).finish(),
            ScopeFailure::Panicked(panic) => f.debug_tuple("Panicked").field(panic).finish(),
            ScopeFailure::Refused => f.write_str("Refused"),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for ScopeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeError")
            .field("failure", &self.failure)
            .field("task", &self.task)
            .field("name", &self.name)
            .field("place", &format_args!("{}", self.place))
            .finish()
    }
}

impl<E: fmt::Debug + Display> Error for ScopeError<E> {}

/// What a scope and its children share.
pub(crate) struct Shared<E> {
    pub(crate) members: Rc<Members>,
    first: RefCell<Option<ScopeError<E>>>,
}

impl<E: Display + 'static> Shared<E> {
    /// Somebody failed: the first is kept for whoever waits, any other is reported.
    pub(crate) fn fail(&self, error: ScopeError<E>) {
        let is_first = self.first.borrow().is_none() && !self.members.is_over();
        if is_first {
            self.first.replace(Some(error));
        } else {
            self.report(error);
        }
        self.members.fail();
    }

    fn report(&self, error: ScopeError<E>) {
        let executor = self.members.executor();
        let place = executor.place(error.place);
        let what = format!("`{}` in a scope", error.name);
        match error.failure {
            ScopeFailure::Panicked(panic) => {
                executor.report(what, place, panic.into_payload());
            }
            ScopeFailure::Refused => executor.report_error(what, place, "it was refused".into()),
            // The text and the drop of an error are foreign.
            ScopeFailure::Error(error) => match caught(move || error.to_string()) {
                Ok(text) => executor.report_error(what, place, text),
                Err(payload) => executor.report(what, place, payload),
            },
        }
    }
}

/// The way to spawn into a scope. Clones are the same scope; children may keep one.
pub struct Scope<E> {
    shared: Rc<Shared<E>>,
}

impl<E> Clone for Scope<E> {
    fn clone(&self) -> Scope<E> {
        Scope { shared: Rc::clone(&self.shared) }
    }
}

impl<E> fmt::Debug for Scope<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

impl<E: Display + 'static> Scope<E> {
    /// Spawns a child: the scope ends after it, and fails if it fails.
    ///
    /// In a scope that has failed or is over nothing is spawned: the future is dropped, and the
    /// child is ready with `JoinError::Refused`.
    #[track_caller]
    pub fn spawn<F, T>(&self, future: F) -> Child<T>
    where
        F: Future<Output = Result<T, E>> + 'static,
        T: 'static,
    {
        let (members, place) = (&self.shared.members, Location::caller());
        let executor = members.executor();
        let Some(membership) = members.admit(Kind::Child) else {
            executor.drop_foreign("the future of a refused task", Some(future));
            return Child::new(JoinHandle::refused(Rc::clone(executor)));
        };
        let key = membership.key();
        let task = ChildTask::new(future, Rc::clone(&self.shared), membership, place);
        let handle = Rc::clone(executor).spawn_as::<_, F>(task, place);
        if handle.id().is_none() {
            let (failure, task) = (ScopeFailure::Refused, TaskId::NONE);
            self.shared.fail(ScopeError { failure, task, name: name_of::<F>(), place });
        } else {
            members.name(key, handle.id());
        }
        Child::new(handle)
    }
}

pin_project! {
    /// A scope that runs: see `scope`.
    ///
    /// # Cancel safety
    /// Dropping it drops the body and aborts the children; a failure that it had not returned yet
    /// goes to `on_unhandled`. What it shields goes on.
    #[must_use = "a scope does nothing unless it is awaited"]
    pub struct RunScope<B, T, E>
    where
        E: Display,
        E: 'static,
    {
        #[pin]
        body: Option<B>,
        value: Option<T>,
        shared: Rc<Shared<E>>,
        place: &'static Location<'static>,
    }

    impl<B, T, E> PinnedDrop for RunScope<B, T, E>
    where
        E: Display,
        E: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.shared.members.close();
            let first = this.shared.first.take();
            if let Some(first) = first {
                this.shared.report(first);
            }
            this.body.set(None);
        }
    }
}

impl Executor {
    /// Makes a scope and its body. The body is polled when the scope is.
    pub fn scope<F, B, T, E>(
        self: Rc<Self>,
        body: F,
        place: &'static Location<'static>,
    ) -> RunScope<B, T, E>
    where
        F: FnOnce(Scope<E>) -> B,
        B: Future<Output = Result<T, E>>,
        E: Display + 'static,
    {
        let members = Members::new(self);
        let shared = Rc::new(Shared { members, first: RefCell::new(None) });
        // Made first: a body that panics here leaves no child behind.
        let mut scope = RunScope { body: None, value: None, shared, place };
        scope.body = Some(body(Scope { shared: Rc::clone(&scope.shared) }));
        scope
    }
}

impl<B, T, E> RunScope<B, T, E>
where
    B: Future<Output = Result<T, E>>,
    E: Display + 'static,
{
    /// Polls the body, unless it is over; drops it when it is, or when a child has failed.
    fn poll_body(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let mut this = self.project();
        let members = &this.shared.members;
        let Some(body) = this.body.as_mut().as_pin_mut() else { return };
        let _inside = members.enter();
        if !members.has_failed() {
            let failure = match caught(|| body.poll(cx)) {
                Ok(Poll::Pending) => None,
                Ok(Poll::Ready(Ok(value))) => {
                    *this.value = Some(value);
                    None
                }
                Ok(Poll::Ready(Err(error))) => Some(ScopeFailure::Error(error)),
                Err(payload) => Some(ScopeFailure::Panicked(payload.into())),
            };
            if let Some(failure) = failure {
                let (task, name) = (TaskId::NONE, "body".to_owned());
                this.shared.fail(ScopeError { failure, task, name, place: this.place });
            }
        }
        if this.value.is_some() || members.has_failed() {
            let dropped = caught(|| this.body.set(None));
            if let Err(payload) = dropped {
                let executor = members.executor();
                executor.report(
                    "dropping the body of a scope",
                    executor.place(this.place),
                    payload,
                );
            }
        }
    }
}

impl<B, T, E> Future for RunScope<B, T, E>
where
    B: Future<Output = Result<T, E>>,
    E: Display + 'static,
{
    type Output = Result<T, ScopeError<E>>;

    /// # Panics
    /// When polled again after it was ready.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = Location::caller();
        self.as_mut().poll_body(cx);
        let this = self.project();
        let members = &this.shared.members;
        if this.body.is_some() || !members.is_empty() {
            members.wait(cx.waker(), this.body.is_none(), place);
            return Poll::Pending;
        }
        members.close();
        let first = this.shared.first.take();
        Poll::Ready(match first {
            Some(error) => Err(error),
            None => Ok(this.value.take().expect("a scope is not polled after it was ready")),
        })
    }
}

impl<B, T, E: Display + 'static> fmt::Debug for RunScope<B, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunScope").field("place", &self.place).finish_non_exhaustive()
    }
}
