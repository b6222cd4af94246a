//! A host call in steps is back in its place as soon as a step is over: there it can be cancelled,
//! timed out and closed like any other, and each drain runs one step of it, whoever drains.
#![cfg(test)]

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use glassloop::{
    Chunk, Clock, EventLoop, HostCall, HostError, HostQueue, JobContext, ManualClock, PollerKind,
};

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(10);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// How many steps were run, and a call that never has enough of them. `also` is run in each step.
fn endless<F>(host: &HostQueue, mut also: F) -> (Arc<AtomicUsize>, HostCall<()>)
where
    F: FnMut(&JobContext) + Send + 'static,
{
    let steps = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&steps);
    let call = host.call_chunked(move |context| {
        counted.fetch_add(1, SeqCst);
        also(context);
        Chunk::More
    });
    (steps, call)
}

/// A call that a job may take in hand.
type Shared = Arc<Mutex<Option<HostCall<()>>>>;

fn lost_and_cancelled(host: &HostQueue) -> (u64, u64) {
    let statistics = host.statistics();
    assert_eq!(statistics.queued, 0);
    (statistics.lost, statistics.cancelled)
}

#[test]
fn a_step_that_is_over_is_in_its_place_before_the_next_job_runs() {
    let host = HostQueue::new();
    let kept = Shared::default();
    let held = Arc::clone(&kept);
    let (steps, call) = endless(&host, |_| ());
    let cancels = host.call(move || {
        let guard = held.lock().unwrap();
        let call: &HostCall<()> = guard.as_ref().unwrap();
        let before = call.is_resolved();
        call.cancel();
        (before, call.is_resolved())
    });
    kept.lock().unwrap().replace(call);
    assert_eq!(host.drain(PATIENCE).ran, 2, "a step, and the job that cancels it");
    assert_eq!(cancels.wait(PATIENCE).unwrap(), (false, true));
    let call = kept.lock().unwrap().take().unwrap();
    assert!(matches!(call.wait(PATIENCE), Err(HostError::Cancelled)));
    assert_eq!((host.drain(PATIENCE).ran, steps.load(SeqCst)), (0, 1));
    assert_eq!(lost_and_cancelled(&host), (0, 1));
}

#[test]
fn cancelled_in_its_step_it_ends_with_the_step_and_is_told_of_it_there() {
    let host = HostQueue::new();
    let kept = Shared::default();
    let held = Arc::clone(&kept);
    let told = Arc::new(AtomicUsize::new(0));
    let tell = Arc::clone(&told);
    let (steps, call) = endless(&host, move |context| {
        held.lock().unwrap().as_ref().unwrap().cancel();
        tell.fetch_add(usize::from(context.is_cancelled()), SeqCst);
    });
    kept.lock().unwrap().replace(call);
    let drained = host.drain(PATIENCE);
    assert_eq!((drained.ran, drained.more), (1, false));
    let call = kept.lock().unwrap().take().unwrap();
    assert!(call.is_resolved(), "no other drain is needed for it");
    assert!(matches!(call.wait(PATIENCE), Err(HostError::Cancelled)));
    assert_eq!((steps.load(SeqCst), told.load(SeqCst)), (1, 1));
    assert_eq!(lost_and_cancelled(&host), (0, 1));
}

#[test]
fn closed_in_its_step_or_between_two_it_is_answered_so() {
    let host = HostQueue::new();
    let inner = host.clone();
    let (steps, in_its_step) = endless(&host, move |_| _ = inner.close());
    let drained = host.drain(PATIENCE);
    assert_eq!((drained.ran, drained.more, steps.load(SeqCst)), (1, false, 1));
    assert!(in_its_step.is_resolved());
    assert!(matches!(in_its_step.wait(PATIENCE), Err(HostError::Closed)));
    assert_eq!(lost_and_cancelled(&host), (1, 0));

    let host = HostQueue::new();
    let (steps, between) = endless(&host, |_| ());
    assert_eq!((host.drain(PATIENCE).ran, host.drain(PATIENCE).ran), (1, 1));
    assert!(!between.is_resolved());
    assert_eq!(host.close(), 1);
    assert!(matches!(between.wait(PATIENCE), Err(HostError::Closed)));
    assert_eq!((host.drain(PATIENCE).ran, steps.load(SeqCst)), (0, 2));
    assert_eq!(lost_and_cancelled(&host), (1, 0));
}

