//! tokio: a runtime of one thread, its tasks, time, and what its other parts become.

use std::{future::pending, pin::pin, rc::Rc, thread};

use async_lock::{Mutex, Semaphore};
use futures::{FutureExt, channel::oneshot, select};
use glassloop::{
    CallError, CancelToken, EventLoop, JoinError, MissedTicks, Scope, TaskLocal, gather, interval,
    offload, outside, remote, scope, sleep, sleep_until, spawn, timeout, yield_now,
};

use crate::{MS, PATIENCE, SECOND, effects::Effects};

#[test]
fn tokio_runtime_new_and_block_on_are_a_loop() {
    let runtime = EventLoop::new().unwrap();
    assert_eq!(runtime.block_on(async { 1 + 1 }).unwrap(), 2);
    // `#[tokio::main]` is a line of `main`.
    assert_eq!(glassloop::run(async { 3 }).unwrap(), 3);
}

#[test]
fn tokio_spawn_of_another_thread_takes_a_closure_that_makes_the_future() {
    let runtime = EventLoop::new().unwrap();
    let handle = runtime.remote(); // `Handle`
    let thread = thread::spawn(move || {
        // What is not `Send` is made over there: only the closure travels.
        let mut task = handle.spawn(|| async {
            let local = Rc::new(5);
            sleep(MS).await;
            *local
        });
        task.wait(PATIENCE)
    });
    runtime.run().unwrap();
    assert_eq!(thread.join().unwrap().unwrap(), 5);
}

#[test]
fn tokio_spawn_local_is_spawn_and_needs_no_local_set() {
    let shared = Rc::new(7); // not `Send`
    let seven = glassloop::run(async move { spawn(async move { *shared }).await.unwrap() });
    assert_eq!(seven.unwrap(), 7);
}

#[test]
fn tokio_local_set_is_the_loop_itself() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let notes = effects.clone();
    // What `local.run_until` does not get done goes on in the next run.
    event_loop.spawn(async move { sleep(SECOND).map(|()| notes.note("later")).await }).detach();
    event_loop.block_on(yield_now()).unwrap();
    assert!(effects.take().is_empty());
    event_loop.run().unwrap();
    assert_eq!(effects.take(), ["later"]);
}

#[test]
fn tokio_join_handle_dropped_detaches_and_abort_cancels() {
    let effects = Effects::default();
    let notes = effects.clone();
    let aborted = EventLoop::test().block_on(async move {
        spawn(async move { notes.note("goes on") }).detach();
        let task = spawn(pending::<()>());
        task.abort();
        task.await
    });
    assert!(matches!(aborted, Ok(Err(JoinError::Cancelled))));
    assert_eq!(effects.take(), ["goes on"]);
}

#[test]
fn tokio_select_is_that_of_futures_and_race_for_many_of_a_kind() {
    let first = EventLoop::test().block_on(async {
        let mut hare = pin!(sleep(2 * SECOND).fuse());
        let mut tortoise = pin!(sleep(SECOND).fuse());
        select! { () = hare => "hare", () = tortoise => "tortoise" }
    });
    assert_eq!(first.unwrap(), "tortoise");
}

#[test]
fn tokio_join_is_gather_or_that_of_futures() {
    let event_loop = EventLoop::test();
    let (one, two) = event_loop.block_on(async { futures::join!(async { 1 }, sleep(MS)) }).unwrap();
    assert_eq!((one, two), (1, ()));
    let many = event_loop.block_on(gather((0..20).map(|n| async move { n }))).unwrap();
    assert_eq!(many.len(), 20);
}

#[test]
fn tokio_join_set_is_a_scope() {
    let sum = EventLoop::test().block_on(async {
        let set = scope(|set: Scope<String>| async move {
            let children: Vec<_> = (1..=3).map(|n| set.spawn(async move { Ok(n) })).collect();
            Ok(gather(children).await.into_iter().map(Result::unwrap).sum::<u32>())
        });
        set.await.unwrap()
    });
    assert_eq!(sum.unwrap(), 6);
}

#[test]
fn tokio_time_sleep_interval_and_timeout_are_the_same() {
    let took = EventLoop::test().block_on(async {
        let begun = sleep(SECOND).deadline();
        sleep_until(begun + SECOND).await;
        let mut beat = interval(SECOND).missed_ticks(MissedTicks::Burst);
        beat.tick().await;
        beat.tick().await;
        timeout(SECOND, pending::<()>()).await.unwrap_err().after()
    });
    assert_eq!(took.unwrap(), SECOND);
}

#[test]
fn tokio_time_pause_and_advance_are_a_manual_clock() {
    let (event_loop, clock) = crate::quiet_loop();
    let hour = event_loop.spawn(async { sleep(3_600 * SECOND).await });
    crate::turn(&event_loop);
    clock.advance(3_599 * SECOND);
    crate::turn_now(&event_loop);
    assert!(!hour.is_finished());
    clock.advance(SECOND);
    crate::turn_now(&event_loop);
    crate::turn_now(&event_loop);
    assert!(hour.is_finished(), "nobody waited");
}

