//! A waker kept too long is harmless, and so is one that is used too often, on whatever thread.
//!
//! It reaches its own task or nobody: never the one that got the slot since. However often it is
//! used before a poll that is one poll, and during a poll exactly one more.

#![cfg(test)]

mod common;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use common::{counts, on_another_thread, poll_fn, settle, sized, telling_loop, turn};
use glassloop::{EventLoop, JoinHandle, TaskId};

/// Who uses a waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    /// The loop's thread, between two turns.
    Host,
    /// A callback, in a turn.
    Callback,
    Thread,
}

const ACTORS: [Actor; 3] = [Actor::Host, Actor::Callback, Actor::Thread];

/// Uses wakers, each `times` times.
fn wake_as(actor: Actor, event_loop: &EventLoop, wakers: &[Waker], times: usize) {
    let wakers = wakers.to_vec();
    let wake = move || {
        for _ in 0..times {
            wakers.iter().for_each(Waker::wake_by_ref);
        }
    };
    match actor {
        Actor::Host => wake(),
        Actor::Callback => drop(event_loop.call_soon(wake).expect("room")),
        Actor::Thread => on_another_thread(wake),
    }
}

/// A task that waits at each poll but its last, counts its polls and gives its waker away.
struct Waiting {
    task: JoinHandle<()>,
    waker: Rc<RefCell<Option<Waker>>>,
    polls: Rc<Cell<usize>>,
}

impl Waiting {
    fn spawn(event_loop: &EventLoop, polls_max: usize) -> Waiting {
        let (waker, polls) = (Rc::<RefCell<Option<Waker>>>::default(), Rc::new(Cell::new(0)));
        let (gives, counts) = (Rc::clone(&waker), Rc::clone(&polls));
        let task = event_loop.spawn(poll_fn(move |before, cx| {
            counts.set(before + 1);
            let replaced = gives.replace(Some(cx.waker().clone()));
            drop(replaced);
            if before + 1 < polls_max { Poll::Pending } else { Poll::Ready(()) }
        }));
        Waiting { task, waker, polls }
    }

    fn waker(&self) -> Waker {
        self.waker.borrow().clone().expect("it was polled")
    }
}

/// Tasks of round after round live in the same slots; each round is woken by the wakers of the
/// round before, `wakes` times in all.
fn slots_are_reused(wakes: usize) {
    const TASKS: usize = 100;
    let (event_loop, _told) = telling_loop();
    let mut late: Vec<Waker> = Vec::new();
    let mut ids: Vec<TaskId> = Vec::new();
    let mut used = 0;
    for round in 0..=wakes / TASKS {
        let tasks: Vec<_> = (0..TASKS).map(|_| Waiting::spawn(&event_loop, 2)).collect();
        turn(&event_loop);
        assert!(ids.iter().all(|old| tasks.iter().any(|new| new.task.id().index == old.index)));
        wake_as(ACTORS[round % 3], &event_loop, &late, 1);
        used += late.len();
        turn(&event_loop);
        turn(&event_loop);
        assert!(tasks.iter().all(|task| task.polls.get() == 1), "round {round}");
        late = tasks.iter().map(Waiting::waker).collect();
        late.iter().for_each(Waker::wake_by_ref);
        turn(&event_loop);
        assert!(tasks.iter().all(|task| task.polls.get() == 2), "round {round}");
        ids = tasks.iter().map(|task| task.task.id()).collect();
    }
    assert_eq!(used, wakes);
    assert_eq!(counts(&event_loop).polls, 2 * (wakes + TASKS) as u64);
}

#[test]
fn of_tasks_that_have_ended_it_never_reaches_who_got_their_slots() {
    slots_are_reused(sized(1_000_000));
}

#[test]
#[ignore = "the full size: .ci/full"]
fn full_of_tasks_that_have_ended_it_never_reaches_who_got_their_slots() {
    slots_are_reused(1_000_000);
}

