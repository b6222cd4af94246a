//! glassloop: an event loop you can see through.
//!
//! A hand-rolled, single-threaded event loop: a reactor on mio, a minimal executor, a nonblocking
//! WebSocket on tungstenite, and a cross-thread queue of deferred calls that wakes the loop. No
//! tokio, no `unsafe`.
//!
//! ```
//! use std::{thread, time::Duration};
//!
//! fn main() -> Result<(), glassloop::RunError> {
//!     glassloop::run(async {
//!         // A task beside this one. Its future need not be `Send`: the loop lives on one thread.
//!         let sleeper = glassloop::spawn(async {
//!             glassloop::sleep(Duration::from_millis(20)).await;
//!             "slept"
//!         })
//!         .named("sleeper");
//!
//!         // Any thread may leave a call; it runs here, on the loop's thread.
//!         let remote = glassloop::remote();
//!         thread::spawn(move || remote.defer(|| println!("called from another thread")));
//!
//!         // Who waits for what, and where, as a table.
//!         glassloop::yield_now().await;
//!         println!("{}", glassloop::snapshot());
//!         assert_eq!(sleeper.await.unwrap(), "slept");
//!     })
//! }
//! ```
//!
//! # Where to begin
//!
//! [`EventLoop`] is the loop: `src/event_loop.rs` shows one turn on one screen. [`Remote`] is how
//! other threads reach it, [`Snapshot`], [`Watch`] and [`Observer`] how you see into it. In a
//! program with a main loop of its own it lives as a [`LoopThread`], a [`Guest`], or is
//! [pumped](EventLoop::pump), and calls back through a [`HostQueue`]. The two halves are crates of
//! their own: `glassloop-reactor` turns readiness and time into wakes, `glassloop-executor` turns
//! wakes into polls, and neither knows the other. Each opens with an essay, as `glassloop-ws`
//! does: "Some facts about epoll", "What a task is", "Why a WebSocket is a state machine".
//!
//! What blocks goes to another thread, by [`offload()`] or a [`Pool`] of your own; other programs
//! are started by `process::Command`, work for a process of its own goes to a
//! `process::ProcessPool`, and `signal::signals` hears of Ctrl-C: `docs/elsewhere.md` says which
//! to take when.
//!
//! # Features
//!
//! `observe` (default): the now-record, the event ring and the places of awaits. `ws` (default):
//! WebSocket client and server; `tls`: `wss://` for both; `socketio`: Socket.IO, a client that
//! comes back by itself and a small server. `os-time` (default): [`Clock::Boot`], [`on_resume`] on
//! the system's clock, and [`Precision::Precise`], where the OS has them; it brings the crate
//! rustix. `futures-io` (default): the traits of that crate for streams, so that other crates can
//! read and write them. `process`: subprocesses, on Unix; `process-pool`: workers
//! among them. `signal`: signals, on Windows Ctrl-C.

#![forbid(unsafe_code)]

mod builder;
mod call;
mod call_error;
mod callbacks;
mod cancel_token;
mod close;
mod core;
mod current;
mod deadlock;
mod debug;
mod environment;
mod error;
mod event;
mod event_loop;
mod failure;
mod frames;
mod functions;
mod gate;
mod gathering;
mod guest;
mod host;
mod limits;
mod lint;
mod loop_thread;
mod new_loops;
mod notes;
mod now_record;
mod observer;
mod offload;
mod outside;
mod phase;
mod policy;
#[cfg(all(unix, feature = "process"))]
pub mod process;
mod published;
mod pump;
mod recorder;
mod registry;
mod remote;
mod replay;
mod result_cell;
mod resume;
mod ring;
mod run_until_cancelled;
mod schedule;
mod scope;
mod shared;
#[cfg(feature = "signal")]
pub mod signal;
mod snapshot;
mod snapshot_table;
mod standing;
mod statistics;
mod stride;
mod turn;
mod waiting;
mod waits;
mod watch;
#[cfg(feature = "ws")]
pub mod ws;