#[test]
fn tokio_sync_mpsc_is_async_channel() {
    let got = EventLoop::test().block_on(async {
        let (sender, receiver) = async_channel::bounded(1);
        spawn(async move {
            for n in 0..3 {
                sender.send(n).await.unwrap();
            }
        })
        .detach();
        let mut got = Vec::new();
        while let Ok(n) = receiver.recv().await {
            got.push(n);
        }
        got
    });
    assert_eq!(got.unwrap(), [0, 1, 2]);
}

#[test]
fn tokio_sync_oneshot_is_that_of_futures_or_a_call() {
    let (sender, receiver) = oneshot::channel();
    let thread = thread::spawn(move || sender.send("from a thread"));
    assert_eq!(glassloop::run(receiver).unwrap(), Ok("from a thread"));
    thread.join().unwrap().unwrap();
    let gone = EventLoop::new().unwrap();
    let call = gone.remote().call(|| 1);
    drop(gone);
    let answered = { call }.wait(PATIENCE);
    assert!(matches!(answered, Err(CallError::Cancelled)), "it resolves: {answered:?}");
}

#[test]
fn tokio_sync_mutex_and_semaphore_are_async_locks() {
    let most = EventLoop::test().block_on(async {
        let (state, places) = (Rc::new(Mutex::new((0, 0))), Rc::new(Semaphore::new(2)));
        let work = (0..6).map(|_| {
            let (state, places) = (Rc::clone(&state), Rc::clone(&places));
            async move {
                let _place = places.acquire().await;
                {
                    let mut state = state.lock().await;
                    state.0 += 1;
                    state.1 = state.1.max(state.0);
                }
                sleep(SECOND).await;
                state.lock().await.0 -= 1;
            }
        });
        gather(work.collect::<Vec<_>>()).await;
        state.lock().await.1
    });
    assert_eq!(most.unwrap(), 2);
}

#[test]
fn tokio_spawn_blocking_is_offload() {
    let there = glassloop::run(async { offload(|| thread::current().id()).await.unwrap() });
    assert_ne!(there.unwrap(), thread::current().id());
}

#[test]
fn tokio_block_in_place_has_no_twin_but_outside_lets_a_host_loop_run() {
    // With one thread there is nobody to hand the other tasks to. What must run on this thread and
    // runs a loop of its own is asked for outside of the turn.
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let pumps = Rc::clone(&event_loop);
    let ran = event_loop.block_on(async move {
        let inside = pumps.pump(MS).is_err();
        let beside = Rc::clone(&pumps);
        (inside, outside(move || beside.pump(MS).is_ok()).await)
    });
    assert_eq!(ran.unwrap(), (true, true));
}

static TRACE: TaskLocal<u32> = TaskLocal::new();

#[test]
fn tokio_task_local_is_inherited_by_what_is_spawned() {
    let seen = EventLoop::test()
        .block_on(TRACE.scope(9, async { spawn(async { TRACE.get() }).await.unwrap() }));
    assert_eq!(seen.unwrap(), Some(9), "tokio's is not");
}

#[test]
fn tokio_cancellation_token_is_cancel_token_with_children() {
    let parent = CancelToken::new();
    let child = parent.child();
    child.cancel();
    assert!(!parent.is_cancelled());
    let other = parent.child();
    parent.cancel();
    assert!(other.is_cancelled());
    EventLoop::test().block_on(other.cancelled()).unwrap();
}

#[test]
fn tokio_yield_now_is_yield_now_and_a_turn_has_bounds_instead_of_a_budget() {
    let (event_loop, effects) = (EventLoop::new().unwrap(), Effects::default());
    let notes = effects.clone();
    event_loop
        .spawn(async move {
            loop {
                yield_now().await;
            }
        })
        .detach();
    let timer = async move {
        sleep(MS).await;
        notes.note("a timer comes all the same");
    };
    event_loop.block_on(timer).unwrap();
    assert_eq!(effects.take(), ["a timer comes all the same"]);
}

#[test]
fn tokio_runtime_metrics_are_a_snapshot() {
    let event_loop = EventLoop::test();
    event_loop.block_on(async { gather([sleep(SECOND), sleep(SECOND)]).await }).unwrap();
    let seen = event_loop.snapshot();
    assert_eq!((seen.executor.spawned, seen.executor.polls), (1, 2));
    assert_eq!(seen.tasks.len(), 0);
}

#[test]
fn tokio_shutdown_timeout_is_close_which_says_what_was_left() {
    let event_loop = EventLoop::test();
    event_loop.spawn(async { sleep(SECOND).await }).named("short").detach();
    event_loop.spawn(async { sleep(60 * SECOND).await }).named("long").detach();
    let report = event_loop.close(2 * SECOND);
    let names: Vec<_> = report.tasks.iter().map(|task| &*task.name).collect();
    assert_eq!(names, ["long"]);
}

#[test]
fn tokio_handle_current_is_remote_for_other_threads() {
    let called = glassloop::run(async {
        let handle = remote();
        let asked = offload(move || handle.call(|| thread::current().id()).wait(PATIENCE));
        asked.await.unwrap().unwrap()
    });
    assert_eq!(called.unwrap(), thread::current().id());
}
