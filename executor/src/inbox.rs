//! `Inbox`: what other threads leave for the loop, calls and wakes in one queue.
//!
//! It promises that a call is either refused at once, closure handed back, or accepted and found
//! by the loop; that wakes always have a place; and that each sender's order is kept. One word
//! counts the accepted calls and carries the closed mark, so that closing can't race with a sender.
//! It runs nothing and wakes nobody but its loop.

use std::{
    cell::RefCell, collections::VecDeque, panic::Location, sync::Arc, task::Waker, thread::Thread,
};

use crate::{
    error::Refused,
    id::Entry,
    senders::{Lines, Senders},
    sync::{AtomicBool, AtomicUsize, Ordering, mpsc},
};

/// A call that waits for the loop's thread.
pub struct Deferred {
    /// The closure.
    pub run: Box<dyn FnOnce() + Send + 'static>,
    /// Where it was deferred.
    pub place: &'static Location<'static>,
}

impl std::fmt::Debug for Deferred {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a call deferred at {}", self.place)
    }
}

/// One thing that another thread left.
#[derive(Debug)]
pub enum Left {
    /// This entry was woken; [`Entry::STOP`] is the loop itself, which is to stop.
    Wake(Entry),
    /// This is to be called.
    Call(Deferred),
}

/// The senders' end: shared by every waker and every remote of one loop.
#[derive(Debug)]
pub struct Inbox {
    sender: mpsc::Sender<Left>,
    /// Calls accepted and not yet run; the top bit says closed.
    calls: AtomicUsize,
    calls_max: usize,
    /// A stop lies in the queue: one more would say nothing new.
    stop: AtomicBool,
    /// Who left each thing in the queue, if the loop asked for that.
    senders: Arc<Senders>,
    /// Brings the loop back from its wait.
    unpark: Waker,
}

/// The loop's end.
#[derive(Debug)]
pub struct Outlet {
    receiver: mpsc::Receiver<Left>,
    /// What was looked at and not taken, with who left it: it comes first.
    first: RefCell<VecDeque<(Option<Thread>, Left)>>,
    /// What was gathered to be mixed: it comes next.
    lines: RefCell<Lines<Left>>,
    senders: Arc<Senders>,
}

const CLOSED: usize = 1 << (usize::BITS - 1);

/// A new inbox, empty and open, whose senders call `unpark` after each push.
#[must_use]
pub fn inbox(calls_max: usize, unpark: Waker) -> (Arc<Inbox>, Outlet) {
    let (sender, receiver) = mpsc::channel();
    let calls = AtomicUsize::new(0);
    let calls_max = calls_max.min(CLOSED - 1);
    let stop = AtomicBool::new(false);
    let senders = Arc::<Senders>::default();
    let outlet = Outlet {
        receiver,
        first: RefCell::default(),
        lines: RefCell::default(),
        senders: Arc::clone(&senders),
    };
    (Arc::new(Inbox { sender, calls, calls_max, stop, senders, unpark }), outlet)
}

impl Inbox {
    /// Leaves a call. Never waits for the loop.
    ///
    /// # Errors
    /// [`Refused`] with the closure when the loop is closed or `calls_max` calls wait.
    pub fn defer<F>(&self, f: F, place: &'static Location<'static>) -> Result<(), Refused<F>>
    where
        F: FnOnce() + Send + 'static,
    {
        match self.reserve() {
            Ok(reserved) => {
                reserved.leave(Box::new(f), place);
                Ok(())
            }
            Err(refused) => Err(refused.map(|()| f)),
        }
    }

    /// Reserves the place of a call, to be left there or given back by dropping it.
    ///
    /// # Errors
    /// As [`defer`](Inbox::defer), with nothing in it.
    #[inline]
    pub fn reserve(&self) -> Result<Reserved<'_>, Refused<()>> {
        // A look first: who is refused for good must not raise the count that `close` waits for.
        self.admit(self.calls.load(Ordering::Acquire))?;
        // The count goes up before the push: once `close` has set its mark it knows of every call
        // that can still arrive, and waits for it.
        let before = self.calls.fetch_add(1, Ordering::AcqRel);
        let reserved = Reserved { inbox: self };
        self.admit(before)?;
        Ok(reserved)
    }

    #[inline]
    fn admit(&self, calls: usize) -> Result<(), Refused<()>> {
        if calls & CLOSED != 0 {
            Err(Refused::Closed(()))
        } else if calls >= self.calls_max {
            Err(Refused::Full(()))
        } else {
            Ok(())
        }
    }

    /// Leaves a wake. Bounded by the caller: an entry is left at most once until it was taken.
    pub(crate) fn wake(&self, entry: Entry) {
        self.push(Left::Wake(entry));
    }

    /// Asks the loop to stop. What this thread left before is taken first.
    pub fn stop(&self) {
        if !self.stop.swap(true, Ordering::AcqRel) {
            self.push(Left::Wake(Entry::STOP));
        }
    }

    /// The loop took the stop out: the next one leaves a new one.
    pub fn stop_taken(&self) {
        self.stop.swap(false, Ordering::AcqRel);
    }

    fn push(&self, left: Left) {
        // A send fails only when the loop is gone. An accepted call can't meet that: the loop
        // keeps its end until the count is zero. A wake for a loop that is gone is nothing.
        if self.senders.push(|| self.sender.send(left)).is_ok() {
            self.unpark.wake_by_ref();
        }
    }

    /// Brings the loop back from its wait, as if something had been left.
    pub fn unpark(&self) {
        self.unpark.wake_by_ref();
    }

    /// Calls accepted and not yet run.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Acquire) & !CLOSED
    }

    /// From now on every call is refused.
    pub fn close(&self) {
        self.calls.fetch_or(CLOSED, Ordering::AcqRel);
    }

    /// Whether calls are refused for good.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.calls.load(Ordering::Acquire) & CLOSED != 0
    }

    /// The loop has run (or dropped) this many accepted calls: their places are free.
    pub fn release(&self, calls: usize) {
        if calls != 0 {
            self.calls.fetch_sub(calls, Ordering::AcqRel);
        }
    }
}

