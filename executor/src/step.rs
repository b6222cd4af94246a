//! One item: what runs when an entry of the ready queue comes up.
//!
//! This is where futures are polled and dropped. Each piece of foreign code runs by itself, with
//! nothing of ours borrowed, and its panic stops here. It never decides what runs next.

use std::{
    borrow::Cow,
    ptr,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use crate::{
    JoinError,
    caught::{Payload, caught},
    counts::count,
    executor::Executor,
    id::{Entry, Kind, TaskId},
    inbox::Deferred,
    place::PlaceId,
    table::{Ended, Target, Turned},
    task::{BoxedTask, short_type},
    waker::TaskWaker,
};

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A task was polled and waits.
    Pending,
    /// A task was polled and has its result.
    Finished,
    /// A task, callback or call panicked.
    Panicked,
    /// A task that was aborted was dropped.
    Cancelled,
    /// A callback or call was called.
    Called,
    /// What the entry named was gone already.
    Stale,
}

impl Executor {
    /// Runs one entry of a batch. Never panics, whatever the item does.
    #[inline]
    pub fn run_item(&self, entry: Entry) -> Outcome {
        self.current.set(entry);
        let outcome =
            if entry.is_task() { self.run_task(entry.id()) } else { self.run_call(entry) };
        self.current.set(Entry::NOTHING);
        outcome
    }

    fn run_call(&self, entry: Entry) -> Outcome {
        let outcome = match entry.kind() {
            Kind::Callback => self.run_callback(entry),
            Kind::Deferred => self.run_deferred(entry),
            _ => Outcome::Stale,
        };
        self.drop_locals();
        outcome
    }

