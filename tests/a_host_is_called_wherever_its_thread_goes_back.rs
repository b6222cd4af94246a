//! Wherever a thread goes back to the host, the loop leaves its wake word armed, and calls the host
//! for what there is by then: whoever runs the loop next hears of everything, once. While the loop
//! runs nobody is called.
#![cfg(test)]

use std::{
    cell::Cell,
    future::Future,
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Waker},
    thread,
    time::Duration,
};

use glassloop::{
    CancelToken, EventLoop, Remote, RunError, call_later, call_soon, outside, queue_microtask,
    remote, request_idle, request_render, sleep, spawn, yield_now,
};

/// More than anything here takes: a pump ends when there is no more to do.
const BUDGET: Duration = Duration::from_secs(10);

/// For timers that are armed and never fire.
const HOUR: Duration = Duration::from_secs(3600);

/// How often the host was called.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicUsize>);

impl Calls {
    fn of(event_loop: &EventLoop) -> Calls {
        let calls = Calls::default();
        let counted = calls.clone();
        event_loop.on_wake(move || _ = counted.0.fetch_add(1, SeqCst));
        calls
    }

    fn get(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// A call of another thread, left by now.
fn call_of_another_thread(remote: &Remote) {
    let remote = remote.clone();
    thread::spawn(move || remote.defer(|| ()).unwrap()).join().unwrap();
}

/// What can be left to be done when a turn is over.
const LEFT: [(&str, fn()); 4] = [
    ("a ready task", || spawn(async {}).detach()),
    ("a task that sleeps", || spawn(sleep(HOUR)).detach()),
    ("a timer", || drop(call_later(HOUR, || ()).unwrap())),
    ("a call that came in", || call_of_another_thread(&remote())),
];

/// The word is armed: the next call of another thread calls the host, and the one after it doesn't.
fn hears_of_the_next_call(event_loop: &EventLoop, calls: &Calls) {
    let before = calls.get();
    call_of_another_thread(&event_loop.remote());
    call_of_another_thread(&event_loop.remote());
    assert_eq!(calls.get() - before, 1);
}

#[test]
fn at_the_end_of_a_run_it_is_called_once_for_what_is_left() {
    for (what, leave) in LEFT {
        let event_loop = EventLoop::new().unwrap();
        let calls = Calls::of(&event_loop);
        let counted = calls.clone();
        let blocked_on = event_loop.block_on(async move {
            leave();
            counted.get()
        });
        assert_eq!(calls.get() - blocked_on.unwrap(), 1, "block_on leaves {what}");

        let event_loop = EventLoop::new().unwrap();
        let (calls, before) = (Calls::of(&event_loop), Rc::new(Cell::new(0)));
        let (counted, seen) = (calls.clone(), Rc::clone(&before));
        let stops = async move {
            leave();
            glassloop::stop();
            seen.set(counted.get());
        };
        event_loop.spawn(stops).detach();
        event_loop.run().unwrap();
        assert_eq!(calls.get() - before.get(), 1, "run leaves {what}");
    }
}

#[test]
fn after_a_run_that_left_nothing_it_hears_of_the_next_call() {
    let event_loop = EventLoop::new().unwrap();
    let calls = Calls::of(&event_loop);
    for _ in 0..3 {
        let counted = calls.clone();
        let before = event_loop.block_on(async move { counted.get() }).unwrap();
        assert_eq!(calls.get(), before, "there is nothing to call for");
        hears_of_the_next_call(&event_loop, &calls);
        assert!(!event_loop.pump(BUDGET).unwrap().more);
        hears_of_the_next_call(&event_loop, &calls);
    }
}

#[test]
fn a_function_that_is_set_late_is_called_for_what_is_there() {
    let event_loop = EventLoop::new().unwrap();
    let calls = Calls::of(&event_loop);
    assert_eq!(calls.get(), 0);
    hears_of_the_next_call(&event_loop, &calls);
    for (what, leave) in LEFT {
        let event_loop = EventLoop::new().unwrap();
        event_loop.enter(leave);
        assert_eq!(Calls::of(&event_loop).get(), 1, "{what}");
    }
    // Set by a task: the thread is the loop's, until the run is over.
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let inner = Rc::clone(&event_loop);
    let set = event_loop.block_on(async move {
        spawn(async {}).detach();
        let calls = Calls::of(&inner);
        assert_eq!(calls.get(), 0);
        calls
    });
    assert_eq!(set.unwrap().get(), 1);
}

/// How often the host was called when code outside of the turn began, since the task was polled
/// that asked for it; the word is armed for that code.
fn called_for_a_dialog(event_loop: &Rc<EventLoop>, leave: fn()) -> usize {
    let calls = Calls::of(event_loop);
    let (inner, counted) = (Rc::clone(event_loop), calls.clone());
    let asks = event_loop.spawn(async move {
        leave();
        let before = counted.get();
        let dialog = move || {
            let called = counted.get() - before;
            // Whatever there was is pumped, as a host does that was called.
            while inner.pump(BUDGET).unwrap().more {}
            hears_of_the_next_call(&inner, &counted);
            called
        };
        outside(dialog).await
    });
    event_loop.block_on(asks).unwrap().unwrap()
}

#[test]
fn before_code_outside_of_a_turn_it_is_called_for_what_there_is() {
    for (what, leave) in LEFT {
        let event_loop = Rc::new(EventLoop::new().unwrap());
        assert_eq!(called_for_a_dialog(&event_loop, leave), 1, "{what}");
    }
    let event_loop = Rc::new(EventLoop::new().unwrap());
    assert_eq!(called_for_a_dialog(&event_loop, || ()), 0, "nothing to call for");
}

#[test]
fn before_each_of_two_it_is_called_anew() {
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let calls = Calls::of(&event_loop);
    let began = Rc::new(Cell::new([0; 2]));
    for number in 0..2 {
        let (counted, began, remote) = (calls.clone(), Rc::clone(&began), event_loop.remote());
        let dialog = move || {
            let mut both = began.get();
            both[number] = counted.get();
            began.set(both);
            call_of_another_thread(&remote);
        };
        event_loop.spawn(async move { outside(dialog).await }).detach();
    }
    let before = calls.get();
    assert!(event_loop.pump(Duration::ZERO).unwrap().more);
    // For the other one that waits, and for the call of another thread during the first and after.
    assert_eq!(began.get().map(|called| called - before), [1, 3]);
    assert!(!event_loop.pump(BUDGET).unwrap().more);
}

/// Leaves a loop parked with a ready task in which another thread wakes the loop; the task tells
/// how often the host was called for that.
fn parked_with_a_wake_to_come(event_loop: &EventLoop) -> Rc<Cell<Option<usize>>> {
    let (calls, called) = (Calls::of(event_loop), Rc::new(Cell::new(None)));
    let (token, told) = (CancelToken::new(), Rc::clone(&called));
    let wait = token.cancelled();
    event_loop.spawn(wait).detach();
    event_loop
        .spawn(async move {
            yield_now().await;
            let before = calls.get();
            thread::spawn(move || token.cancel()).join().unwrap();
            told.set(Some(calls.get() - before));
        })
        .detach();
    assert!(event_loop.pump(Duration::ZERO).unwrap().more, "one turn, and the task is ready");
    called
}

/// Has a loop make turns, until it has nothing to do at this moment.
type MakeTurns = fn(&EventLoop);

#[test]
fn while_the_loop_runs_it_is_not_called() {
    let ways: [(&str, MakeTurns); 5] = [
        ("pump", |event_loop| assert!(!event_loop.pump(BUDGET).unwrap().more)),
        ("run", |event_loop| event_loop.run().unwrap()),
        ("block_on", |event_loop| event_loop.block_on(yield_now()).unwrap()),
        ("wait and turn", |event_loop| {
            let events = event_loop.wait().unwrap();
            event_loop.turn(events).unwrap();
        }),
        ("close", |event_loop| {
            assert!(event_loop.close(HOUR).is_clean());
            assert!(matches!(event_loop.pump(BUDGET), Err(RunError::Closed)));
        }),
    ];
    for (way, make_turns) in ways {
        let event_loop = EventLoop::new().unwrap();
        let called = parked_with_a_wake_to_come(&event_loop);
        make_turns(&event_loop);
        assert_eq!(called.get(), Some(0), "{way}");
    }
}

#[test]
fn for_the_main_task_of_a_block_on_nobody_is_called() {
    let event_loop = EventLoop::new().unwrap();
    let calls = Calls::of(&event_loop);
    assert!(!event_loop.pump(BUDGET).unwrap().more);
    let before = calls.get();
    event_loop.block_on(yield_now()).unwrap();
    assert_eq!(calls.get(), before);
}

#[test]
fn after_code_outside_of_a_turn_the_thread_is_the_loops_again() {
    let event_loop = EventLoop::new().unwrap();
    let calls = Calls::of(&event_loop);
    let called = event_loop.block_on(async move {
        // Nothing is woken by its end, so that the word stays as that code has left it.
        let mut asked = pin!(outside(|| ()));
        assert!(asked.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        yield_now().await;
        assert!(asked.poll(&mut Context::from_waker(Waker::noop())).is_ready(), "it was run");
        let before = calls.get();
        call_of_another_thread(&remote());
        calls.get() - before
    });
    assert_eq!(called.unwrap(), 0);
}

#[test]
fn what_the_hosts_own_thread_asks_for_between_two_pumps_calls_it_once() {
    let asks: [(&str, fn()); 6] = [
        ("a task", || spawn(async {}).detach()),
        ("a callback", || drop(call_soon(|| ()).unwrap())),
        ("a microtask", || queue_microtask(|| ()).unwrap()),
        ("a drawing", || drop(request_render(|_| ()).unwrap())),
        ("an idle callback", || drop(request_idle(|_| ()).unwrap())),
        ("code outside of a turn", || {
            let mut asked = pin!(outside(|| ()));
            assert!(asked.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }),
    ];
    for (what, ask) in asks {
        let event_loop = EventLoop::new().unwrap();
        let calls = Calls::of(&event_loop);
        assert!(!event_loop.pump(BUDGET).unwrap().more);
        event_loop.enter(ask);
        assert_eq!(calls.get(), 1, "{what}");
        event_loop.enter(ask);
        assert_eq!(calls.get(), 1, "{what}, the second one");
        while event_loop.pump(BUDGET).unwrap().more {}
    }
}
