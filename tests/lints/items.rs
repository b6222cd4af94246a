//! Items and turns: what takes long, what never rests, who waits for its turn.

use super::*;
use glassloop::{sleep, spawn, yield_now};

// ---- slow-poll ----

#[test]
fn slow_poll_is_found() {
    let (event_loop, clock) = linting();
    event_loop
        .block_on(async move {
            spawn(async move {
                sleep(MS).await;
                work(&clock, 12 * MS);
                sleep(MS).await;
            })
            .named("worker")
            .await
            .unwrap();
        })
        .unwrap();
    let finding = the_finding(&event_loop, Lint::SlowPoll);
    assert!(finding.subject.contains("`worker`") && finding.reason.contains("12.0ms"), "{finding}");
    assert!(finding.place.is_some() && finding.reason.contains("items.rs"), "from where to where");
}

#[test]
fn slow_poll_is_silent_on_work_that_yields_in_between() {
    let (event_loop, clock) = linting();
    event_loop
        .block_on(async move {
            for _ in 0..10 {
                work(&clock, 9 * MS);
                yield_now().await;
            }
        })
        .unwrap();
    all_silent(&event_loop);
}

// ---- slow-turn ----

/// Twelve tasks that work for five milliseconds each, ready at once.
fn dozen(limits: Limits) -> EventLoop {
    let (event_loop, clock) = linting_within(limits);
    for _ in 0..12 {
        let clock = clock.clone();
        event_loop.spawn(async move { work(&clock, 5 * MS) }).named("one of twelve").detach();
    }
    event_loop.run().unwrap();
    event_loop
}

#[test]
fn slow_turn_is_found() {
    let event_loop = dozen(Limits { run_us_max: 1_000_000, ..Limits::default() });
    let finding = the_finding(&event_loop, Lint::SlowTurn);
    assert!(finding.subject.contains("`one of twelve`") && finding.place.is_some(), "{finding}");
    assert!(finding.reason.contains("12 items that took 60.0ms"), "{finding}");
}

#[test]
fn slow_turn_is_silent_where_turns_are_bounded_and_on_a_slow_poll_which_is_told_as_one() {
    all_silent(&dozen(Limits::default()));
    let (event_loop, clock) = linting();
    event_loop.block_on(async move { work(&clock, 60 * MS) }).unwrap();
    the_finding(&event_loop, Lint::SlowPoll);
    silent(&event_loop, Lint::SlowTurn);
}

// ---- never-yielded ----

#[test]
fn never_yielded_is_found() {
    let (event_loop, clock) = linting();
    event_loop.block_on(spawn_on(&event_loop, async move { work(&clock, SECOND) })).unwrap();
    let finding = the_finding(&event_loop, Lint::NeverYielded);
    assert!(finding.subject.contains("`stubborn`") && finding.reason.contains("1.0s"), "{finding}");
    silent(&event_loop, Lint::SlowPoll);
}

#[test]
fn never_yielded_is_silent_on_a_task_that_did_once() {
    let (event_loop, clock) = linting();
    let task = async move {
        yield_now().await;
        work(&clock, SECOND);
    };
    event_loop.block_on(spawn_on(&event_loop, task)).unwrap();
    silent(&event_loop, Lint::NeverYielded);
    the_finding(&event_loop, Lint::SlowPoll);
}

/// A task of that name, awaited.
fn spawn_on<F: Future<Output = ()> + 'static>(
    event_loop: &EventLoop,
    future: F,
) -> impl Future<Output = ()> + use<F> {
    let task = event_loop.spawn(future).named("stubborn");
    async move { task.await.unwrap() }
}

// ---- busy-loop ----

