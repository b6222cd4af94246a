//! Drops happen on the loop's thread: futures, what deferred closures hold, results that nobody
//! takes. A refused closure goes back to its caller; a waker, dropped anywhere, drops nothing.

#![cfg(test)]

mod common;

use std::{
    future::pending,
    sync::{Arc, Barrier, mpsc},
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use common::{
    Book, Event, Noting, ask, on_another_thread, poll_fn, settle, telling_builder, telling_loop,
};
use glassloop::{CallError, EventLoop, Limits, OnceKey, Refused, Remote};

/// A value of a closure that another thread leaves: it notes where it dies.
fn held(book: &Arc<Book>) -> Noting {
    Noting::new(book, Event::FutureDropped)
}

/// A loop that takes at most `calls` calls.
fn loop_with_room(calls: usize) -> EventLoop {
    let mut limits = Limits::default();
    limits.executor.deferred_max = calls;
    telling_builder().0.limits(limits).build().unwrap()
}

/// Leaves one call of each kind, each holding one value.
fn leave_every_kind(remote: &Remote, book: &Arc<Book>) {
    let called = |value: Noting| {
        let book = Arc::clone(book);
        move || {
            let _dropped_after_the_call = &value;
            book.note(Event::Called);
        }
    };
    remote.defer(called(held(book))).unwrap();
    assert!(remote.defer_once(&OnceKey::new(), called(held(book))).unwrap());
    drop(remote.call(called(held(book))));
    let value = held(book);
    drop(remote.spawn(move || async move {
        let _dropped_with_the_future = value;
        glassloop::yield_now().await;
    }));
}

#[test]
fn of_every_closure_that_was_accepted_and_ran() {
    let (event_loop, told) = telling_loop();
    let (remote, book) = (event_loop.remote(), Book::new());
    on_another_thread(|| leave_every_kind(&remote, &book));
    assert_eq!(book.count(Event::FutureDropped), 0, "nothing ran yet");
    settle(&event_loop);
    assert_eq!((book.count(Event::Called), book.count(Event::FutureDropped)), (3, 4));
    assert_eq!((book.elsewhere(), told.borrow().len()), (0, 0));
}

#[test]
fn of_every_closure_that_close_runs_or_drops() {
    for deadline in [Duration::ZERO, Duration::from_secs(1)] {
        let (event_loop, _told) = telling_loop();
        let (remote, book) = (event_loop.remote(), Book::new());
        on_another_thread(|| leave_every_kind(&remote, &book));
        let report = event_loop.close(deadline);
        let ran = if deadline.is_zero() { 0 } else { 3 };
        assert_eq!(book.count(Event::Called), ran, "{deadline:?}");
        assert_eq!(report.calls.len(), if deadline.is_zero() { 4 } else { 0 }, "{deadline:?}");
        assert_eq!((book.count(Event::FutureDropped), book.elsewhere()), (4, 0), "{deadline:?}");
    }
}

#[test]
fn of_a_closure_that_is_cancelled_by_its_caller() {
    let (event_loop, _told) = telling_loop();
    let (remote, book) = (event_loop.remote(), Book::new());
    let mut call = on_another_thread(|| {
        let value = held(&book);
        let call = remote.call(move || drop(value));
        call.cancel();
        call
    });
    assert_eq!(book.count(Event::FutureDropped), 0, "it still waits for its turn");
    settle(&event_loop);
    assert_eq!((book.count(Event::FutureDropped), book.elsewhere()), (1, 0));
    assert!(matches!(call.wait(Duration::ZERO), Err(CallError::Cancelled)));
}

#[test]
fn of_a_spawned_future_that_is_cancelled_from_another_thread() {
    let (event_loop, _told) = telling_loop();
    let (remote, book) = (event_loop.remote(), Book::new());
    let value = held(&book);
    let call = remote.spawn(move || async move {
        let _dropped_with_the_future = value;
        pending::<()>().await;
    });
    settle(&event_loop);
    on_another_thread(|| call.cancel());
    assert_eq!(book.count(Event::FutureDropped), 0);
    settle(&event_loop);
    assert_eq!((book.count(Event::FutureDropped), book.elsewhere()), (1, 0));
    assert!(call.is_resolved());
}

#[test]
fn but_a_refused_closure_goes_back_to_its_caller() {
    let event_loop = loop_with_room(1);
    let (remote, book) = (event_loop.remote(), Book::new());
    remote.defer(|| ()).unwrap();
    let back = on_another_thread(|| {
        let value = held(&book);
        let Err(Refused::Full(f)) = remote.defer(move || drop(value)) else { panic!("no room") };
        let value = held(&book);
        let key = OnceKey::new();
        let again = remote.defer_once(&key, move || drop(value));
        let Err(Refused::Full(g)) = again else { panic!("no room") };
        assert_eq!(book.count(Event::FutureDropped), 0, "they came back whole");
        (f, g)
    });
    event_loop.close(Duration::from_secs(1));
    let value = held(&book);
    let Err(Refused::Closed(h)) = remote.defer(move || drop(value)) else { panic!("closed") };
    assert_eq!(book.count(Event::FutureDropped), 0);
    (back.0)();
    (back.1)();
    h();
    assert_eq!(book.count(Event::FutureDropped), 3, "and can be called by whoever has them");
}

#[test]
fn but_a_refused_call_or_spawn_drops_its_closure_where_it_was_asked_for() {
    let event_loop = loop_with_room(0);
    let (remote, book) = (event_loop.remote(), Book::new());
    on_another_thread(|| {
        let (value, other) = (held(&book), held(&book));
        let mut call = remote.call(move || drop(value));
        let mut spawned = remote.spawn(move || async move { drop(other) });
        assert_eq!((book.count(Event::FutureDropped), book.elsewhere()), (2, 0));
        assert!(matches!(call.wait(Duration::ZERO), Err(CallError::Full)));
        assert!(matches!(spawned.wait(Duration::ZERO), Err(CallError::Full)));
    });
}

#[test]
fn of_a_result_that_nobody_takes_unless_it_was_sent() {
    let (event_loop, _told) = telling_loop();
    let (remote, book) = (event_loop.remote(), Book::new());
    let make = |book: &Arc<Book>| {
        let book = Arc::clone(book);
        move || Noting::new(&book, Event::OutputDropped)
    };
    let (dropped_before, kept) =
        on_another_thread(|| (remote.call(make(&book)), remote.call(make(&book))));
    on_another_thread(|| drop(dropped_before));
    settle(&event_loop);
    assert_eq!((book.count(Event::OutputDropped), book.elsewhere()), (1, 0));
    on_another_thread(|| drop(kept));
    assert_eq!((book.count(Event::OutputDropped), book.elsewhere()), (2, 1), "with its holder");
}

/// Hands out the wakers of a task that waits for ever, and the task's book.
fn task_with_wakers(event_loop: &EventLoop, wakers: usize) -> (Vec<Waker>, Arc<Book>) {
    let book = Book::new();
    let value = held(&book);
    let (send, receive) = mpsc::channel();
    let task = event_loop.spawn(poll_fn(move |_, cx| -> Poll<()> {
        let _dropped_with_the_future = &value;
        for _ in 0..wakers {
            send.send(cx.waker().clone()).unwrap();
        }
        Poll::Pending
    }));
    task.detach();
    settle(event_loop);
    (receive.try_iter().collect(), book)
}

#[test]
fn a_waker_dropped_on_another_thread_drops_nothing_of_ours() {
    let (event_loop, _told) = telling_loop();
    let (wakers, book) = task_with_wakers(&event_loop, 3);
    on_another_thread(|| drop(wakers));
    settle(&event_loop);
    assert_eq!(book.count(Event::FutureDropped), 0, "the task lives on, detached as it is");
    let snapshot = event_loop.snapshot();
    assert_eq!((snapshot.tasks.len(), snapshot.tasks[0].wakers_held), (1, 0));
    drop(event_loop);
    assert_eq!((book.count(Event::FutureDropped), book.elsewhere()), (1, 0));
}

#[test]
fn a_waker_that_outlives_its_loop_keeps_nothing_of_it_alive() {
    let (event_loop, _told) = telling_loop();
    let (wakers, book) = task_with_wakers(&event_loop, 3);
    drop(event_loop);
    assert_eq!((book.count(Event::FutureDropped), book.elsewhere()), (1, 0));
    on_another_thread(|| wakers.iter().for_each(Waker::wake_by_ref));
    on_another_thread(|| drop(wakers));
    assert_eq!(book.count(Event::FutureDropped), 1);
}

#[test]
fn of_tasks_whose_wakers_are_used_and_dropped_while_the_loop_goes_away() {
    const THREADS: usize = 4;
    let (event_loop, _told) = telling_loop();
    let (wakers, book) = task_with_wakers(&event_loop, THREADS * 100);
    let start = Arc::new(Barrier::new(THREADS + 1));
    let chunks: Vec<Vec<Waker>> = wakers.chunks(100).map(<[_]>::to_vec).collect();
    drop(wakers);
    let threads: Vec<_> = chunks
        .into_iter()
        .map(|wakers| {
            let start = Arc::clone(&start);
            thread::spawn(move || {
                start.wait();
                wakers.into_iter().for_each(Waker::wake);
            })
        })
        .collect();
    start.wait();
    settle(&event_loop);
    drop(event_loop);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!((book.count(Event::FutureDropped), book.elsewhere()), (1, 0));
}

#[test]
fn a_handle_asked_after_the_loop_gives_what_was_left_in_it() {
    let (event_loop, _told) = telling_loop();
    let book = Book::new();
    let value = Noting::new(&book, Event::OutputDropped);
    let mut ended = event_loop.spawn(async move { value });
    let mut waits = event_loop.spawn(pending::<()>());
    settle(&event_loop);
    drop(event_loop);
    assert_eq!(book.count(Event::OutputDropped), 0, "a result stays as long as its handle");
    assert!(matches!(ask(&mut ended), Poll::Ready(Ok(_))));
    assert!(matches!(ask(&mut waits), Poll::Ready(Err(glassloop::JoinError::Cancelled))));
    assert_eq!((book.count(Event::OutputDropped), book.elsewhere()), (1, 0));
}
