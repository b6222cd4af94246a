//! One turn, effect by effect: what is ready runs first-in first-out, whatever made it ready.
//!
//! What was ready before the turn comes first, then what sockets woke, then timers, then the calls
//! of other threads; and the phases that an `Observer` is told of are the ones of the design. All
//! of it on every poller.
#![cfg(test)]

#[path = "common/effects.rs"]
mod effects;
#[path = "common/pollers.rs"]
mod pollers;

use std::{
    cell::{Cell, RefCell},
    future::pending,
    rc::Rc,
    thread,
    time::Duration,
};

use effects::Effects;
use glassloop::{
    Builder, Clock, Entry, EventLoop, Events, Kind, ManualClock, Observer, Outcome, Phase,
    RunError,
    net::{self, TcpStream},
};
use pollers::for_each_poller;

const MS: Duration = Duration::from_millis(1);

/// A loop whose clock only the test moves.
fn quiet_loop(builder: Builder) -> (Rc<EventLoop>, ManualClock) {
    let clock = ManualClock::new();
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    (Rc::new(event_loop), clock)
}

/// One wait and one turn.
fn turn(event_loop: &EventLoop) {
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
}

/// A turn in which nothing is left to run: the next one asks the system and the clock again.
fn settle(event_loop: &EventLoop, clock: &ManualClock) {
    clock.advance(Duration::from_nanos(1));
    turn(event_loop);
}

/// Notes an item, and a microtask that must run right after it.
fn item(effects: &Effects, name: &str) {
    effects.note(name);
    let (effects, name) = (effects.clone(), name.to_owned());
    glassloop::queue_microtask(move || effects.note(format!("  after {name}"))).unwrap();
}

/// A task that reads one byte, and the end to write it to.
fn reader(event_loop: &EventLoop, effects: &Effects, name: &'static str) -> TcpStream {
    let (here, there) = event_loop.enter(net::duplex).unwrap();
    let effects = effects.clone();
    let read = async move {
        let mut byte = [0];
        assert_eq!(here.read(&mut byte).await.unwrap(), 1);
        item(&effects, name);
        if name == "socket 1" {
            let effects = effects.clone();
            let child = async move { effects.note("spawned by socket 1") };
            glassloop::spawn(child).detach();
        }
        pending::<()>().await; // its end stays open: closing it would be one more event
    };
    event_loop.spawn(read).named(name).detach();
    there
}

/// A task that sleeps.
fn sleeper(event_loop: &EventLoop, effects: &Effects, name: &'static str, nap: Duration) {
    let effects = effects.clone();
    let sleep = async move {
        glassloop::sleep(nap).await;
        item(&effects, name);
    };
    event_loop.spawn(sleep).named(name).detach();
}

/// Everything that can make something ready, in one turn. Asked for in the order opposite to the
/// one in which it must happen. Returns what keeps the sockets open.
fn everything_at_once(
    event_loop: &EventLoop,
    clock: &ManualClock,
    effects: &Effects,
) -> [TcpStream; 2] {
    let far = [reader(event_loop, effects, "socket 1"), reader(event_loop, effects, "socket 2")];
    sleeper(event_loop, effects, "timer of 3 ms", 3 * MS);
    sleeper(event_loop, effects, "timer of 1 ms", MS);
    let later = effects.clone();
    event_loop.call_later(2 * MS, move || item(&later, "timer of 2 ms")).unwrap();
    turn(event_loop);
    settle(event_loop, clock);
    assert_eq!(effects.take(), Vec::<String>::new(), "everybody waits");

    let (remote, log) = (event_loop.remote(), effects.clone());
    let deferred = thread::spawn(move || {
        for call in 1..=4 {
            let log = log.clone();
            remote.defer(move || item(&log, &format!("deferred {call}"))).unwrap();
        }
    });
    deferred.join().unwrap();
    clock.advance(3 * MS);
    // The second socket is ready before the first: sockets come up as they became ready.
    far[1].try_write(b"2").unwrap();
    far[0].try_write(b"1").unwrap();
    for name in ["callback 1", "callback 2"] {
        let log = effects.clone();
        event_loop.call_soon(move || item(&log, name)).unwrap();
    }
    turn(event_loop);
    far
}

#[test]
fn one_turn_runs_what_was_ready_then_sockets_timers_and_deferred_calls() {
    for_each_poller(|builder| {
        let (event_loop, clock) = quiet_loop(builder);
        let effects = Effects::default();
        let _far = everything_at_once(&event_loop, &clock, &effects);
        let written = [
            "callback 1",
            "  after callback 1",
            "callback 2",
            "  after callback 2",
            "socket 2",
            "  after socket 2",
            "socket 1",
            "  after socket 1",
            "timer of 1 ms",
            "  after timer of 1 ms",
            "timer of 2 ms",
            "  after timer of 2 ms",
            "timer of 3 ms",
            "  after timer of 3 ms",
            "deferred 1",
            "  after deferred 1",
            "deferred 2",
            "  after deferred 2",
            "deferred 3",
            "  after deferred 3",
            "deferred 4",
            "  after deferred 4",
        ];
        assert_eq!(effects.take(), written);
        turn(&event_loop);
        assert_eq!(effects.take(), ["spawned by socket 1"], "what a batch spawns is in the next");
        event_loop.close(Duration::ZERO);
    });
}

/// Writes down the phases of each turn, and the items of its run phase.
#[derive(Default)]
struct PhaseLog(RefCell<Vec<String>>);

impl Observer for PhaseLog {
    fn turn_began(&self, _: u64) {
        self.0.borrow_mut().push("turn".to_owned());
    }

    fn phase_began(&self, phase: Phase, _: u64) {
        self.0.borrow_mut().push(phase.name().to_owned());
    }

