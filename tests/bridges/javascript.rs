//! JavaScript: tasks, microtasks, frames, idle time, and threads that talk by messages.

use std::{cell::Cell, future::pending, rc::Rc, thread, time::Duration};

use glassloop::{
    Clock, EventLoop, LoopThread, ManualClock, MissedTicks, PollerKind, RunPolicy, call_later,
    call_soon, gather, interval, queue_microtask, race, request_render, sleep, spawn, try_gather,
    yield_now,
};

use crate::{MS, PATIENCE, effects::Effects, turn};

#[test]
fn javascript_task_runs_one_a_turn_where_the_policy_says_so() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    for name in ["one", "two"] {
        let (notes, after) = (effects.clone(), effects.clone());
        event_loop
            .call_soon(move || {
                notes.note(name);
                queue_microtask(move || after.note(format_args!("after {name}"))).unwrap();
            })
            .unwrap();
    }
    event_loop.set_policy(RunPolicy::One);
    turn(&event_loop);
    assert_eq!(effects.take(), ["one", "after one"]);
    turn(&event_loop);
    assert_eq!(effects.take(), ["two", "after two"]);
}

#[test]
fn javascript_queue_microtask_drains_to_empty_and_starves_nobody() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let (first, next) = (effects.clone(), effects.clone());
    event_loop
        .call_soon(move || {
            first.note("task");
            queue_microtask(move || {
                first.note("microtask");
                queue_microtask(move || first.note("microtask of a microtask")).unwrap();
            })
            .unwrap();
        })
        .unwrap();
    event_loop.call_soon(move || next.note("next task")).unwrap();
    turn(&event_loop);
    let did = ["task", "microtask", "microtask of a microtask", "next task"];
    assert_eq!(effects.take(), did);

    // One that queues another for ever hangs a page. Here a timer still comes.
    fn again(count: Rc<Cell<u64>>) {
        count.set(count.get() + 1);
        queue_microtask(move || again(count)).unwrap();
    }
    let (event_loop, count) = (EventLoop::new().unwrap(), Rc::new(Cell::new(0)));
    let counts = Rc::clone(&count);
    event_loop.call_soon(move || again(counts)).unwrap();
    event_loop.block_on(async { sleep(MS).await }).unwrap();
    assert!(count.get() > 1);
}

#[test]
fn javascript_process_next_tick_shares_the_one_queue_of_microtasks() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let [promise, tick] = [0; 2].map(|_| effects.clone());
    event_loop
        .call_soon(move || {
            queue_microtask(move || promise.note("queued first")).unwrap();
            queue_microtask(move || tick.note("queued second")).unwrap();
        })
        .unwrap();
    turn(&event_loop);
    // From a callback, or in CommonJS, Node's nextTick jumps the line.
    assert_eq!(effects.take(), ["queued first", "queued second"]);
}

#[test]
fn javascript_set_timeout_is_call_later_and_clear_timeout_cancel() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let [late, soon, never] = [0; 3].map(|_| effects.clone());
    event_loop.enter(|| {
        call_later(10 * MS, move || late.note("10 ms")).unwrap();
        call_later(Duration::ZERO, move || soon.note("0 ms")).unwrap(); // no least of 1 or 4 ms
        assert!(call_later(5 * MS, move || never.note("never")).unwrap().cancel());
    });
    event_loop.run().unwrap();
    assert_eq!(effects.take(), ["0 ms", "10 ms"]);
}

#[test]
fn javascript_set_interval_keeps_its_rhythm_or_skips() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let notes = effects.clone();
    event_loop
        .block_on(async move {
            let mut beat = interval(10 * MS);
            let begun = beat.tick().await;
            for _ in 0..3 {
                let late = beat.tick().await - begun;
                notes.note(late.as_millis());
            }
        })
        .unwrap();
    assert_eq!(effects.take(), ["10", "20", "30"]);
    // Ticks that are missed while something else takes long are left out.
    let notes = effects.clone();
    event_loop
        .block_on(async move {
            let mut beat = interval(10 * MS).missed_ticks(MissedTicks::Skip);
            let begun = beat.tick().await;
            sleep(35 * MS).await;
            for _ in 0..2 {
                let late = beat.tick().await - begun;
                notes.note(late.as_millis());
            }
        })
        .unwrap();
    assert_eq!(effects.take(), ["10", "40"]);
}

#[test]
fn javascript_set_immediate_runs_in_the_next_turn() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let [outer, inner, beside] = [0; 3].map(|_| effects.clone());
    event_loop
        .call_soon(move || {
            outer.note("immediate");
            call_soon(move || inner.note("immediate of an immediate")).unwrap();
        })
        .unwrap();
    event_loop.call_soon(move || beside.note("beside it")).unwrap();
    turn(&event_loop);
    assert_eq!(effects.take(), ["immediate", "beside it"]);
    turn(&event_loop);
    assert_eq!(effects.take(), ["immediate of an immediate"]);
}

fn frames() -> (EventLoop, ManualClock) {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).render_interval(10 * MS);
    (builder.clock(Clock::Manual(clock.clone())).build().unwrap(), clock)
}

#[test]
fn javascript_request_animation_frame_draws_once_an_interval() {
    let ((event_loop, clock), effects) = (frames(), Effects::default());
    let drawn = |event_loop: &EventLoop| {
        // Woken for this turn by something else, whatever it is.
        event_loop.call_soon(|| {}).unwrap();
        turn(event_loop);
        effects.take()
    };
    fn draw(notes: Effects) {
        notes.note("frame");
        request_render(move |_now| draw(notes)).unwrap();
    }
    let notes = effects.clone();
    event_loop.request_render(move |_now| draw(notes)).unwrap();
    assert_eq!(drawn(&event_loop), ["frame"]);
    assert!(drawn(&event_loop).is_empty(), "the next is not due");
    clock.advance(10 * MS);
    assert_eq!(drawn(&event_loop), ["frame"]);
}

