//! The tally: how many of the expected calls the loop's thread has run.
//!
//! It lives in a thread-local, so that a call captures nothing but what it has to say; a call costs
//! the same for every peer. It does not count on any other thread than the one it began on.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::Duration;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(0) };
    static SUM: Cell<u64> = const { Cell::new(0) };
    static WAITER: RefCell<Option<Waker>> = const { RefCell::new(None) };
    static LATENESS: RefCell<Vec<Duration>> = const { RefCell::new(Vec::new()) };
}

/// Expects `calls` hits on this thread.
pub fn begin(calls: u64) {
    LEFT.set(calls);
    SUM.set(0);
    LATENESS.take();
}

/// The call with that number ran.
pub fn hit(number: u64) {
    SUM.set(SUM.get() + number);
    let left = LEFT.get().checked_sub(1).expect("a call ran more often than it was sent");
    LEFT.set(left);
    if left == 0
        && let Some(waiter) = WAITER.take()
    {
        waiter.wake();
    }
}

/// One call ran, `late` after it was sent.
pub fn hit_late(late: Duration) {
    LATENESS.with_borrow_mut(|all| all.push(late));
    hit(0);
}

/// True when all expected calls have run.
pub fn is_full() -> bool {
    LEFT.get() == 0
}

/// Resolves when the tally is full.
pub async fn filled() {
    poll_fn(|cx| {
        if is_full() {
            return Poll::Ready(());
        }
        WAITER.set(Some(cx.waker().clone()));
        Poll::Pending
    })
    .await;
}

/// All numbers that were hit, summed up.
pub fn sum() -> u64 {
    SUM.get()
}

/// What [`hit_late`] noted since [`begin`].
pub fn lateness() -> Vec<Duration> {
    LATENESS.take()
}
