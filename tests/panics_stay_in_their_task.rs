//! A panic stays in its task: it travels to the handle or is told once, everything else goes on.
//!
//! Wherever it comes from: a poll, the drop of a future, of an output, of a closure, of the payload
//! of a panic. Panics of wakers, observers and loggers stand in
//! `user_code_never_runs_under_a_borrow.rs`.

#![cfg(test)]

mod common;

use std::{
    cell::Cell,
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use common::{
    Book, Event, Noting, OnDrop, ask, counts, panic_quietly, poll_fn, settle, telling_loop, turn,
};
use glassloop::{CallError, EventLoop, JoinError, RunError};

#[derive(Debug, PartialEq)]
struct Payload(u32);

/// A future that waits for ever and panics when dropped.
fn panics_when_dropped(book: &Arc<Book>) -> impl Future<Output = ()> + use<> {
    let noting = Noting::new(book, Event::FutureDropped);
    let in_drop = OnDrop::new(|| panic_quietly("in the drop"));
    async move {
        let (_last, _first) = (noting, in_drop);
        pending().await
    }
}

#[test]
fn the_payload_reaches_the_handle_as_it_was() {
    let (event_loop, told) = telling_loop();
    let result =
        event_loop.block_on(async { glassloop::spawn(async { panic_quietly(Payload(7)) }).await });
    let Ok(Err(JoinError::Panicked(panic))) = result else { panic!("{result:?}") };
    assert_eq!(panic.into_payload().downcast_ref(), Some(&Payload(7)));
    assert_eq!(told.borrow().len(), 0, "who has the handle was told");
}

#[test]
fn the_text_of_a_panic_stands_in_the_error() {
    let (event_loop, _told) = telling_loop();
    let errors = event_loop.block_on(async {
        let text = glassloop::spawn(async { panic_quietly("a text") });
        let string = glassloop::spawn(async { panic_quietly(format!("text {}", 2)) });
        let other = glassloop::spawn(async { panic_quietly(3) });
        [text.await, string.await, other.await].map(|r: Result<(), _>| r.unwrap_err().to_string())
    });
    let expected = ["a text", "text 2", "a panic without a text"];
    assert_eq!(errors.unwrap(), expected.map(|text| format!("the task panicked: {text}")));
}

#[test]
fn the_tasks_of_the_same_batch_run_in_that_turn() {
    let (event_loop, told) = telling_loop();
    let ran = Rc::new(Cell::new(0));
    for at in 0..5 {
        let ran = Rc::clone(&ran);
        let task = event_loop.spawn(async move {
            if at % 2 == 1 {
                panic_quietly(at);
            }
            ran.set(ran.get() + 1);
        });
        task.named(format!("number {at}")).detach();
    }
    turn(&event_loop);
    assert_eq!((ran.get(), event_loop.snapshot().tasks.len()), (3, 0));
    let (told, counts) = (told.borrow(), counts(&event_loop));
    assert_eq!((counts.polls, counts.finished, counts.panicked), (5, 3, 2));
    for (what, name) in told.iter().zip(["`number 1`", "`number 3`"]) {
        assert!(what.contains("task") && what.contains(name), "{what}");
    }
    assert_eq!(told.len(), 2);
}

#[test]
fn the_panic_of_block_on_goes_on_where_it_was_called() {
    let (event_loop, told) = telling_loop();
    let blocked =
        catch_unwind(AssertUnwindSafe(|| event_loop.block_on(async { panic_quietly(Payload(1)) })));
    let payload = blocked.expect_err("the panic");
    assert_eq!(payload.downcast_ref(), Some(&Payload(1)));
    assert_eq!(event_loop.block_on(async { 2 }).unwrap(), 2, "the loop is as good as before");
    assert_eq!(told.borrow().len(), 0);
}

#[test]
fn a_detached_failure_ends_the_run_of_a_test_loop() {
    let event_loop = EventLoop::test();
    let ran = event_loop.block_on(async {
        glassloop::spawn(async { panic_quietly("lost") }).named("export").detach();
        pending::<()>().await;
    });
    let Err(RunError::Failed(what)) = ran else { panic!("{ran:?}") };
    assert!(what.contains("`export`") && what.contains("panicked: lost"), "{what}");
    assert!(what.contains("panics_stay_in_their_task.rs"), "{what}");
}

#[test]
fn a_panic_in_the_drop_of_a_future_that_ended_takes_the_place_of_its_result() {
    let (event_loop, told) = telling_loop();
    let book = Book::new();
    let output = Noting::new(&book, Event::OutputDropped);
    // The captured value is dropped with the future, after its output was made.
    let in_drop = OnDrop::new(|| panic_quietly(Payload(3)));
    let mut output = Some(output);
    let mut task = event_loop.spawn(poll_fn(move |_, _| {
        let _dropped_with_the_future = &in_drop;
        Poll::Ready(output.take().expect("polled once"))
    }));
    turn(&event_loop);
    assert_eq!(book.count(Event::OutputDropped), 1, "nobody can have it any more");
    let Poll::Ready(Err(JoinError::Panicked(panic))) = ask(&mut task) else { panic!() };
    assert_eq!(panic.into_payload().downcast_ref(), Some(&Payload(3)));
    assert_eq!(told.borrow().len(), 0);
}

#[test]
fn a_panic_in_the_drop_of_an_aborted_future_is_told_and_the_task_is_cancelled() {
    let (event_loop, told) = telling_loop();
    let book = Book::new();
    let mut task = event_loop.spawn(panics_when_dropped(&book)).named("doomed");
    let other = event_loop.spawn(async { 5 });
    turn(&event_loop);
    task.abort();
    turn(&event_loop);
    assert!(matches!(ask(&mut task), Poll::Ready(Err(JoinError::Cancelled))));
    assert!(other.is_finished());
    assert_eq!(book.count(Event::FutureDropped), 1, "the rest of the future is dropped too");
    let told = told.borrow();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("dropping the future") && told[0].contains("`doomed`"), "{told:?}");
}