#[test]
fn an_entry_that_a_task_left_in_the_queue_never_polls_who_got_its_slot() {
    for (itself, thread) in [(1, 0), (0, 1), (3, 3)] {
        let (event_loop, _told) = telling_loop();
        for round in 1..=100 {
            // Woken in its last poll: the entry outlives the task, which is detached.
            let ends = poll_fn(move |_, cx| {
                let waker = cx.waker();
                (0..itself).for_each(|_| waker.wake_by_ref());
                on_another_thread(|| (0..thread).for_each(|_| waker.wake_by_ref()));
                Poll::Ready(())
            });
            let task = event_loop.spawn(ends);
            let index = task.id().index;
            task.detach();
            turn(&event_loop);
            let heir = Waiting::spawn(&event_loop, usize::MAX);
            assert_eq!(heir.task.id().index, index, "it has the slot");
            settle(&event_loop);
            assert_eq!(heir.polls.get(), 1, "{itself} by itself, {thread} by a thread");
            heir.task.abort();
            drop(heir);
            turn(&event_loop);
            assert_eq!(counts(&event_loop).polls, 2 * round);
        }
    }
}

#[test]
fn of_a_task_that_has_ended_a_million_wakes_poll_nobody() {
    for actor in ACTORS {
        let (event_loop, _told) = telling_loop();
        let ended = Waiting::spawn(&event_loop, 1);
        turn(&event_loop);
        let waker = ended.waker();
        drop(ended);
        let heir = Waiting::spawn(&event_loop, 2);
        assert_eq!(heir.task.id().index, 0, "it has the slot");
        turn(&event_loop);
        wake_as(actor, &event_loop, &[waker], 1_000_000);
        settle(&event_loop);
        assert_eq!((heir.polls.get(), counts(&event_loop).polls), (1, 2), "{actor:?}");
    }
}

#[test]
fn a_million_wakes_before_a_poll_are_one_poll() {
    for actor in ACTORS {
        let (event_loop, _told) = telling_loop();
        let task = Waiting::spawn(&event_loop, usize::MAX);
        turn(&event_loop);
        wake_as(actor, &event_loop, &[task.waker()], 1_000_000);
        settle(&event_loop);
        assert_eq!(task.polls.get(), 2, "{actor:?}");
    }
}

#[test]
fn four_threads_that_wake_before_a_poll_are_one_poll() {
    let (event_loop, _told) = telling_loop();
    let task = Waiting::spawn(&event_loop, usize::MAX);
    turn(&event_loop);
    let waker = &task.waker();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100_000).for_each(|_| waker.wake_by_ref()));
        }
    });
    settle(&event_loop);
    assert_eq!(task.polls.get(), 2);
}

#[test]
fn any_number_of_wakes_during_a_poll_is_exactly_one_more() {
    for (itself, thread) in [(1, 0), (2, 0), (1_000, 0), (0, 1), (0, 2), (0, 1_000), (500, 500)] {
        let (event_loop, _told) = telling_loop();
        let polls = Rc::new(Cell::new(0));
        let counted = Rc::clone(&polls);
        let task = event_loop.spawn(poll_fn(move |before, cx| -> Poll<()> {
            counted.set(before + 1);
            if before == 0 {
                let waker = cx.waker();
                (0..itself).for_each(|_| waker.wake_by_ref());
                on_another_thread(|| (0..thread).for_each(|_| waker.wake_by_ref()));
            }
            Poll::Pending
        }));
        settle(&event_loop);
        assert_eq!(polls.get(), 2, "{itself} by itself, {thread} by a thread");
        drop(task);
    }
}

#[test]
fn wakes_of_another_thread_around_each_poll_are_one_poll_each() {
    let (event_loop, _told) = telling_loop();
    let task = Waiting::spawn(&event_loop, usize::MAX);
    turn(&event_loop);
    for round in 1..=1_000 {
        wake_as(Actor::Thread, &event_loop, &[task.waker()], 2);
        turn(&event_loop);
        assert_eq!(task.polls.get(), 1 + round);
        turn(&event_loop);
        assert_eq!(task.polls.get(), 1 + round, "nothing is left of the second wake");
    }
}

