//! The half of glassloop that knows descriptors and clocks: readiness and time, turned into wakes.
//!
//! # Some facts about epoll, and what follows for us
//!
//! **The kernel answers a question with a hint.** "Readable" means that something happened since
//! you last looked. By the time you read, another reader may have been there, or a checksum may
//! have failed. *So readiness here is a belief: an operation is tried on it, and only the
//! operation's own WouldBlock settles the matter.*
//!
//! **An edge is told once.** In edge-triggered mode, and mio knows no other, a socket that became
//! readable is reported, and not again until more arrives; that half of the bytes were left unread
//! changes nothing. *So a source keeps what it was told until an operation has disproved it. Each
//! socket is registered once, for both directions, and no call to the kernel is needed to change
//! one's mind.*
//!
//! **Two news may share one edge.** The last ten bytes and the end of the stream arrive together,
//! are reported together, and nothing will be reported after them. A short read usually means
//! "empty", and we save the read that would only confirm it; here it would mean waiting for ever
//! for an end that has been announced. *So closed and error flags, once seen, are never cleared,
//! and where one is set a short read proves nothing.*
//!
//! **A name outlives what it named.** Descriptors are small numbers and are used again at once. A
//! batch of events is a list of things that *were* so: an early entry may cause a socket to be
//! closed, and another to be opened under the same number, before a later entry is looked at. *So
//! events carry our own id, an index with a generation, and a slot stays empty until its turn is
//! over. What comes for a source that is gone is counted and dropped.*
//!
//! **The kernel watches files, not numbers.** If a descriptor was duplicated, closing ours leaves
//! the file open, and epoll goes on reporting it to a loop that has no way left to say stop. *So a
//! source is deregistered first and closed second, always.*
//!
//! **Refusal is silent too.** An accept that fails because the process is out of descriptors takes
//! no connection from the queue and causes no edge when descriptors are to be had again. *So an
//! error is no proof of emptiness: the listener stays ready, rests, and tries again.*
//!
//! **A wait has a grain.** epoll counts milliseconds. Rounded down, a timeout would wake us too
//! early and, spinning, many times over; mio rounds up. Very long ones are cut short. *So a wait
//! that returns with nothing to do is ordinary, and what is due is decided by the clock alone. Who
//! needs it finer has a timer of the OS in the set beside the sockets: see [`Precision`].*
//!
//! **Waking a wait costs a system call, and is needed only during one.** *So one atomic word says
//! whether the loop blocks, and a producer calls the kernel only if it was the first to find it
//! blocked: see [`Notifier`].*
//!
//! # The files
//!
//! | file | what it is |
//! |---|---|
//! | `reactor.rs` | the phases `wait`, `io`, `timers`, `finish`, and all that they share |
//! | `reactor/` | how it waits; what it does for its own leaves; counts and views |
//! | `current.rs` | which reactor this thread has |
//! | `source.rs`, `source_table.rs` | what can be registered; where it lies, and who waits for it |
//! | `readiness.rs` | the flags, and which of them stay |
//! | `registered.rs`, `operation.rs` | a source with its registration; one operation as a future |
//! | `poller.rs`, `parker.rs` | where the loop blocks, with descriptors and without |
//! | `notifier.rs` | the wake word |
//! | `script.rs`, `script/` | for tests: a world of peers as data, played by a seed |
//! | `events.rs`, `flush.rs`, `hooks.rs` | plain things that the phases hand about |
//! | `waiter.rs`, `woken.rs`, `house.rs` | who waits, and where; who is to be woken |
//! | `alarm.rs` | what ends a wait at its very deadline |
//! | `clock.rs`, `manual_clock.rs`, `os_time.rs` | the time: the OS's, and one that is moved |
//! | `os_thread.rs` | the OS's number of a thread |
//! | `timers.rs` | what is due |
//! | `sleep.rs`, `timeout.rs`, `interval.rs` | futures of time |
//! | `net/` | streams, datagrams, listeners, pipes, names; streams in memory |
//! | `limits.rs`, `counts.rs` | every bound; every count |
//!
//! # What it is not
//!
//! It knows no task and polls no future. It gives out [`Waker`](std::task::Waker)s to be woken,
//! and takes none but those that futures bring. The loop around it, in the crate `glassloop`,
//! decides when each phase runs.

#![forbid(unsafe_code)]

mod alarm;
mod clock;
mod counts;
mod current;
mod events;
mod flush;
mod hooks;
mod house;
mod interval;
mod limits;
mod manual_clock;
pub mod net;
mod notifier;
mod operation;
mod os_thread;
mod os_time;
mod parker;
mod poller;
mod reactor;
mod readiness;
mod registered;
mod script;
mod seat;
mod sleep;
mod source;
mod source_entry;
mod source_table;
mod sync;
mod timeout;
mod timers;
mod waiter;
mod woken;

pub use alarm::Precision;
pub use clock::{Clock, nanoseconds};
pub use counts::Counts;
pub use current::Entered;
pub use events::{Event, Events};
pub use flush::Flush;
pub use hooks::{Addresses, Resolver, Stall};
pub use interval::{Interval, MissedTicks, Tick, interval};
pub use limits::Limits;
pub use manual_clock::ManualClock;
pub use notifier::{Notifier, OnWake, Unblock};
pub use os_thread::os_thread_id;
pub use parker::Parker;
pub use poller::PollerKind;
pub use reactor::{LentWait, Options, Reactor};
pub use readiness::{Direction, Interest, Readiness};
pub use registered::{Registered, Wait};
pub use script::{Answer, Script, Step, Transcript};
pub use sleep::{Sleep, sleep, sleep_until};
pub use source::{Peer, Source, SourceId, SourceView, TimerView, WaiterView};
pub use timeout::{Elapsed, Timeout, timeout};
pub use timers::{NEVER, TimerId, Timers};
pub use waiter::{Place, Waiter};
pub use woken::{Origin, Woken};

/// The version of mio whose sources can be registered.
pub use mio;
