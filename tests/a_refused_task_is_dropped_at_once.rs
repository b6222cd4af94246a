//! A refused task is dropped at once: past `tasks_max`, or on a closed loop, `spawn` gives a handle
//! that is ready with `Refused`, and nothing of the future was ever polled.

#![cfg(test)]

mod common;

use std::{future::pending, sync::Arc, task::Poll, time::Duration};

use common::{Book, Event, Noting, OnDrop, Told, ask, panic_quietly, telling_builder, turn};
use glassloop::{EventLoop, JoinError, JoinHandle, Limits, RunError};

/// A loop with room for so many tasks.
fn loop_with_room(tasks: usize) -> (EventLoop, Told) {
    let mut limits = Limits::default();
    limits.executor.tasks_max = tasks;
    let (builder, told) = telling_builder();
    (builder.limits(limits).build().unwrap(), told)
}

/// Spawns a task that notes its polls and its drop, and waits.
fn spawn_noting(event_loop: &EventLoop, book: &Arc<Book>) -> JoinHandle<()> {
    let (value, book) = (Noting::new(book, Event::FutureDropped), Arc::clone(book));
    event_loop.spawn(async move {
        let _dropped_with_the_future = value;
        book.note(Event::Polled);
        pending::<()>().await;
    })
}

fn is_refused(handle: &mut JoinHandle<()>) -> bool {
    handle.is_finished() && matches!(ask(handle), Poll::Ready(Err(JoinError::Refused)))
}

#[test]
fn past_tasks_max() {
    let (event_loop, told) = loop_with_room(10);
    let (taken, refused) = (Book::new(), Book::new());
    let handles: Vec<_> = (0..10).map(|_| spawn_noting(&event_loop, &taken)).collect();
    for count in 1..=10 {
        let mut handle = spawn_noting(&event_loop, &refused);
        assert_eq!(refused.count(Event::FutureDropped), count, "before `spawn` returned");
        assert!(handle.id().is_none());
        assert!(is_refused(&mut handle));
    }
    turn(&event_loop);
    assert_eq!((taken.count(Event::Polled), refused.count(Event::Polled)), (10, 0));
    assert_eq!((event_loop.snapshot().tasks.len(), told.borrow().len()), (10, 0));
    drop(handles);
}

#[test]
fn until_there_is_room_again() {
    let (event_loop, _told) = loop_with_room(1);
    let book = Book::new();
    let first = spawn_noting(&event_loop, &book);
    turn(&event_loop);
    assert!(is_refused(&mut spawn_noting(&event_loop, &book)));
    first.abort();
    turn(&event_loop);
    assert!(is_refused(&mut spawn_noting(&event_loop, &book)), "a result keeps its slot");
    drop(first);
    let mut second = spawn_noting(&event_loop, &book);
    turn(&event_loop);
    assert!(matches!(ask(&mut second), Poll::Pending));
    assert_eq!(book.count(Event::Polled), 2);
}

#[test]
fn and_block_on_says_why() {
    let (event_loop, _told) = loop_with_room(1);
    let (taken, refused) = (Book::new(), Book::new());
    let _taken = spawn_noting(&event_loop, &taken);
    let value = Noting::new(&refused, Event::FutureDropped);
    let ran = event_loop.block_on(async move { drop(value) });
    assert!(matches!(ran, Err(RunError::Refused)), "{ran:?}");
    assert_eq!((refused.count(Event::FutureDropped), refused.count(Event::Polled)), (1, 0));
    event_loop.close(Duration::ZERO);
    let ran = event_loop.block_on(async {});
    assert!(matches!(ran, Err(RunError::Closed)), "{ran:?}");
}

#[test]
fn and_its_handle_can_be_named_aborted_awaited_and_dropped() {
    let (event_loop, told) = loop_with_room(1);
    let result = event_loop.block_on(async {
        let handle = glassloop::spawn(async {}).named("nobody");
        handle.abort();
        drop(glassloop::spawn(async {}));
        handle.await
    });
    assert!(matches!(result, Ok(Err(JoinError::Refused))));
    assert_eq!(told.borrow().len(), 0);
}

#[test]
fn on_a_closed_loop() {
    let (event_loop, _told) = loop_with_room(10);
    event_loop.close(Duration::ZERO);
    let book = Book::new();
    assert!(is_refused(&mut spawn_noting(&event_loop, &book)));
    assert_eq!((book.count(Event::Polled), book.count(Event::FutureDropped)), (0, 1));
}

#[test]
fn and_what_its_drop_does_is_its_own_affair() {
    let (event_loop, told) = loop_with_room(1);
    event_loop.spawn(pending::<()>()).detach();
    let in_drop = OnDrop::new(|| {
        drop(glassloop::spawn(async {}));
        panic_quietly("in the drop");
    });
    let mut handle = event_loop.enter(|| {
        glassloop::spawn(async move {
            let _dropped_with_the_future = in_drop;
        })
    });
    assert!(is_refused(&mut handle), "`spawn` itself does not panic");
    assert_eq!(*told.borrow(), ["dropping the future of a refused task"]);
}