pub use crate::{
    builder::Builder,
    call::Call,
    call_error::CallError,
    callbacks::{Callback, call_at, call_later, call_soon, queue_microtask},
    cancel_token::{CancelToken, Cancelled},
    close::CloseReport,
    error::{DeadlockReport, RunError},
    event::{By, Event, Happening},
    event_loop::EventLoop,
    frames::{IdleTime, request_idle, request_render},
    functions::{remote, run, snapshot, spawn, stop},
    gate::{StepTo, Stopped},
    guest::{Guest, GuestEnd, GuestTick},
    host::{
        Chunk, Drain, Drained, HostCall, HostCalling, HostError, HostJobLine, HostLimits,
        HostQueue, HostQueueBuilder, HostQueueLine, HostStatistics, JobContext, host_queues,
    },
    limits::Limits,
    lint::{Finding, Lint, LintLimits, LintLine},
    loop_thread::{LoopThread, StillRuns, ThreadError},
    new_loops::{OnNewLoop, on_new_loop},
    notes::{Label, LogLine, Logger, Note, Span, counter, mark, span},
    now_record::{Now, NowRecord},
    observer::Observer,
    offload::{JobLine, JobState, Offload, OffloadError, Pool, PoolLimits, PoolReport, offload},
    outside::{Outside, outside},
    phase::Phase,
    policy::RunPolicy,
    published::Seen,
    pump::Pumped,
    registry::{LoopName, loops},
    remote::{OnceKey, Remote},
    replay::{BadRecording, Difference, Recording, Replayed},
    resume::{OnResume, on_resume},
    ring::{Read, Ring},
    run_until_cancelled::RunUntilCancelled,
    scope::{scope, shield},
    snapshot::{
        QueueLine, RecordedLine, Snapshot, SourceLine, TaskLine, TimerLine, WaitLine, WaitsOn,
    },
    statistics::{Histogram, LoopTimes, TaskTimes},
    watch::{Asked, Watch},
};
pub use glassloop_executor::{
    Cause, Child, Counts as ExecutorCounts, Entry, Failure, Gather, JoinError, JoinHandle, Kind,
    LocalScope, Outcome, Panic, PlaceId, Race, Refused, RunScope, Scope, ScopeError, ScopeFailure,
    Shield, TaskId, TaskState, TryGather, Unhandled, YieldNow, gather, race, try_gather, yield_now,
};
pub use glassloop_reactor::{
    Addresses, Answer, Clock, Counts as ReactorCounts, Direction, Elapsed, Events, Interest,
    Interval, ManualClock, MissedTicks, PollerKind, Precision, Readiness, Registered, Resolver,
    Script, Sleep, Source, SourceId, Step, Timeout, Transcript, Wait, WeakManualClock, mio, sleep,
};

/// Something to do every so often.
///
/// ```
/// use std::time::{Duration, Instant};
/// use glassloop::{EventLoop, MissedTicks, interval, sleep};
///
/// let event_loop = EventLoop::test(); // a clock that jumps: nobody waits
/// event_loop.block_on(async {
///     let mut beat = interval(Duration::from_secs(1)).missed_ticks(MissedTicks::Skip);
///     assert_eq!(beat.period(), Duration::from_secs(1));
///     let first: Instant = beat.tick().await;
///     sleep(Duration::from_millis(3_500)).await; // the next tick is late, two more are missed
///     assert_eq!(beat.tick().await - first, Duration::from_secs(1));
///     assert_eq!(beat.tick().await - first, Duration::from_secs(4));
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
#[doc(inline)]
pub use glassloop_reactor::interval;

