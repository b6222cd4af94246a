//! What is asked of a host's thread runs there, once and in order, or is answered with why not:
//! whether the host comes late, never, lets go of what it was given, or ends.
#![cfg(test)]

use std::{
    cell::RefCell,
    future::{Future, IntoFuture},
    pin::pin,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Waker},
    thread::{self, ThreadId},
    time::Duration,
};

use glassloop::{
    CallError, Chunk, Clock, Drain, EventLoop, HostCall, HostError, HostLimits, HostQueue,
    LoopThread, ManualClock, PollerKind, Refused,
};

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Notes the thread on which it is dropped.
struct Dropped(Arc<Mutex<Vec<ThreadId>>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(thread::current().id());
    }
}

fn dropped() -> (Dropped, Arc<Mutex<Vec<ThreadId>>>) {
    let drops = Arc::default();
    (Dropped(Arc::clone(&drops)), drops)
}

/// A queue whose kicks are kept.
fn kicked() -> (HostQueue, mpsc::Receiver<Drain>) {
    let (post, posted) = mpsc::channel();
    (HostQueue::builder().kick(move |drain| drop(post.send(drain))).build(), posted)
}

fn all(host: &HostQueue) -> usize {
    host.drain(PATIENCE).ran
}

/// The answer of a call that has resolved, or whose answer another thread brings.
fn answer<T: Send + 'static>(call: HostCall<T>) -> Result<T, HostError> {
    call.wait(PATIENCE)
}

#[test]
fn jobs_run_once_and_in_order_on_the_thread_that_drains_and_the_host_is_kicked_once() {
    let (host, kicks) = kicked();
    let order = Arc::new(Mutex::new(Vec::new()));
    let calls: Vec<_> = (0..100)
        .map(|number| {
            let order = Arc::clone(&order);
            host.call(move || {
                order.lock().unwrap().push(number);
                (number, thread::current().id())
            })
        })
        .collect();
    let ran = Arc::clone(&order);
    host.defer(move || ran.lock().unwrap().push(100)).unwrap();
    let main = thread::spawn(move || {
        let drained = kicks.recv().unwrap().run(PATIENCE);
        assert!(kicks.try_recv().is_err(), "one kick for all of them");
        assert_eq!((drained.ran, drained.more), (101, false));
        thread::current().id()
    });
    for (number, call) in calls.into_iter().enumerate() {
        let (told, thread) = answer(call).unwrap();
        assert_eq!(told, number);
        assert_eq!(thread, main.thread().id());
    }
    main.join().unwrap();
    assert!(order.lock().unwrap().iter().copied().eq(0..=100));
    let statistics = host.statistics();
    assert_eq!((statistics.ran, statistics.kicks, statistics.drains), (101, 1, 1));
}

#[test]
fn a_panic_is_an_answer_and_the_next_job_runs() {
    let host = HostQueue::new();
    let call = host.call(|| -> u32 { panic!("out of paper") });
    let next = host.call(|| 7);
    host.defer(|| panic!("nobody hears this")).unwrap();
    assert_eq!(all(&host), 3);
    let Err(HostError::Panicked(panic)) = answer(call) else { panic!("it panicked") };
    assert_eq!(panic.into_payload().downcast_ref(), Some(&"out of paper"));
    assert_eq!(answer(next).unwrap(), 7);
    let statistics = host.statistics();
    assert_eq!((statistics.ran, statistics.panicked), (1, 2));
}

#[test]
fn a_call_that_is_cancelled_or_dropped_while_it_waits_never_runs() {
    let host = HostQueue::new();
    let (cancelled, (held, drops)) = (host.call(|| unreachable!()), dropped());
    let forgotten = host.call(move || drop(held));
    cancelled.cancel();
    assert!(cancelled.is_resolved());
    drop(forgotten);
    assert_eq!(*drops.lock().unwrap(), [thread::current().id()], "where it was cancelled");
    assert!(matches!(answer(cancelled), Err(HostError::Cancelled)));
    assert_eq!(all(&host), 0);
    assert_eq!(host.statistics().cancelled, 2);
}

