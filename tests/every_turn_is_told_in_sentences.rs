//! Every turn of a recorded program is told in sentences, who woke whom and why with it.
//!
//! `tests/golden/story.txt` is the story of one program; `GLASSLOOP_BLESS=1` rewrites it.
#![cfg(test)]
#![cfg(feature = "observe")]

#[path = "common/golden.rs"]
mod golden;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    thread,
    time::Duration,
};

use glassloop::{
    CancelToken, Clock, EventLoop, Events, ManualClock, PollerKind, call_later, call_soon, gather,
    net, queue_microtask, sleep, spawn, yield_now,
};
use glassloop_inspector::{History, Names, Story};

const MS: Duration = Duration::from_millis(1);

/// A loop whose clock only the test moves, or jumps, and which makes no system call.
fn recorded_loop(clock: &ManualClock) -> EventLoop {
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).on_unhandled(|_| ());
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    event_loop.record(true);
    event_loop
}

fn story(event_loop: &EventLoop, mut names: Names) -> Story {
    names.add(&event_loop.snapshot());
    Story::tell(&History::read(&event_loop.watch(), 0), &names)
}

/// Timers, a pair of sockets, a join, callbacks, a call of another thread, a panic, an abort, a
/// microtask, a wake that changes nothing.
async fn program(clock: ManualClock, names: Rc<RefCell<Names>>) {
    let (here, there) = net::duplex().unwrap();
    // The pair will be gone by the end.
    names.borrow_mut().add(&glassloop::snapshot());
    let reader = async move { here.read(&mut [0; 8]).await.map(drop) };
    let reader = spawn(reader).named("reader");
    let works = clock.clone();
    let writer = spawn(async move {
        sleep(5 * MS).await;
        works.advance(41 * MS / 1_000);
        there.try_write(b"hello").unwrap();
        sleep(MS).await;
    });
    let writer = writer.named("writer");
    let joiner = spawn(async move { writer.await.unwrap() }).named("joiner");
    reader.await.unwrap().unwrap();
    joiner.await.unwrap();

    call_soon(|| drop(queue_microtask(|| spawn(async {}).named("by a microtask").detach())))
        .unwrap();
    call_later(2 * MS, || ()).unwrap();
    let remote = glassloop::remote();
    thread::spawn(move || (0..2).for_each(|_| remote.defer(|| ()).unwrap())).join().unwrap();
    yield_now().await;

    let panics = spawn(async { panic!("on purpose") }).named("panics");
    let aborted = spawn(sleep(Duration::MAX)).named("aborted");
    yield_now().await;
    aborted.abort();
    panics.await.unwrap_err();
    aborted.await.unwrap_err();

    let token = CancelToken::new();
    let (one, other) = (token.clone(), token.clone());
    let both = async move { gather([one.cancelled(), other.cancelled()]).await };
    let both = spawn(async { drop(both.await) }).named("both");
    sleep(MS).await;
    // The loop is late for what was due meanwhile.
    clock.advance(10 * MS);
    token.cancel();
    both.await.unwrap();
}

#[test]
fn the_story_of_a_program_is_the_golden_one() {
    let clock = ManualClock::new().with_autojump();
    let event_loop = recorded_loop(&clock);
    let names = Rc::new(RefCell::new(Names::default()));
    event_loop.block_on(program(clock, Rc::clone(&names))).unwrap();
    let told = story(&event_loop, names.take()).to_string();
    golden::is_golden("tests/golden/story.txt", &told);
}

#[test]
fn each_recorded_item_is_told_once() {
    let clock = ManualClock::new().with_autojump();
    let event_loop = recorded_loop(&clock);
    let ran = Rc::new(Cell::new(0));
    let counts = Rc::clone(&ran);
    event_loop
        .block_on(async move {
            for _ in 0..20 {
                let counts = Rc::clone(&counts);
                call_soon(move || counts.set(counts.get() + 1)).unwrap();
                sleep(MS).await;
            }
        })
        .unwrap();
    let told = story(&event_loop, Names::default()).to_string();
    let called = told.lines().filter(|line| line.trim_start().starts_with("callback #")).count();
    assert_eq!((called, ran.get()), (20, 20), "{told}");
    let turns: Vec<_> =
        story(&event_loop, Names::default()).turns.iter().map(|told| told.turn).collect();
    assert_eq!(turns, (1..=event_loop.snapshot().turn).collect::<Vec<_>>());
}

#[test]
fn of_many_that_run_in_one_turn_each_is_told_or_counted_once() {
    let event_loop = recorded_loop(&ManualClock::new().with_autojump());
    event_loop
        .block_on(async {
            for _ in 0..100 {
                call_soon(|| {}).unwrap();
            }
            sleep(MS).await;
        })
        .unwrap();
    let told = story(&event_loop, Names::default()).to_string();
    let lines = || told.lines().map(str::trim_start);
    let called = lines().filter(|line| line.starts_with("callback #")).count();
    let more = |line: &str| line.split_once(" more callbacks ran ")?.0.parse::<usize>().ok();
    let counted: usize = lines().filter_map(more).sum();
    assert_eq!(called + counted, 100, "{told}");
    assert!(told.lines().count() < 20, "{told}");
}

#[test]
fn a_turn_with_nothing_to_do_is_told_as_one() {
    let event_loop = recorded_loop(&ManualClock::new());
    event_loop.turn(Events::new()).unwrap();
    let story = story(&event_loop, Names::default());
    assert_eq!(story.turns[0].sentences, ["nothing was ready."]);
    assert_eq!(story.to_json()["missing"], serde_json::Value::Null);
}

#[test]
fn a_story_whose_beginning_was_overwritten_says_so() {
    let limits = glassloop::Limits { ring_events_max: 64, ..glassloop::Limits::default() };
    let event_loop = EventLoop::builder().limits(limits).build().unwrap();
    event_loop.record(true);
    event_loop
        .block_on(async {
            for _ in 0..200 {
                yield_now().await;
            }
        })
        .unwrap();
    let written = event_loop.snapshot().recorded.unwrap().events;
    let story = story(&event_loop, Names::default());
    let missing = story.missing.as_deref().unwrap();
    assert!(missing.starts_with(&format!("{} events came before", written - 64)), "{missing}");
    assert_eq!(story.turns.last().map(|told| told.turn), Some(event_loop.snapshot().turn));
}

#[test]
fn a_turn_that_a_look_caused_says_so() {
    let event_loop = recorded_loop(&ManualClock::new());
    let watch = event_loop.watch();
    let asked = [watch.ask(), watch.ask()];
    event_loop.turn(Events::new()).unwrap();
    drop(asked);
    let story = story(&event_loop, Names::default());
    assert_eq!(story.turns[0].sentences, ["a snapshot was made for 2 who looked, in 0 ns."]);
}
