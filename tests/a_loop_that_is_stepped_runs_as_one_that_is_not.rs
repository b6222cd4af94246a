//! Stepping changes nothing but when things happen: a program that another thread takes through its
//! life by random steps leaves the same recording as one that nobody stops, event by event.
//!
//! Under a script and a clock that jumps, and with tasks, callbacks, microtasks, timers and memory
//! sockets, under every run policy.
#![cfg(test)]

#[path = "common/scripted.rs"]
mod scripted;
#[path = "common/seed.rs"]
mod seed;
#[path = "common/stepper.rs"]
mod stepper;

use std::{cell::RefCell, rc::Rc, time::Duration};

use glassloop::{
    Clock, Event, EventLoop, Happening, ManualClock, PollerKind, RunPolicy, StepTo, TaskId, Watch,
    call_later, call_soon, net, queue_microtask, sleep, spawn, yield_now,
};
use scripted::{echo_server, scripted_loop, three_peers};
use seed::Seed;
use stepper::stepped;

/// What a run leaves behind: what happened in each turn, and what the program said.
#[derive(Debug, PartialEq, Eq)]
struct Life {
    turns: Vec<Vec<Event>>,
    said: Vec<String>,
}

/// Runs a program and keeps what it leaves.
fn lived(event_loop: &EventLoop, program: impl AsyncFnOnce(Said) + 'static) -> Life {
    event_loop.record(true);
    let said = Said::default();
    let heard = said.clone();
    event_loop.block_on(async move { program(heard).await }).unwrap();
    let read = event_loop.watch().events(0);
    assert_eq!((read.lost, read.torn), (0, 0));
    event_loop.close(Duration::ZERO);
    Life { turns: turns_of(read.events), said: said.0.take() }
}

/// The turns in which something happened. Whoever calls a loop, as with an order, may bring it a
/// turn in which nothing does; and who looks for sources is published to.
fn turns_of(events: Vec<Event>) -> Vec<Vec<Event>> {
    let mut turns = vec![Vec::new()];
    for event in events {
        match event.what {
            Happening::Turn(_) => turns.push(Vec::new()),
            Happening::Waited(_) | Happening::Published(_) => {}
            _ => turns.last_mut().unwrap().push(event),
        }
    }
    turns.retain(|turn| !turn.is_empty());
    turns
}

/// Steps to anything but a time: a clock that jumps stops there on its way.
fn random_steps(seed: u64) -> impl FnMut(&Watch) -> StepTo + Send {
    let seed = Seed::new(seed);
    move |watch| random_step(watch, &seed)
}

fn random_step(watch: &Watch, seed: &Seed) -> StepTo {
    let index = u32::try_from(seed.below(12)).unwrap();
    // Tasks and sources are numbered from their birth on, as long as no place is used again.
    match seed.below(8) {
        0..=3 => StepTo::NextItem,
        4 | 5 => StepTo::NextTurn,
        6 => StepTo::Task(TaskId { index, generation: index }),
        _ => {
            let sources = watch.look(Duration::ZERO).map(|seen| seen.snapshot.sources.clone());
            let ids = sources.unwrap_or_default();
            let known = (!ids.is_empty()).then(|| ids[seed.below(ids.len())].id);
            known.map_or(StepTo::NextTurn, StepTo::Source)
        }
    }
}

/// What the program says, in order.
#[derive(Clone, Default)]
struct Said(Rc<RefCell<Vec<String>>>);

impl Said {
    fn say(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }
}

/// Ten tasks of random acts.
async fn random_program(seed: u64, said: Said) {
    let seed = Rc::new(Seed::new(seed));
    let mut tasks = Vec::new();
    for number in 0..10 {
        let (seed, said) = (Rc::clone(&seed), said.clone());
        tasks.push(spawn(async move {
            for act in 0..8 {
                acts(number, act, &seed, &said).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

async fn acts(number: usize, act: usize, seed: &Rc<Seed>, said: &Said) {
    let name = format!("{number}.{act}");
    let say = |how: &'static str| {
        let (said, name) = (said.clone(), name.clone());
        move || said.say(format!("{name} {how}"))
    };
    say("acts")();
    match seed.below(8) {
        0 | 1 => yield_now().await,
        2 => sleep(Duration::from_millis(seed.below(5) as u64)).await,
        3 => drop(call_soon(say("is called")).unwrap()),
        4 => queue_microtask(say("is a microtask")).unwrap(),
        5 => {
            let later = Duration::from_micros(seed.below(3_000) as u64);
            drop(call_later(later, say("is called later")).unwrap());
        }
        6 => {
            let said = say("was spawned");
            spawn(async move {
                yield_now().await;
                said();
            })
            .await
            .unwrap();
        }
        _ => {
            let (here, there) = net::duplex().unwrap();
            let reader = spawn(async move {
                let mut came = [0; 4];
                there.read_exact(&mut came).await.unwrap();
                u32::from_le_bytes(came)
            });
            yield_now().await;
            here.write_all(&7_u32.to_le_bytes()).await.unwrap();
            let came = reader.await.unwrap();
            said.say(format!("{name} read {came}"));
        }
    }
}

fn policies() -> [RunPolicy; 5] {
    [
        RunPolicy::Batch,
        RunPolicy::One,
        RunPolicy::Counted(3),
        RunPolicy::ToEmpty,
        RunPolicy::Timed(Duration::from_secs(1)),
    ]
}

fn virtual_loop(policy: RunPolicy) -> EventLoop {
    let clock = Clock::Manual(ManualClock::new().with_autojump());
    let builder = EventLoop::builder().clock(clock).poller(PollerKind::TimersOnly);
    builder.policy(policy).build().unwrap()
}

#[test]
fn a_random_program_leaves_the_same_recording_by_random_steps() {
    let mut steps = 0;
    for seed in Seed::all(if cfg!(miri) { 2 } else { 40 }) {
        let number = seed.get();
        for policy in policies() {
            let program = move |said| random_program(number, said);
            // And by a seed of its own.
            for seeded in [|event_loop, _| event_loop, EventLoop::seed] {
                let free = lived(&seeded(virtual_loop(policy), number), program);
                let slow = seeded(virtual_loop(policy), number);
                let (slow, made) = stepped(&slow, random_steps(number), || lived(&slow, program));
                assert_same(&free, &slow, policy);
                steps += made;
            }
        }
    }
    println!("{steps} steps");
    assert!(cfg!(miri) || steps > 1_000, "{steps}");
}

#[test]
fn a_scripted_program_leaves_the_same_recording_by_random_steps() {
    for seed in Seed::all(if cfg!(miri) { 1 } else { 40 }) {
        let number = seed.get();
        let program = |_| async {
            let ended = echo_server(3).await;
            assert!(ended.iter().all(Result::is_ok));
        };
        let free = lived(&scripted_loop(three_peers(number), 64), program);
        let slow = scripted_loop(three_peers(number), 64);
        let (slow, made) = stepped(&slow, random_steps(number), || lived(&slow, program));
        assert_same(&free, &slow, RunPolicy::Batch);
        assert!(made > 0);
    }
}

#[track_caller]
fn assert_same(free: &Life, slow: &Life, policy: RunPolicy) {
    let pairs = free.turns.iter().zip(&slow.turns);
    if let Some((at, (free, slow))) = pairs.enumerate().find(|(_, (free, slow))| free != slow) {
        panic!("{policy:?}: turn {at} is {slow:?}, not {free:?}");
    }
    assert_eq!(free, slow, "{policy:?}");
}
