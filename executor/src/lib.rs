//! # What a task is
//!
//! A future is a value that can be asked "are you done?". Asking is called *polling*. A future that
//! isn't done keeps the `Waker` it was polled with and will use it when asking again makes sense.
//! Polling it before that is allowed and useless: a loop that polls everything all the time works,
//! and burns a core.
//!
//! A *task* is a future that a loop has taken in: it has an id, a slot in a table, and a place in
//! the ready queue whenever somebody woke it. That queue is the whole scheduler:
//!
//! ```text
//!              spawn
//!                |
//!                v      its entry comes up      Pending
//!      +------ ready ----------------------> running -------+
//!      |         ^                             |  |         |
//!      |         |            wake             |  | Ready,  |
//!      |         +-----------------------------|--|--- waiting <-+
//!      |                                       |  | panic        |
//!      | abort                          abort  |  v              | abort
//!      +----------------> aborted <------------+ finished        |
//!                            | <----------------- ^ -------------+
//!                            +--------------------+  handle asked or gone: the slot is free
//!                              future dropped
//! ```
//!
//! Three decisions make it safe without a line of `unsafe`:
//!
//! 1. **A waker owns an id, never a future.** The future stays in this thread's table. A waker may
//!    live for ever on any thread; when it is used too late its generation no longer matches, and
//!    nothing happens.
//! 2. **What is lent is moved.** To be polled, a future is taken out of its slot and put back
//!    afterwards. So no table is borrowed while foreign code runs, and that code may spawn, abort,
//!    wake, look at everything, or panic.
//! 3. **One flag a task.** It is set when an entry is queued and cleared just before the poll. A
//!    thousand wakes before a poll are one poll; any number during it are exactly one more.
//!
//! # Where things are
//!
//! | file | noun |
//! |---|---|
//! | `executor.rs` | the `Executor`: spawn, queue, take the batch |
//! | `step.rs` | one item of the batch: poll, drop, call |
//! | `table.rs` | every task: state, counts, who waits for whom |
//! | `task.rs` | a future and its result, in one box |
//! | `waker.rs` | the note that says whom to ask |
//! | `inbox.rs` | what other threads leave |
//! | `current.rs` | the executor of this thread |
//! | `callback.rs` | closures in the queue |
//! | `join.rs`, `yield_now.rs` | a task's result; letting others run |
//! | `scope.rs`, `child.rs`, `members.rs` | tasks that can't outlive their parent |
//! | `shield.rs` | work that runs to its end |
//! | `gather.rs`, `race.rs`, `brood.rs` | several futures in one |
//! | `task_local.rs`, `locals.rs` | values that follow a task |
//! | `id.rs` | names: of tasks, of entries in the queue |
//! | `place.rs`, `house.rs` | source locations as numbers; which of them are ours |
//! | `view.rs`, `counts.rs` | the state and the figures, as data |
//! | `tap.rs` | who woke whom, as it happens |
//! | `caught.rs`, `unhandled.rs`, `error.rs` | panics and refusals, as values |
//! | `limits.rs` | every bound |
//!
//! This crate knows no descriptor and no clock. It gets an `unpark: Waker` for its loop, and gives
//! out wakers for its tasks; that is all it shares with a reactor.

#![forbid(unsafe_code)]

mod batch;
mod brood;
mod callback;
mod caught;
mod child;
mod counts;
mod current;
mod error;
mod executor;
mod gather;
mod house;
mod id;
mod inbox;
mod join;
mod limits;
mod locals;
mod members;
mod place;
mod race;
mod scope;
mod shield;
mod slot;
mod step;
mod sync;
mod table;
mod tap;
mod task;
mod task_local;
mod unhandled;
mod view;
mod waker;
mod yield_now;

pub use batch::Batch;
pub use callback::{BoxedCall, CallHandle};
pub use caught::{Panic, Payload, caught, drop_caught, drop_payload, message, quietly};
pub use child::Child;
pub use counts::{Cause, Counts};
pub use current::{Entered, Turning};
pub use error::{JoinError, Refused};
pub use executor::{Executor, spawn};
pub use gather::{Gather, TryGather, gather, try_gather};
pub use id::{Entry, INDEX_MAX, Kind, TaskId};
pub use inbox::{Deferred, Inbox, Left, Outlet, Reserved, inbox};
pub use join::JoinHandle;
pub use limits::Limits;
pub use members::ScopeView;
pub use place::{PlaceId, Sites};
pub use race::{Race, race};
pub use scope::{RunScope, Scope, ScopeError, ScopeFailure};
pub use shield::Shield;
pub use step::Outcome;
pub use tap::Tap;
pub use task_local::{LocalScope, TaskLocal};
pub use unhandled::{Failure, Unhandled, UnhandledCount};
pub use view::{TaskState, TaskView};
pub use yield_now::{YieldNow, yield_now};
