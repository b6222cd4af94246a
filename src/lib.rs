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
//! other threads reach it, [`Snapshot`], [`Watch`] and [`Observer`] how you see into it. The two
//! halves are crates of their own: `glassloop-reactor` turns readiness and time into wakes,
//! `glassloop-executor` turns wakes into polls, and neither knows the other.
//!
//! # Features
//!
//! `observe` (default): the now-record, the event ring and the places of awaits. `ws` (default):
//! WebSocket client and server. `os-time` (default): [`Clock::Boot`], [`on_resume`] on the system's
//! clock, and [`Precision::Precise`], where the OS has them; it brings the crate rustix.

#![forbid(unsafe_code)]

mod builder;
mod call;
mod callbacks;
mod cancel_token;
mod close;
mod core;
mod current;
mod deadlock;
mod debug;
mod environment;
mod error;
mod event_loop;
mod frames;
mod functions;
mod limits;
mod now_record;
mod observer;
mod phase;
mod policy;
mod remote;
mod resume;
mod ring;
mod run_until_cancelled;
mod scope;
mod shared;
mod snapshot;
mod snapshot_table;
mod stride;
mod turn;
mod waiting;
mod waits;
mod watch;
#[cfg(feature = "ws")]
pub mod ws;

pub use crate::{
    builder::Builder,
    call::{Call, CallError},
    callbacks::{Callback, call_at, call_later, call_soon, queue_microtask},
    cancel_token::{CancelToken, Cancelled},
    close::CloseReport,
    error::{DeadlockReport, RunError},
    event_loop::EventLoop,
    frames::{IdleTime, request_idle, request_render},
    functions::{remote, run, snapshot, spawn, stop},
    limits::Limits,
    now_record::{Now, NowRecord},
    observer::Observer,
    phase::Phase,
    policy::RunPolicy,
    remote::{OnceKey, Remote},
    resume::{OnResume, on_resume},
    ring::{Event, Happening, Read, Ring},
    run_until_cancelled::RunUntilCancelled,
    scope::{scope, shield},
    snapshot::{QueueLine, Snapshot, SourceLine, TaskLine, TimerLine, WaitLine},
    watch::Watch,
};
pub use glassloop_executor::{
    Cause, Child, Counts as ExecutorCounts, Entry, Failure, Gather, JoinError, JoinHandle, Kind,
    LocalScope, Outcome, Race, Refused, RunScope, Scope, ScopeError, ScopeFailure, Shield, TaskId,
    TaskLocal, TaskState, TryGather, Unhandled, YieldNow, gather, race, try_gather, yield_now,
};
pub use glassloop_reactor::{
    Addresses, Clock, Counts as ReactorCounts, Direction, Elapsed, Events, Interest, Interval,
    ManualClock, MissedTicks, PollerKind, Precision, Readiness, Registered, Resolver, Script,
    Sleep, Source, Step, Timeout, Transcript, Wait, interval, mio, net, sleep, sleep_until,
    timeout,
};
