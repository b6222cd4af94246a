//! A program of 20 tasks, which wait for timers, sockets, each other and other threads, on a loop
//! whose clock only the test moves: whoever runs it has the same turns, ids and times.
//!
//! Its goldens name the lines of this file.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{thread, time::Duration};

use glassloop::{
    CancelToken, Clock, EventLoop, JoinHandle, ManualClock, PollerKind, Scope, net, remote, scope,
    sleep, spawn, timeout,
};

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const LONG: Duration = Duration::from_secs(1);

/// The program, ten milliseconds after it began.
#[derive(Debug)]
pub(crate) struct TwentyTasks {
    pub(crate) event_loop: EventLoop,
    // What some of them wait for to the end.
    _never: CancelToken,
}

/// A loop whose clock only the test moves, and which makes no system call.
pub(crate) fn recorded_loop(clock: &ManualClock) -> EventLoop {
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).on_unhandled(|_| ());
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    event_loop.record(true);
    event_loop
}

/// Turns until nothing is ready.
pub(crate) fn settle(event_loop: &EventLoop) {
    while event_loop.pump(Duration::ZERO).unwrap().more {}
}

/// Both ends of a pair of sockets in memory.
fn pair() -> (net::TcpStream, net::TcpStream) {
    net::duplex().unwrap()
}

async fn read_on(stream: net::TcpStream) {
    while stream.read(&mut [0; 8]).await.is_ok() {}
}

async fn write_after(stream: net::TcpStream, after: Duration) {
    sleep(after).await;
    stream.try_write(b"x").unwrap();
    sleep(LONG).await;
    drop(stream);
}

/// Eleven tasks that wait for timers, sockets, each other and other threads.
fn first_half(soon: &CancelToken, never: &CancelToken) {
    let ticker = async {
        loop {
            sleep(5 * MS).await;
        }
    };
    spawn(ticker).named("ticker").detach();
    for (reader, writer, after) in [("reader 1", "writer 1", 2), ("reader 2", "writer 2", 3)] {
        let (here, there) = pair();
        spawn(read_on(here)).named(reader).detach();
        spawn(write_after(there, after * MS)).named(writer).detach();
    }
    let sleeper = async {
        sleep(4 * MS).await;
        sleep(LONG).await;
    };
    let sleeper = spawn(sleeper).named("sleeper");
    let join_after = |other: JoinHandle<()>| async move {
        sleep(MS).await;
        other.await.unwrap();
    };
    let middle = spawn(join_after(sleeper)).named("middle");
    spawn(join_after(middle)).named("joiner").detach();
    for name in ["told 1", "told 2"] {
        let (soon, never) = (soon.clone(), never.clone());
        let told = async move {
            soon.cancelled().await;
            never.cancelled().await;
        };
        spawn(told).named(name).detach();
    }
    let never = never.clone();
    let caller = async move {
        remote().call(|| ()).await.unwrap();
        never.cancelled().await;
    };
    spawn(caller).named("caller").detach();
}

/// Nine more: several waits at once, a scope, a birth, a wake of one task by another.
fn second_half() {
    let (here, there) = pair();
    let patient = async move {
        sleep(MS).await;
        timeout(LONG, here.read(&mut [0; 8])).await.unwrap_err();
        drop(there);
    };
    spawn(patient).named("patient").detach();
    let parent = async {
        sleep(MS).await;
        let child = |time| async move {
            sleep(time).await;
            Ok(())
        };
        let children = scope(|s: Scope<String>| async move {
            s.spawn(child(LONG)).named("child 1");
            s.spawn(child(2 * LONG)).named("child 2");
            Ok(())
        });
        children.await.unwrap();
    };
    spawn(parent).named("parent").detach();
    let spawner = async {
        sleep(6 * MS).await;
        spawn(async { sleep(LONG).await }).named("newborn").detach();
        sleep(LONG).await;
    };
    spawn(spawner).named("spawner").detach();
    let token = CancelToken::new();
    let waits = token.clone();
    let woken = async move {
        waits.cancelled().await;
        sleep(LONG).await;
    };
    spawn(woken).named("woken").detach();
    let (here, there) = pair();
    let canceller = async move {
        here.read(&mut [0; 8]).await.unwrap();
        token.cancel();
        read_on(here).await;
    };
    spawn(canceller).named("canceller").detach();
    spawn(write_after(there, 7 * MS)).named("knocker").detach();
}

/// Runs the program for ten milliseconds of its clock.
pub(crate) fn twenty_tasks() -> TwentyTasks {
    let clock = ManualClock::new();
    let event_loop = recorded_loop(&clock);
    let (soon, never) = (CancelToken::new(), CancelToken::new());
    event_loop.enter(|| {
        first_half(&soon, &never);
        second_half();
    });
    settle(&event_loop);
    thread::spawn(move || soon.cancel()).join().unwrap();
    for _ in 0..10 {
        clock.advance(MS);
        settle(&event_loop);
    }
    TwentyTasks { event_loop, _never: never }
}