#[test]
fn a_call_that_is_cancelled_while_it_runs_is_told_so() {
    let host = HostQueue::new();
    let (told, tells) = mpsc::channel();
    let (began, begins) = mpsc::channel();
    let call = host.call_with(move |context| {
        began.send(context.is_cancelled()).unwrap();
        while !context.is_cancelled() {
            thread::yield_now();
        }
        told.send(()).unwrap();
    });
    let main = thread::spawn({
        let host = host.clone();
        move || all(&host)
    });
    assert!(!begins.recv_timeout(PATIENCE).unwrap());
    drop(call);
    tells.recv_timeout(PATIENCE).unwrap();
    assert_eq!(main.join().unwrap(), 1);
}

#[test]
fn a_call_in_steps_runs_one_a_drain_and_ends_between_two_when_it_is_cancelled() {
    let host = HostQueue::new();
    let steps = Arc::new(AtomicUsize::new(0));
    let counted = |most: usize| {
        let steps = Arc::clone(&steps);
        move |_: &_| match steps.fetch_add(1, SeqCst) + 1 {
            step if step == most => Chunk::Done(step),
            _ => Chunk::More,
        }
    };
    let export = host.call_chunked(counted(3));
    let between = host.call(|| "between");
    let drained = host.drain(PATIENCE);
    assert_eq!((drained.ran, drained.more, steps.load(SeqCst)), (2, true, 1));
    assert_eq!(answer(between).unwrap(), "between", "others have their turn");
    assert_eq!((all(&host), all(&host)), (1, 1));
    assert_eq!(answer(export).unwrap(), 3);
    let (held, drops) = dropped();
    let endless = counted(usize::MAX);
    let endless = host.call_chunked(move |context| {
        let _held = &held;
        endless(context)
    });
    assert_eq!((all(&host), all(&host), steps.load(SeqCst)), (1, 1, 5));
    endless.cancel();
    assert_eq!((all(&host), drops.lock().unwrap().len()), (0, 1));
    assert!(matches!(answer(endless), Err(HostError::Cancelled)));
}

#[test]
fn a_host_that_lets_go_of_its_kick_answers_everybody_and_may_come_back() {
    let (host, kicks) = kicked();
    let (held, drops) = dropped();
    let call = host.call(|| 1);
    host.defer(move || drop(held)).unwrap();
    drop(kicks.recv().unwrap());
    assert!(matches!(answer(call), Err(HostError::HostGone)));
    assert_eq!((drops.lock().unwrap().len(), host.statistics().lost), (1, 2));
    let call = host.call(|| 2);
    assert_eq!(kicks.recv().unwrap().run(PATIENCE).ran, 1, "it is kicked again");
    assert_eq!(answer(call).unwrap(), 2);
    // Its end of the channel has gone: what is posted comes back at once.
    drop(kicks);
    assert!(matches!(answer(host.call(|| 3)), Err(HostError::HostGone)));
    let panics = HostQueue::builder().kick(|_| panic!("as it was told to")).build();
    assert!(matches!(answer(panics.call(|| 4)), Err(HostError::HostGone)));
}

#[test]
fn a_queue_that_is_closed_or_left_by_everybody_answers_so() {
    let host = HostQueue::new();
    let (waits, other) = (host.call(|| 1), host.clone());
    assert_eq!(host.close(), 1);
    assert!(matches!(answer(waits), Err(HostError::Closed)));
    assert!(matches!(answer(other.call(|| 2)), Err(HostError::Closed)));
    assert!(matches!(other.defer(|| ()), Err(Refused::Closed(_))));
    assert!(other.is_closed() && all(&other) == 0);
    let host = HostQueue::new();
    let waits = host.call(|| 1);
    drop(host);
    assert!(matches!(answer(waits), Err(HostError::Closed)), "nobody is left to drain");
}

#[test]
fn a_queue_that_is_full_hands_the_closure_back_and_a_cancelled_job_makes_room() {
    let mut limits = HostLimits::default();
    limits.jobs_max = 2;
    let host = HostQueue::builder().limits(limits).build();
    let (first, second) = (host.call(|| 1), host.call(|| 2));
    assert!(matches!(answer(host.call(|| 3)), Err(HostError::Full)));
    let Err(Refused::Full(back)) = host.defer(|| ()) else { panic!("there is no room") };
    drop(first);
    host.defer(back).unwrap();
    assert_eq!((all(&host), answer(second).unwrap()), (2, 2));
    assert_eq!(host.statistics().refused, 2);
}