#[test]
fn a_panic_in_the_drop_of_a_future_that_panicked_is_told_beside_the_first() {
    let (event_loop, told) = telling_loop();
    let in_drop = OnDrop::new(|| panic_quietly("second"));
    let mut task = event_loop.spawn(poll_fn(move |_, _| -> Poll<()> {
        let _dropped_with_the_future = &in_drop;
        panic_quietly(Payload(1))
    }));
    turn(&event_loop);
    let Poll::Ready(Err(JoinError::Panicked(panic))) = ask(&mut task) else { panic!() };
    assert_eq!(panic.into_payload().downcast_ref(), Some(&Payload(1)));
    assert_eq!(told.borrow().len(), 1);
}

#[test]
fn panics_in_the_drops_of_a_closing_loop_are_told_one_by_one() {
    let (event_loop, told) = telling_loop();
    let book = Book::new();
    for _ in 0..10 {
        event_loop.spawn(panics_when_dropped(&book)).detach();
    }
    turn(&event_loop);
    let report = event_loop.close(Duration::ZERO);
    assert_eq!((report.tasks.len(), book.count(Event::FutureDropped)), (10, 10));
    assert_eq!(told.borrow().len(), 10);
}

#[test]
fn a_panic_in_the_drop_of_an_output_is_told_if_nobody_had_it() {
    let (event_loop, told) = telling_loop();
    let output = || async { OnDrop::new(|| panic_quietly("output")) };
    event_loop.spawn(output()).detach();
    turn(&event_loop);
    assert_eq!(told.borrow().len(), 1, "detached before it ended");

    let task = event_loop.spawn(output());
    turn(&event_loop);
    drop(task);
    assert_eq!(told.borrow().len(), 2, "detached afterwards");

    let task = event_loop.spawn(output());
    let joiner = event_loop.spawn(async move { drop(task.await) });
    settle(&event_loop);
    assert_eq!(told.borrow().len(), 2);
    drop(joiner);
    assert_eq!(told.borrow().len(), 3, "taken by a joiner, it is the joiner's own panic");
    assert_eq!(counts(&event_loop).panicked, 1);
}

/// A payload that panics when dropped, with a payload that does the same, `depth` deep.
struct Doll {
    depth: u32,
    drops: Arc<Book>,
}