#[test]
fn left_by_everybody_in_its_step_it_is_answered_so() {
    let last = Arc::new(Mutex::new(None));
    let (post, posted) = std::sync::mpsc::channel();
    let host = HostQueue::builder().kick(move |drain| post.send(drain).unwrap()).build();
    let handle = Arc::clone(&last);
    let (steps, call) = endless(&host, move |_| drop(handle.lock().unwrap().take()));
    last.lock().unwrap().replace(host);
    // What a host was given is no handle: it keeps no queue open.
    let drained = posted.recv().unwrap().run(PATIENCE);
    assert_eq!((drained.ran, drained.more, steps.load(SeqCst)), (1, false, 1));
    assert!(matches!(call.wait(PATIENCE), Err(HostError::Closed)));
    assert!(posted.try_recv().is_err(), "there is nothing to be kicked for");
}

#[test]
fn the_time_it_may_wait_begins_anew_with_each_step() {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
    let event_loop = builder.poller(PollerKind::TimersOnly).build().unwrap();
    let pump = || while event_loop.pump(PATIENCE).unwrap().more {};
    let host = HostQueue::new();
    let (steps, call) = endless(&host, |_| ());
    let call = call.queue_timeout(ms(100)).warn_after(ms(10));
    let answer = Rc::new(RefCell::new(None));
    let slot = Rc::clone(&answer);
    event_loop.spawn(async move { *slot.borrow_mut() = Some(call.await) }).detach();
    pump();
    // A second in all, and never a tenth of it without a step.
    for step in 1..=20 {
        for _ in 0..5 {
            clock.advance(ms(10));
            pump();
        }
        assert!(answer.borrow().is_none(), "before step {step}");
        assert_eq!((host.drain(PATIENCE).ran, steps.load(SeqCst)), (1, step));
    }
    // The step is seen when the alarm rings next.
    for _ in 0..9 {
        clock.advance(ms(10));
        pump();
    }
    assert!(answer.borrow().is_none(), "90 ms after the last step");
    for _ in 0..3 {
        clock.advance(ms(10));
        pump();
    }
    assert!(matches!(*answer.borrow(), Some(Err(HostError::TimedOut))));
    assert_eq!((host.drain(PATIENCE).ran, steps.load(SeqCst)), (0, 20), "it never runs again");
    let statistics = host.statistics();
    assert_eq!((statistics.timed_out, statistics.slow, statistics.queued), (1, 0, 0));
}

#[test]
fn a_drain_in_a_drain_runs_the_next_step_and_nobody_runs_one_twice() {
    let host = HostQueue::new();
    let (steps, call) = endless(&host, |_| ());
    let inner = host.clone();
    let nested = host.call(move || inner.drain(PATIENCE).ran);
    // A step of this drain's, a step of the nested one's, and no other in either.
    assert_eq!((host.drain(PATIENCE).ran, nested.wait(PATIENCE).unwrap()), (2, 1));
    assert_eq!(steps.load(SeqCst), 2);
    assert_eq!((host.drain(PATIENCE).ran, steps.load(SeqCst)), (1, 3));
    drop(call);
    assert_eq!(lost_and_cancelled(&host), (0, 1));
}

#[test]
fn a_step_that_drains_runs_the_others_and_not_itself() {
    let host = HostQueue::new();
    let counts = Arc::new(Mutex::new(Vec::new()));
    let (inner, told) = (host.clone(), Arc::clone(&counts));
    let (outer_steps, outer) =
        endless(&host, move |_| told.lock().unwrap().push(inner.drain(PATIENCE).ran));
    let inner = host.clone();
    let (other_steps, other) = endless(&host, move |_| _ = inner.drain(PATIENCE));
    for drain in 1..=3 {
        assert_eq!(host.drain(PATIENCE).ran, 1, "one was run by the other's step");
        assert_eq!((outer_steps.load(SeqCst), other_steps.load(SeqCst)), (drain, drain));
    }
    assert_eq!(*counts.lock().unwrap(), [1, 1, 1]);
    drop((outer, other));
    assert_eq!(lost_and_cancelled(&host), (0, 2));
}
