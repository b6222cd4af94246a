//! Whoever asks something of a loop hears of it: the value, or why there is none.
//!
//! From every thread, whatever becomes of the loop. The queue that calls go through is the matter
//! of `accepted_calls_run_exactly_once.rs`.
#![cfg(test)]

#[path = "common/journal.rs"]
mod journal;

use std::{
    cell::RefCell,
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use glassloop::{Call, CallError, EventLoop, Limits, Remote, TaskState};

const SECONDS: Duration = Duration::from_secs(60);

/// A loop, and what went to its `on_unhandled`.
fn telling_loop() -> (EventLoop, Rc<RefCell<Vec<String>>>) {
    let told = Rc::new(RefCell::new(Vec::new()));
    let hook = Rc::clone(&told);
    let builder = EventLoop::builder()
        .on_unhandled(move |failure| hook.borrow_mut().push(failure.to_string()));
    (builder.build().unwrap(), told)
}

/// Runs `ask` on a thread of its own while the loop runs, until every `Remote` is gone.
fn from_a_thread<T: Send + 'static>(
    event_loop: &EventLoop,
    ask: impl FnOnce(Remote) -> T + Send + 'static,
) -> T {
    let remote = event_loop.remote();
    let thread = thread::spawn(move || ask(remote));
    event_loop.run().unwrap();
    thread.join().unwrap()
}

fn turn(event_loop: &EventLoop) {
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
}

/// Notes the thread it is dropped on.
#[derive(Clone, Default)]
struct Drops(Arc<Mutex<Vec<ThreadId>>>);

struct DropsOn(Drops);

impl Drop for DropsOn {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().push(thread::current().id());
    }
}

#[test]
fn a_thread_waits_for_the_value() {
    let (event_loop, _) = telling_loop();
    let answer = from_a_thread(&event_loop, |remote| {
        let mut first = remote.call(|| thread::current().id());
        let second = remote.call(|| "second").wait(SECONDS).unwrap();
        assert!(first.is_resolved(), "calls of one thread resolve in order");
        (first.wait(Duration::ZERO).unwrap(), second)
    });
    assert_eq!(answer, (thread::current().id(), "second"));
}

#[test]
fn a_task_awaits_the_value_from_its_own_loop_and_from_another() {
    let (event_loop, _) = telling_loop();
    let remote = event_loop.remote();
    assert_eq!(event_loop.block_on(async move { remote.call(|| 1).await.unwrap() }).unwrap(), 1);
    let answer = from_a_thread(&event_loop, |remote| {
        glassloop::run(async move { remote.call(|| 2).await.unwrap() }).unwrap()
    });
    assert_eq!(answer, 2);
}

#[test]
fn a_panic_travels_to_the_one_who_asked() {
    let (event_loop, told) = telling_loop();
    let payload = from_a_thread(&event_loop, |remote| {
        let error = remote.call(|| panic!("no paper")).wait(SECONDS).unwrap_err();
        assert_eq!(error.to_string(), "the call panicked: no paper");
        error.into_panic().unwrap()
    });
    assert_eq!(payload.downcast_ref(), Some(&"no paper"));
    assert_eq!(*told.borrow(), Vec::<String>::new());
}

#[test]
fn a_panic_that_nobody_asks_for_goes_to_on_unhandled() {
    let (event_loop, told) = telling_loop();
    let remote = event_loop.remote();
    let asker = thread::spawn(move || {
        drop(remote.call(|| panic!("no paper")));
        drop(remote.spawn(|| -> std::future::Ready<()> { panic!("no ink") }));
        drop(remote.spawn(|| async { panic!("no printer") }));
    });
    asker.join().unwrap();
    event_loop.run().unwrap();
    let told = told.take();
    assert_eq!(told.len(), 3, "{told:?}");
    for (told, why) in told.iter().zip(["no paper", "no ink", "no printer"]) {
        assert!(told.contains(why) && told.contains(file!()), "{told}");
    }
}