#[test]
fn javascript_request_idle_callback_is_told_the_time_left() {
    let ((event_loop, clock), effects) = (frames(), Effects::default());
    let [idles, works] = [0; 2].map(|_| effects.clone());
    event_loop.enter(|| call_later(3 * MS, || {})).unwrap();
    event_loop
        .request_idle(move |time| {
            idles.note(format_args!("idle for {:?}", time.left()));
            clock.advance(2 * MS);
            idles.note(format_args!("idle for {:?}", time.left()));
            clock.advance(MS);
        })
        .unwrap();
    event_loop.call_soon(move || works.note("work")).unwrap();
    event_loop.run().unwrap();
    assert_eq!(effects.take(), ["work", "idle for 3ms", "idle for 1ms"]);
}

#[test]
fn javascript_promise_begins_at_once_and_a_future_when_it_is_awaited() {
    let effects = Effects::default();
    let notes = effects.clone();
    EventLoop::test()
        .block_on(async move {
            let (lazy, spawned) = (notes.clone(), notes.clone());
            let future = async move { lazy.note("polled") };
            let task = spawn(async move { spawned.note("spawned") });
            notes.note("made both");
            future.await;
            task.await.unwrap();
        })
        .unwrap();
    assert_eq!(effects.take(), ["made both", "polled", "spawned"]);
}

async fn answer(after: Duration, result: Result<u32, &'static str>) -> Result<u32, &'static str> {
    sleep(after).await;
    result
}

#[test]
fn javascript_promise_all_all_settled_and_race_have_their_twins() {
    let event_loop = EventLoop::test();
    let three = || [answer(3 * MS, Ok(1)), answer(MS, Err("no")), answer(2 * MS, Ok(3))];
    assert_eq!(event_loop.block_on(try_gather(three())).unwrap(), Err("no"));
    let settled = event_loop.block_on(gather(three())).unwrap();
    assert_eq!(settled, [Ok(1), Err("no"), Ok(3)]);
    assert_eq!(event_loop.block_on(race(three())).unwrap(), (1, Err("no")));
}

#[test]
fn javascript_abort_controller_is_a_cancel_token() {
    let heard = EventLoop::test().block_on(async {
        let controller = glassloop::CancelToken::new();
        let signal = controller.clone();
        let fetch = spawn(async move { signal.run_until_cancelled(pending::<()>()).await });
        yield_now().await;
        controller.cancel();
        fetch.await.unwrap()
    });
    assert!(heard.unwrap().is_none(), "aborted");
    let parent = glassloop::CancelToken::new();
    let [child, other] = [parent.child(), parent.child()];
    child.cancel();
    assert!(child.is_cancelled() && !parent.is_cancelled() && !other.is_cancelled());
}

#[test]
fn javascript_worker_is_a_loop_on_a_thread_of_its_own() {
    let mut worker = LoopThread::start("worker").unwrap();
    // No `postMessage` and no copy: what is `Send` goes over, and the answer comes back.
    let answered = glassloop::run(worker.spawn(|| async {
        sleep(MS).await;
        (thread::current().name().map(str::to_owned), (1..=3).map(|n| n * n).sum::<u32>())
    }));
    assert_eq!(answered.unwrap().unwrap(), (Some("worker".to_owned()), 14));
    let left = worker.spawn(pending::<()>);
    worker.stop(MS); // `terminate`, but told, and it says what it left
    let report = worker.join(PATIENCE).unwrap();
    assert_eq!((report.tasks.len(), report.tasks_aborted), (1, 1), "{report}");
    assert!({ left }.wait(PATIENCE).is_err(), "whoever asked is told");
}

#[test]
fn javascript_unhandledrejection_is_on_unhandled() {
    let effects = Effects::default();
    let notes = effects.clone();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    let builder = builder.on_unhandled(move |failed| notes.note(format_args!("{}", failed.what)));
    let event_loop = builder.build().unwrap();
    // A value that is an error is nobody's until somebody says so.
    event_loop.spawn(async { Err::<(), _>("lost") }).named("fetch").or_report();
    event_loop.spawn(async { panic!("thrown") }).named("parse").detach();
    event_loop.run().unwrap();
    let lost = ["the detached task #0.0 `fetch`", "the detached task #1.1 `parse`"];
    assert_eq!(effects.take(), lost);
}

#[test]
fn javascript_ref_and_unref_a_loop_ends_when_nothing_can_come() {
    let event_loop = EventLoop::new().unwrap();
    // A listener that nobody waits for is as one that was `unref`ed.
    let listener = event_loop.enter(|| {
        call_later(MS, || {}).unwrap();
        glassloop::net::TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap()
    });
    event_loop.run().unwrap(); // the timer has fired; nothing is left that could come
    let seen = event_loop.snapshot();
    assert_eq!((seen.timers.len(), seen.sources.len()), (0, 1));
    drop(listener);
}

#[cfg(feature = "ws")]
#[test]
fn javascript_web_socket_is_connect_and_recv() {
    use glassloop::{net::TcpListener, ws};

    let said = glassloop::run(async {
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = format!("ws://{}/", listener.local_addr().unwrap());
        spawn(async move {
            let line = ws::accept(listener.accept().await?.0).await?;
            line.send("hello".into()).await?;
            line.recv().await
        })
        .detach();
        let line = ws::connect(&address).await.unwrap();
        line.recv().await.unwrap()
    });
    assert_eq!(said.unwrap().unwrap().as_text(), Some("hello"));
}
