//! Phase `deferred`: what other threads left joins the ready queue.

use std::thread::Thread;

use crate::{executor::Executor, id::Entry, inbox::Left};

impl Executor {
    /// Phase `deferred`: takes what other threads left into the ready queue, oldest first, and
    /// tells each. Whether more may be there; it is bounded by `taken_per_turn_max`.
    pub fn take_deferred(&self, mut told: impl FnMut(&Left, Option<&Thread>)) -> bool {
        self.outlet.take(self.room(), |left, sender| {
            told(&left, sender.as_ref());
            self.take_in(left);
        })
    }

    /// Gathers what other threads left, for [`take_mixed`](Executor::take_mixed). How much it is.
    pub fn gather_left(&self) -> usize {
        self.outlet.gather()
    }

    /// As [`take_deferred`](Executor::take_deferred), of what was gathered, at most `most`: `below`
    /// picks whose turn it is, a number below the one that it is given. Each thread's own order
    /// stays.
    pub fn take_mixed(
        &self,
        most: usize,
        below: impl FnMut(usize) -> usize,
        mut told: impl FnMut(&Left, Option<&Thread>),
    ) -> bool {
        self.outlet.take_mixed(self.room().min(most), below, |left, sender| {
            told(&left, sender.as_ref());
            self.take_in(left);
        })
    }

    /// How much may be taken.
    pub(crate) fn room(&self) -> usize {
        self.limits().taken_per_turn_max.saturating_sub(self.deferred.borrow().len())
    }

    /// Something that another thread left joins the ready queue.
    #[inline]
    pub(crate) fn take_in(&self, left: Left) {
        match left {
            Left::Wake(entry) => {
                self.heard(entry);
                match entry {
                    Entry::STOP => self.stopping.set(true),
                    entry => self.wake(entry),
                }
            }
            Left::Call(call) => {
                let entry = Entry::deferred(self.place(call.place));
                self.deferred.borrow_mut().push_back(call);
                self.ready.borrow_mut().push(entry);
                self.socket.tell(|tap| tap.woken(entry, Entry::NOTHING, true));
            }
        }
    }

    /// A wake of another thread was seen: who wakes again leaves another one.
    #[inline]
    pub(crate) fn heard(&self, entry: Entry) {
        if entry == Entry::STOP {
            self.inbox().stop_taken();
        } else if entry.is_task() {
            self.tasks.borrow().remote_taken(entry.id());
        }
    }

    /// From now on it is noted which thread leaves what. Nothing must have been left before.
    pub fn note_senders(&self) {
        self.outlet.note_senders();
    }

    /// Whether other threads have left something that was not taken.
    #[must_use]
    pub fn has_left(&self) -> bool {
        !self.outlet.is_empty()
    }
}
