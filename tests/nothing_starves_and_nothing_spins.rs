//! The loop asks the system and the clock often enough, and never turns in vain.
//!
//! Each test is a fault that a reading of the code found: a path on which the loop went on with
//! what it had and asked nobody, or on which it turned for ever with nothing to do.
#![cfg(test)]

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn},
    rc::Rc,
    sync::mpsc,
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use glassloop::{
    Clock, EventLoop, Limits, ManualClock, OnceKey, PollerKind, Refused, RunError, queue_microtask,
    sleep, spawn, stop, yield_now,
};

const SECOND: Duration = Duration::from_secs(1);

fn manual(clock: &ManualClock) -> EventLoop {
    let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
    builder.poller(PollerKind::TimersOnly).build().unwrap()
}

/// Queues itself again and again, until told to end.
fn again(rounds: Rc<Cell<u64>>, over: Rc<Cell<bool>>) {
    rounds.set(rounds.get() + 1);
    if !over.get() {
        queue_microtask(move || again(rounds, over)).unwrap();
    }
}

#[test]
fn a_microtask_that_queues_itself_for_ever_lets_timers_and_sockets_through() {
    let (rounds, over) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let (counted, ended) = (Rc::clone(&rounds), Rc::clone(&over));
    let ran = glassloop::run(async move {
        let (near, far) = glassloop::net::duplex().unwrap();
        let reader = spawn(async move { near.read(&mut [0]).await.unwrap() });
        // Some turns first, so that the loop has fallen into its stride.
        for _ in 0..100 {
            yield_now().await;
        }
        queue_microtask(move || again(rounds, over)).unwrap();
        sleep(Duration::from_millis(2)).await;
        far.write_all(b"!").await.unwrap();
        let read = reader.await.unwrap();
        ended.set(true);
        read
    });
    assert_eq!(ran.unwrap(), 1);
    assert!(counted.get() > 10_000, "carried over: {} rounds", counted.get());
}

#[test]
fn a_stall_after_quick_items_is_kept_although_the_loop_waits_then() {
    let clock = ManualClock::new().with_autojump();
    let event_loop = manual(&clock);
    let reactor = event_loop.enter(|| glassloop_reactor::Reactor::current().unwrap());
    let held = clock.clone();
    event_loop
        .block_on(async move {
            // So many that the clock is read every 32 items only.
            for _ in 0..300 {
                yield_now().await;
            }
            sleep(5 * Duration::from_millis(1)).await;
            held.advance(300 * Duration::from_millis(1));
            sleep(5 * Duration::from_millis(1)).await;
        })
        .unwrap();
    let stall = reactor.last_stall().unwrap();
    assert_eq!(stall.millis, 300);
    assert!(stall.label.contains("`main`"), "{}", stall.label);
}

#[test]
fn a_stall_before_a_frame_is_kept_although_more_is_ready() {
    let clock = ManualClock::new();
    let event_loop = manual(&clock);
    let reactor = event_loop.enter(|| glassloop_reactor::Reactor::current().unwrap());
    let turn = || {
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
    };
    let mut seen = Vec::new();
    event_loop
        .spawn(async {
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                Poll::<()>::Pending
            })
            .await
        })
        .detach();
    // So many that the clock is read every 32 items only.
    (0..300).for_each(|_| turn());
    for _ in 0..8 {
        let held = clock.clone();
        event_loop.call_soon(move || held.advance(300 * Duration::from_millis(1))).unwrap();
        event_loop.request_render(|_| ()).unwrap();
        turn();
        seen.push(reactor.last_stall().map(|stall| stall.at));
    }
    seen.dedup();
    assert_eq!(seen.len(), 8, "{seen:?}");
}

#[test]
fn an_idle_callback_is_called_even_if_it_may_take_no_time() {
    let limits = Limits { idle_us_max: 0, ..Limits::default() };
    let event_loop = EventLoop::builder().limits(limits).build().unwrap();
    let called = Rc::new(Cell::new(false));
    let told = Rc::clone(&called);
    event_loop.request_idle(move |_| told.set(true)).unwrap();
    for _ in 0..100 {
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
        if called.get() {
            return;
        }
    }
    panic!("a hundred turns without it");
}

#[test]
fn a_close_ends_although_a_timer_is_armed_on_a_clock_that_stands_still() {
    let clock = ManualClock::new();
    let event_loop = manual(&clock);
    event_loop.spawn(async { sleep(SECOND).await }).named("sleeper").detach();
    let report = event_loop.close(SECOND);
    assert_eq!((report.tasks_aborted, &*report.tasks[0].name), (1, "sleeper"));
}

#[test]
fn a_close_ends_although_a_remote_keeps_the_clock_from_jumping() {
    let event_loop = EventLoop::test();
    let _remote = event_loop.remote();
    event_loop.spawn(async { sleep(SECOND).await }).detach();
    assert_eq!(event_loop.close(2 * SECOND).tasks_aborted, 1);
}

