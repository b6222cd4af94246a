//! A host is asked to drain once, until it uses what it was given or lets go of it; however it is
//! asked, one thread drains at a time, and nobody waits for a host that will not come.
#![cfg(test)]

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use glassloop::{Chunk, Drain, HostCall, HostError, HostQueue};

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A queue whose kicks are kept.
fn kicked() -> (HostQueue, mpsc::Receiver<Drain>) {
    let (post, posted) = mpsc::channel();
    (HostQueue::builder().kick(move |drain| drop(post.send(drain))).build(), posted)
}

fn calls(host: &HostQueue, count: usize) -> Vec<HostCall<()>> {
    (0..count).map(|_| host.call(|| ())).collect()
}

fn kicks(host: &HostQueue) -> u64 {
    host.statistics().kicks
}

fn all_lost(calls: Vec<HostCall<()>>) -> bool {
    // All of them have resolved by now: none is waited for.
    calls.iter().all(HostCall::is_resolved)
        && calls.into_iter().all(|call| matches!(call.wait(PATIENCE), Err(HostError::HostGone)))
}

#[test]
fn a_host_that_comes_by_itself_has_one_kick_in_its_own_queue_however_much_is_asked() {
    let (host, posted) = kicked();
    let asked = calls(&host, 100);
    for _ in 0..50 {
        assert_eq!(host.drain(Duration::ZERO).ran, 1);
    }
    assert!(host.block_on(pending::<()>(), Duration::from_millis(1)).is_err());
    while host.drain(PATIENCE).more {}
    assert!(asked.iter().all(HostCall::is_resolved));
    let more = calls(&host, 100);
    assert_eq!((kicks(&host), posted.try_iter().map(std::mem::forget).count()), (1, 1));
    drop(more);
}

#[test]
fn a_kick_that_is_used_late_serves_what_has_come_since_and_the_next_job_kicks_anew() {
    let (host, posted) = kicked();
    let first = host.call(|| 1);
    assert_eq!(host.drain(PATIENCE).ran, 1, "the host came by itself");
    let second = host.call(|| 2);
    let kick = posted.recv().unwrap();
    assert!(posted.try_recv().is_err());
    let drained = kick.run(PATIENCE);
    assert_eq!((drained.ran, drained.more), (1, false));
    assert_eq!((first.wait(PATIENCE).unwrap(), second.wait(PATIENCE).unwrap()), (1, 2));
    let third = host.call(|| 3);
    assert_eq!(posted.recv().unwrap().run(PATIENCE).ran, 1);
    assert_eq!((third.wait(PATIENCE).unwrap(), kicks(&host)), (3, 2));
}

#[test]
fn a_drain_that_leaves_jobs_has_kicked_for_them_once() {
    let (host, posted) = kicked();
    let asked = calls(&host, 3);
    for left in (0..3).rev() {
        let drained = posted.recv().unwrap().run(Duration::ZERO);
        assert_eq!((drained.ran, drained.more), (1, left > 0));
        assert!(left == 0 || kicks(&host) == 4 - left);
    }
    assert!(posted.try_recv().is_err());
    assert!(asked.iter().all(HostCall::is_resolved));
}

#[test]
fn a_kick_that_is_let_go_of_when_nothing_waits_refuses_nothing() {
    let (host, posted) = kicked();
    let asked = calls(&host, 3);
    let late = posted.recv().unwrap();
    assert_eq!(host.drain(PATIENCE).ran, 3);
    drop(late);
    assert_eq!(host.statistics().lost, 0);
    // Another one was never given out meanwhile: from here on one is.
    let next = host.call(|| "served");
    assert_eq!(posted.recv().unwrap().run(PATIENCE).ran, 1);
    assert_eq!(next.wait(PATIENCE).unwrap(), "served");
    assert!(asked.into_iter().all(|call| call.wait(PATIENCE).is_ok()));
}

#[test]
fn the_one_kick_that_is_let_go_of_answers_everybody_who_waits() {
    let (host, posted) = kicked();
    let ran = host.call(|| ());
    assert_eq!(host.drain(PATIENCE).ran, 1);
    // Nobody else would ever be asked to come for these.
    let asked = calls(&host, 3);
    drop(posted.recv().unwrap());
    assert!(ran.wait(PATIENCE).is_ok() && all_lost(asked));
    assert_eq!(host.statistics().lost, 3);
}

#[test]
fn what_was_kicked_for_a_queue_that_is_closed_or_gone_runs_nothing() {
    let (host, posted) = kicked();
    let asked = calls(&host, 2);
    let kick = posted.recv().unwrap();
    assert_eq!(host.close(), 2);
    assert_eq!((kick.run(PATIENCE).ran, host.statistics().lost), (0, 2));
    assert!(asked.into_iter().all(|call| matches!(call.wait(PATIENCE), Err(HostError::Closed))));
    let (host, posted) = kicked();
    host.defer(|| unreachable!("nobody holds its queue")).unwrap();
    drop(host);
    assert_eq!(posted.recv().unwrap().run(PATIENCE).ran, 0);
}

