//! Each row of `docs/bridges.md` is true of the loop as it is: a test for each, whose name begins
//! with the table's name and the call of theirs.
#![cfg(test)]
#![cfg(all(feature = "observe", not(miri)))]

mod asyncio_calls;
mod asyncio_elsewhere;
mod asyncio_loops;
mod asyncio_tasks;
mod curio;
#[path = "../common/effects.rs"]
mod effects;
mod javascript;
mod tokio;
#[cfg(all(unix, feature = "process-pool"))]
#[path = "../common/workers.rs"]
mod workers;

use std::{any::Any, thread, time::Duration};

use glassloop::{Clock, EventLoop, ManualClock, PollerKind};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// Longer than any machine is late.
const PATIENCE: Duration = Duration::from_secs(60);

/// The text of a panic.
fn message(panicked: &(dyn Any + Send)) -> &str {
    let text = panicked.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panicked.downcast_ref::<&str>().copied()).unwrap_or("a panic without a text")
}

/// What a thread without a loop is told that asks for something.
fn complaint(ask: impl FnOnce() + Send + 'static) -> String {
    let bare = thread::Builder::new().name("bare".into()).spawn(ask).unwrap();
    message(bare.join().expect_err("there is no loop").as_ref()).to_owned()
}

/// A loop whose clock stands still unless it is moved.
fn quiet_loop() -> (EventLoop, ManualClock) {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    (builder.clock(Clock::Manual(clock.clone())).build().unwrap(), clock)
}

/// One turn, which finds what is ready.
fn turn(event_loop: &EventLoop) {
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
}

/// One turn, which waits for nothing.
fn turn_now(event_loop: &EventLoop) {
    event_loop.call_soon(|| {}).unwrap();
    turn(event_loop);
}