#[test]
fn a_close_lets_a_task_end_whose_bytes_are_there_already() {
    let event_loop = EventLoop::test();
    let (near, far) = event_loop.enter(glassloop::net::duplex).unwrap();
    event_loop.spawn(async move { near.read(&mut [0]).await.unwrap() }).detach();
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
    far.try_write(b"!").unwrap();
    assert!(event_loop.close(SECOND).tasks.is_empty());
}

#[test]
fn a_stop_that_comes_with_the_result_is_spent_with_it() {
    let event_loop = EventLoop::test();
    event_loop.block_on(async { stop() }).unwrap();
    let two_turns = event_loop.block_on(async {
        yield_now().await;
        yield_now().await;
        "ran on"
    });
    assert_eq!(two_turns.unwrap(), "ran on");
    let stopped = event_loop.block_on(async {
        stop();
        pending::<()>().await;
    });
    assert!(matches!(stopped, Err(RunError::Stopped)));
}

#[test]
fn a_loop_that_is_run_again_reads_the_clock_before_it_goes_on() {
    let clock = ManualClock::new();
    let event_loop = manual(&clock);
    event_loop.block_on(async { yield_now().await }).unwrap();
    let due = Rc::new(Cell::new(false));
    let fired = Rc::clone(&due);
    event_loop.call_later(SECOND, move || fired.set(true)).unwrap();
    clock.advance(SECOND);
    event_loop.block_on(async { yield_now().await }).unwrap();
    assert!(due.get(), "what came due between two runs is called in the first turn of the next");
}

#[test]
fn a_key_that_met_a_full_inbox_is_free() {
    let mut limits = Limits::default();
    limits.executor.deferred_max = 1;
    let event_loop = EventLoop::builder().limits(limits).build().unwrap();
    let (remote, key) = (event_loop.remote(), OnceKey::new());
    remote.defer(|| ()).unwrap();
    assert!(matches!(remote.defer_once(&key, || ()), Err(Refused::Full(_))));
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
    assert!(remote.defer_once(&key, || ()).unwrap(), "the refused call holds no key");
    assert!(!remote.defer_once(&key, || ()).unwrap(), "the accepted one does");
    event_loop.close(SECOND);
}

#[test]
fn a_wake_that_comes_while_the_loop_looks_for_a_way_out_is_no_deadlock() {
    // The thread holds nothing but a waker: it wakes, and lets go. Tried often, as each run is one
    // chance for the two to meet.
    let rounds = if cfg!(miri) { 5 } else { 2_000 };
    let (sender, receiver) = mpsc::channel::<(Waker, mpsc::Sender<()>)>();
    let waking = thread::spawn(move || {
        for (waker, said) in receiver {
            said.send(()).unwrap();
            waker.wake();
        }
    });
    let event_loop = EventLoop::builder().poller(PollerKind::TimersOnly).build().unwrap();
    for round in 0..rounds {
        let sender = sender.clone();
        let mut asked = None;
        let answered = std::future::poll_fn(move |cx| match &asked {
            None => {
                let (said, heard) = mpsc::channel();
                sender.send((cx.waker().clone(), said)).unwrap();
                asked = Some(heard);
                Poll::Pending
            }
            Some(heard) => heard.try_recv().map_or(Poll::Pending, |()| Poll::Ready(())),
        });
        event_loop.block_on(answered).unwrap_or_else(|error| panic!("round {round}: {error}"));
    }
    drop(sender);
    waking.join().unwrap();
}

#[test]
fn bounds_of_nothing_still_let_a_turn_do_something() {
    let mut limits = Limits { items_per_turn_max: 0, flushes_per_turn_max: 0, ..Limits::default() };
    limits.executor.taken_per_turn_max = 0;
    limits.microtasks_per_checkpoint_max = 0;
    let event_loop = EventLoop::builder().limits(limits).build().unwrap();
    let remote = event_loop.remote();
    thread::spawn(move || remote.defer(stop)).join().unwrap().unwrap();
    event_loop.run().unwrap();
}

thread_local! {
    static LATE: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
}

#[test]
fn a_loop_in_a_thread_local_outlives_our_own_and_ends_in_peace() {
    let thread = thread::spawn(|| {
        // Touched before our own thread-locals are: so it is dropped after they are gone.
        LATE.with_borrow_mut(|late| *late = None);
        let event_loop = EventLoop::new().unwrap();
        event_loop.block_on(async { yield_now().await }).unwrap();
        event_loop.spawn(async { sleep(SECOND).await }).detach();
        LATE.set(Some(event_loop));
    });
    thread.join().expect("the thread ends in peace");
}
