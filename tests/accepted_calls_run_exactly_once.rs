//! A call left for the loop is refused on the spot, closure handed back, or runs exactly once.
//!
//! In order for each sender; and what wakes the loop costs no more system calls than there were
//! waits. All of it on every poller. What becomes of a call's result is the matter of
//! `a_call_always_resolves.rs`.
#![cfg(test)]

#[path = "common/pollers.rs"]
mod pollers;

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use glassloop::{Builder, EventLoop, Limits, OnceKey, Refused, Remote};
use pollers::for_each_poller;

const SENDERS: usize = 8;

fn add_to(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, SeqCst);
}

fn loop_with_room(builder: Builder, calls: usize) -> EventLoop {
    let mut limits = Limits::default();
    limits.executor.deferred_max = calls;
    builder.limits(limits).build().unwrap()
}

/// Leaves one call, however often it is refused for want of room. Gives how often that was.
fn defer_patiently(remote: &Remote, mut call: impl FnOnce() + Send + 'static) -> u64 {
    for refusals in 0.. {
        match remote.defer(call) {
            Ok(()) => return refusals,
            Err(Refused::Full(handed_back)) => call = handed_back,
            Err(other) => panic!("the loop is open: {other}"),
        }
        thread::yield_now();
    }
    unreachable!("a full queue empties")
}

/// Each of eight threads leaves so many calls, numbered. The loop runs until the last is gone.
fn eight_threads_defer(builder: Builder, calls: u64) {
    let event_loop = loop_with_room(builder, 1_000);
    let expected = Arc::new([const { AtomicU64::new(0) }; SENDERS]);
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (remote, expected) = (event_loop.remote(), Arc::clone(&expected));
            thread::spawn(move || {
                let call = |number| {
                    let expected = Arc::clone(&expected);
                    move || assert_eq!(expected[sender].fetch_add(1, SeqCst), number)
                };
                (0..calls).map(|number| defer_patiently(&remote, call(number))).sum::<u64>()
            })
        })
        .collect();
    event_loop.run().unwrap();
    let refusals: u64 = senders.into_iter().map(|sender| sender.join().unwrap()).sum();

    let snapshot = event_loop.snapshot();
    assert_eq!(snapshot.executor.calls, calls * SENDERS as u64, "{refusals} were refused");
    assert_eq!(snapshot.executor.unhandled, 0, "every sender's calls came in order");
    assert!(expected.iter().all(|next| next.load(SeqCst) == calls));
    let (wakes, waits) = (snapshot.reactor.wake_calls, snapshot.reactor.blocked);
    assert!(wakes <= waits, "{wakes} wakes for {waits} waits");
    assert!(event_loop.close(Duration::ZERO).is_clean());
}

#[test]
fn what_eight_threads_leave_runs_once_and_in_order() {
    for_each_poller(|builder| {
        eight_threads_defer(builder, 10_000);
    });
}

#[test]
#[ignore = "full size: run with --release"]
fn full_what_eight_threads_leave_runs_once_and_in_order() {
    for_each_poller(|builder| {
        eight_threads_defer(builder, 1_000_000);
    });
}

#[test]
fn a_loop_that_sleeps_is_woken_by_one_system_call_a_wait() {
    for_each_poller(|builder| {
        let event_loop = builder.build().unwrap();
        let remote = event_loop.remote();
        let asker = thread::spawn(move || {
            let answers = (0..1_000).map(|n| remote.call(move || n).wait(Duration::MAX).unwrap());
            answers.sum::<u64>()
        });
        event_loop.run().unwrap();
        assert_eq!(asker.join().unwrap(), 499_500);
        let counts = event_loop.snapshot().reactor;
        assert!(counts.wake_calls <= counts.blocked, "{counts:?}");
        assert!(counts.wake_calls > 0, "it slept now and then: {counts:?}");
    });
}

/// A thread leaves so many calls while the loop is held in one callback.
fn a_busy_loop_is_never_woken(builder: Builder, calls: u64) {
    let event_loop = loop_with_room(builder, usize::MAX);
    let ran = Arc::new(AtomicU64::new(0));
    let (remote, count) = (event_loop.remote(), Arc::clone(&ran));
    let held = move || {
        let before = glassloop::snapshot().reactor.wake_calls;
        let sender = thread::spawn(move || {
            for _ in 0..calls {
                let count = Arc::clone(&count);
                remote.defer(move || add_to(&count, 1)).unwrap();
            }
        });
        sender.join().unwrap();
        let snapshot = glassloop::snapshot();
        let waiting = snapshot.queues.iter().find(|queue| queue.name == "deferred").unwrap();
        assert_eq!(waiting.depth as u64, calls);
        assert_eq!(snapshot.reactor.wake_calls, before);
    };
    event_loop.call_soon(held).unwrap();
    event_loop.run().unwrap();
    assert_eq!(event_loop.snapshot().executor.unhandled, 0, "the callback found what it should");
    assert_eq!(event_loop.snapshot().reactor.wake_calls, 0);
    assert_eq!(ran.load(SeqCst), calls);
}

