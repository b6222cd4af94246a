//! What a twin may do, and the loop that it does it on.
//!
//! These are glassloop's functions of the same names, for who knows that there is room. The clock
//! is one that jumps, so nobody waits and nothing is left to chance: to say a word takes a tenth of
//! a millisecond, and nothing else takes any time.

use std::{cell::RefCell, time::Duration};

use glassloop::{Clock, EventLoop, Limits, ManualClock, PollerKind, RunPolicy};

const A_WORD: Duration = Duration::from_micros(100);

const ROOM: &str = "a puzzle asks for less than a loop has room for";

#[derive(Default)]
struct Stage {
    clock: ManualClock,
    said: Vec<String>,
}

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::default();
}

/// The words that a program says on a loop of its own, in the order in which it says them.
#[track_caller]
pub(crate) fn order(program: fn(), policy: RunPolicy, recorded: bool) -> String {
    let clock = ManualClock::new().with_autojump();
    STAGE.set(Stage { clock: clock.clone(), said: Vec::new() });
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).policy(policy);
    // Timers are looked for in each turn, however short it was: a puzzle counts turns.
    let builder = builder.limits(Limits { items_per_poll_max: 1, ..Limits::default() });
    // What goes wrong is a word that no answer has.
    let builder = builder.on_unhandled(|failure| hear(&failure.to_string()));
    let event_loop = builder.clock(Clock::Manual(clock)).build().expect("it is made of memory");
    if recorded {
        event_loop.record(true); // never off: who watches has it on
    }
    event_loop.call_soon(program).expect(ROOM);
    event_loop.run().expect("a puzzle comes to its end");
    STAGE.take().said.join(" ")
}

fn hear(word: &str) {
    STAGE.with_borrow_mut(|stage| stage.said.push(word.to_owned()));
}

pub(crate) fn say(word: &'static str) {
    hear(word);
    pass(A_WORD);
}

/// Holds the loop for so long.
pub(crate) fn hold(ms: u64) {
    pass(Duration::from_millis(ms));
}

fn pass(time: Duration) {
    let clock = STAGE.with_borrow(|stage| stage.clock.clone());
    clock.advance(time);
}

#[track_caller]
pub(crate) fn queue_microtask(f: impl FnOnce() + 'static) {
    glassloop::queue_microtask(f).expect(ROOM);
}

#[track_caller]
pub(crate) fn call_soon(f: impl FnOnce() + 'static) {
    glassloop::call_soon(f).expect(ROOM);
}

#[track_caller]
pub(crate) fn call_later(ms: u64, f: impl FnOnce() + 'static) {
    glassloop::call_later(Duration::from_millis(ms), f).expect(ROOM);
}

#[track_caller]
pub(crate) fn request_render(f: impl FnOnce() + 'static) {
    glassloop::request_render(move |_frame| f()).expect(ROOM);
}

#[track_caller]
pub(crate) fn defer(f: impl FnOnce() + Send + 'static) {
    glassloop::remote().defer(f).expect(ROOM);
}

#[track_caller]
pub(crate) fn spawn(future: impl Future<Output = ()> + 'static) {
    glassloop::spawn(future).detach();
}