#[test]
fn a_call_that_is_cancelled_in_the_queue_is_not_run() {
    let (event_loop, _) = telling_loop();
    let (ran, drops) = (Arc::new(AtomicBool::new(false)), Drops::default());
    let (remote, guard, run) = (event_loop.remote(), DropsOn(drops.clone()), Arc::clone(&ran));
    let canceller = thread::spawn(move || {
        let call = remote.call(move || {
            run.store(true, SeqCst);
            drop(guard);
        });
        call.cancel();
        call
    });
    let mut call = canceller.join().unwrap();
    event_loop.run().unwrap();
    let result = call.wait(SECONDS);
    assert!(matches!(result, Err(CallError::Cancelled)), "{result:?}");
    assert!(!ran.load(SeqCst));
    assert_eq!(*drops.0.lock().unwrap(), [thread::current().id()]);
}

#[test]
fn a_loop_that_ends_cancels_what_it_accepted() {
    for dropped in [false, true] {
        let (event_loop, _) = telling_loop();
        let remote = event_loop.remote();
        let mut call = remote.call(|| 1);
        let mut task = remote.spawn(|| async { 2 });
        if dropped {
            drop(event_loop);
        } else {
            assert_eq!(event_loop.close(Duration::ZERO).calls.len(), 2);
        }
        assert!(matches!(call.wait(SECONDS), Err(CallError::Cancelled)));
        assert!(matches!(task.wait(SECONDS), Err(CallError::Cancelled)));
        assert!(matches!(remote.call(|| 3).wait(SECONDS), Err(CallError::Closed)));
        assert!(matches!(remote.spawn(|| async { 4 }).wait(SECONDS), Err(CallError::Closed)));
    }
}

#[test]
fn a_full_queue_refuses_at_once() {
    let mut limits = Limits::default();
    limits.executor.deferred_max = 1;
    let event_loop = EventLoop::builder().limits(limits).build().unwrap();
    let remote = event_loop.remote();
    let mut accepted = remote.call(|| 1);
    assert!(matches!(remote.call(|| 2).wait(SECONDS), Err(CallError::Full)));
    assert!(matches!(remote.spawn(|| async { 3 }).wait(SECONDS), Err(CallError::Full)));
    turn(&event_loop);
    assert_eq!(accepted.wait(SECONDS).unwrap(), 1);
}

#[test]
fn waiting_on_the_loops_own_thread_would_deadlock_and_says_so() {
    let (event_loop, _) = telling_loop();
    let remote = event_loop.remote();
    let answer = event_loop.block_on(async move {
        let mut call = remote.call(|| 5);
        assert!(matches!(call.wait(SECONDS), Err(CallError::WouldDeadlock)));
        call.await.unwrap()
    });
    assert_eq!(answer.unwrap(), 5, "nothing was lost by asking");
}

#[test]
fn a_wait_that_is_over_loses_nothing() {
    let (event_loop, _) = telling_loop();
    let remote = event_loop.remote();
    let waiter = thread::spawn(move || {
        let mut call = remote.call(|| 6);
        let early = call.wait(Duration::from_millis(1));
        (early, call)
    });
    let (early, mut call) = waiter.join().unwrap();
    assert!(matches!(early, Err(CallError::TimedOut)), "{early:?}");
    turn(&event_loop);
    assert_eq!(call.wait(SECONDS).unwrap(), 6);
    let again = catch_unwind(AssertUnwindSafe(|| call.wait(SECONDS)));
    assert!(again.is_err(), "a value is given once");
}

#[test]
fn a_thread_spawns_a_task_whose_future_stays_on_the_loops_thread() {
    let (event_loop, _) = telling_loop();
    let answer = from_a_thread(&event_loop, |remote| {
        let task = || async {
            let not_send = Rc::new(7);
            glassloop::yield_now().await;
            let on_the_same = Rc::clone(&not_send);
            glassloop::spawn(async move { *on_the_same }).await.unwrap() + *not_send
        };
        remote.spawn(task).wait(SECONDS).unwrap()
    });
    assert_eq!(answer, 14);
}