/// Sockets, pipes and names, on the current loop.
///
/// A stream: by a host's name or by addresses, from the standard library and back.
///
/// ```
/// use std::{io, net::Shutdown};
/// use glassloop::{net::{TcpListener, TcpStream}, spawn};
///
/// # glassloop::run(async {
/// let listener = TcpListener::from_std(std::net::TcpListener::bind("127.0.0.1:0")?)?;
/// let address = listener.local_addr()?;
/// let server = spawn(async move {
///     for greeting in [&b"one"[..], b"two"] {
///         let (stream, _from) = listener.accept().await?;
///         stream.write_all(greeting).await?;
///         stream.shutdown(Shutdown::Write)?;
///     }
///     io::Result::Ok(())
/// });
/// let stream = TcpStream::connect_host("127.0.0.1", address.port()).await?;
/// let mut greeting = [0; 3];
/// stream.read_exact(&mut greeting).await?;
/// assert_eq!(greeting, *b"one");
///
/// let stream = TcpStream::connect_any(vec![address]).await?;
/// let stream = TcpStream::from_std(stream.into_std()?)?; // or to a thread, and back from there
/// stream.read_exact(&mut greeting).await?;
/// assert_eq!(greeting, *b"two");
/// server.await.unwrap()
/// # }).unwrap().unwrap();
/// ```
///
/// Datagrams:
///
/// ```
/// use glassloop::net::UdpSocket;
///
/// # glassloop::run(async {
/// let here = UdpSocket::from_std(std::net::UdpSocket::bind("127.0.0.1:0")?)?;
/// let there = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// there.set_ttl(4)?;
/// there.set_broadcast(false)?;
/// there.send_to(b"knock", here.local_addr()?).await?;
/// let mut buffer = [0; 16];
/// let (_bytes, from) = here.peek_from(&mut buffer).await?; // it stays where it is
/// assert_eq!(from, there.local_addr()?);
/// assert_eq!(here.recv(&mut buffer).await?, 5);
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// What only Unix has: pipes, here one whose ends are handed over as for a child, and its sockets.
///
/// ```
/// # #[cfg(unix)]
/// # fn main() {
/// use std::io::ErrorKind;
/// use glassloop::net::{PipeReader, PipeWriter, TcpStream, UnixDatagram, UnixStream, pipe};
///
/// # glassloop::run(async {
/// let (reader, writer) = pipe()?;
/// let (output, input) = (reader.into_fd(), writer.into_fd());
/// let (reader, writer) = (PipeReader::from_fd(output)?, PipeWriter::from_fd(input)?);
/// writer.write_all(b"done").await?;
/// drop(writer);
/// let mut said = [0; 8];
/// assert_eq!(reader.read(&mut said).await?, 4);
/// assert_eq!(reader.read(&mut said).await?, 0, "the end");
///
/// let (here, there) = UnixStream::pair()?;
/// here.write_all(b"hello").await?;
/// assert_eq!(there.read(&mut said).await?, 5);
/// assert_eq!(there.try_read(&mut said).unwrap_err().kind(), ErrorKind::WouldBlock);
/// let unbound = UnixDatagram::unbound()?;
/// assert!(unbound.local_addr()?.is_unnamed());
///
/// // The descriptor of a TCP stream, for options that have no method.
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let stream = TcpStream::connect(listener.local_addr()?).await?;
/// let _borrowed: std::os::fd::BorrowedFd<'_> = stream.descriptor()?;
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
///
#[doc(inline)]
pub use glassloop_reactor::net;

/// A deadline that can be put off, as that of a connection that is idle too long.
///
/// ```
/// use std::{pin::pin, time::Duration};
/// use glassloop::{EventLoop, sleep, sleep_until};
///
/// let event_loop = EventLoop::test(); // a clock that jumps: nobody waits
/// event_loop.block_on(async {
///     let first = sleep(Duration::from_secs(30)).deadline();
///     let mut idle = pin!(sleep_until(first));
///     sleep(Duration::from_secs(29)).await; // then something came in
///     idle.reset(first + Duration::from_secs(30));
///     sleep(Duration::from_secs(2)).await;
///     assert!(!idle.is_elapsed());
///     idle.await;
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
#[doc(inline)]
pub use glassloop_reactor::sleep_until;

/// What follows a request through its tasks without being passed along.
///
/// ```
/// use glassloop::TaskLocal;
///
/// static USER: TaskLocal<String> = TaskLocal::new();
///
/// # glassloop::run(async {
/// let answered = USER.scope("ada".to_owned(), async {
///     // What is spawned in here starts with the value.
///     let logger = glassloop::spawn(async { USER.with(|user| user.len()) });
///     logger.await.unwrap()
/// });
/// assert_eq!(answered.await, Some(3));
/// assert_eq!(USER.get(), None, "nobody around it sees it");
/// # }).unwrap();
/// ```
///
#[doc(inline)]
pub use glassloop_executor::TaskLocal;

/// So much time for something, and no more.
///
/// ```
/// use std::time::Duration;
/// use glassloop::{EventLoop, timeout};
///
/// let event_loop = EventLoop::test(); // a clock that jumps: nobody waits
/// let late = event_loop.block_on(async {
///     timeout(Duration::from_secs(5), std::future::pending::<()>()).await
/// })?;
/// assert_eq!(late.unwrap_err().after(), Duration::from_secs(5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
#[doc(inline)]
pub use glassloop_reactor::timeout;

/// The programs of the guide are tested as they stand there.
#[cfg(all(doctest, unix, feature = "process-pool", feature = "signal"))]
#[doc = include_str!("../docs/elsewhere.md")]
mod guide {}
