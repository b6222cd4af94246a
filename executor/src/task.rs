//! `Stage`: a spawned future and, later in the same box, its result.
//!
//! One allocation a task: the future is dropped in place when it ends and its result takes its
//! room, so that a join needs no second cell. It holds no id, no waker and no queue.

use std::{
    any::{Any, type_name},
    fmt::Display,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{JoinError, caught::Payload};

/// A task as the table sees it: the type of its future erased.
pub(crate) type BoxedTask = Pin<Box<dyn Task>>;

/// Reads the text of the error that a task returned, if it returned one; the result is gone then.
pub(crate) type ErrorText = fn(Pin<&mut dyn Task>) -> Option<String>;

/// The [`ErrorText`] of a task whose output is a `Result<T, E>`.
pub(crate) fn error_text<T: 'static, E: Display + 'static>(
    task: Pin<&mut dyn Task>,
) -> Option<String> {
    let mut result: Option<Result<Result<T, E>, JoinError>> = None;
    task.take(&mut result);
    match result {
        Some(Ok(Err(error))) => Some(error.to_string()),
        _ => None,
    }
}

pub(crate) trait Task {
    /// Polls the future; `Ready` means that the result now lies in the box.
    fn poll_task(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;
    /// Drops the future (or the result) and leaves `error` as the result.
    fn end(self: Pin<&mut Self>, error: JoinError);
    /// Moves the result out, into an `Option<Result<T, JoinError>>`.
    fn take(self: Pin<&mut Self>, out: &mut dyn Any);
    /// The payload of a panic that nobody has taken.
    fn take_panic(self: Pin<&mut Self>) -> Option<Payload>;
    /// The type of the future: a name for a task that was given none.
    // As a poll takes it: a shared reference would end what a pinned future borrows from itself.
    fn type_name(self: Pin<&mut Self>) -> &'static str;
    /// How large the box is.
    fn bytes(self: Pin<&mut Self>) -> usize;
}

pin_project! {
    #[project = StageProjection]
    #[project_replace = StageReplaced]
    pub(crate) enum Stage<F: Future, N = F> {
        Running { #[pin] future: F, named: PhantomData<fn() -> N> },
        Finished { result: Result<F::Output, JoinError> },
        Taken,
    }
}

impl<F, N> Stage<F, N>
where
    F: Future + 'static,
    F::Output: 'static,
    N: 'static,
{
    pub(crate) fn boxed(future: F) -> BoxedTask {
        Box::pin(Stage::<F, N>::Running { future, named: PhantomData })
    }
}

impl<F, N> Task for Stage<F, N>
where
    F: Future + 'static,
    F::Output: 'static,
    N: 'static,
{
    fn poll_task(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let StageProjection::Running { future, .. } = self.as_mut().project() else {
            unreachable!("a finished task is never polled");
        };
        match future.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(value) => {
                self.project_replace(Stage::Finished { result: Ok(value) });
                Poll::Ready(())
            }
        }
    }

    fn end(self: Pin<&mut Self>, error: JoinError) {
        self.project_replace(Stage::Finished { result: Err(error) });
    }

    fn take(self: Pin<&mut Self>, out: &mut dyn Any) {
        let out = out
            .downcast_mut::<Option<Result<F::Output, JoinError>>>()
            .expect("a handle has the type of its task");
        if let StageReplaced::Finished { result } = self.project_replace(Stage::Taken) {
            *out = Some(result);
        }
    }

    fn take_panic(mut self: Pin<&mut Self>) -> Option<Payload> {
        let panicked = matches!(
            self.as_mut().project(),
            StageProjection::Finished { result: Err(JoinError::Panicked(_)) }
        );
        if !panicked {
            return None;
        }
        match self.project_replace(Stage::Taken) {
            StageReplaced::Finished { result: Err(JoinError::Panicked(panic)) } => {
                Some(panic.into_payload())
            }
            _ => None,
        }
    }

    fn type_name(self: Pin<&mut Self>) -> &'static str {
        type_name::<N>()
    }

    fn bytes(self: Pin<&mut Self>) -> usize {
        size_of::<Self>()
    }
}

/// A type's name without the paths and without the marks of closures.
pub(crate) fn short_type(name: &'static str) -> &'static str {
    let name = name.trim_end_matches("::{{closure}}");
    let generic = name.find('<').unwrap_or(name.len());
    let start = name[..generic].rfind("::").map_or(0, |colon| colon + 2);
    &name[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_named_by_its_last_word() {
        assert_eq!(short_type("tour::serve::{{closure}}"), "serve");
        assert_eq!(short_type("core::future::Pending<()>"), "Pending<()>");
    }
}