    fn wait_began(&self, timeout: Option<Duration>) {
        self.0.borrow_mut().push(format!("  at most {timeout:?}"));
    }

    fn item_ended(&self, item: Entry, outcome: Outcome, _: Duration) {
        let kind = match item.kind() {
            Kind::Task => "task",
            Kind::Callback => "callback",
            Kind::Deferred => "deferred",
            _ => "something else",
        };
        self.0.borrow_mut().push(format!("  {kind} {outcome:?}"));
    }

    fn turn_ended(&self, _: u64, items: usize) {
        self.0.borrow_mut().push(format!("ended with {items} items"));
    }
}

#[test]
fn an_observer_is_told_of_the_same_turn_phase_by_phase() {
    for_each_poller(|builder| {
        let (event_loop, clock) = quiet_loop(builder);
        let log = Rc::new(PhaseLog::default());
        event_loop.observe(Rc::clone(&log) as Rc<dyn Observer>);
        let _far = everything_at_once(&event_loop, &clock, &Effects::default());
        let lines = log.0.take();
        let last = lines.iter().rposition(|line| line == "wait").unwrap();
        let written = [
            "wait",
            "  at most Some(0ns)",
            "turn",
            "io",
            "timers",
            "deferred",
            "run",
            "  callback Called",
            "  callback Called",
            "  task Pending",
            "  task Pending",
            "  task Finished",
            "  callback Called",
            "  task Finished",
            "  deferred Called",
            "  deferred Called",
            "  deferred Called",
            "  deferred Called",
            "flush",
            "render",
            "finish",
            "ended with 11 items",
        ];
        assert_eq!(lines[last..], written);
        let names = Phase::ALL.map(Phase::name);
        let told: Vec<_> = written.into_iter().filter(|line| names.contains(line)).collect();
        assert_eq!(told, names, "each phase once, in the order of the design");
        event_loop.close(Duration::ZERO);
    });
}

#[test]
fn what_a_turn_makes_ready_waits_for_the_next_turn() {
    for_each_poller(|builder| {
        let (event_loop, _clock) = quiet_loop(builder);
        let effects = Effects::default();
        for name in ["a", "b"] {
            let log = effects.clone();
            let task = async move {
                for round in 1..=3 {
                    log.note(format!("{name}{round}"));
                    let soon = log.clone();
                    glassloop::call_soon(move || soon.note(format!("called by {name}"))).unwrap();
                    glassloop::yield_now().await;
                }
            };
            event_loop.spawn(task).detach();
        }
        turn(&event_loop);
        assert_eq!(effects.take(), ["a1", "b1"]);
        turn(&event_loop);
        assert_eq!(effects.take(), ["called by a", "a2", "called by b", "b2"]);
        turn(&event_loop);
        assert_eq!(effects.take(), ["called by a", "a3", "called by b", "b3"]);
    });
}

#[test]
fn a_checkpoint_runs_the_microtasks_of_microtasks_before_the_next_item() {
    for_each_poller(|builder| {
        let (event_loop, _clock) = quiet_loop(builder);
        let effects = Effects::default();
        let (first, second) = (effects.clone(), effects.clone());
        let call = move || {
            first.note("item");
            let micro = first.clone();
            let nested = move || {
                micro.note("microtask");
                let again = micro.clone();
                glassloop::queue_microtask(move || again.note("microtask of it")).unwrap();
            };
            glassloop::queue_microtask(nested).unwrap();
            glassloop::call_soon(move || first.note("callback")).unwrap();
        };
        event_loop.call_soon(call).unwrap();
        event_loop.call_soon(move || second.note("next item")).unwrap();
        turn(&event_loop);
        assert_eq!(effects.take(), ["item", "microtask", "microtask of it", "next item"]);
        turn(&event_loop);
        assert_eq!(effects.take(), ["callback"]);
    });
}

#[test]
fn nothing_of_a_loop_can_begin_inside_its_turn() {
    for_each_poller(|builder| {
        let (event_loop, _clock) = quiet_loop(builder);
        let inner = Rc::clone(&event_loop);
        let ran = Rc::new(Cell::new(false));
        let must_not_run = Rc::clone(&ran);
        let nested = move || {
            let refused = [
                inner.wait().map(drop),
                inner.turn(Events::new()),
                inner.run(),
                inner.block_on(async move { must_not_run.set(true) }),
            ];
            for result in refused {
                assert!(matches!(result, Err(RunError::Reentrant)), "{result:?}");
            }
            assert!(inner.close(Duration::ZERO).in_turn);
            7
        };
        let mut call = event_loop.remote().call(|| 0);
        let from_callback = Rc::new(Cell::new(0));
        let result = Rc::clone(&from_callback);
        event_loop.call_soon(move || result.set(nested())).unwrap();
        assert!(matches!(event_loop.block_on(pending::<()>()), Err(RunError::Stopped)));
        assert_eq!(from_callback.get(), 7, "a panic there would have been caught by the loop");
        assert_eq!(call.wait(Duration::ZERO).unwrap(), 0, "the turn went on");
        // The refused future is gone, and did not become a task.
        assert!(!ran.get());
        assert_eq!(Rc::strong_count(&ran), 1);
        event_loop.close(Duration::ZERO);
    });
}

#[test]
fn another_loop_may_turn_inside_a_turn() {
    for_each_poller(|builder| {
        let (outer, _) = quiet_loop(builder);
        let sum = outer.block_on(async {
            let inner = EventLoop::test();
            let two = inner.block_on(async {
                glassloop::sleep(Duration::from_secs(1)).await;
                2
            });
            inner.close(Duration::ZERO);
            // The outer loop is the current one again.
            glassloop::spawn(async { 1 }).await.unwrap() + two.unwrap()
        });
        assert_eq!(sum.unwrap(), 3);
    });
}
