//! Run policies: each runs what it says it runs, and under each everybody has their turn.
//!
//! The clock is moved by the items themselves, so that time is part of the program: an item that
//! "takes" 100 us moves it by 100 us.
#![cfg(test)]

#[path = "common/effects.rs"]
mod effects;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use effects::Effects;
use glassloop::{
    Clock, EventLoop, Limits, ManualClock, Observer, PollerKind, RunPolicy, net, sleep, spawn,
    stop, yield_now,
};

const US: Duration = Duration::from_micros(1);
const MS: Duration = Duration::from_millis(1);

/// Milliseconds that pass in a test.
const TICKS: u32 = 20;

/// One of each kind.
const POLICIES: [RunPolicy; 5] = [
    RunPolicy::One,
    RunPolicy::Batch,
    RunPolicy::ToEmpty,
    RunPolicy::Counted(3),
    RunPolicy::Timed(Duration::from_micros(250)),
];

fn manual(policy: RunPolicy, limits: Limits) -> (EventLoop, ManualClock) {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).policy(policy);
    let builder = builder.clock(Clock::Manual(clock.clone())).limits(limits);
    (builder.build().unwrap(), clock)
}

/// Four callbacks of 100 us each. The first queues a fifth and a microtask.
fn program(event_loop: &EventLoop, clock: &ManualClock, effects: &Effects) {
    for name in ["a", "b", "c", "d"] {
        let (log, clock) = (effects.clone(), clock.clone());
        let call = move || {
            log.note(name);
            clock.advance(100 * US);
            if name == "a" {
                let micro = log.clone();
                glassloop::queue_microtask(move || micro.note("microtask of a")).unwrap();
                glassloop::call_soon(move || log.note("made ready by a")).unwrap();
            }
        };
        event_loop.call_soon(call).unwrap();
    }
}

#[test]
fn a_policy_runs_so_much_a_turn_and_leaves_the_rest_in_its_place() {
    let a = "a, microtask of a";
    let written: [(RunPolicy, &[&str]); 5] = [
        (RunPolicy::One, &[a, "b", "c", "d", "made ready by a"]),
        (RunPolicy::Batch, &["a, microtask of a, b, c, d", "made ready by a"]),
        (RunPolicy::ToEmpty, &["a, microtask of a, b, c, d, made ready by a"]),
        (RunPolicy::Counted(3), &["a, microtask of a, b, c", "d, made ready by a"]),
        (POLICIES[4], &["a, microtask of a, b, c", "d, made ready by a"]),
    ];
    for (policy, turns) in written {
        let (event_loop, clock) = manual(policy, Limits::default());
        let effects = Effects::default();
        program(&event_loop, &clock, &effects);
        for turn in turns {
            let events = event_loop.wait().unwrap();
            event_loop.turn(events).unwrap();
            assert_eq!(effects.take().join(", "), *turn, "{policy:?}");
        }
        assert_eq!(event_loop.snapshot().queues[0].depth, 0, "{policy:?}: all of it ran");
    }
}

#[test]
fn a_policy_may_be_changed_between_two_turns() {
    let (event_loop, clock) = manual(RunPolicy::One, Limits::default());
    let effects = Effects::default();
    program(&event_loop, &clock, &effects);
    let turn = || {
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
        effects.take().join(", ")
    };
    assert_eq!(turn(), "a, microtask of a");
    event_loop.set_policy(RunPolicy::ToEmpty);
    assert_eq!(event_loop.policy(), RunPolicy::ToEmpty);
    assert_eq!(turn(), "b, c, d, made ready by a");
}

#[test]
fn counted_zero_and_timed_zero_still_run_something() {
    for policy in [RunPolicy::Counted(0), RunPolicy::Timed(Duration::ZERO)] {
        let (event_loop, clock) = manual(policy, Limits::default());
        let effects = Effects::default();
        program(&event_loop, &clock, &effects);
        for turn in 1..=5 {
            let events = event_loop.wait().unwrap();
            event_loop.turn(events).unwrap();
            assert!(!effects.take().is_empty(), "{policy:?}: nothing ran in turn {turn}");
            if event_loop.snapshot().queues[0].depth == 0 {
                break;
            }
        }
        assert_eq!(event_loop.snapshot().queues[0].depth, 0, "{policy:?}: all of it ran");
    }
}

/// How long turns took, and how many items they ran, at most.
#[derive(Default)]
struct Longest {
    clock: RefCell<Option<ManualClock>>,
    began: Cell<u64>,
    nanos: Cell<u64>,
    items: Cell<usize>,
}

