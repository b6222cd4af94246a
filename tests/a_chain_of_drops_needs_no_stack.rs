//! A chain of drops needs no stack: a drop that wakes or aborts the next task queues it, and
//! `close` drops however many tasks there are, on a thread of 256 KiB.

#![cfg(test)]

mod common;

use std::{
    cell::{Cell, RefCell},
    future::pending,
    rc::Rc,
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use common::{OnDrop, poll_fn, sized, telling_builder, telling_loop};
use glassloop::{EventLoop, JoinHandle, Limits};

/// Runs `f` on a thread with a small stack.
fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(256 * 1024).spawn(f).unwrap();
    thread.join().expect("the stack is enough");
}

/// Runs the loop: `begin` once everything was polled, then until so many drops have happened.
fn run_until(event_loop: &EventLoop, drops: &Rc<Cell<usize>>, many: usize, begin: impl FnOnce()) {
    let drops = Rc::clone(drops);
    // Spawned last, so polled after all others were.
    let all_polled = poll_fn(|_, _| Poll::Ready(()));
    event_loop.block_on(all_polled).unwrap();
    event_loop.enter(begin);
    let all_dropped = poll_fn(move |_, cx| {
        cx.waker().wake_by_ref();
        if drops.get() == many { Poll::Ready(()) } else { Poll::Pending }
    });
    event_loop.block_on(all_dropped).unwrap();
}

/// Spawns tasks whose futures abort the next one when they are dropped. The first one's handle.
fn chain_of_aborts(
    event_loop: &EventLoop,
    tasks: usize,
    drops: &Rc<Cell<usize>>,
) -> JoinHandle<()> {
    let mut next: Option<JoinHandle<()>> = None;
    for _ in 0..tasks {
        let (after, drops) = (next.take(), Rc::clone(drops));
        let in_drop = OnDrop::new(move || {
            drops.set(drops.get() + 1);
            if let Some(after) = after {
                after.abort();
            }
        });
        next = Some(event_loop.spawn(async move {
            let _dropped_with_the_future = in_drop;
            pending::<()>().await;
        }));
    }
    next.expect("at least one task")
}

fn each_drop_aborts_the_next(tasks: usize) {
    on_a_small_stack(move || {
        let (event_loop, told) = telling_loop();
        let drops = Rc::new(Cell::new(0));
        let first = chain_of_aborts(&event_loop, tasks, &drops);
        run_until(&event_loop, &drops, tasks, || first.abort());
        assert_eq!((drops.get(), told.borrow().len()), (tasks, 0));
        let snapshot = event_loop.snapshot();
        assert_eq!(snapshot.executor.cancelled, tasks as u64);
        assert_eq!(snapshot.tasks.len(), 1, "the first one: its handle is there");
        drop(first);
        assert!(event_loop.close(Duration::ZERO).is_clean());
    });
}

#[test]
fn each_drop_of_many_aborts_the_next() {
    each_drop_aborts_the_next(sized(1_000_000));
}

#[test]
#[ignore = "the full size: .ci/full"]
fn full_each_drop_of_many_aborts_the_next() {
    each_drop_aborts_the_next(1_000_000);
}

/// Each task ends when it is woken; the drop of its future wakes the next.
fn each_drop_wakes_the_next(tasks: usize) {
    on_a_small_stack(move || {
        let (event_loop, told) = telling_loop();
        let drops = Rc::new(Cell::new(0));
        let wakers = Rc::new(RefCell::new(Vec::<Waker>::new()));
        for at in 0..tasks {
            let (gives, takes) = (Rc::clone(&wakers), Rc::clone(&wakers));
            let count = Rc::clone(&drops);
            let in_drop = OnDrop::new(move || {
                count.set(count.get() + 1);
                if let Some(next) = takes.borrow().get(at + 1) {
                    next.wake_by_ref();
                }
            });
            let task = event_loop.spawn(poll_fn(move |before, cx| {
                let _dropped_with_the_future = &in_drop;
                if before == 1 {
                    return Poll::Ready(());
                }
                gives.borrow_mut().push(cx.waker().clone());
                Poll::Pending
            }));
            task.detach();
        }
        run_until(&event_loop, &drops, tasks, || wakers.borrow()[0].wake_by_ref());
        let counts = event_loop.snapshot().executor;
        assert_eq!((drops.get(), told.borrow().len()), (tasks, 0));
        assert_eq!(counts.finished, tasks as u64 + 2, "these, and the two of `block_on`");
    });
}

#[test]
fn each_drop_of_many_wakes_the_next() {
    each_drop_wakes_the_next(sized(1_000_000));
}

#[test]
#[ignore = "the full size: .ci/full"]
fn full_each_drop_of_many_wakes_the_next() {
    each_drop_wakes_the_next(1_000_000);
}

fn close_drops(tasks: usize) {
    on_a_small_stack(move || {
        let (event_loop, told) = telling_loop();
        let drops = Rc::new(Cell::new(0));
        let first = chain_of_aborts(&event_loop, tasks, &drops);
        let report = event_loop.close(Duration::ZERO);
        assert_eq!((drops.get(), report.tasks_aborted), (tasks, tasks));
        assert!(first.is_finished());
        assert_eq!(told.borrow().len(), 0);
    });
}

#[test]
fn close_drops_however_many_tasks_there_are() {
    close_drops(sized(1_000_000));
}

#[test]
#[ignore = "the full size: .ci/full"]
fn full_close_drops_however_many_tasks_there_are() {
    close_drops(1_000_000);
}

#[test]
fn close_drops_every_task_however_few_a_turn_may_run() {
    let (builder, _told) = telling_builder();
    let limits = Limits { items_per_turn_max: 1, ..Limits::default() };
    let event_loop = builder.limits(limits).build().unwrap();
    let drops = Rc::new(Cell::new(0));
    let first = chain_of_aborts(&event_loop, 1_000, &drops);
    let report = event_loop.close(Duration::ZERO);
    assert_eq!((drops.get(), report.tasks_aborted, first.is_finished()), (1_000, 1_000, true));
}

#[test]
fn close_ends_although_each_drop_spawns_another_task() {
    /// More generations than `close` follows before it refuses the next.
    const GENERATIONS: usize = 1_000;
    fn descend(drops: Rc<Cell<usize>>) {
        let in_drop = OnDrop::new(move || {
            drops.set(drops.get() + 1);
            if drops.get() < GENERATIONS {
                descend(drops);
            }
        });
        let task = glassloop::spawn(async move {
            let _dropped_with_the_future = in_drop;
            pending::<()>().await;
        });
        task.detach();
    }
    let (event_loop, told) = telling_loop();
    let drops = Rc::new(Cell::new(0));
    event_loop.enter(|| descend(Rc::clone(&drops)));
    let report = event_loop.close(Duration::ZERO);
    assert_eq!((drops.get(), told.borrow().len()), (GENERATIONS, 0), "none outlives `close`");
    assert!((2..GENERATIONS).contains(&report.tasks_aborted), "the others were refused");
}
