//! The half of glassloop that knows descriptors and clocks: readiness and time, turned into wakes.
//!
//! # Some facts about epoll
//!
//! With epoll a program on Linux waits for any number of descriptors in one call. Its manual says
//! how it is called. Here is what a loop has to know of it beside that; then what follows for us,
//! and what that costs.
//!
//! 1. **There are levels and edges.** Asked by *level*, a wait returns at once for as long as a
//!    socket has bytes, however often it is asked. Asked by *edge*, it tells of a socket when
//!    something arrives there, and not again before more arrives. mio knows edges alone.
//! 2. **An edge promises little.** It says that something happened, not how much, and not that it
//!    is still so: another reader may have been there, a datagram's checksum may have failed. It is
//!    never taken back, and it may be told for nothing. One thing it does promise: whoever found
//!    nothing is told of the next thing that comes.
//! 3. **Only an operation knows.** "Found nothing" means that a read or write of ours said
//!    WouldBlock. A TCP stream that gave fewer bytes than there was room for is empty as well, and
//!    the read that would only confirm it can be spared; but a read ends at urgent data, too, and
//!    no edge tells of what is behind that. Its arrival is told (`EPOLLPRI`) to who asks for it. A
//!    Unix stream ends a read behind a message with descriptors, and that nobody tells. Of a
//!    datagram's length nothing follows.
//! 4. **The last bytes and the end share an edge.** A peer writes ten bytes and closes. One event
//!    tells of both, as readable (`EPOLLIN`) and closed (`EPOLLRDHUP`), and no other will come. Who
//!    reads the ten bytes, takes the short read for "empty" and waits, waits for ever.
//! 5. **To register is to look.** A socket that is ready when it is registered is told of by the
//!    next wait. So nothing is missed before; but each registration, and each change of what one is
//!    interested in, is a call of the system.
//! 6. **A batch is stale.** It lists what was so when the wait returned. Descriptors are small
//!    numbers and are used again at once: what an early event sets going may close a socket and
//!    open another under the same number, before a later event of the same batch is looked at.
//! 7. **The kernel watches files, not numbers.** Where a descriptor was duplicated, closing ours
//!    leaves the file open, and epoll goes on telling of it to a loop that has no way left to say
//!    stop.
//! 8. **Refusal is silent.** An accept that fails because the process has no descriptor left
//!    (`EMFILE`) takes no connection out of the backlog, and no edge tells when there are
//!    descriptors again. (macOS takes it out, and closes it.)
//! 9. **A wait has a grain.** epoll counts whole milliseconds, in 31 bits. A timeout that is
//!    rounded down wakes a loop too early, and many times over. A signal ends a wait as well.
//! 10. **What ends a wait from another thread is a descriptor, too.** An `eventfd` in the set is
//!     written to: a call of the system, whether or not anybody waits.
//!
//! Elsewhere it is much the same. **kqueue** tells of each direction by itself, the end and its
//! error with it, but of urgent data nothing that mio hands on, so a short read proves nothing
//! there; it counts nanoseconds, and is woken by an event of its own kind. **Windows** has no
//! readiness: mio asks a driver about each socket once, and asks again only after WouldBlock was
//! said, so a short read proves nothing there. It counts milliseconds, too, and is woken by a
//! packet to its port.
//!
//! # What follows for us
//!
//! - **Each source is registered once**, for all that it will ever do: a stream both ways, a
//!   listener to read (fact 5). Nobody changes an [`Interest`] afterwards: `reactor/service.rs`
//!   (`Reactor::register`).
//! - **Readiness is a belief that is kept** (1, 2). What an event told is stored whether or not
//!   anybody waits, and stays until an operation has disproved it: a [`Readiness`] for each source,
//!   `source_table.rs` (`SourceTable::deliver`). Whoever comes later finds it there and needs no
//!   event.
//! - **An operation is tried, and WouldBlock clears the belief** (3). So does a short write of a
//!   stream, and a short read of TCP to which no urgent data came, where the OS tells of that:
//!   `registered.rs` (`Registered::poll_io`), `registered/belief.rs` (`clear_if_short`). For all
//!   else WouldBlock alone does: `net/datagrams.rs` (`DatagramSocket`).
//! - **Closed and error flags are never cleared**, and where one is set a short read proves nothing
//!   (4): [`Readiness::has_ended`]. So the next read is tried, and finds the end.
//! - **An event carries an id of ours**, an index with a generation, and the slot of a source that
//!   went away stays empty until the turn is over (6): [`SourceId`], `source_table.rs`
//!   (`SourceTable::retire`, `SourceTable::finish`). What comes for nobody is counted, in
//!   [`Counts`], and dropped.
//! - **A source is deregistered first and closed second** (7): the drop of [`Registered`].
//! - **An error is no proof of emptiness** (8). A listener without descriptors stays ready, rests
//!   for 1 to 50 ms, and tries again without an edge: `net/patience.rs` (`Patience`).
//! - **The clock decides what is due, never the wait** (9). A wait that brings nothing is ordinary;
//!   it is rounded up, and cut at 24 days: `poller.rs` (`Poller::wait`). Whoever needs it finer has
//!   a timer of the OS in the set, a descriptor among the others: [`Precision`], `alarm.rs`
//!   (`Alarm`).
//! - **One atomic word says whether the loop blocks** (10), so that the system is called only by
//!   the first who finds it blocked: [`Notifier`], `notifier.rs` (`Notifier::notify`).
//! - **What no kernel tells of joins the same way.** A socket in memory, also one that a script
//!   plays, raises its readiness in the same table; all the rest holds for it unchanged:
//!   `source_table.rs` (`SourceTable::raise`).
//!
//! # What it costs
//!
//! - A belief that stays means that a peer which never stops sending is never waited for. So a poll
//!   has a budget, [`Limits::operations_per_poll_max`], and yields when that is spent.
//! - A source has one seat a direction and no list: of two tasks that read from one socket, the
//!   later one is woken. (The third seat, behind the reader's, is for a *stand-in*, who reads what
//!   a reader leaves: `seat.rs` (`Seat`).)
//! - Registered both ways, a source of which nobody reads costs an event whenever more arrives.
//! - A wait ends up to a millisecond late, on Windows some 16, unless [`Precision::Precise`] was
//!   asked for, which is one call more for each wait with another deadline.
//! - Each emptied socket is one read more than it need be, but for TCP on Linux.
//! - After urgent data WouldBlock is believed only when it was said several times, for a reason
//!   that stands in `source_entry.rs` (`Entry::may_be_cut_off`).
//!
//! # The files
//!
//! | file | what it is |
//! |---|---|
//! | `reactor.rs` | the phases `wait`, `io`, `timers`, `finish`, and all that they share |
//! | `reactor/` | how it waits; what it does for its own leaves; counts and views |
//! | `current.rs` | which reactor this thread has |
//! | `source.rs`, `source_entry.rs`, `source_table.rs` | what can be registered; where it lies |
//! | `seat.rs`, `waiter.rs` | where somebody may wait for it; who waits, at what and where |
//! | `readiness.rs` | the flags, and which of them stay |
//! | `registered.rs`, `operation.rs` | a source with its registration; one operation as a future |
//! | `poller.rs`, `parker.rs` | where the loop blocks, with descriptors and without |
//! | `notifier.rs`, `sync.rs` | the wake word; the atomics of it, or loom's |
//! | `script.rs`, `script/` | for tests: a world of peers as data, played by a seed |
//! | `events.rs`, `flush.rs`, `hooks.rs` | plain things that the phases hand about |
//! | `woken.rs`, `house.rs` | who is to be woken; which places of a text are the program's |
//! | `alarm.rs` | what ends a wait at its very deadline |
//! | `clock.rs`, `manual_clock.rs`, `os_time.rs` | the time: the OS's, and one that is moved |
//! | `os_thread.rs` | the OS's number of a thread |
//! | `timers.rs`, `timers/` | what is due |
//! | `sleep.rs`, `timeout.rs`, `interval.rs` | futures of time |
//! | `net/` | streams, datagrams, listeners, pipes, names; streams in memory |
//! | `limits.rs`, `counts.rs` | every bound; every count |
//!
//! # What it is not
//!
//! It knows no task and polls no future. It gives out [`Waker`](std::task::Waker)s to be woken, and
//! takes none but those that futures bring. The loop around it, in the crate `glassloop`, decides
//! when each phase runs.

#![forbid(unsafe_code)]

mod alarm;
mod clock;
mod counts;
mod current;
mod dice;
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
mod readings;
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
pub use dice::Dice;
pub use events::{Event, Events};
pub use flush::Flush;
pub use hooks::{Addresses, Resolver, Stall};
pub use interval::{Interval, MissedTicks, Tick, interval};
pub use limits::Limits;
pub use manual_clock::{ManualClock, WeakManualClock};
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
