//! asyncio: callbacks, soon, later, and from other threads.

use std::{thread, time::Duration};

use glassloop::{
    CallError, EventLoop, Limits, Refused, call_at, call_later, call_soon, remote, sleep,
};

use crate::{MS, PATIENCE, SECOND, effects::Effects};

#[test]
fn asyncio_call_soon_calls_in_order_in_the_next_turn() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let [outer, inner, second, never] = [0; 4].map(|_| effects.clone());
    event_loop
        .call_soon(move || {
            outer.note("first");
            call_soon(move || inner.note("third")).unwrap();
        })
        .unwrap();
    event_loop.call_soon(move || second.note("second")).unwrap();
    let taken_back = event_loop.call_soon(move || never.note("never")).unwrap();
    assert!(taken_back.cancel() && !taken_back.cancel());
    event_loop.run().unwrap();
    assert_eq!(effects.take(), ["first", "second", "third"]);
    assert_eq!(event_loop.snapshot().turn, 2);
    // The bound: what is one too many comes back.
    let mut limits = Limits::default();
    limits.executor.callbacks_max = 1;
    let event_loop = EventLoop::builder().limits(limits).build().unwrap();
    event_loop.call_soon(|| ()).unwrap();
    let Err(Refused::Full(f)) = event_loop.call_soon(|| ()) else { panic!("it is full") };
    f();
    event_loop.run().unwrap();
}

#[test]
fn asyncio_call_soon_of_another_thread_finds_no_loop() {
    // `EventLoop` is not `Send` (`compile_fail` in its docs); a thread without a loop is told.
    let told = crate::complaint(|| drop(call_soon(|| {})));
    assert!(told.contains("from another thread use the loop's `Remote`"), "{told}");
}

#[test]
fn asyncio_call_later_and_call_at_keep_equal_deadlines_in_order() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let notes = [0; 4].map(|_| effects.clone());
    event_loop
        .block_on(async move {
            let [a, b, c, never] = notes;
            let at = sleep(2 * SECOND).deadline();
            call_at(at, move || a.note("first of two")).unwrap();
            call_at(at, move || b.note("second of two")).unwrap();
            call_later(SECOND, move || c.note("a second")).unwrap();
            call_later(SECOND, move || never.note("never")).unwrap().cancel();
            sleep(10 * SECOND).await;
        })
        .unwrap();
    assert_eq!(effects.take(), ["a second", "first of two", "second of two"]);
}

#[test]
fn asyncio_call_soon_threadsafe_hands_back_what_it_refuses() {
    let (event_loop, effects) = (EventLoop::new().unwrap(), Effects::default());
    let (remote, notes) = (event_loop.remote(), effects.clone());
    let thread = thread::spawn(move || {
        for n in 1..=3 {
            let notes = notes.clone();
            remote.defer(move || notes.note(n)).unwrap();
        }
        remote
    });
    let remote = thread.join().unwrap();
    event_loop.block_on(async {}).unwrap();
    assert_eq!(effects.take(), ["1", "2", "3"]);
    event_loop.close(SECOND);
    // asyncio raises; here the closure is not lost.
    let Err(Refused::Closed(closure)) = remote.defer(|| ()) else { panic!("it is closed") };
    closure();
}

#[test]
fn asyncio_run_coroutine_threadsafe_always_resolves() {
    let event_loop = EventLoop::new().unwrap();
    let remote = event_loop.remote();
    let asks = thread::spawn(move || {
        let mut answer = remote.spawn(|| async {
            sleep(MS).await;
            6 * 7
        });
        let answered = answer.wait(PATIENCE);
        let cancelled = remote.spawn(std::future::pending::<()>);
        cancelled.cancel();
        (answered, { cancelled }.wait(PATIENCE))
    });
    event_loop.run().unwrap();
    let (answered, cancelled) = asks.join().unwrap();
    assert_eq!(answered.unwrap(), 42);
    assert!(matches!(cancelled, Err(CallError::Cancelled)));
    // `future.result()` on the loop's own thread hangs there; here it is an error.
    let waited = event_loop.block_on(async { remote_answer().wait(PATIENCE) });
    assert!(matches!(waited, Ok(Err(CallError::WouldDeadlock))));
    // A loop that ends answers, too.
    let mut left = event_loop.remote().spawn(std::future::pending::<()>);
    drop(event_loop);
    assert!(matches!(left.wait(PATIENCE), Err(CallError::Cancelled)));
}

fn remote_answer() -> glassloop::Call<u32> {
    remote().spawn(|| async { 1 })
}

#[test]
fn asyncio_loop_time_is_what_deadlines_count_from() {
    let ((event_loop, clock), effects) = (crate::quiet_loop(), Effects::default());
    // What is due is due by the time at which the turn began, however long its items take.
    let [soon, late] = [0; 2].map(|_| effects.clone());
    let takes = clock.clone();
    event_loop.enter(|| {
        call_later(5 * MS, move || {
            soon.note("due at 5 ms");
            takes.advance(5 * MS);
        })
        .unwrap();
        call_later(7 * MS, move || late.note("due at 7 ms")).unwrap();
    });
    clock.advance(5 * MS);
    crate::turn(&event_loop);
    assert_eq!(effects.take(), ["due at 5 ms"]);
    crate::turn(&event_loop);
    assert_eq!(effects.take(), ["due at 7 ms"]);
    // A duration counts from the call, not from the turn's beginning; zero of it is the time now.
    let time = || event_loop.enter(|| sleep(Duration::ZERO)).deadline();
    let first = time();
    clock.advance(3_600 * SECOND);
    assert_eq!(time() - first, 3_600 * SECOND, "of whatever clock the loop has");
}