/// The place of one call in the inbox; see [`Inbox::reserve`].
#[derive(Debug)]
pub struct Reserved<'a> {
    inbox: &'a Inbox,
}

impl Reserved<'_> {
    /// Leaves the call: it is accepted.
    #[inline]
    pub fn leave(self, run: Box<dyn FnOnce() + Send + 'static>, place: &'static Location<'static>) {
        let inbox = self.inbox;
        // The place is the call's now, and is released when that has run.
        std::mem::forget(self);
        inbox.push(Left::Call(Deferred { run, place }));
    }
}

impl Drop for Reserved<'_> {
    /// Gives the place back. A loop that closes may be waiting for the call: it looks again.
    fn drop(&mut self) {
        self.inbox.release(1);
        self.inbox.unpark();
    }
}

impl Outlet {
    /// Takes what was left, oldest first, at most `max`, with who left it where that is noted; says
    /// whether more may be there.
    pub fn take(&self, max: usize, mut found: impl FnMut(Left, Option<Thread>)) -> bool {
        for _ in 0..max {
            match self.next() {
                Some((sender, left)) => found(left, sender),
                None => return false,
            }
        }
        true
    }

    /// Takes the oldest of which this holds, wherever it lies.
    pub fn take_one(&self, is_it: impl Fn(&Left, Option<&Thread>) -> bool) -> Option<Left> {
        let mut first = self.first.borrow_mut();
        let at = first.iter().position(|(sender, left)| is_it(left, sender.as_ref()))?;
        first.remove(at).map(|(_, left)| left)
    }

    /// Looks at everything that was left, oldest first, and takes nothing. `new` has what was not
    /// looked at before.
    pub fn look(&self, mut new: impl FnMut(&Left), mut all: impl FnMut(&Left, Option<&Thread>)) {
        let mut first = self.first.borrow_mut();
        while let Some((sender, left)) = self.receive() {
            new(&left);
            first.push_back((sender, left));
        }
        first.iter().for_each(|(sender, left)| all(left, sender.as_ref()));
    }

    #[inline]
    fn next(&self) -> Option<(Option<Thread>, Left)> {
        let first = self.first.borrow_mut().pop_front();
        first.or_else(|| self.lines.borrow_mut().take(&mut |_| 0)).or_else(|| self.receive())
    }

    /// What nobody has looked at yet.
    #[inline]
    fn receive(&self) -> Option<(Option<Thread>, Left)> {
        let left = self.receiver.try_recv().ok()?;
        Some((self.senders.pop(), left))
    }

    /// From now on it is noted which thread leaves what. Nothing must have been left before.
    pub fn note_senders(&self) {
        self.senders.note();
    }

    /// Gathers what was left, to be [mixed](Outlet::take_mixed). How much there is.
    pub fn gather(&self) -> usize {
        let mut lines = self.lines.borrow_mut();
        for (sender, left) in self.first.borrow_mut().drain(..) {
            lines.push(sender, left);
        }
        while let Some((sender, left)) = self.receive() {
            lines.push(sender, left);
        }
        lines.len()
    }

    /// As [`take`](Outlet::take), of what was gathered: `below` picks whose turn it is, a number
    /// below the one that it is given. Each sender's own order stays.
    pub fn take_mixed(
        &self,
        max: usize,
        mut below: impl FnMut(usize) -> usize,
        mut found: impl FnMut(Left, Option<Thread>),
    ) -> bool {
        for _ in 0..max {
            let taken = self.lines.borrow_mut().take(&mut below);
            let Some((sender, left)) = taken else { break };
            found(left, sender);
        }
        self.lines.borrow().len() > 0
    }

    /// Whether nothing was left. Nobody but the taker asks.
    pub fn is_empty(&self) -> bool {
        let next = self.next();
        let is_empty = next.is_none();
        if let Some(next) = next {
            self.first.borrow_mut().push_front(next);
        }
        is_empty
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_takes_24_bytes() {
        // The channel's blocks of 31 then fit the allocator's fast bins; at 32 bytes they don't.
        assert_eq!(size_of::<Left>(), 24);
    }
}
