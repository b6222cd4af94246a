//! tokio: a runtime of one thread, its tasks, time, and what its other parts become.

use std::{cell::Cell, future::pending, pin::pin, rc::Rc, thread, time::Duration};

use async_lock::{Mutex, Semaphore};
use futures::{FutureExt, channel::oneshot, future::ready, select, select_biased};
use glassloop::{
    CallError, CancelToken, EventLoop, JoinError, MissedTicks, Scope, TaskLocal, gather, interval,
    offload, outside, race, remote, scope, sleep, sleep_until, spawn, timeout, yield_now,
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
        drop(spawn(async move { notes.note("goes on") }));
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
    // Several are ready: by chance, or in their order.
    let event_loop = EventLoop::test();
    let drawn = || async {
        let (mut one, mut other) = (ready("one"), ready("other"));
        select! { won = one => won, won = other => won }
    };
    let all = event_loop.block_on(gather((0..1_000).map(|_| drawn()))).unwrap();
    assert!(all.contains(&"one") && all.contains(&"other"), "one in 2^999 fails");
    let ordered = event_loop.block_on(async {
        let (mut one, mut other) = (ready("one"), ready("other"));
        select_biased! { won = one => won, won = other => won }
    });
    assert_eq!(ordered.unwrap(), "one");
    let ends = |n| async move { if n < 14 { pending().await } else { n } };
    let raced = event_loop.block_on(race((0..16).map(ends)));
    assert_eq!(raced.unwrap(), (14, 14));
}

#[test]
fn tokio_join_is_gather_or_that_of_futures() {
    let event_loop = EventLoop::test();
    let (one, two) = event_loop.block_on(async { futures::join!(async { 1 }, sleep(MS)) }).unwrap();
    assert_eq!((one, two), (1, ()));
    // Each of twenty is polled at its beginning and when it wakes, whoever else wakes meanwhile.
    let polls = Rc::new(Cell::new(0));
    let count = Rc::clone(&polls);
    let counted = move |n: u32| {
        let (count, mut sleeps) = (Rc::clone(&count), Box::pin(sleep(n * SECOND)));
        std::future::poll_fn(move |cx| {
            count.set(count.get() + 1);
            sleeps.poll_unpin(cx)
        })
    };
    event_loop.block_on(async move { gather((1..=20).map(counted)).await }).unwrap();
    assert_eq!(polls.get(), 40);
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
    // A failure ends the others; tokio's go on.
    let effects = Effects::default();
    let notes = effects.clone();
    let failed = EventLoop::test().block_on(async move {
        let set = scope(|set: Scope<&str>| async move {
            set.spawn(async move {
                sleep(2 * SECOND).await;
                notes.note("never");
                Ok(())
            });
            set.spawn(async { sleep(SECOND).map(|()| Err::<(), _>("no")).await });
            Ok(())
        });
        let failed = set.await.unwrap_err().into_error();
        sleep(2 * SECOND).await;
        failed
    });
    assert_eq!((failed.unwrap(), effects.take()), (Some("no"), vec![]));
}

#[test]
fn tokio_time_sleep_and_timeout_are_the_same_and_an_interval_waits_first() {
    let late = EventLoop::test().block_on(async {
        let begun = sleep(Duration::ZERO).deadline();
        sleep_until(begun + SECOND).await;
        let begun = begun + SECOND;
        let (mut skips, mut bursts) = (interval(SECOND), interval(SECOND));
        bursts = bursts.missed_ticks(MissedTicks::Burst);
        // tokio's first tick comes at once.
        assert_eq!(skips.tick().await - begun, SECOND);
        assert_eq!(bursts.tick().await - begun, SECOND);
        sleep(3 * SECOND + MS).await;
        for due in [2, 5] {
            assert_eq!(skips.tick().await - begun, due * SECOND, "one is late, two are skipped");
        }
        for due in [2, 3, 4, 5] {
            assert_eq!(bursts.tick().await - begun, due * SECOND, "as tokio's do");
        }
        timeout(SECOND, pending::<()>()).await.unwrap_err().after()
    });
    assert_eq!(late.unwrap(), SECOND);
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
    // A loop for tests jumps by itself, but not while another thread may still say something.
    let event_loop = EventLoop::test();
    event_loop.block_on(sleep_for(3_600 * SECOND)).unwrap();
    let (remote, (lets_go, held)) = (event_loop.remote(), std::sync::mpsc::channel::<()>());
    let holds = thread::spawn(move || {
        held.recv().ok(); // until it is let go
        drop(remote);
    });
    let look = event_loop.spawn(sleep_for(3_600 * SECOND));
    for _ in 0..3 {
        assert!(event_loop.pump(MS).is_ok());
    }
    assert!(!look.is_finished());
    drop(lets_go);
    holds.join().unwrap();
    event_loop.block_on(look).unwrap().unwrap();
}

/// Sleeps from when it is awaited.
async fn sleep_for(time: Duration) {
    sleep(time).await;
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
fn tokio_yield_now_is_yield_now_and_a_turn_has_bounds_beside_a_budget() {
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
    // Twenty ticks are due at once: no poll takes more than eight of them.
    let taken = EventLoop::test().block_on(async {
        let mut beat = interval(MS).missed_ticks(MissedTicks::Burst);
        sleep(20 * MS).await;
        let (count, mut counts) = (Rc::new(Cell::new(0)), vec![]);
        let takes = Rc::clone(&count);
        let task = spawn(async move {
            for _ in 0..20 {
                beat.tick().await;
                takes.set(takes.get() + 1);
            }
        });
        while !task.is_finished() {
            yield_now().await;
            counts.push(count.get());
        }
        counts
    });
    assert_eq!(taken.unwrap(), [8, 16, 20]);
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