#[test]
fn calls_left_while_the_loop_is_held_make_no_wake_call() {
    for_each_poller(|builder| {
        a_busy_loop_is_never_woken(builder, 100_000);
    });
}

#[test]
#[ignore = "full size: run with --release"]
fn full_calls_left_while_the_loop_is_held_make_no_wake_call() {
    for_each_poller(|builder| {
        a_busy_loop_is_never_woken(builder, 1_000_000);
    });
}

#[test]
fn a_full_queue_hands_the_closure_back_and_has_room_again_when_calls_ran() {
    for_each_poller(|builder| {
        let event_loop = loop_with_room(builder, 3);
        let remote = event_loop.remote();
        let sum = Arc::new(AtomicU64::new(0));
        let add = |n| {
            let sum = Arc::clone(&sum);
            move || add_to(&sum, n)
        };
        for round in 1..=2 {
            (0..3).for_each(|_| remote.defer(add(1)).unwrap());
            let Err(Refused::Full(handed_back)) = remote.defer(add(100)) else {
                panic!("three calls wait, there is no room for a fourth");
            };
            handed_back();
            assert_eq!(
                sum.load(SeqCst),
                round * 103 - 3,
                "the loop has not run this round's calls"
            );
            let events = event_loop.wait().unwrap();
            event_loop.turn(events).unwrap();
            assert_eq!(sum.load(SeqCst), round * 103);
        }
    });
}

#[test]
fn a_wake_has_its_place_in_a_full_queue() {
    for_each_poller(|builder| {
        let event_loop = loop_with_room(builder, 1);
        let (token, remote) = (glassloop::CancelToken::new(), event_loop.remote());
        let wait = token.cancelled();
        let task = event_loop.spawn(wait);
        let waker = thread::spawn(move || {
            remote.defer(|| ()).unwrap();
            assert!(matches!(remote.defer(|| ()), Err(Refused::Full(_))));
            token.cancel();
        });
        event_loop.call_soon(move || waker.join().unwrap()).unwrap();
        event_loop.run().unwrap();
        assert!(task.is_finished());
    });
}

#[test]
fn a_closed_loop_hands_the_closure_back() {
    for_each_poller(|builder| {
        let event_loop = builder.build().unwrap();
        let remote = event_loop.remote();
        assert!(event_loop.close(Duration::ZERO).is_clean());
        let answer = Arc::new(AtomicU64::new(0));
        let refused = |call: Arc<AtomicU64>| {
            let Err(Refused::Closed(handed_back)) = remote.defer(move || add_to(&call, 1)) else {
                panic!("the loop is closed");
            };
            handed_back();
        };
        refused(Arc::clone(&answer));
        drop(event_loop);
        refused(Arc::clone(&answer));
        assert_eq!(answer.load(SeqCst), 2);
    });
}

/// What one thread has posted: how much was taken, and how much was handed back.
fn post(remote: &Remote, ran: &Arc<AtomicU64>) -> [u64; 2] {
    let (mut accepted, mut refused) = (0, 0);
    loop {
        let count = Arc::clone(ran);
        match remote.defer(move || add_to(&count, 1)) {
            Ok(()) => accepted += 1,
            Err(Refused::Full(_)) => {
                refused += 1;
                thread::yield_now();
            }
            Err(_) => return [accepted, refused + 1],
        }
    }
}

/// Eight threads leave calls until they hear that the loop is closed, which it soon is.
fn close_under_fire(builder: Builder, round: u64) {
    let event_loop = loop_with_room(builder, 100);
    let ran = Arc::new(AtomicU64::new(0));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (remote, ran) = (event_loop.remote(), Arc::clone(&ran));
            thread::spawn(move || post(&remote, &ran))
        })
        .collect();
    for _ in 0..round % 5 {
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
    }
    let in_time = round.is_multiple_of(2);
    let deadline = Duration::from_secs(if in_time { 60 } else { 0 });
    let report = event_loop.close(deadline);
    let (mut posted, mut refused) = (0, 0);
    for [accepted, handed_back] in senders.into_iter().map(|sender| sender.join().unwrap()) {
        posted += accepted + handed_back;
        refused += handed_back;
    }
    let (ran_now, dropped) = (ran.load(SeqCst), report.calls.len() as u64);
    assert_eq!(posted, ran_now + dropped + refused, "round {round}: {dropped} were dropped");
    assert!(refused >= SENDERS as u64, "each heard of the close");
    assert!(!in_time || dropped == 0, "round {round}: there was time, {dropped} were dropped");
    assert_eq!(Arc::strong_count(&ran), 1, "round {round}: no closure is left anywhere");
}

#[test]
fn what_is_accepted_while_the_loop_closes_runs_or_is_listed() {
    (0..100).for_each(|round| for_each_poller(|builder| close_under_fire(builder, round)));
}