#[test]
fn a_wait_that_could_never_end_is_refused() {
    let (host, network) = (HostQueue::new(), LoopThread::start("network").unwrap());
    // This thread drains, so it is the host's.
    assert_eq!(all(&host), 0);
    assert!(matches!(host.call(|| 1).wait(PATIENCE), Err(HostError::WouldDeadlock)));
    let scene = host.clone();
    let mut task = network.spawn(move || async move { scene.call(|| 2).await });
    assert!(matches!(task.wait(PATIENCE), Err(CallError::WouldDeadlock)));
    let answered = host.block_on(task, PATIENCE).expect("in time");
    assert_eq!(answered.unwrap().unwrap(), 2);
    // In a loop's turn a wait would hold the loop.
    let call = network.call(|| HostQueue::new().call(|| 3).wait(PATIENCE));
    let refused = host.block_on(call, PATIENCE).expect("in time").unwrap();
    assert!(matches!(refused, Err(HostError::WouldDeadlock)));
    drop(network);
}

#[test]
fn a_host_that_drains_while_it_blocks_serves_a_chain_of_calls_and_gives_up_in_time() {
    let (host, network) = (HostQueue::new(), LoopThread::start("network").unwrap());
    let scene = host.clone();
    let task = network.spawn(move || async move {
        let mut sum = 0;
        for number in 0..100 {
            sum += scene.call(move || number).await.unwrap();
        }
        sum
    });
    assert_eq!(host.block_on(task, PATIENCE).expect("in time").unwrap(), 4_950);
    let never = host.block_on(std::future::pending::<()>(), Duration::from_millis(3));
    assert_eq!(never.unwrap_err().after(), Duration::from_millis(3));
    // A job may block so itself, as a dialog does that runs the host's loop.
    let (inner, nested) = (host.call(|| "inner"), host.clone());
    let outer = host.call(move || nested.drain(PATIENCE).ran);
    drop(inner);
    let inner = host.call(|| "inner");
    assert_eq!(all(&host), 1, "the outer one ran the other");
    assert_eq!((answer(outer).unwrap(), answer(inner).unwrap()), (1, "inner"));
}

/// A loop on a clock that the test moves.
fn on_a_clock() -> (EventLoop, ManualClock) {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
    (builder.poller(PollerKind::TimersOnly).build().unwrap(), clock)
}

fn pump(event_loop: &EventLoop) {
    while event_loop.pump(Duration::from_secs(1)).unwrap().more {}
}

type Answer<T> = Rc<RefCell<Option<Result<T, HostError>>>>;

/// A task that awaits a call.
fn awaits<T: Send + 'static>(event_loop: &EventLoop, call: HostCall<T>) -> Answer<T> {
    let answer = Answer::default();
    let slot = Rc::clone(&answer);
    event_loop.spawn(async move { *slot.borrow_mut() = Some(call.await) }).named("asks").detach();
    pump(event_loop);
    answer
}

#[test]
fn for_a_host_that_never_drains_the_queue_timeout_answers() {
    let ((event_loop, clock), host) = (on_a_clock(), HostQueue::new());
    let late = awaits(&event_loop, host.call(|| unreachable!()));
    let call = host.call(|| unreachable!()).queue_timeout(Duration::from_millis(500));
    let soon = awaits(&event_loop, call);
    clock.advance(Duration::from_millis(499));
    pump(&event_loop);
    assert!(soon.borrow().is_none());
    clock.advance(Duration::from_millis(1));
    pump(&event_loop);
    assert!(matches!(*soon.borrow(), Some(Err(HostError::TimedOut))));
    assert!(late.borrow().is_none());
    for _ in 0..30 {
        clock.advance(Duration::from_millis(1_000));
        pump(&event_loop);
    }
    assert!(matches!(*late.borrow(), Some(Err(HostError::TimedOut))));
    assert_eq!(all(&host), 0, "neither runs any more");
    assert_eq!(host.statistics().timed_out, 2);
}

