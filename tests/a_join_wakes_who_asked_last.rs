//! A join wakes who asked last, once: a task, another task that the handle was handed to, or any
//! foreign waker. A handle outlives its loop, and a join that can never end is told.

#![cfg(test)]

mod common;

use std::{
    cell::{Cell, RefCell},
    future::pending,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use common::{Count, ask, poll_fn, settle, telling_loop, turn};
use glassloop::{EventLoop, JoinError, JoinHandle, RunError};

/// A handle that several tasks pass around.
type Shared<T> = Rc<RefCell<JoinHandle<T>>>;

/// A task that ends with 7 when it is told to.
fn spawn_pupil(event_loop: &EventLoop) -> (Shared<u32>, Rc<Cell<Option<Waker>>>) {
    let waker = Rc::new(Cell::new(None));
    let gives = Rc::clone(&waker);
    let task = event_loop.spawn(poll_fn(move |before, cx| {
        gives.set(Some(cx.waker().clone()));
        if before == 0 { Poll::Pending } else { Poll::Ready(7) }
    }));
    (Rc::new(RefCell::new(task)), waker)
}

/// A task that asks a shared handle at each poll. How often it was polled, and what it got.
fn spawn_asker(
    event_loop: &EventLoop,
    handle: &Shared<u32>,
) -> (Rc<Cell<usize>>, Rc<Cell<Option<u32>>>) {
    let (polls, got) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(None)));
    let (polled, gets, handle) = (Rc::clone(&polls), Rc::clone(&got), Rc::clone(handle));
    let asker = poll_fn(move |before, cx| {
        polled.set(before + 1);
        Pin::new(&mut *handle.borrow_mut()).poll(cx).map(|result| gets.set(result.ok()))
    });
    event_loop.spawn(asker).detach();
    (polls, got)
}

#[test]
fn of_a_task_that_waits_is_woken_once() {
    let (event_loop, _told) = telling_loop();
    let (handle, pupil) = spawn_pupil(&event_loop);
    let (polls, got) = spawn_asker(&event_loop, &handle);
    turn(&event_loop);
    assert_eq!((polls.get(), got.get()), (1, None));
    let line = event_loop.snapshot().tasks[1].clone();
    assert_eq!((line.waits.len(), line.waits[0].operation), (1, "join"));
    assert_eq!(line.wakers_held, 0, "to wait for a task of the same loop takes no clone");
    pupil.take().unwrap().wake();
    settle(&event_loop);
    assert_eq!((polls.get(), got.get()), (2, Some(7)));
}

#[test]
fn of_two_tasks_the_one_that_asked_last() {
    let (event_loop, _told) = telling_loop();
    let (handle, pupil) = spawn_pupil(&event_loop);
    let (first, first_got) = spawn_asker(&event_loop, &handle);
    let (last, last_got) = spawn_asker(&event_loop, &handle);
    turn(&event_loop);
    pupil.take().unwrap().wake();
    settle(&event_loop);
    assert_eq!((first.get(), first_got.get()), (1, None));
    assert_eq!((last.get(), last_got.get()), (2, Some(7)));
}

#[test]
fn of_a_foreign_waker_and_a_task_the_one_that_asked_last() {
    for foreign_last in [true, false] {
        let (event_loop, _told) = telling_loop();
        let (handle, pupil) = spawn_pupil(&event_loop);
        let (foreign, waker) = Count::waker();
        let ask_as_foreign = || {
            let asked = Pin::new(&mut *handle.borrow_mut()).poll(&mut Context::from_waker(&waker));
            assert!(asked.is_pending());
        };
        if !foreign_last {
            ask_as_foreign();
        }
        let (polls, _got) = spawn_asker(&event_loop, &handle);
        turn(&event_loop);
        if foreign_last {
            ask_as_foreign();
        }
        let held = 2 + usize::from(foreign_last);
        assert_eq!(Arc::strong_count(&foreign), held, "what was replaced is dropped");
        pupil.take().unwrap().wake();
        settle(&event_loop);
        let woken = (foreign.get(), polls.get());
        assert_eq!(woken, if foreign_last { (1, 1) } else { (0, 2) });
    }
}

