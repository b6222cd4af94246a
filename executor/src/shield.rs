//! `shield`: work that runs to its end, whatever becomes of whoever waits for it.
//!
//! The future is a task of its own. Inside a scope it is a member that is never aborted and always
//! waited for; elsewhere, once nobody waits, it goes on detached.

use std::{
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    JoinError, JoinHandle,
    executor::Executor,
    id::TaskId,
    members::{Kind, Membership},
};

/// Waits for work that is shielded: see `shield`.
///
/// # Cancel safety
/// Dropping it leaves the work running; a panic of it then goes to `on_unhandled`.
#[must_use = "the work goes on without it; say `drop(..)` to mean it"]
pub struct Shield<T> {
    handle: JoinHandle<T>,
}

impl<T> Shield<T> {
    /// The id of the task that does the work; [`TaskId::NONE`] if it was refused.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.handle.id()
    }
}

impl<T: 'static> Future for Shield<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    /// When polled again after it was ready, as futures may.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.handle).poll(cx)
    }
}

impl<T> fmt::Debug for Shield<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shield").field("task", &self.handle.id()).finish_non_exhaustive()
    }
}

pin_project! {
    struct Shielded<F> {
        #[pin]
        future: F,
        // INVARIANT: the last field, dropped after the future.
        membership: Option<Membership>,
    }
}

impl<F: Future> Future for Shielded<F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _inside = this.membership.as_ref().map(|membership| membership.members().enter());
        this.future.poll(cx)
    }
}

impl Executor {
    /// Spawns work that is shielded, into the scope of what runs now if there is one.
    pub fn shield<F>(
        self: Rc<Self>,
        future: F,
        place: &'static Location<'static>,
    ) -> Shield<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let scope = self.scope.borrow().clone();
        let membership = scope.as_ref().and_then(|members| members.admit(Kind::Shielded));
        let key = membership.as_ref().map(Membership::key);
        let handle = self.spawn_as::<_, F>(Shielded { future, membership }, place);
        if let (Some(members), Some(key)) = (scope, key) {
            members.name(key, handle.id());
        }
        handle.expect_nobody();
        Shield { handle }
    }
}