#[test]
fn a_kick_that_panics_answers_everybody_and_the_next_one_is_tried() {
    let (panics, (post, posted)) = (Arc::new(AtomicBool::new(true)), mpsc::channel());
    let fails = Arc::clone(&panics);
    let kick = move |drain: Drain| {
        assert!(!fails.load(SeqCst), "as it was told to");
        post.send(drain).unwrap();
    };
    let host = HostQueue::builder().kick(kick).build();
    assert!(all_lost(calls(&host, 3)), "each was kicked for, and answered at once");
    assert_eq!((kicks(&host), host.statistics().lost), (3, 3));
    panics.store(false, SeqCst);
    let mut asked = calls(&host, 3);
    panics.store(true, SeqCst);
    let drained = posted.recv().unwrap().run(Duration::ZERO);
    assert_eq!(drained.ran, 1, "and then the kick for the others panics");
    assert!(asked.remove(0).wait(PATIENCE).is_ok());
    assert!(all_lost(asked));
    panics.store(false, SeqCst);
    let call = host.call(|| 7);
    assert_eq!(posted.recv().unwrap().run(PATIENCE).ran, 1);
    assert_eq!(call.wait(PATIENCE).unwrap(), 7);
}

#[test]
fn a_kick_that_drains_at_once_serves_each_step() {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let host = HostQueue::builder().kick(|drain| _ = drain.run(Duration::ZERO)).build();
    let told = Arc::clone(&steps);
    let call = host.call_chunked(move |_| {
        let mut steps = told.lock().unwrap();
        let step = steps.len() + 1;
        steps.push(step);
        if step == 30 { Chunk::Done(step) } else { Chunk::More }
    });
    assert_eq!(call.wait(PATIENCE).unwrap(), 30);
    let statistics = host.statistics();
    assert_eq!((statistics.kicks, statistics.drains, statistics.ran), (30, 30, 1));
    assert!(steps.lock().unwrap().iter().copied().eq(1..=30));
}

#[test]
fn one_thread_drains_at_a_time() {
    let host = HostQueue::new();
    let ((begun, begins), (release, released)) = (mpsc::channel(), mpsc::channel::<()>());
    let ran = Arc::new(AtomicUsize::new(0));
    let first = host.call(move || {
        begun.send(()).unwrap();
        released.recv().unwrap();
        thread::current().id()
    });
    let counted = Arc::clone(&ran);
    let second = host.call(move || {
        counted.fetch_add(1, SeqCst);
        thread::current().id()
    });
    let drains = host.clone();
    let main = thread::spawn(move || drains.drain(PATIENCE).ran);
    begins.recv_timeout(PATIENCE).unwrap();
    for _ in 0..3 {
        let drained = host.drain(PATIENCE);
        assert_eq!((drained.ran, drained.more), (0, true), "another thread is at it");
    }
    assert_eq!(ran.load(SeqCst), 0);
    assert_eq!(host.statistics().drains, 1);
    release.send(()).unwrap();
    let there = main.thread().id();
    assert_eq!(main.join().unwrap(), 2);
    assert_eq!((first.wait(PATIENCE).unwrap(), second.wait(PATIENCE).unwrap()), (there, there));
    // When it is over another one may.
    let here = host.call(|| thread::current().id());
    assert_eq!(host.drain(PATIENCE).ran, 1);
    assert_eq!(here.wait(PATIENCE).unwrap(), thread::current().id());
}

#[test]
fn a_queue_with_a_thread_of_its_own_runs_nothing_on_another_one() {
    let (post, kicks) = mpsc::channel();
    let kick = move |drain: Drain| post.send(drain).unwrap();
    let host = HostQueue::builder().for_this_thread().kick(kick).build();
    let (ran, elsewhere) = (Arc::new(AtomicUsize::new(0)), host.clone());
    let counted = Arc::clone(&ran);
    let call = host.call(move || counted.fetch_add(1, SeqCst));
    let kick: Drain = kicks.recv().unwrap();
    let mistaken = thread::spawn(move || {
        let drained = elsewhere.drain(Duration::MAX);
        (drained.ran, drained.more, kick.run(Duration::MAX).ran)
    });
    assert_eq!(mistaken.join().unwrap(), (0, true, 0));
    // A kick that was run there is as good as dropped.
    assert!(matches!(host.block_on(call, Duration::ZERO), Ok(Err(HostError::HostGone))));
    assert_eq!(ran.load(SeqCst), 0);
    // And the next one may be run here.
    let counted = Arc::clone(&ran);
    host.defer(move || _ = counted.fetch_add(1, SeqCst)).unwrap();
    assert_eq!(kicks.recv().unwrap().run(Duration::MAX).ran, 1);
    assert_eq!(ran.load(SeqCst), 1);
}