impl Longest {
    fn now(&self) -> u64 {
        self.clock.borrow().as_ref().map_or(0, ManualClock::now)
    }
}

impl Observer for Longest {
    fn turn_began(&self, _: u64) {
        self.began.set(self.now());
    }

    fn turn_ended(&self, _: u64, items: usize) {
        self.nanos.set(self.nanos.get().max(self.now() - self.began.get()));
        self.items.set(self.items.get().max(items));
    }
}

#[test]
fn no_policy_lets_a_turn_run_longer_than_its_bounds() {
    for policy in POLICIES {
        let limits = Limits { items_per_turn_max: 50, ..Limits::default() };
        let (event_loop, clock) = manual(policy, limits);
        let longest = Rc::new(Longest::default());
        longest.clock.replace(Some(clock.clone()));
        event_loop.observe(Rc::clone(&longest) as Rc<dyn Observer>);
        // A task that is ready for ever and takes nothing, one that takes 300 us a poll.
        for cost in [Duration::ZERO, 300 * US] {
            let clock = clock.clone();
            let busy = async move {
                loop {
                    clock.advance(cost);
                    yield_now().await;
                }
            };
            event_loop.spawn(busy).detach();
        }
        for _ in 0..100 {
            let events = event_loop.wait().unwrap();
            event_loop.turn(events).unwrap();
        }
        let (nanos, items) = (longest.nanos.get(), longest.items.get());
        assert!(nanos <= 2_000_000 + 300_000, "{policy:?}: one turn took {nanos} ns");
        assert!(items <= 50, "{policy:?}: {items} items in one turn");
        if policy == RunPolicy::ToEmpty {
            assert!(nanos >= 2_000_000, "the bound in time was the one that held: {nanos}");
        }
    }
}

#[test]
fn a_turn_that_never_empties_is_ended_by_its_bound_in_items() {
    let limits = Limits { items_per_turn_max: 50, ..Limits::default() };
    let (event_loop, _clock) = manual(RunPolicy::ToEmpty, limits);
    let longest = Rc::new(Longest::default());
    event_loop.observe(Rc::clone(&longest) as Rc<dyn Observer>);
    let busy = async {
        loop {
            yield_now().await;
        }
    };
    event_loop.spawn(busy).detach();
    for _ in 0..10 {
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
    }
    assert_eq!(longest.items.get(), 50);
}

#[test]
fn a_self_waking_task_a_socket_and_a_timer_progress_under_each_policy() {
    for policy in POLICIES {
        let (event_loop, clock) = manual(policy, Limits::default());
        let [polls, bytes, ticks] = [(); 3].map(|()| Rc::new(Cell::new(0_u32)));
        let seen = [&polls, &bytes, &ticks].map(Rc::clone);
        let ran = event_loop.block_on(async move {
            let [polls, bytes, ticks] = seen;
            let busy = async move {
                loop {
                    clock.advance(10 * US);
                    polls.set(polls.get() + 1);
                    yield_now().await;
                }
            };
            spawn(busy).detach();
            let (near, far) = net::duplex().unwrap();
            let writer = async move {
                loop {
                    far.write_all(b"!").await.unwrap();
                    yield_now().await;
                }
            };
            spawn(writer).detach();
            let reader = async move {
                while near.read(&mut [0; 64]).await.unwrap() > 0 {
                    bytes.set(bytes.get() + 1);
                }
            };
            spawn(reader).detach();
            for _ in 0..TICKS {
                sleep(MS).await;
                ticks.set(ticks.get() + 1);
            }
        });
        ran.unwrap();
        assert_eq!(ticks.get(), TICKS, "{policy:?}");
        // A millisecond at 10 us a poll is 100 polls; a tick may be late by one run phase.
        let right = 100 * TICKS..=310 * TICKS;
        assert!(right.contains(&polls.get()), "{policy:?}: {} polls", polls.get());
        assert!(bytes.get() >= TICKS, "{policy:?}: the socket was read {} times", bytes.get());
    }
}

#[test]
fn run_ends_when_it_is_stopped_whatever_the_policy() {
    for policy in POLICIES {
        let (event_loop, _clock) = manual(policy, Limits::default());
        let busy = async {
            for _ in 0..100 {
                yield_now().await;
            }
            stop();
            loop {
                yield_now().await;
            }
        };
        event_loop.spawn(busy).detach();
        event_loop.run().unwrap_or_else(|error| panic!("{policy:?}: {error}"));
    }
}
