//! The half of glassloop that knows tasks: wakes, turned into polls.
//!
//! # What a task is
//!
//! A future is a value that can be asked "are you done?". Asking is called *polling*. A future that
//! isn't done keeps the `Waker` it was polled with, and uses it when asking again makes sense.
//! Polling it before that is allowed and useless: a loop that polls everything all the time works,
//! and burns a core.
//!
//! A *task* is a future that a loop has taken in. It is made of three things:
//!
//! - **a slot** in a table, 56 bytes on a machine of 64 bits: its state, its counts, who spawned
//!   it: `slot.rs` (`Slot`);
//! - **a box**, the only allocation: it holds the future and later, in the same place, its result,
//!   so that a join needs no second cell: `task.rs` (`Stage`);
//! - **a generation**, from one counter a loop. Slots are used again; index and generation together
//!   are not, before 2^32 more were born. That pair is the task's name, [`TaskId`].
//!
//! When it is to be polled, an [`Entry`] of it lies in the ready queue: its name again, in one
//! word. That queue is the whole scheduler. A phase `run` takes what lies there, as a [`Batch`],
//! and runs it in order, each entry by [`Executor::run_item`].
//!
//! # What may happen to it
//!
//! Four things, in any order. Somebody *wakes* it; its entry *comes up*; it is *aborted*; its
//! handle *asks* for the result, or goes away. In each state each of them means this:
//!
//! | | is woken | its entry comes up | is aborted | its handle asks, or goes |
//! |---|---|---|---|---|
//! | waiting | **ready** | there is none | **aborted** | noted, or detached |
//! | ready | nothing new | **running** | **aborted** | noted, or detached |
//! | running | queued, once | skipped | this poll is its last | noted, or detached |
//! | aborted | nothing | future dropped: **finished** | nothing | noted, or detached |
//! | finished | nothing | skipped | nothing | result taken, or dropped: **free** |
//! | free | nothing | skipped | nothing | there is none |
//!
//! *Noted*: who asked last is woken when the task ends. *Detached*: the task goes on alone. To be
//! aborted is to be queued as well, unless an entry lies there already.
//!
//! ```text
//!            its entry comes up        Ready, a panic
//! spawn --> ready ------------> running ------------> finished --> free
//!             ^                    |                      ^
//!             | wake               | Pending              | future dropped
//!             +------ waiting <----+                      |
//!        ready, waiting or running -- abort --> aborted --+
//! ```
//!
//! Spawned, it is ready. A poll that says Pending leaves it *waiting*, or *ready* if it was woken
//! meanwhile; one that says Ready, or panics, leaves it *finished*. Where the handle has gone by
//! then, finished is free at once, and a panic goes to [`Executor::on_unhandled`]. A result that
//! comes out of the last poll of an aborted task is lost; a panic that does is kept.
//!
//! Most of these cells are rows of one test, with the exact number of polls, wakes and drops:
//! `tests/every_interleaving_of_a_task_is_exact.rs` of the workspace. Its columns are methods:
//! `table.rs` (`TaskTable::wake`, `TaskTable::turn_up`, `TaskTable::abort`, `TaskTable::join`,
//! `TaskTable::detach`).
//!
//! # Why it is made so
//!
//! **A waker is a name, never a future.** It holds an entry and the way to the inbox: `waker.rs`
//! (`TaskWaker`). The future stays in this thread's table, so it need not be `Send`, and nobody
//! else can drop it. A waker may live for ever on any thread: used too late, its generation no
//! longer matches, and nothing happens.
//!
//! **A task is queued at most once, and two flags see to it.** The *home* flag lies in the slot
//! (`queued`) and is a plain bool: inside a turn of its own loop a wake sets it and pushes an
//! entry, or finds it set and does nothing. It falls just *before* the poll. So a thousand wakes
//! before a poll are one poll, and any number during it are exactly one more. The *remote* flag
//! lies in the waker and is atomic: elsewhere, and on this thread outside of a turn, a wake sets
//! it, leaves the entry in the inbox and wakes the loop (`unpark`), or finds it set and does
//! nothing. It falls when the loop takes the entry out, *before* the task is marked as woken. Which
//! way a wake goes says `current.rs` (`wake_here`).
//!
//! **There is no `Arc` until somebody clones.** A waker that may be kept must be counted, but many
//! polls keep none: a task that yields, or that joins another, is found by its name. So the
//! executor has one spare `TaskWaker`, stamps it with the task at hand and lends it by reference
//! for one poll. If the poll kept a clone, the task keeps this one, and the next poll makes another
//! spare; if not, it is spare again. One is enough, since polls don't nest. It also makes a count
//! mean something: a waiting task of whose waker nobody holds a clone can be woken by no stranger.
//! A proof of a deadlock rests on that: `view.rs` (`Executor::held_wakers`).
//!
//! **Foreign code never runs under a borrow.** Polls, closures and the drops of futures, results
//! and panics are anybody's, and so are the clone, the wake and the drop of a waker that isn't
//! ours. They may spawn, abort, wake, look at everything, or panic. So *what is lent is moved*: a
//! future is taken out of its slot to be polled and put back afterwards, and whatever is to be
//! dropped or woken is first handed out of the table and its borrow ended. Each piece is caught by
//! itself ([`caught()`]), so the rest of the batch runs. A task's future is polled and dropped in
//! one file alone, on the loop's stack: `step.rs` (`Executor::run_item`).
//!
//! # What it costs
//!
//! - A slot is never given back: the table stays as long as it was at its longest.
//! - An aborted future lives until its entry comes up, and a finished task's box until its handle
//!   asks.
//! - A wake that was left in the inbox, and that the task didn't need any more, is a poll too many.
//!   No promise is made that a poll finds something.
//! - Callbacks, `callback.rs` (`Callbacks`), and the calls of other threads, `inbox.rs`
//!   (`Deferred`), are no tasks, and have their places in the same queue: so "in order" is said of
//!   all of them.
//!
//! # The files
//!
//! | file | noun |
//! |---|---|
//! | `executor.rs` | the `Executor`: spawn, queue, take in what was left |
//! | `batch.rs`, `step.rs` | what one run phase runs; one item of it: poll, drop, call |
//! | `table.rs`, `slot.rs` | every task: state, counts, who waits for whom; where it lies |
//! | `task.rs` | a future and its result, in one box |
//! | `waker.rs` | the note that says whom to ask |
//! | `inbox.rs`, `sync.rs` | what other threads leave; the atomics of it, or loom's |
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
mod input;
mod join;
mod left;
mod limits;
mod locals;
mod members;
mod place;
mod race;
mod scope;
mod senders;
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
pub use input::Input;
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
pub use view::{Glance, TaskState, TaskView};
pub use yield_now::{YieldNow, yield_now};
