//! A wake of one of many is one poll: `gather`, `try_gather` and `race` poll whom was woken, give
//! their results in order, and drop who is not needed any more.
//!
//! Runs under Miri.

#![cfg(test)]

mod common;

use std::{
    cell::{Cell, RefCell},
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use common::{Book, Count, Event, Noting, on_another_thread, panic_quietly, poll_fn};
use glassloop::{EventLoop, RunError, gather, race, sleep, spawn, timeout, try_gather};

const MS: Duration = Duration::from_millis(1);

/// So many at once; a few where each instruction is checked.
const MANY: usize = if cfg!(miri) { 64 } else { 10_000 };

/// Futures that wait until they are told, and count their polls.
#[derive(Clone, Default)]
struct Pupils {
    wakers: Rc<RefCell<Vec<Option<Waker>>>>,
    told: Rc<RefCell<Vec<bool>>>,
    polls: Rc<Cell<usize>>,
}

impl Pupils {
    fn new(many: usize) -> Pupils {
        let pupils = Pupils::default();
        pupils.wakers.borrow_mut().resize(many, None);
        pupils.told.borrow_mut().resize(many, false);
        pupils
    }

    fn one(&self, index: usize) -> impl Future<Output = usize> + use<> {
        let pupils = self.clone();
        poll_fn(move |_, cx| {
            pupils.polls.set(pupils.polls.get() + 1);
            pupils.wakers.borrow_mut()[index] = Some(cx.waker().clone());
            if pupils.told.borrow()[index] { Poll::Ready(index) } else { Poll::Pending }
        })
    }

    fn tell(&self, index: usize) {
        self.told.borrow_mut()[index] = true;
        self.wake(index);
    }

    fn wake(&self, index: usize) {
        let waker = self.wakers.borrow()[index].clone();
        waker.expect("it was polled").wake();
    }

    fn polls(&self) -> usize {
        self.polls.take()
    }
}

#[test]
fn of_ten_thousand_each_wake_is_one_poll() {
    let many = MANY;
    let pupils = Pupils::new(many);
    let (woken, waker) = Count::waker();
    let mut cx = Context::from_waker(&waker);
    let mut gathered = pin!(gather((0..many).map(|index| pupils.one(index))));
    assert!(gathered.as_mut().poll(&mut cx).is_pending());
    assert_eq!(pupils.polls(), many, "all of them first");
    assert!(gathered.as_mut().poll(&mut cx).is_pending());
    assert_eq!(pupils.polls(), 0, "nobody was woken");
    // Out of order, each by itself.
    for step in 0..many {
        let index = (step * 7) % many;
        pupils.tell(index);
        pupils.wake(index);
        assert_eq!(woken.take(), 1, "two wakes of one are one");
        let polled = gathered.as_mut().poll(&mut cx);
        assert_eq!(pupils.polls(), 1);
        if step + 1 == many {
            assert_eq!(polled, Poll::Ready((0..many).collect()));
        } else {
            assert!(polled.is_pending());
        }
    }
}

#[test]
fn many_wakes_between_two_polls_are_one_wake_of_who_waits() {
    let pupils = Pupils::new(100);
    let (woken, waker) = Count::waker();
    let mut cx = Context::from_waker(&waker);
    let mut gathered = pin!(gather((0..100).map(|index| pupils.one(index))));
    assert!(gathered.as_mut().poll(&mut cx).is_pending());
    pupils.polls();
    (0..50).for_each(|index| pupils.tell(index));
    assert_eq!(woken.get(), 1);
    assert!(gathered.as_mut().poll(&mut cx).is_pending());
    assert_eq!(pupils.polls(), 50);
}

#[test]
fn who_polls_last_is_the_one_that_is_woken() {
    let pupils = Pupils::new(100);
    let ((first, one), (last, other)) = (Count::waker(), Count::waker());
    let mut gathered = pin!(gather((0..100).map(|index| pupils.one(index))));
    for waker in [&one, &other] {
        assert!(gathered.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    }
    pupils.tell(3);
    assert_eq!((first.get(), last.get()), (0, 1));
}

#[test]
fn a_wake_during_the_poll_is_not_lost() {
    let event_loop = EventLoop::test();
    for many in [3, 100] {
        let outputs = event_loop.block_on(async move {
            // Each wakes itself while it is polled, as `yield_now` does.
            gather((0..many).map(|n| async move {
                for _ in 0..n {
                    glassloop::yield_now().await;
                }
                n
            }))
            .await
        });
        assert_eq!(outputs.unwrap(), (0..many).collect::<Vec<_>>());
    }
}

#[test]
fn a_wake_of_another_thread_counts() {
    let wakers = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (woken, waker) = Count::waker();
    let mut gathered = pin!(gather((0..100).map(|_| {
        let wakers = Arc::clone(&wakers);
        poll_fn(move |before, cx| {
            wakers.lock().unwrap().push(cx.waker().clone());
            if before == 0 { Poll::Pending } else { Poll::Ready(()) }
        })
    })));
    let mut cx = Context::from_waker(&waker);
    assert!(gathered.as_mut().poll(&mut cx).is_pending());
    let wakers = std::mem::take(&mut *wakers.lock().unwrap());
    on_another_thread(move || wakers.into_iter().for_each(Waker::wake));
    assert_eq!(woken.get(), 1);
    assert_eq!(gathered.as_mut().poll(&mut cx), Poll::Ready(vec![(); 100]));
}

#[test]
fn the_first_error_drops_the_rest_before_it_is_given() {
    for many in [3_usize, 100] {
        let book = Book::new();
        let kept = Arc::clone(&book);
        let error = EventLoop::test().block_on(async move {
            let one = |n: usize| {
                let noting = Noting::new(&kept, Event::FutureDropped);
                async move {
                    let _noting = noting;
                    sleep(if n == 1 { MS } else { 60 * MS }).await;
                    if n == 1 { Err("one") } else { Ok(n) }
                }
            };
            let error = try_gather((0..many).map(one)).await;
            (error, kept.count(Event::FutureDropped))
        });
        assert_eq!(error.unwrap(), (Err("one"), many));
        assert_eq!(book.count(Event::FutureDropped), many);
    }
    let all = try_gather([async { Ok::<_, ()>(1) }]);
    assert_eq!(EventLoop::test().block_on(all).unwrap(), Ok(vec![1]));
}

#[test]
fn a_race_tells_who_won_and_drops_the_others_first() {
    for many in [3_usize, 100] {
        let event_loop = EventLoop::test();
        let (winner, left) = event_loop
            .block_on(async move {
                let one = |n: usize| async move {
                    sleep(if n == 2 { MS } else { 60 * MS }).await;
                    n * 10
                };
                let mut running = pin!(race((0..many).map(one)));
                let winner = running.as_mut().await;
                (winner, glassloop::snapshot().timers.len())
            })
            .unwrap();
        assert_eq!((winner, left), ((2, 20), 0));
    }
}

#[test]
fn they_may_borrow_from_who_waits() {
    let sums = EventLoop::test().block_on(async {
        let (mut odd, mut even) = (0, 0);
        {
            let halves: [(&mut i32, i32); 2] = [(&mut odd, 1), (&mut even, 2)];
            gather(halves.map(|(sum, n)| async move { *sum += n })).await;
        }
        (odd, even)
    });
    assert_eq!(sums.unwrap(), (1, 2));
}

#[test]
fn of_nothing_all_there_is_is_there_at_once() {
    let mut cx = Context::from_waker(Waker::noop());
    let mut gathered = gather(Vec::<std::future::Ready<u32>>::new());
    assert_eq!(Pin::new(&mut gathered).poll(&mut cx), Poll::Ready(vec![]));
}

#[test]
#[should_panic(expected = "a race needs a future that could win it")]
fn a_race_of_nobody_is_refused() {
    drop(race(Vec::<std::future::Ready<u32>>::new()));
}

#[test]
fn a_panic_of_one_goes_on_and_drops_the_others() {
    for many in [3, 100] {
        let book = Book::new();
        let kept = Arc::clone(&book);
        let result = EventLoop::test().block_on(async move {
            let task = spawn(async move {
                gather((0..many).map(|n| {
                    let noting = Noting::new(&kept, Event::FutureDropped);
                    async move {
                        let _noting = noting;
                        sleep(MS * n).await;
                        if n == 1 {
                            panic_quietly("one")
                        }
                    }
                }))
                .await
            });
            task.await.map(drop).map_err(|error| error.to_string())
        });
        assert_eq!(result.unwrap(), Err("the task panicked: one".to_owned()));
        assert_eq!(book.count(Event::FutureDropped), many as usize);
    }
}

#[test]
fn a_few_that_can_never_be_woken_are_a_proven_deadlock() {
    let event_loop = EventLoop::test();
    let pending = || std::future::pending::<()>();
    let gathered = event_loop.block_on(async move { gather([pending(), pending()]).await });
    assert!(matches!(gathered, Err(RunError::Deadlock(_))), "{gathered:?}");
}

#[test]
fn of_two_nested_timeouts_the_earlier_fires_at_its_time() {
    for (outer, inner, expected) in
        [(10, 20, (10, "the outer")), (20, 10, (10, "the inner")), (10, 10, (10, "the inner"))]
    {
        let event_loop = EventLoop::test();
        let book = Book::new();
        let kept = Arc::clone(&book);
        let (at, who, timers) = event_loop
            .block_on(async move {
                let clock = || glassloop::snapshot().now_ns / 1_000_000;
                let began = clock();
                let noting = Noting::new(&kept, Event::FutureDropped);
                let endless = async move {
                    let _noting = noting;
                    std::future::pending::<()>().await
                };
                let nested = timeout(outer * MS, timeout(inner * MS, endless));
                let who = match nested.await {
                    Err(elapsed) => {
                        assert_eq!(elapsed.after(), outer * MS);
                        "the outer"
                    }
                    Ok(Err(elapsed)) => {
                        assert_eq!(elapsed.after(), inner * MS);
                        "the inner"
                    }
                    Ok(Ok(())) => unreachable!("it is endless"),
                };
                assert_eq!(kept.count(Event::FutureDropped), 1, "dropped with the timeout");
                (clock() - began, who, glassloop::snapshot().timers.len())
            })
            .unwrap();
        assert_eq!((at, who), expected, "outer {outer}, inner {inner}");
        assert_eq!(timers, 0, "outer {outer}, inner {inner}");
    }
}