    #[inline]
    fn run_task(&self, id: TaskId) -> Outcome {
        let turned = self.tasks.borrow_mut().turn_up(id, self.inbox());
        match turned {
            Turned::Poll(future, waker) => self.poll_task(id, future, waker),
            Turned::Drop(mut future) => {
                self.tell_ended(id, &mut future);
                self.drop_cancelled(id, future)
            }
            Turned::HasLocals => self.run_task_with_locals(id),
            Turned::Stale => {
                count(&self.counters.stale);
                Outcome::Stale
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn run_task_with_locals(&self, id: TaskId) -> Outcome {
        self.tasks.borrow_mut().load_locals(id);
        self.run_task(id)
    }

    #[inline]
    fn poll_task(&self, id: TaskId, mut future: BoxedTask, waker: Arc<TaskWaker>) -> Outcome {
        count(&self.counters.polls);
        let polled = {
            let waker = futures_task::waker_ref(&waker);
            self.current_waker.set((waker.data(), ptr::from_ref(waker.vtable())));
            caught(|| future.as_mut().poll_task(&mut Context::from_waker(&waker)))
        };
        match polled {
            Ok(Poll::Pending) => {
                self.tasks.borrow_mut().put_back(id, future, waker);
                Outcome::Pending
            }
            Ok(Poll::Ready(())) => {
                self.tell_ended(id, &mut future);
                let ended = self.tasks.borrow_mut().ready(id, future, waker);
                match ended {
                    Ok(ended) => {
                        count(&self.counters.finished);
                        self.ended(id, ended);
                        Outcome::Finished
                    }
                    Err(future) => self.drop_cancelled(id, future),
                }
            }
            Err(payload) => {
                count(&self.counters.panicked);
                self.tell_ended(id, &mut future);
                self.end(id, &mut future, JoinError::Panicked(payload.into()));
                self.finish(id, future);
                Outcome::Panicked
            }
        }
    }

    /// Drops the future of an aborted task, here where its loop is current.
    fn drop_cancelled(&self, id: TaskId, mut future: BoxedTask) -> Outcome {
        count(&self.counters.cancelled);
        self.end(id, &mut future, JoinError::Cancelled);
        self.finish(id, future);
        Outcome::Cancelled
    }

    /// The name of a task whose future is lent out, or that of its type.
    pub(crate) fn name_of(&self, id: TaskId, future: &mut BoxedTask) -> Cow<'static, str> {
        let name = self.tasks.borrow().name(id.index).cloned();
        name.unwrap_or_else(|| short_type(future.as_mut().type_name()).into())
    }

    /// Replaces the future by an error. The drop of the future is not ours.
    fn end(&self, id: TaskId, future: &mut BoxedTask, error: JoinError) {
        if let Err(payload) = caught(|| future.as_mut().end(error)) {
            let name = self.name_of(id, future);
            let what = format!("dropping the future of the task {id} `{name}`");
            self.report(what, self.sites().born(id.index), payload);
        }
    }

    fn finish(&self, id: TaskId, future: BoxedTask) {
        let ended = self.tasks.borrow_mut().finish(id, future);
        self.ended(id, ended);
    }

    /// The task is over: its waiter is woken, and what nobody wants is dropped.
    #[inline]
    fn ended(&self, id: TaskId, Ended { waiter, unwanted }: Ended) {
        match waiter.map(|waiter| waiter.target) {
            Some(Target::Task(waiter)) => self.wake(Entry::task(waiter)),
            Some(Target::Foreign(waker)) => self.wake_foreign(waker),
            None => {}
        }
        if let Some(remains) = unwanted {
            self.drop_unwanted(id, remains);
        }
        self.drop_locals();
    }

    /// Wakes a waker that may be anybody's.
    pub fn wake_foreign(&self, waker: std::task::Waker) {
        if let Err(payload) = caught(|| waker.wake()) {
            self.report("a waker", PlaceId::UNKNOWN, payload);
        }
    }

    fn run_callback(&self, entry: Entry) -> Outcome {
        let taken = self.callbacks.borrow_mut().take(entry);
        let Some((run, place)) = taken else {
            count(&self.counters.stale);
            return Outcome::Stale;
        };
        count(&self.counters.callbacks);
        self.sites().set_called(entry.generation(), place);
        self.called("a callback", place, caught(run))
    }

    fn run_deferred(&self, entry: Entry) -> Outcome {
        let next = self.deferred.borrow_mut().pop_front();
        let Some(Deferred { run, place }) = next else {
            count(&self.counters.stale);
            return Outcome::Stale;
        };
        debug_assert_eq!(entry, Entry::deferred(self.place(place)), "out of step");
        count(&self.counters.calls);
        self.calls_run.set(self.calls_run.get() + 1);
        match caught(run) {
            Ok(()) => Outcome::Called,
            Err(payload) => self.called("a deferred call", entry.deferred_at(), Err(payload)),
        }
    }

    fn called(&self, what: &str, place: PlaceId, result: Result<(), Payload>) -> Outcome {
        match result {
            Ok(()) => Outcome::Called,
            Err(payload) => {
                self.report(what, place, payload);
                Outcome::Panicked
            }
        }
    }

    /// Queues a microtask: it runs in the checkpoint after the current item. Whether there was
    /// room and the loop is open; else the closure comes back.
    ///
    /// # Errors
    /// [`Refused`](crate::Refused) with the closure.
    pub fn queue_microtask<F: FnOnce() + 'static>(
        self: &Rc<Self>,
        f: F,
        place: PlaceId,
    ) -> Result<(), crate::Refused<F>> {
        if self.is_closed() {
            return Err(crate::Refused::Closed(f));
        }
        if self.microtasks.borrow().len() >= self.limits().microtasks_max {
            return Err(crate::Refused::Full(f));
        }
        let run = self.with_locals(f);
        self.microtasks.borrow_mut().push_back((run, place));
        self.has_microtasks.set(true);
        if !self.is_turning() {
            self.inbox().unpark();
        }
        Ok(())
    }

    /// Whether a checkpoint has anything to do.
    #[inline]
    #[must_use]
    pub fn has_microtasks(&self) -> bool {
        self.has_microtasks.get()
    }

    /// Runs the oldest microtask. Whether there was one.
    pub fn run_microtask(&self) -> bool {
        let next = self.microtasks.borrow_mut().pop_front();
        let Some((run, place)) = next else {
            self.has_microtasks.set(false);
            return false;
        };
        let before = self.current.replace(Entry::MICROTASKS);
        count(&self.counters.microtasks);
        self.called("a microtask", place, caught(run));
        self.drop_locals();
        self.current.set(before);
        true
    }
}