#[test]
#[ignore = "full size: run with --release"]
fn full_what_is_accepted_while_the_loop_closes_runs_or_is_listed() {
    (0..1_000).for_each(|round| for_each_poller(|builder| close_under_fire(builder, round)));
}

#[test]
fn calls_under_one_key_are_one_call_until_it_runs() {
    for_each_poller(|builder| {
        let event_loop = loop_with_room(builder, 2);
        let (remote, key, other) = (event_loop.remote(), OnceKey::new(), OnceKey::new());
        let refreshed = Arc::new(AtomicU64::new(0));
        let refresh = || {
            let refreshed = Arc::clone(&refreshed);
            move || add_to(&refreshed, 1)
        };
        assert!(remote.defer_once(&key, refresh()).unwrap());
        assert!(!remote.defer_once(&key, refresh()).unwrap());
        let same = key.clone();
        assert!(!thread::spawn(move || remote.defer_once(&same, || ()).unwrap()).join().unwrap());
        let remote = event_loop.remote();
        assert!(remote.defer_once(&other, refresh()).unwrap(), "another key, another call");
        // Refused for want of room, a key is free again.
        let third = OnceKey::new();
        assert!(matches!(remote.defer_once(&third, refresh()), Err(Refused::Full(_))));
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
        assert_eq!(refreshed.load(SeqCst), 2);
        assert!(remote.defer_once(&third, refresh()).unwrap());
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
        assert_eq!(refreshed.load(SeqCst), 3);
        // What happens while the call runs can leave another.
        let (again, same, call) = (remote.clone(), key.clone(), refresh());
        let left = move || assert!(again.defer_once(&same, call).unwrap());
        assert!(remote.defer_once(&key, left).unwrap());
        drop(remote);
        event_loop.run().unwrap();
        assert_eq!(refreshed.load(SeqCst), 4);
        assert_eq!(event_loop.snapshot().executor.unhandled, 0);
    });
}

#[test]
fn a_stop_from_a_thread_comes_after_what_it_left_before() {
    for_each_poller(|builder| {
        let event_loop = builder.build().unwrap();
        let task = event_loop.spawn(std::future::pending::<()>());
        let ran = Arc::new(AtomicBool::new(false));
        for _ in 0..3 {
            ran.store(false, SeqCst);
            let (remote, call) = (event_loop.remote(), Arc::clone(&ran));
            let thread = thread::spawn(move || {
                remote.defer(move || call.store(true, SeqCst)).unwrap();
                remote.stop();
                remote // held: it is the stop that ends the run
            });
            event_loop.run().unwrap();
            assert!(ran.load(SeqCst));
            assert!(!task.is_finished(), "it lives on, for the next run");
            drop(thread.join().unwrap());
        }
        task.abort();
        event_loop.run().unwrap();
    });
}

#[test]
fn a_call_that_panics_is_reported_and_the_loop_goes_on() {
    for_each_poller(|builder| {
        let told = Rc::new(RefCell::new(Vec::new()));
        let hook = Rc::clone(&told);
        let event_loop = builder
            .on_unhandled(move |failure| hook.borrow_mut().push(failure.to_string()))
            .build();
        let event_loop = event_loop.unwrap();
        let (remote, line) = (event_loop.remote(), line!() + 3);
        let after = Arc::new(AtomicBool::new(false));
        let next = Arc::clone(&after);
        remote.defer(|| panic!("no paper")).unwrap();
        remote.defer(move || next.store(true, SeqCst)).unwrap();
        drop(remote);
        event_loop.run().unwrap();
        assert!(after.load(SeqCst));
        let said = told.take();
        let place = format!("{}:{line}:", file!());
        assert!(
            said.len() == 1 && said[0].contains("a deferred call panicked: no paper"),
            "{said:?}"
        );
        assert!(said[0].contains(&place), "{said:?}");
    });
}

/// Notes the thread it is dropped on.
struct DropsOn(Arc<Mutex<Vec<ThreadId>>>);

impl Drop for DropsOn {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(thread::current().id());
    }
}

#[test]
fn a_call_that_never_ran_is_dropped_on_the_loops_thread_and_listed_with_its_place() {
    for_each_poller(|builder| {
        let event_loop = builder.build().unwrap();
        let dropped = Arc::new(Mutex::new(Vec::new()));
        let (remote, guard) = (event_loop.remote(), DropsOn(Arc::clone(&dropped)));
        let sender = thread::spawn(move || {
            remote.defer(move || drop(guard)).unwrap();
            line!() - 1
        });
        let line = sender.join().unwrap();
        let report = event_loop.close(Duration::ZERO);
        let places: Vec<_> =
            report.calls.iter().map(|place| (place.file(), place.line())).collect();
        assert_eq!(places, [(file!(), line)]);
        assert_eq!(*dropped.lock().unwrap(), [thread::current().id()]);
    });
}
