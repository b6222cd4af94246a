//! A host call may be awaited by whatever polls futures, on a thread without a loop: it is answered
//! as anywhere else. And what blocks a thread is refused only where it could never end.
#![cfg(test)]

#[path = "common/mod.rs"]
mod common;

use std::{
    future::{Future, IntoFuture},
    pin::pin,
    sync::{Arc, mpsc},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use common::Count;
use glassloop::{CallError, Chunk, HostCalling, HostError, HostQueue, LoopThread};

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A waker as a beginner would make one.
struct Unparks(Thread);

impl Wake for Unparks {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread, by hand.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let (began, mut future) = (Instant::now(), pin!(future));
    let waker = Waker::from(Arc::new(Unparks(thread::current())));
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        thread::park_timeout(PATIENCE);
        assert!(began.elapsed() < PATIENCE, "it was never woken");
    }
}

#[test]
fn on_the_hosts_own_thread_it_is_served_by_block_on() {
    let host = HostQueue::new();
    let scene = host.clone();
    let answered = host.block_on(async move { scene.call(|| 6 * 7).await }, PATIENCE);
    assert_eq!(answered.expect("in time").unwrap(), 42);
    let (scene, mut step) = (host.clone(), 0);
    let export = async move {
        let call = scene.call_chunked(move |_| {
            step += 1;
            if step == 3 { Chunk::Done(step) } else { Chunk::More }
        });
        call.await
    };
    assert_eq!(host.block_on(export, PATIENCE).expect("in time").unwrap(), 3);
    assert_eq!(host.statistics().ran, 2);
}

#[test]
fn when_block_on_loses_patience_the_call_is_taken_back() {
    let host = HostQueue::new();
    // What it waits for is asked of another host, which never comes.
    let other = HostQueue::new();
    let call = other.call(|| unreachable!("nobody drains"));
    let answered = host.block_on(call.into_future(), Duration::ZERO);
    assert!(answered.is_err());
    let statistics = other.statistics();
    assert_eq!((statistics.queued, statistics.cancelled), (0, 1));
    assert_eq!(other.drain(PATIENCE).ran, 0);
}

#[test]
fn a_waker_made_by_hand_is_woken_once_by_each_answer() {
    let host = HostQueue::new();
    let poll = |call: HostCalling<u32>, answer: &dyn Fn()| {
        let (count, waker) = Count::waker();
        let (mut calling, mut cx) = (pin!(call), Context::from_waker(&waker));
        for _ in 0..3 {
            assert!(calling.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(count.get(), 0);
        answer();
        assert_eq!(count.get(), 1, "however often it was polled");
        let Poll::Ready(answer) = calling.poll(&mut cx) else { panic!("it was answered") };
        answer
    };
    let drain = || assert_eq!(host.drain(PATIENCE).ran, 1);
    assert_eq!(poll(host.call(|| 7).into_future(), &drain).unwrap(), 7);
    let panics = host.call(|| -> u32 { panic!("out of paper") });
    assert!(matches!(poll(panics.into_future(), &drain), Err(HostError::Panicked(_))));
    let close = || assert_eq!(host.close(), 1);
    assert!(matches!(poll(host.call(|| 7).into_future(), &close), Err(HostError::Closed)));
}

#[test]
fn a_thread_that_polls_by_hand_is_answered_by_the_hosts_thread() {
    let host = HostQueue::new();
    let asked = host.clone();
    let asker = thread::spawn(move || {
        let ask = |number| wait_for(asked.call(move || number).into_future()).unwrap();
        (0..100).map(ask).sum::<u32>()
    });
    while !asker.is_finished() {
        host.block_on(std::future::pending::<()>(), Duration::from_millis(1)).ok();
    }
    assert_eq!(asker.join().unwrap(), 4_950);
}

/// Whether a wait for a loop's call is refused on this thread. The call is held back meanwhile, so
/// that it could not be answered by chance.
fn is_refused(network: &LoopThread) -> bool {
    let (release, released) = mpsc::channel::<()>();
    let mut held = network.call(move || released.recv().is_ok());
    match held.wait(Duration::from_millis(1)) {
        Err(CallError::WouldDeadlock) => true,
        Err(CallError::TimedOut) => {
            release.send(()).unwrap();
            assert!(held.wait(PATIENCE).unwrap());
            false
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wait_is_refused_only_while_this_is_the_thread_of_an_open_host() {
    let network = LoopThread::start("network").unwrap();
    let host = HostQueue::new();
    assert!(!is_refused(&network), "it has drained nothing");
    assert!(!host.drain(PATIENCE).more);
    assert!(is_refused(&network), "it is the host's");
    // Another thread is the host's from now on.
    let drains = host.clone();
    thread::spawn(move || drains.drain(PATIENCE).ran).join().unwrap();
    assert!(!is_refused(&network));
    assert!(!host.drain(PATIENCE).more);
    assert!(is_refused(&network), "and now it is this one again");
    // One of two is enough.
    let second = HostQueue::new();
    assert!(!second.drain(PATIENCE).more);
    host.close();
    assert!(is_refused(&network));
    drop(second);
    assert!(!is_refused(&network), "the one is closed, the other has gone");
}

#[test]
fn what_is_answered_already_may_be_asked_for_anywhere() {
    let (network, host) = (LoopThread::start("network").unwrap(), HostQueue::new());
    assert!(!host.drain(PATIENCE).more);
    let mut call = network.call(|| 7);
    assert!(host.block_on(network.call(|| ()), PATIENCE).expect("in time").is_ok());
    assert_eq!(call.wait(Duration::ZERO).unwrap(), 7);
    let call = host.call(|| 8);
    assert_eq!(host.drain(PATIENCE).ran, 1);
    assert_eq!(call.wait(Duration::ZERO).unwrap(), 8);
}