/// Two tasks that wake each other, so many times, with a nap of the first after each `rest`.
fn tennis(event_loop: &EventLoop, rounds: u32, rest: u32) {
    let (at, wakers) = (Rc::new(Cell::new(0)), [Kept::default(), Kept::default()]);
    let player = |me: usize| {
        let (at, wakers) = (Rc::clone(&at), wakers.clone());
        event_loop.spawn(async move {
            for round in 1..=rounds {
                poll_fn(|cx| {
                    if at.get() == me {
                        return Poll::Ready(());
                    }
                    wakers[me].replace(Some(cx.waker().clone()));
                    Poll::Pending
                })
                .await;
                at.set(1 - me);
                wakers[1 - me].take().into_iter().for_each(Waker::wake);
                if me == 0 && round % rest == 0 {
                    sleep(MS).await;
                }
            }
        })
    };
    let players = [player(0), player(1)];
    event_loop
        .block_on(async move {
            for player in players {
                player.await.unwrap();
            }
        })
        .unwrap();
}

#[test]
fn busy_loop_is_found() {
    let limits = limits(|lint| lint.busy_turns_min = 1_000);
    let (event_loop, _) = linting_within(limits);
    tennis(&event_loop, 2_000, u32::MAX);
    let finding = the_finding(&event_loop, Lint::BusyLoop);
    assert!(finding.reason.contains("1000 turns") && finding.place.is_some(), "{finding}");
}

#[test]
fn busy_loop_is_silent_where_the_loop_rests_now_and_then() {
    let limits = limits(|lint| lint.busy_turns_min = 1_000);
    let (event_loop, _) = linting_within(limits);
    tennis(&event_loop, 2_000, 200);
    all_silent(&event_loop);
}

// ---- self-wake-storm ----

#[test]
fn self_wake_storm_is_found() {
    let (event_loop, _) = linting();
    event_loop
        .block_on(async {
            for _ in 0..1_001 {
                yield_now().await;
            }
        })
        .unwrap();
    let finding = the_finding(&event_loop, Lint::SelfWakeStorm);
    assert!(finding.reason.contains("1000 polls"), "{finding}");
    silent(&event_loop, Lint::BusyLoop);
}

#[test]
fn self_wake_storm_is_silent_on_a_good_neighbour_that_works_between_two_yields() {
    let (event_loop, clock) = linting();
    event_loop
        .block_on(async move {
            for _ in 0..2_000 {
                work(&clock, MS / 20);
                yield_now().await;
            }
            for _ in 0..999 {
                yield_now().await;
            }
            sleep(MS).await;
            for _ in 0..999 {
                yield_now().await;
            }
        })
        .unwrap();
    all_silent(&event_loop);
}

// ---- starvation ----

/// So many tasks, each of which works for a millisecond, and one behind them.
fn crowd(tasks: u32, first: Duration) -> EventLoop {
    let (event_loop, clock) = linting();
    let mut all = Vec::new();
    for task in 0..tasks {
        let clock = clock.clone();
        let time = if task == 0 { first } else { MS };
        all.push(event_loop.spawn(async move { work(&clock, time) }).named("one of many"));
    }
    all.push(event_loop.spawn(async {}).named("last"));
    event_loop
        .block_on(async move {
            for task in all {
                task.await.unwrap();
            }
        })
        .unwrap();
    event_loop
}

#[test]
fn starvation_is_found() {
    let event_loop = crowd(120, MS);
    let all = found(&event_loop, Lint::Starvation);
    let last = all.iter().find(|finding| finding.subject.contains("`last`"));
    let last = last.unwrap_or_else(|| panic!("{all:#?}"));
    assert!(last.reason.contains("120.0ms") && last.reason.contains("120 items"), "{last}");
    assert!(all.iter().all(|finding| finding.place.is_some()));
}

#[test]
fn starvation_is_silent_where_one_slow_poll_is_to_blame() {
    let event_loop = crowd(40, 100 * MS);
    silent(&event_loop, Lint::Starvation);
    the_finding(&event_loop, Lint::SlowPoll);
    all_silent(&crowd(90, MS));
}
