//! A cancelled token reaches everybody who waits for it or for a child of it, once, and nobody
//! else; and it leaves nothing behind.
//!
//! Runs under Miri.

#![cfg(test)]

mod common;

use std::{
    future::{pending, ready},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use common::{Book, Count, Event, Noting, panic_quietly, poll_fn, telling_loop};
use glassloop::{CancelToken, EventLoop, sleep, spawn, yield_now};

const MS: Duration = Duration::from_millis(1);

/// So many at once; a few where each instruction is checked.
const MANY: usize = if cfg!(miri) { 50 } else { 10_000 };

struct PanickingWaker;

impl Wake for PanickingWaker {
    fn wake(self: Arc<Self>) {
        panic_quietly("woken")
    }
}

fn waits_on(token: &CancelToken) -> String {
    format!("{token:?}")
}

fn quiet() -> String {
    "CancelToken { cancelled: false, waiting: 0, children: 0 }".to_owned()
}

#[test]
fn a_child_is_cancelled_with_its_parent_and_not_the_other_way_round() {
    let parent = CancelToken::new();
    let (first, second) = (parent.child(), parent.child());
    let below = first.child();
    first.cancel();
    assert!(first.is_cancelled() && below.is_cancelled());
    assert!(!parent.is_cancelled() && !second.is_cancelled());
    parent.cancel();
    assert!(second.is_cancelled());
    assert!(parent.child().is_cancelled(), "born too late");
}

#[test]
fn a_child_that_is_dropped_leaves_no_row() {
    let parent = CancelToken::new();
    let children: Vec<_> = (0..100).map(|_| parent.child()).collect();
    assert_ne!(waits_on(&parent), quiet());
    drop(children);
    assert_eq!(waits_on(&parent), quiet());
    // A child whose parent's handle is gone lives on, and so does the way to it.
    let child = parent.child();
    let grandchild = child.child();
    drop(child);
    parent.cancel();
    assert!(grandchild.is_cancelled());
}

#[test]
fn a_long_line_of_tokens_needs_no_stack() {
    let first = CancelToken::new();
    let mut last = first.child();
    for _ in 0..10 * MANY {
        last = last.child();
    }
    first.cancel();
    assert!(last.is_cancelled());
    drop(first);
    drop(last);
}

#[test]
fn ten_thousand_tasks_may_wait_come_and_go() {
    let many = MANY;
    let event_loop = EventLoop::test();
    let token = CancelToken::new();
    let shared = token.clone();
    let ended = event_loop.block_on(async move {
        let wait = |token: CancelToken| async move { token.cancelled().await };
        let tasks: Vec<_> = (0..many).map(|_| spawn(wait(shared.clone()))).collect();
        yield_now().await;
        // Half of them go, oldest first: the worst order for a list that is searched.
        let (gone, stay) = tasks.split_at(many / 2);
        gone.iter().for_each(glassloop::JoinHandle::abort);
        yield_now().await;
        yield_now().await;
        assert_eq!(
            waits_on(&shared),
            format!("CancelToken {{ cancelled: false, waiting: {}, children: 0 }}", stay.len())
        );
        shared.cancel();
        let mut ended = 0;
        for task in tasks {
            ended += usize::from(task.await.is_ok());
        }
        ended
    });
    assert_eq!(ended.unwrap(), many - many / 2);
    assert!(waits_on(&token).contains("waiting: 0"), "{token:?}");
}

#[test]
fn a_waker_that_panics_keeps_nobody_from_being_woken() {
    let (event_loop, told) = telling_loop();
    let token = CancelToken::new();
    let (count, counting) = Count::waker();
    let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(token.cancelled())).collect();
    for (n, one) in waiting.iter_mut().enumerate() {
        let waker = match n {
            1 => Waker::from(Arc::new(PanickingWaker)),
            _ => counting.clone(),
        };
        assert!(one.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    event_loop.block_on(async move { token.cancel() }).unwrap();
    assert_eq!(count.get(), 3);
    assert_eq!(*told.borrow(), ["a waker"]);
    drop(waiting);
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let token = CancelToken::new();
    let ((first, one), (last, other)) = (Count::waker(), Count::waker());
    let mut waiting = pin!(token.cancelled());
    for waker in [&one, &other] {
        assert!(waiting.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    }
    token.cancel();
    assert_eq!((first.get(), last.get()), (0, 1));
}

#[test]
fn what_runs_until_cancelled_is_dropped_before_it_says_so() {
    let event_loop = EventLoop::test();
    let book = Book::new();
    let (kept, token) = (Arc::clone(&book), CancelToken::new());
    let ended = event_loop.block_on(async move {
        let child = token.child();
        let noting = Noting::new(&kept, Event::FutureDropped);
        let endless = async move {
            let _noting = noting;
            pending::<()>().await
        };
        let task = spawn(async move {
            let mut running = pin!(child.run_until_cancelled(endless));
            let ended = running.as_mut().await;
            (ended, kept.count(Event::FutureDropped))
        });
        sleep(MS).await;
        token.cancel();
        task.await.unwrap()
    });
    assert_eq!(ended.unwrap(), (None, 1));
}

#[test]
fn a_result_that_is_there_when_the_token_is_cancelled_is_not_lost() {
    let event_loop = EventLoop::test();
    let value = event_loop.block_on(async {
        let token = CancelToken::new();
        let cancels = token.clone();
        // Ready in the same poll in which the token is cancelled.
        token
            .run_until_cancelled(async move {
                yield_now().await;
                cancels.cancel();
                7
            })
            .await
    });
    assert_eq!(value.unwrap(), Some(7));
}

#[test]
fn what_had_not_begun_when_the_token_was_cancelled_is_never_polled() {
    let token = CancelToken::new();
    token.cancel();
    let polled = std::cell::Cell::new(0);
    let mut running = pin!(token.run_until_cancelled(poll_fn(|before, _| {
        polled.set(before + 1);
        Poll::Ready(())
    })));
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(running.as_mut().poll(&mut cx), Poll::Ready(None));
    assert_eq!(polled.get(), 0);
    let fresh = CancelToken::new();
    let mut running = pin!(fresh.run_until_cancelled(ready(1)));
    assert_eq!(Pin::new(&mut running).poll(&mut cx), Poll::Ready(Some(1)));
}