impl Drop for Doll {
    fn drop(&mut self) {
        self.drops.note(Event::PayloadDropped);
        if self.depth > 0 {
            panic_quietly(Doll { depth: self.depth - 1, drops: Arc::clone(&self.drops) });
        }
    }
}

#[test]
fn a_payload_whose_drop_panics_ends_nothing() {
    for depth in 0..4 {
        let (event_loop, told) = telling_loop();
        let book = Book::new();
        let doll = |book: &Arc<Book>| Doll { depth, drops: Arc::clone(book) };
        let payload = doll(&book);
        event_loop.spawn(async move { panic_quietly(payload) }).detach();
        let payload = doll(&book);
        event_loop.call_soon(move || panic_quietly(payload)).unwrap();
        let payload = doll(&book);
        event_loop.queue_microtask(move || panic_quietly(payload)).unwrap();
        let last = event_loop.spawn(async {});
        turn(&event_loop);
        assert!(last.is_finished());
        assert_eq!(told.borrow().len(), 3, "depth {depth}");
        let each = book.count(Event::PayloadDropped) / 3;
        assert!((1..=2).contains(&each), "each payload, and at most what its drop threw: {each}");
    }
}

#[test]
fn closures_that_panic_are_told_and_the_loop_goes_on() {
    let (event_loop, told) = telling_loop();
    event_loop.call_soon(|| panic_quietly("soon")).unwrap();
    event_loop.call_later(Duration::from_secs(1), || panic_quietly("later")).unwrap();
    event_loop.queue_microtask(|| panic_quietly("microtask")).unwrap();
    let remote = event_loop.remote();
    remote.defer(|| panic_quietly("deferred")).unwrap();
    let mut call = remote.call(|| -> u32 { panic_quietly(Payload(4)) });
    let mut made = remote.spawn(|| -> std::future::Ready<()> { panic_quietly(Payload(5)) });
    let mut ran = remote.spawn(|| async { panic_quietly::<Payload>(Payload(6)) });
    drop(remote);
    event_loop.run().unwrap();
    let expected = ["a microtask", "a callback", "a deferred call", "a callback"];
    assert_eq!(*told.borrow(), expected);
    let payload = |error: CallError| *error.into_panic().unwrap().downcast::<Payload>().unwrap();
    let now = Duration::ZERO;
    assert_eq!(payload(call.wait(now).unwrap_err()), Payload(4));
    assert_eq!(payload(made.wait(now).unwrap_err()), Payload(5));
    assert_eq!(payload(ran.wait(now).map(|_: ()| ()).unwrap_err()), Payload(6));
}

#[test]
fn ten_thousand_panics_among_a_hundred_thousand_tasks_leave_nothing() {
    let tasks = 100_000;
    let (event_loop, told) = telling_loop();
    let book = Book::new();
    let mut handles = Vec::new();
    for at in 0..tasks {
        let held = Noting::new(&book, Event::FutureDropped);
        let handle = event_loop.spawn(async move {
            let _held = held;
            glassloop::yield_now().await;
            if at % 10 == 0 {
                panic_quietly(Payload(1));
            }
        });
        if at % 20 == 0 { handle.detach() } else { handles.push(handle) }
    }
    event_loop.run().unwrap();
    let panicked = handles.iter_mut().filter_map(|handle| match ask(handle) {
        Poll::Ready(result) => result.err(),
        Poll::Pending => panic!("a task has not ended"),
    });
    assert_eq!(panicked.count(), tasks / 20, "through their handles");
    assert_eq!(told.borrow().len(), tasks / 20, "the detached ones");
    let snapshot = event_loop.snapshot();
    assert_eq!(book.count(Event::FutureDropped), tasks);
    assert_eq!((snapshot.tasks.len(), snapshot.timers.len()), (0, 0));
    assert!(snapshot.queues.iter().all(|queue| queue.depth == 0), "{:?}", snapshot.queues);
    let (polls, panicked) = (snapshot.executor.polls, snapshot.executor.panicked);
    assert_eq!((polls, panicked), (2 * tasks as u64, tasks as u64 / 10));
    assert!(event_loop.close(Duration::ZERO).is_clean());
}