#[test]
fn a_call_that_runs_long_is_told_once_and_still_answered() {
    let ((event_loop, clock), host) = (on_a_clock(), HostQueue::new());
    let (release, released) = mpsc::channel();
    let (began, begins) = mpsc::channel();
    let call = host.call(move || {
        began.send(()).unwrap();
        released.recv().unwrap()
    });
    let answer = awaits(&event_loop, call.warn_after(Duration::from_millis(100)));
    let main = thread::spawn({
        let host = host.clone();
        move || all(&host)
    });
    begins.recv_timeout(PATIENCE).unwrap();
    for round in 1..=400 {
        clock.advance(Duration::from_millis(100));
        pump(&event_loop);
        assert_eq!(host.statistics().slow, u64::from(round >= 2), "round {round}");
    }
    assert!(answer.borrow().is_none(), "the queue's timeout doesn't count any more");
    release.send("late").unwrap();
    assert_eq!(main.join().unwrap(), 1);
    pump(&event_loop);
    assert!(matches!(*answer.borrow(), Some(Ok("late"))));
}

#[test]
fn who_waits_for_the_host_is_named_and_no_deadlock_is_claimed() {
    let (host, kicks) = kicked();
    let event_loop = EventLoop::new().unwrap();
    let main = thread::spawn(move || kicks.recv().unwrap().run(PATIENCE).ran);
    let asked = host.clone();
    let answered = event_loop.block_on(async move { asked.call(|| 7).await.unwrap() });
    assert_eq!(answered.unwrap(), 7);
    assert_eq!(main.join().unwrap(), 1);
    let waits = awaits(&event_loop, HostQueue::new().call(|| ()));
    pump(&event_loop);
    assert!(matches!(*waits.borrow(), Some(Err(HostError::Closed))));
    let host = HostQueue::new();
    let _waits = awaits(&event_loop, host.call(|| ()));
    let text = event_loop.snapshot().to_string();
    assert!(text.contains("host call"), "{text}");
}

#[test]
fn a_loop_that_closes_takes_its_calls_back() {
    let ((event_loop, _clock), host) = (on_a_clock(), HostQueue::new());
    let (held, drops) = dropped();
    let answer = awaits(&event_loop, host.call(move || drop(held)));
    let report = event_loop.close(Duration::ZERO);
    assert_eq!((report.tasks_aborted, drops.lock().unwrap().len()), (1, 1));
    assert!(answer.borrow().is_none() && all(&host) == 0);
}

#[test]
fn an_awaited_call_may_be_dropped_at_every_poll() {
    let ((event_loop, _clock), host) = (on_a_clock(), HostQueue::new());
    for polls in 0..3 {
        let (held, drops) = dropped();
        event_loop.enter(|| {
            let mut calling = pin!(Some(host.call(move || drop(held)).into_future()));
            for _ in 0..polls {
                let mut cx = Context::from_waker(Waker::noop());
                let calling = calling.as_mut().as_pin_mut().unwrap();
                assert!(calling.poll(&mut cx).is_pending());
            }
            calling.set(None);
        });
        assert_eq!((drops.lock().unwrap().len(), all(&host)), (1, 0), "after {polls} polls");
        assert_eq!(event_loop.snapshot().timers.len(), 0);
    }
}

#[test]
fn no_time_and_all_the_time_are_times_like_any_other() {
    let ((event_loop, clock), host) = (on_a_clock(), HostQueue::new());
    let at_once = awaits(&event_loop, host.call(|| 1).queue_timeout(Duration::ZERO));
    assert!(matches!(*at_once.borrow(), Some(Err(HostError::TimedOut))));
    let call = host.call(|| 2).queue_timeout(Duration::MAX);
    // Who is to be told after no time at all is told in time, and nothing spins for it.
    let late = awaits(&event_loop, call.warn_after(Duration::ZERO));
    let polls = || event_loop.snapshot().tasks.iter().map(|task| task.polls).sum::<u32>();
    for round in 1..=10 {
        assert_eq!(polls(), round);
        clock.advance(Duration::from_millis(10));
        pump(&event_loop);
    }
    let call = host.call(|| 3).queue_timeout(Duration::MAX).warn_after(Duration::MAX);
    let last = awaits(&event_loop, call);
    assert_eq!(host.drain(Duration::MAX).ran, 2);
    assert!(!event_loop.pump(Duration::MAX).unwrap().more);
    assert!(matches!((&*late.borrow(), &*last.borrow()), (Some(Ok(2)), Some(Ok(3)))));
    let mut network = LoopThread::start("network").unwrap();
    let call = network.call(|| 4);
    assert_eq!(host.block_on(call, Duration::MAX).expect("in time").unwrap(), 4);
    assert!(network.join(Duration::MAX).unwrap().is_clean());
}
