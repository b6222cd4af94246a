//! Each row of the table in `docs/inspection.md` does what it says: one test for each, with a
//! program of its own.
#![cfg(test)]
#![cfg(all(feature = "observe", feature = "ws"))]

mod attached;
#[path = "../common/batches.rs"]
mod batches;
mod causes;
mod faults;
#[path = "../common/gate.rs"]
mod gate;
#[path = "../common/inspected.rs"]
mod inspected;
mod kept;
mod logged;
mod moved;
mod noted;
mod price;
#[allow(dead_code, reason = "here few figures matter")]
#[path = "../a_trace_opens_in_perfetto/rules.rs"]
mod rules;
#[path = "../common/scripted.rs"]
mod scripted;
mod sources;
mod stalls;
mod tasks;
mod times;
mod traces;
mod turns;
#[path = "../common/until.rs"]
mod until;
#[path = "../common/watchers.rs"]
mod watchers;
#[path = "../common/web.rs"]
mod web;

use std::{
    panic::Location,
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use glassloop::{Clock, EventLoop, ManualClock, PollerKind, Snapshot, TaskId, TaskLine};
use glassloop_inspector::{History, Names};
use inspected::{Inspected, ask, inspected_by};
use serde_json::Value;

const MS: Duration = Duration::from_millis(1);
const MS_NS: u64 = 1_000_000;
/// Longer than any machine is late.
const PATIENCE: Duration = Duration::from_secs(60);

/// One test at a time: an inspector sees every loop of its process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A loop without system calls, on a clock that only its test moves.
#[track_caller]
fn quiet_loop(clock: &ManualClock) -> EventLoop {
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    builder.clock(Clock::Manual(clock.clone())).build().unwrap()
}

/// The same, recorded.
fn recorded_loop() -> (EventLoop, ManualClock) {
    let clock = ManualClock::new();
    let event_loop = quiet_loop(&clock);
    event_loop.record(true);
    (event_loop, clock)
}

/// Turns until nothing is ready.
fn settle(event_loop: &EventLoop) {
    while event_loop.pump(Duration::ZERO).unwrap().more {}
}

/// Moves the clock, and lets the loop do what is due then.
fn advance(event_loop: &EventLoop, clock: &ManualClock, time: Duration) {
    clock.advance(time);
    settle(event_loop);
}

/// The task of this name.
fn named(snapshot: &Snapshot, name: &str) -> TaskLine {
    let mut tasks = snapshot.tasks.iter().filter(|task| task.name == name);
    let task = tasks.next().unwrap_or_else(|| panic!("no task is called {name}"));
    assert!(tasks.next().is_none(), "one task is called {name}");
    task.clone()
}

/// A place as the inspector writes it.
fn written(place: Option<&Location<'_>>) -> String {
    let place = place.expect("it is known");
    here(place.file(), place.line())
}

fn here(file: &str, line: u32) -> String {
    format!("{}:{line}", file.replace('\\', "/"))
}

/// What a loop has recorded, and the names of what lives in it.
fn history(event_loop: &EventLoop) -> (History, Names) {
    (History::read(&event_loop.watch(), 0), Names::of(&event_loop.snapshot()))
}

/// An inspector that looks, and switches nothing on.
fn looks_on() -> Inspected {
    inspected_by(|builder| builder.record(false))
}

/// One that lets whoever has the token change the program.
fn controls() -> Inspected {
    inspected_by(|builder| builder.record(false).allow_control(true))
}

/// What another thread hears of an inspector, while the loop here answers whoever wakes it. It
/// makes no turn besides: each is recorded.
fn heard<T: Send>(event_loop: &EventLoop, asks: impl FnOnce() -> T + Send) -> T {
    let (wake, woken) = mpsc::channel();
    let over = wake.clone();
    event_loop.on_wake(move || wake.send(()).unwrap_or_default());
    thread::scope(|scope| {
        let asks = scope.spawn(move || {
            let heard = asks();
            over.send(()).unwrap();
            heard
        });
        while !asks.is_finished() {
            woken.recv_timeout(10 * MS).unwrap_or_default();
            settle(event_loop);
        }
        asks.join().unwrap()
    })
}

/// The text that `GET` gives of this loop.
fn text_of(inspector: &Inspected, event_loop: &EventLoop, path: &str) -> String {
    let (sign, number) = (if path.contains('?') { '&' } else { '?' }, number_of(event_loop));
    let first = format!("GET {path}{sign}loop={number}&fresh_ms=1000");
    let answer = heard(event_loop, || inspector.ask_well(&first));
    assert_eq!(answer.status, 200, "{first}: {}", answer.body);
    answer.body
}

/// The same as JSON, by an inspector that is there for this alone.
fn told_of(event_loop: &EventLoop, path: &str) -> Value {
    serde_json::from_str(&text_of(&looks_on(), event_loop, path)).unwrap()
}

/// The line of this loop in the state, which `ps`, `res` and `top` show.
fn state_of(event_loop: &EventLoop) -> Value {
    let mut state = told_of(event_loop, "/state");
    assert_eq!(state["loops"].as_array().map(Vec::len), Some(1));
    assert_eq!(state["loops"][0]["as_of"]["fresh"], true);
    state["loops"][0].take()
}

/// An order, with a body.
fn ordered(inspector: &Inspected, path: &str, body: &Value) -> Value {
    let (good, body) = (inspector.good(), body.to_string());
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\n{good}Content-Length: {length}\r\n\r\n");
    let answer = ask(inspector.address(), head + &body);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn number_of(event_loop: &EventLoop) -> u64 {
    event_loop.watch().name().number
}

/// A task's id, as a query has it.
fn asked_for(task: TaskId) -> String {
    task.to_string().replace('#', "%23")
}

/// These fields of each of a list.
fn each(list: &Value, field: &str) -> Vec<Value> {
    list.as_array().unwrap().iter().map(|of| of[field].clone()).collect()
}