#[test]
fn no_wake_of_another_thread_is_lost_while_the_loop_blocks_and_runs() {
    const ROUNDS: usize = 20_000;
    let event_loop = EventLoop::new().unwrap();
    let value = Arc::new(AtomicUsize::new(0));
    let (asks, wakers) = mpsc::channel::<Waker>();
    let (answers, seen) = mpsc::channel::<usize>();
    let written = Arc::clone(&value);
    let writer = thread::spawn(move || {
        let waker = wakers.recv().expect("the task gives its waker");
        for round in 1..=ROUNDS {
            written.store(round, SeqCst);
            waker.wake_by_ref();
            let answer = seen.recv_timeout(Duration::from_secs(60));
            assert_eq!(answer, Ok(round), "a wake was lost");
        }
    });
    let mut last = 0;
    let polls = event_loop.block_on(poll_fn(move |before, cx| {
        if before == 0 {
            asks.send(cx.waker().clone()).unwrap();
        }
        let now = value.load(SeqCst);
        if now != last {
            last = now;
            answers.send(now).unwrap();
        }
        if now == ROUNDS { Poll::Ready(before + 1) } else { Poll::Pending }
    }));
    writer.join().unwrap();
    assert_eq!(polls.unwrap(), ROUNDS + 1, "one poll a wake, and the first");
}

#[test]
fn it_stays_the_same_waker_as_long_as_somebody_holds_it() {
    let (event_loop, _told) = telling_loop();
    let task = Waiting::spawn(&event_loop, usize::MAX);
    turn(&event_loop);
    let first = task.waker();
    for held in 1..=3 {
        let clones = vec![first.clone(); held];
        first.wake_by_ref();
        turn(&event_loop);
        assert!(first.will_wake(&task.waker()));
        assert_eq!(event_loop.snapshot().tasks[0].wakers_held, 1 + 1 + held);
        drop(clones);
    }
}

#[test]
fn it_wakes_its_own_loop_from_inside_another_one() {
    let (outer, _told) = telling_loop();
    let (inner, _also_told) = telling_loop();
    let task = Waiting::spawn(&inner, usize::MAX);
    let other = Waiting::spawn(&outer, usize::MAX);
    turn(&inner);
    turn(&outer);
    assert_eq!(task.task.id(), other.task.id(), "told apart by their loops alone");
    wake_as(Actor::Callback, &outer, &[task.waker()], 10);
    settle(&outer);
    assert_eq!((task.polls.get(), other.polls.get()), (1, 1));
    settle(&inner);
    assert_eq!((task.polls.get(), other.polls.get()), (2, 1));
}

#[test]
fn it_may_be_used_by_the_very_last_act_of_a_thread() {
    struct Last(Waker);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.wake_by_ref();
        }
    }
    thread_local!(static LAST: RefCell<Option<Last>> = const { RefCell::new(None) });

    let (event_loop, _told) = telling_loop();
    let task = Waiting::spawn(&event_loop, usize::MAX);
    turn(&event_loop);
    let waker = task.waker();
    // Joined, not scoped: a scope does not wait for what a thread's locals do when they go.
    let thread = thread::spawn(|| LAST.set(Some(Last(waker))));
    thread.join().unwrap();
    turn(&event_loop);
    assert_eq!(task.polls.get(), 2);

    // The same on the thread of the loop, whose own locals may be gone by then.
    let own = thread::spawn(|| {
        LAST.set(None);
        let (event_loop, _told) = telling_loop();
        let task = Waiting::spawn(&event_loop, usize::MAX);
        turn(&event_loop);
        LAST.set(Some(Last(task.waker())));
    });
    own.join().unwrap();
}
