//! A drop may do anything: abort another task or its own, wake, spawn, detach, turn the loop, in
//! the drop of a future or of an output, whatever brought that drop about.
//!
//! The other half of the matrix of `every_interleaving_of_a_task_is_exact.rs`.

#![cfg(test)]

mod common;

use std::{
    cell::{Cell, RefCell},
    future::pending,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    time::Duration,
};

use common::{
    Book, Event, Noting, OnDrop, ask, counts, panic_quietly, poll_fn, settle, telling_loop, turn,
};
use glassloop::{EventLoop, Events, JoinError, JoinHandle, Refused, RunError};

/// What brings the drop of a future about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Ready,
    Panics,
    Aborted,
    AbortedByItself,
    Closed,
}

const ENDS: [End; 5] = [End::Ready, End::Panics, End::Aborted, End::AbortedByItself, End::Closed];

/// What the future of a test can reach of its own task, also while it is dropped.
#[derive(Default)]
struct Own {
    handle: RefCell<Option<JoinHandle<()>>>,
    waker: RefCell<Option<Waker>>,
}

impl Own {
    fn abort(&self) {
        if let Some(handle) = &*self.handle.borrow() {
            handle.abort();
        }
    }
}

/// Spawns a task that waits, and ends it in one way; `in_drop` runs in the drop of its future. Says
/// how often the future was polled.
fn end_with(event_loop: EventLoop, end: End, in_drop: impl FnOnce(&Own) + 'static) -> u64 {
    let own = Rc::new(Own::default());
    let (in_future, in_its_drop) = (Rc::clone(&own), Rc::clone(&own));
    let dropped = OnDrop::new(move || in_drop(&in_its_drop));
    let polls = Rc::new(Cell::new(0));
    let polled = Rc::clone(&polls);
    let task = event_loop.spawn(poll_fn(move |before, cx| {
        let _dropped_with_the_future = &dropped;
        polled.set(polled.get() + 1);
        match (before, end) {
            (0, _) => {
                in_future.waker.replace(Some(cx.waker().clone()));
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            (_, End::Ready) => return Poll::Ready(()),
            (_, End::Panics) => panic_quietly("ends the task"),
            (_, End::AbortedByItself) => in_future.abort(),
            (_, End::Aborted | End::Closed) => {}
        }
        Poll::Pending
    }));
    own.handle.replace(Some(task));
    settle(&event_loop);
    if end == End::Aborted {
        own.abort();
    }
    if end != End::Closed {
        settle(&event_loop);
    }
    drop(event_loop);
    drop(own.handle.take());
    polls.get()
}

#[test]
fn it_may_abort_its_own_task_and_wake_it() {
    for end in ENDS {
        let (event_loop, told) = telling_loop();
        let drops = Rc::new(Cell::new(0));
        let dropped = Rc::clone(&drops);
        let polls = end_with(event_loop, end, move |own| {
            dropped.set(dropped.get() + 1);
            own.abort();
            own.waker.borrow().as_ref().expect("a waker").wake_by_ref();
            own.abort();
        });
        assert_eq!((polls, drops.get()), (2, 1), "{end:?}");
        // Nobody has asked the handle for its panic: it is told when the handle goes.
        assert_eq!(told.borrow().len(), usize::from(end == End::Panics), "{end:?}");
    }
}

#[test]
fn it_may_detach_its_own_task() {
    for end in ENDS {
        let (event_loop, told) = telling_loop();
        let polls = end_with(event_loop, end, |own| drop(own.handle.take()));
        assert_eq!(polls, 2, "{end:?}");
        // The panic has lost its handle in the very drop that it brought about.
        assert_eq!(told.borrow().len(), usize::from(end == End::Panics), "{end:?}");
    }
}

#[test]
fn it_may_abort_another_task_whatever_that_does() {
    for end in ENDS {
        let (event_loop, _told) = telling_loop();
        let book = Book::new();
        let noting = |event| Noting::new(&book, event);
        let (waits, ready) = (noting(Event::FutureDropped), noting(Event::FutureDropped));
        let waits = event_loop.spawn(async move {
            let _held = waits;
            pending::<()>().await;
        });
        let forever = event_loop.spawn(async move {
            let _held = ready;
            loop {
                glassloop::yield_now().await;
            }
        });
        let finished = event_loop.spawn(async { 7 });
        let value = Rc::new(RefCell::new(None));
        let (kept, all) = (Rc::clone(&value), Arc::clone(&book));
        end_with(event_loop, end, move |_| {
            waits.abort();
            forever.abort();
            finished.abort();
            all.note(Event::Called);
            kept.replace(Some((waits, forever, finished)));
        });
        assert_eq!(
            (book.count(Event::Called), book.count(Event::FutureDropped)),
            (1, 2),
            "{end:?}"
        );
        let (mut waits, mut forever, mut finished) = value.take().expect("the drop ran");
        assert!(matches!(ask(&mut waits), Poll::Ready(Err(JoinError::Cancelled))), "{end:?}");
        assert!(matches!(ask(&mut forever), Poll::Ready(Err(JoinError::Cancelled))), "{end:?}");
        assert!(matches!(ask(&mut finished), Poll::Ready(Ok(7))), "a result is kept: {end:?}");
    }
}

#[test]
fn it_may_spawn_and_call() {
    for end in ENDS {
        let (event_loop, _told) = telling_loop();
        let book = Book::new();
        let all = Arc::clone(&book);
        end_with(event_loop, end, move |_| {
            let child = Noting::new(&all, Event::FutureDropped);
            let called = Arc::clone(&all);
            let polled = Arc::clone(&all);
            glassloop::spawn(async move {
                let _held = child;
                polled.note(Event::Polled);
                pending::<()>().await;
            })
            .detach();
            glassloop::call_soon(move || called.note(Event::Called)).expect("room");
        });
        let drops = book.count(Event::FutureDropped);
        assert_eq!((drops, book.elsewhere()), (1, 0), "also a child of the last moment: {end:?}");
        if end != End::Closed {
            assert_eq!((book.count(Event::Polled), book.count(Event::Called)), (1, 1), "{end:?}");
        }
    }
}

#[test]
fn it_may_ask_for_a_turn_and_is_refused() {
    let (event_loop, _told) = telling_loop();
    let event_loop = Rc::new(event_loop);
    let weak = Rc::downgrade(&event_loop);
    let answer = Rc::new(RefCell::new(None));
    let kept = Rc::clone(&answer);
    let in_drop = OnDrop::new(move || {
        let event_loop = weak.upgrade().expect("the loop drops this in a turn");
        kept.replace(Some((event_loop.turn(Events::new()), event_loop.run())));
    });
    let task = event_loop.spawn(async move {
        let _held = in_drop;
        pending::<()>().await;
    });
    turn(&event_loop);
    task.abort();
    turn(&event_loop);
    let answer = answer.take();
    assert!(matches!(answer, Some((Err(RunError::Reentrant), Err(RunError::Reentrant)))));
}

#[test]
fn the_drop_of_an_output_is_as_free_as_that_of_a_future() {
    let (event_loop, told) = telling_loop();
    let other = event_loop.spawn(pending::<()>());
    let other = Rc::new(RefCell::new(Some(other)));
    let to_abort = Rc::clone(&other);
    let spawned = Rc::new(Cell::new(0));
    let count = Rc::clone(&spawned);
    let task = event_loop.spawn(async move {
        OnDrop::new(move || {
            to_abort.borrow().as_ref().expect("a handle").abort();
            glassloop::spawn(async move { count.set(count.get() + 1) }).detach();
        })
    });
    task.detach();
    settle(&event_loop);
    let mut other = other.take().expect("a handle");
    assert!(matches!(ask(&mut other), Poll::Ready(Err(JoinError::Cancelled))));
    assert_eq!((spawned.get(), told.borrow().len()), (1, 0));
    assert_eq!(counts(&event_loop).polls, 3, "the task, the other one once, the one it spawned");
}

#[test]
fn a_closure_that_is_cancelled_may_do_all_that_in_its_drop() {
    let (event_loop, told) = telling_loop();
    let book = Book::new();
    let all = Arc::clone(&book);
    let in_drop = OnDrop::new(move || {
        glassloop::spawn(async move { all.note(Event::Polled) }).detach();
        assert!(glassloop::call_soon(|| ()).expect("room").cancel());
        assert_eq!(glassloop::snapshot().tasks.len(), 1);
    });
    event_loop.enter(|| {
        let callback = glassloop::call_soon(move || drop(in_drop)).expect("room");
        assert!(callback.cancel());
        assert!(!callback.cancel(), "once is all");
    });
    settle(&event_loop);
    assert_eq!((book.count(Event::Polled), told.borrow().len()), (1, 0));
}

#[test]
fn a_callback_dropped_by_close_may_ask_for_more_and_is_refused() {
    let (event_loop, _told) = telling_loop();
    let refused = Rc::new(Cell::new(0));
    let count = Rc::clone(&refused);
    let in_drop = OnDrop::new(move || {
        let more = glassloop::queue_microtask(|| ());
        count.set(count.get() + u32::from(matches!(more, Err(Refused::Closed(_)))));
        let task = glassloop::spawn(async {});
        count.set(count.get() + u32::from(task.is_finished()));
    });
    let callback = event_loop.call_later(Duration::MAX, move || drop(in_drop)).expect("room");
    drop(event_loop);
    assert_eq!((refused.get(), callback.is_pending()), (2, false));
}
