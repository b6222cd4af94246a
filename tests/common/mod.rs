//! Helpers of the tests: loops that take single turns, and a future that keeps a book of its life.
//!
//! Nothing here sleeps, and nothing here asserts what a test is there to assert.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

pub(crate) mod dropping;
pub(crate) mod mischief;

use std::{
    cell::RefCell,
    panic::resume_unwind,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, ThreadId},
};

use glassloop::{
    Builder, Clock, EventLoop, Events, ExecutorCounts, JoinError, JoinHandle, ManualClock,
    PollerKind,
};

/// What went to `on_unhandled`, in words: what panicked.
pub(crate) type Told = Rc<RefCell<Vec<String>>>;

/// A builder of loops without descriptors, whose clock jumps and whose failures are kept.
pub(crate) fn telling_builder() -> (Builder, Told) {
    let told = Told::default();
    let kept = Rc::clone(&told);
    let builder = EventLoop::builder()
        .clock(Clock::Manual(ManualClock::new().with_autojump()))
        .poller(PollerKind::TimersOnly)
        .on_unhandled(move |failure| kept.borrow_mut().push(failure.what.clone()));
    (builder, told)
}

/// As `EventLoop::test`, but failures that nobody handles are kept and don't end the run.
pub(crate) fn telling_loop() -> (EventLoop, Told) {
    let (builder, told) = telling_builder();
    (builder.build().expect("a loop without descriptors"), told)
}

/// One turn, which never waits: one batch.
pub(crate) fn turn(event_loop: &EventLoop) {
    event_loop.turn(Events::new()).expect("no turn is under way");
}

/// More turns than any chain of wakes in a test needs.
pub(crate) fn settle(event_loop: &EventLoop) {
    for _ in 0..8 {
        turn(event_loop);
    }
}

pub(crate) fn counts(event_loop: &EventLoop) -> ExecutorCounts {
    event_loop.snapshot().executor
}

/// Wakes of every cause.
pub(crate) fn wakes(event_loop: &EventLoop) -> u64 {
    counts(event_loop).wakes.iter().sum()
}

/// Panics with `payload` without a line in the test's output.
pub(crate) fn panic_quietly<T: Send + 'static>(payload: T) -> ! {
    resume_unwind(Box::new(payload))
}

/// Polls a handle once, from outside of any task.
pub(crate) fn ask<T: 'static>(handle: &mut JoinHandle<T>) -> Poll<Result<T, JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs `f` on a thread of its own, to its end.
pub(crate) fn on_another_thread<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(f).join().expect("the thread of a test ends well"))
}

/// A test's size: a tenth where the build has debug assertions.
pub(crate) fn sized(full: usize) -> usize {
    if cfg!(debug_assertions) { full / 10 } else { full }
}

/// A waker that counts.
#[derive(Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn waker() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Waker::from(count))
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// The count, which begins anew.
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A thing that can happen to what a [`Book`] keeps count of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Polled,
    Called,
    FutureDropped,
    OutputDropped,
    PayloadDropped,
}

/// What happened, and on which thread. It is `Send`, so that no type spares us a wrong thread.
#[derive(Debug, Default)]
pub(crate) struct Book {
    lines: Mutex<Vec<(Event, ThreadId)>>,
}

impl Book {
    pub(crate) fn new() -> Arc<Book> {
        Arc::default()
    }

    pub(crate) fn note(&self, event: Event) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push((event, thread::current().id()));
    }

    /// How often it happened.
    pub(crate) fn count(&self, event: Event) -> usize {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|(noted, _)| *noted == event).count()
    }

    /// How often it happened on another thread than this one.
    pub(crate) fn elsewhere(&self) -> usize {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|(_, thread)| *thread != thread::current().id()).count()
    }
}

/// A value that notes when it is dropped.
#[derive(Debug)]
pub(crate) struct Noting {
    book: Arc<Book>,
    event: Event,
}

impl Noting {
    pub(crate) fn new(book: &Arc<Book>, event: Event) -> Noting {
        Noting { book: Arc::clone(book), event }
    }
}

impl Drop for Noting {
    fn drop(&mut self) {
        self.book.note(self.event);
    }
}

/// Runs a closure when it is dropped.
pub(crate) struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> OnDrop<F> {
    pub(crate) fn new(f: F) -> OnDrop<F> {
        OnDrop(Some(f))
    }
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

/// A future made of one closure, which is told how often it was polled before.
pub(crate) struct PollFn<F> {
    polls: usize,
    f: F,
}

pub(crate) fn poll_fn<T, F>(f: F) -> PollFn<F>
where
    F: FnMut(usize, &mut Context<'_>) -> Poll<T>,
{
    PollFn { polls: 0, f }
}

/// The closure is called, never pinned.
impl<F> Unpin for PollFn<F> {}

impl<T, F> Future for PollFn<F>
where
    F: FnMut(usize, &mut Context<'_>) -> Poll<T>,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let before = self.polls;
        self.polls += 1;
        (self.f)(before, cx)
    }
}
