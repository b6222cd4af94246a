//! Structured work on the current loop: `scope` and `shield`.
//!
//! The mechanism is the executor's; here it is given the loop that runs. Both panic outside of a
//! loop, with a message that says what to do.

use std::{fmt::Display, future::Future, panic::Location};

use glassloop_executor::{RunScope, Scope, Shield};

use crate::current;

/// Runs `body`, and ends when it and all that it spawned into its [`Scope`] have ended.
///
/// The first failure, an error or a panic of a child or of the body, is the result: the body is
/// dropped and the children are aborted, newest first, and are waited for before it is given. What
/// fails after that goes to `on_unhandled`. Children may spawn into the scope as well, and open
/// scopes of their own. What is [shielded](shield) in a scope is waited for and never aborted.
///
/// The body is no task: it may borrow. Children are tasks of the loop, so they are `'static`.
///
/// # Panics
/// Outside of a loop.
///
/// # Cancel safety
/// Dropping it drops the body and aborts the children; they are dropped on the loop's thread when
/// their turn comes. A failure that it had not returned yet goes to `on_unhandled`.
///
/// ```
/// use glassloop::{Scope, scope};
///
/// # glassloop::run(async {
/// let sum = scope(|s: Scope<String>| async move {
///     let two = s.spawn(async { Ok(2) });
///     let three = s.spawn(async { Ok(3) });
///     Ok(two.await.unwrap() + three.await.unwrap())
/// });
/// assert_eq!(sum.await.unwrap(), 5);
///
/// let failed = scope(|s| async move {
///     s.spawn(async { Err::<(), _>("no disk") }).named("writer");
///     std::future::pending::<Result<(), _>>().await
/// });
/// assert_eq!(failed.await.unwrap_err().into_error(), Some("no disk"));
/// # }).unwrap();
/// ```
#[track_caller]
pub fn scope<F, B, T, E>(body: F) -> RunScope<B, T, E>
where
    F: FnOnce(Scope<E>) -> B,
    B: Future<Output = Result<T, E>>,
    E: Display + 'static,
{
    current::executor("scope").scope(body, Location::caller())
}

/// Spawns work that runs to its end even if nobody waits for it any more: dropping what this gives,
/// a timeout around it, or the failure of the scope it is asked for in leaves the work running.
///
/// In the body or a child of a [`scope`] the work is a member of that scope, which waits for it.
///
/// # Panics
/// Outside of a loop.
///
/// # Cancel safety
/// Dropping it leaves the work running; a panic of it then goes to `on_unhandled`.
///
/// ```
/// # use std::{cell::Cell, rc::Rc, time::Duration};
/// # glassloop::run(async {
/// let saved = Rc::new(Cell::new(false));
/// let save = {
///     let saved = Rc::clone(&saved);
///     async move {
///         glassloop::sleep(Duration::from_millis(2)).await;
///         saved.set(true);
///     }
/// };
/// let waited = glassloop::timeout(Duration::from_millis(1), glassloop::shield(save)).await;
/// assert!(waited.is_err(), "nobody waits any longer");
/// glassloop::sleep(Duration::from_millis(5)).await;
/// assert!(saved.get());
/// # }).unwrap();
/// ```
#[track_caller]
pub fn shield<F>(future: F) -> Shield<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    current::executor("shield").shield(future, Location::caller())
}
