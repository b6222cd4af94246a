//! What calls a host's function makes the loop's descriptor readable, if that was given away: also
//! when the one or the other is asked for late.
#![cfg(test)]
#![cfg(all(unix, not(miri)))]

use std::{
    os::fd::AsRawFd,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use glassloop::{EventLoop, mio, yield_now};

/// More than anything here takes: a pump ends when there is no more to do.
const BUDGET: Duration = Duration::from_secs(10);

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A host that waits for the loop's descriptor.
struct Host(mio::Poll);

impl Host {
    fn of(event_loop: &EventLoop) -> Host {
        let poll = mio::Poll::new().unwrap();
        let descriptor = event_loop.descriptor().unwrap().as_raw_fd();
        let mut source = mio::unix::SourceFd(&descriptor);
        poll.registry().register(&mut source, mio::Token(0), mio::Interest::READABLE).unwrap();
        Host(poll)
    }

    /// Whether the descriptor has become readable since this was asked last.
    fn is_called(&mut self, patience: Duration) -> bool {
        let mut events = mio::Events::with_capacity(8);
        self.0.poll(&mut events, Some(patience)).unwrap();
        !events.is_empty()
    }

    fn hears_of_a_call(&mut self, event_loop: &EventLoop) {
        while event_loop.pump(BUDGET).unwrap().more {}
        self.is_called(Duration::ZERO);
        self.hears_of_the_next_call(event_loop);
    }

    fn hears_of_the_next_call(&mut self, event_loop: &EventLoop) {
        assert!(!self.is_called(Duration::ZERO));
        call_of_another_thread(event_loop);
        assert!(self.is_called(PATIENCE));
    }
}

fn call_of_another_thread(event_loop: &EventLoop) {
    let remote = event_loop.remote();
    thread::spawn(move || remote.defer(|| ()).unwrap()).join().unwrap();
}

#[test]
fn before_the_first_pump_it_is_readable_for_what_came_and_what_comes() {
    let event_loop = EventLoop::new().unwrap();
    Host::of(&event_loop).hears_of_the_next_call(&event_loop);
    let event_loop = EventLoop::new().unwrap();
    call_of_another_thread(&event_loop);
    assert!(Host::of(&event_loop).is_called(PATIENCE));
    let event_loop = EventLoop::new().unwrap();
    event_loop.spawn(async {}).detach();
    assert!(Host::of(&event_loop).is_called(PATIENCE));
}

#[test]
fn after_a_run_it_is_readable_for_what_is_left_and_what_comes() {
    let event_loop = EventLoop::new().unwrap();
    let mut host = Host::of(&event_loop);
    event_loop.block_on(async {}).unwrap();
    host.hears_of_a_call(&event_loop);
    while event_loop.pump(BUDGET).unwrap().more {}
    event_loop.block_on(async { glassloop::spawn(async {}).detach() }).unwrap();
    assert!(host.is_called(PATIENCE), "a task is ready");
}

#[test]
fn a_pump_that_leaves_more_leaves_it_readable() {
    let event_loop = EventLoop::new().unwrap();
    let mut host = Host::of(&event_loop);
    let task = event_loop.spawn(async {
        for _ in 0..3 {
            yield_now().await;
        }
    });
    // The host waits for nothing but the descriptor; the fourth poll is the last one.
    for poll in 1..=4 {
        assert!(host.is_called(PATIENCE), "poll {poll}");
        let pumped = event_loop.pump(Duration::ZERO).unwrap();
        assert_eq!(pumped.more, poll < 4);
    }
    assert!(task.is_finished());
    assert!(!host.is_called(Duration::ZERO));
}

#[test]
fn a_function_that_is_set_after_it_is_called_as_well_and_one_before_it_no_more() {
    let calls = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
    let count = |at: usize| {
        let calls = Arc::clone(&calls[at]);
        move || _ = calls.fetch_add(1, SeqCst)
    };
    let event_loop = EventLoop::new().unwrap();
    event_loop.on_wake(count(0));
    let mut host = Host::of(&event_loop);
    event_loop.on_wake(count(1));
    // Asked for again it is the same, and the function stays.
    let number = || event_loop.descriptor().unwrap().as_raw_fd();
    assert_eq!(number(), number());
    for round in 1..=3 {
        host.hears_of_a_call(&event_loop);
        assert_eq!(calls.each_ref().map(|calls| calls.load(SeqCst)), [0, round]);
    }
}