#[test]
fn of_an_aborted_task_tells_that_it_was_cancelled() {
    let (event_loop, _told) = telling_loop();
    let task = event_loop.spawn(pending::<()>());
    let handle = Rc::new(RefCell::new(task));
    let aborts = Rc::clone(&handle);
    let polls = Rc::new(Cell::new(0));
    let polled = Rc::clone(&polls);
    let joiner = event_loop.spawn(poll_fn(move |before, cx| {
        polled.set(before + 1);
        Pin::new(&mut *handle.borrow_mut()).poll(cx)
    }));
    turn(&event_loop);
    for _ in 0..3 {
        aborts.borrow().abort();
    }
    settle(&event_loop);
    let mut joiner = joiner;
    assert!(matches!(ask(&mut joiner), Poll::Ready(Ok(Err(JoinError::Cancelled)))));
    assert_eq!(polls.get(), 2);
    assert_eq!(event_loop.snapshot().executor.cancelled, 1, "three aborts are one");
}

#[test]
fn of_a_task_with_itself_is_a_deadlock_and_told_in_the_first_idle_turn() {
    let event_loop = EventLoop::test();
    let own: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
    let handle = Rc::clone(&own);
    let task = event_loop.spawn(async move {
        let own = handle.take().expect("its own handle");
        drop(own.await);
    });
    own.replace(Some(task.named("ouroboros")));
    let Err(RunError::Deadlock(report)) = event_loop.run() else { panic!("no deadlock told") };
    assert_eq!((report.tasks.len(), &*report.tasks[0].name), (1, "ouroboros"));
    assert_eq!(report.tasks[0].waits[0].operation, "join");
}

#[test]
fn of_a_task_that_was_aborted_while_it_waited_wakes_nobody_and_detaches() {
    let (event_loop, told) = telling_loop();
    let (handle, pupil) = spawn_pupil(&event_loop);
    let handle = Rc::into_inner(handle).expect("one owner").into_inner();
    let joiner = event_loop.spawn(handle);
    turn(&event_loop);
    joiner.abort();
    settle(&event_loop);
    pupil.take().unwrap().wake();
    settle(&event_loop);
    let counts = event_loop.snapshot().executor;
    assert_eq!((counts.polls, counts.finished, counts.cancelled), (3, 1, 1));
    assert_eq!((common::wakes(&event_loop), told.borrow().len()), (1, 0), "the pupil's own");
}

#[test]
fn a_handle_outlives_its_loop_with_the_result_or_cancelled() {
    let (event_loop, _told) = telling_loop();
    let mut ended = event_loop.spawn(async { 7 });
    let mut waits = event_loop.spawn(pending::<u32>());
    let unasked = event_loop.spawn(async { 8 });
    turn(&event_loop);
    let mut never_polled = event_loop.spawn(async { 9 });
    drop(event_loop);
    for handle in [&ended, &waits, &never_polled, &unasked] {
        assert!(handle.is_finished());
        handle.abort();
    }
    assert!(matches!(ask(&mut ended), Poll::Ready(Ok(7))));
    assert!(matches!(ask(&mut waits), Poll::Ready(Err(JoinError::Cancelled))));
    assert!(matches!(ask(&mut never_polled), Poll::Ready(Err(JoinError::Cancelled))));
    drop(unasked);
}

#[test]
fn a_handle_of_one_loop_can_be_awaited_on_another() {
    let (outer, _told) = telling_loop();
    let (inner, _also_told) = telling_loop();
    let (handle, pupil) = spawn_pupil(&inner);
    let (polls, got) = spawn_asker(&outer, &handle);
    turn(&inner);
    turn(&outer);
    assert_eq!((polls.get(), got.get()), (1, None));
    pupil.take().unwrap().wake();
    settle(&inner);
    assert_eq!(polls.get(), 1, "the other loop has had no turn");
    settle(&outer);
    assert_eq!((polls.get(), got.get()), (2, Some(7)));
}

#[test]
fn a_handle_asked_again_after_it_was_ready_panics_in_the_task_that_does() {
    let (event_loop, told) = telling_loop();
    let mut handle = event_loop.spawn(async { 7 });
    turn(&event_loop);
    assert!(ask(&mut handle).is_ready());
    let asks = event_loop.spawn(async move { handle.await.ok() });
    let result = event_loop.block_on(asks).unwrap();
    let Err(JoinError::Panicked(panic)) = result else { panic!("{result:?}") };
    let text = panic.to_string();
    assert!(text.contains("after it gave its result"), "{text}");
    assert_eq!(told.borrow().len(), 0);
    assert!(event_loop.close(Duration::ZERO).is_clean());
}