#[test]
fn a_spawned_task_that_panics_tells_the_one_who_asked() {
    let (event_loop, told) = telling_loop();
    from_a_thread(&event_loop, |remote| {
        let error = remote.spawn(|| async { panic!("no paper") }).wait(SECONDS).unwrap_err();
        assert!(matches!(error, CallError::Panicked(_)), "{error}");
        let no_future = || -> std::future::Ready<()> { panic!("no ink") };
        let error = remote.spawn(no_future).wait(SECONDS).unwrap_err();
        assert_eq!(error.to_string(), "the call panicked: no ink");
    });
    assert_eq!(*told.borrow(), Vec::<String>::new());
}

/// Spawns a task that never ends by itself, and gives its `Call` once it waits.
fn endless(event_loop: &EventLoop, drops: &Drops) -> Call<()> {
    let guard = DropsOn(drops.clone());
    let call = event_loop.remote().spawn(move || never(guard));
    turn(event_loop);
    turn(event_loop);
    assert_eq!(event_loop.snapshot().tasks[0].state, TaskState::Waiting);
    call
}

async fn never(guard: DropsOn) {
    pending::<()>().await;
    drop(guard);
}

#[test]
fn a_spawned_task_is_cancelled_from_a_thread_and_dropped_on_the_loops() {
    let (event_loop, _) = telling_loop();
    let drops = Drops::default();
    let call = endless(&event_loop, &drops);
    let canceller = thread::spawn(move || {
        call.cancel();
        call
    });
    let mut call = canceller.join().unwrap();
    assert_eq!(drops.0.lock().unwrap().len(), 0, "nothing is dropped on another thread");
    turn(&event_loop);
    assert!(matches!(call.wait(SECONDS), Err(CallError::Cancelled)));
    assert_eq!(*drops.0.lock().unwrap(), [thread::current().id()]);
    assert_eq!(event_loop.snapshot().tasks.len(), 0);
}

#[test]
fn dropping_a_call_detaches_its_task() {
    let (event_loop, _) = telling_loop();
    let drops = Drops::default();
    let call = endless(&event_loop, &drops);
    thread::spawn(move || drop(call)).join().unwrap();
    assert_eq!(drops.0.lock().unwrap().len(), 0);
    let report = event_loop.close(Duration::ZERO);
    assert_eq!(report.tasks.len(), 1, "it lived on, and ends with its loop: {report}");
    assert_eq!(*drops.0.lock().unwrap(), [thread::current().id()]);
}

#[test]
fn a_result_that_nobody_takes_dies_with_its_holder() {
    let (event_loop, _) = telling_loop();
    let drops = Drops::default();
    // Nobody asks any more when it is there: it dies on the loop's thread.
    let guard = DropsOn(drops.clone());
    let remote = event_loop.remote();
    thread::spawn(move || drop(remote.call(move || guard))).join().unwrap();
    event_loop.run().unwrap();
    assert_eq!(*drops.0.lock().unwrap(), [thread::current().id()]);
    // Somebody holds it: it dies where the holder does.
    let guard = DropsOn(drops.clone());
    let holder = from_a_thread(&event_loop, move |remote| {
        let call = remote.call(move || guard);
        remote.call(|| ()).wait(SECONDS).unwrap();
        drop(call);
        thread::current().id()
    });
    assert_eq!(*drops.0.lock().unwrap(), [thread::current().id(), holder]);
}

#[test]
fn a_panic_whose_holder_never_looks_is_logged() {
    journal::take();
    let (event_loop, told) = telling_loop();
    let call = event_loop.remote().call(|| panic!("no paper"));
    turn(&event_loop);
    assert_eq!(journal::take(), Vec::<String>::new(), "somebody may still ask");
    drop(call);
    let said = journal::take();
    assert!(said.len() == 1 && said[0].contains("no paper"), "{said:?}");
    assert_eq!(*told.borrow(), Vec::<String>::new());
}
