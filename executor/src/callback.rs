//! `Callbacks`: closures of this thread that wait for their place in the ready queue.
//!
//! A callback is called once or cancelled, whichever comes first. The table calls nothing itself.

use std::{fmt, rc::Rc};

use slab::Slab;

use crate::{
    error::Refused,
    executor::Executor,
    id::{Entry, Kind},
    place::PlaceId,
};

/// A closure to be called on the loop's thread.
pub type BoxedCall = Box<dyn FnOnce() + 'static>;

struct Callback {
    generation: u32,
    queued: bool,
    run: BoxedCall,
    place: PlaceId,
}

/// The table of callbacks.
pub(crate) struct Callbacks {
    slots: Slab<Callback>,
    born: u32,
}

impl Callbacks {
    pub(crate) fn new() -> Callbacks {
        Callbacks { slots: Slab::new(), born: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    #[expect(clippy::cast_possible_truncation, reason = "callbacks_max keeps indices in 24 bits")]
    pub(crate) fn insert(&mut self, run: BoxedCall, place: PlaceId, queued: bool) -> Entry {
        let generation = self.born;
        self.born = self.born.wrapping_add(1);
        let index = self.slots.insert(Callback { generation, queued, run, place }) as u32;
        Entry::new(Kind::Callback, index, generation)
    }

    fn is_live(&self, entry: Entry) -> bool {
        let slot = self.slots.get(entry.index() as usize);
        slot.is_some_and(|slot| slot.generation == entry.generation())
    }

    /// Whether an entry of it is now to be queued.
    pub(crate) fn wake(&mut self, entry: Entry) -> bool {
        self.is_live(entry)
            && !std::mem::replace(&mut self.slots[entry.index() as usize].queued, true)
    }

    /// Takes a callback out, to be called or to be dropped.
    pub(crate) fn take(&mut self, entry: Entry) -> Option<(BoxedCall, PlaceId)> {
        if !self.is_live(entry) {
            return None;
        }
        let callback = self.slots.remove(entry.index() as usize);
        Some((callback.run, callback.place))
    }

    pub(crate) fn place(&self, entry: Entry) -> Option<PlaceId> {
        self.is_live(entry).then(|| self.slots[entry.index() as usize].place)
    }

    /// Empties the table; what was in it is the caller's to drop.
    pub(crate) fn take_all(&mut self) -> Vec<(BoxedCall, PlaceId)> {
        self.slots.drain().map(|callback| (callback.run, callback.place)).collect()
    }
}

/// A callback that was asked for. Dropping this leaves the callback as it is.
#[derive(Clone)]
pub struct CallHandle {
    executor: Rc<Executor>,
    entry: Entry,
}

impl CallHandle {
    pub(crate) fn new(executor: Rc<Executor>, entry: Entry) -> CallHandle {
        CallHandle { executor, entry }
    }

    /// Takes the callback back, dropping its closure here. Whether it was still to be called.
    pub fn cancel(&self) -> bool {
        self.executor.cancel_callback(self.entry)
    }

    /// Whether it is still to be called.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.executor.callback_place(self.entry).is_some()
    }

    /// Its entry in the ready queue, once it is due.
    #[must_use]
    pub fn entry(&self) -> Entry {
        self.entry
    }
}

impl fmt::Debug for CallHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallHandle").field("entry", &self.entry).finish_non_exhaustive()
    }
}

impl Executor {
    /// Queues a closure for this thread: it runs in the next batch, after what is ready already.
    ///
    /// # Errors
    /// [`Refused`] with the closure when the loop is closed or `callbacks_max` callbacks wait.
    pub fn call_soon<F: FnOnce() + 'static>(
        self: &Rc<Self>,
        f: F,
        place: PlaceId,
    ) -> Result<CallHandle, Refused<F>> {
        let f = self.admit_callback(f)?;
        let run = self.with_locals(f);
        let entry = self.callbacks.borrow_mut().insert(run, place, true);
        self.queue_woken(entry);
        Ok(CallHandle::new(Rc::clone(self), entry))
    }

    /// As `call_soon`, but the closure runs only once the waker that comes with it is woken: a
    /// timer's, for one.
    ///
    /// # Errors
    /// As [`call_soon`](Executor::call_soon).
    pub fn call_when_woken<F: FnOnce() + 'static>(
        self: &Rc<Self>,
        f: F,
        place: PlaceId,
    ) -> Result<(CallHandle, std::task::Waker), Refused<F>> {
        let f = self.admit_callback(f)?;
        let run = self.with_locals(f);
        let entry = self.callbacks.borrow_mut().insert(run, place, false);
        Ok((CallHandle::new(Rc::clone(self), entry), self.waker_of(entry)))
    }

    /// As `call_soon`, but nothing queues it: who holds the entry runs it, as an item. What runs is
    /// `run`, with `f`.
    ///
    /// # Errors
    /// As [`call_soon`](Executor::call_soon).
    pub fn hold_call<F: 'static>(
        self: &Rc<Self>,
        f: F,
        run: impl FnOnce(F) + 'static,
        place: PlaceId,
    ) -> Result<CallHandle, Refused<F>> {
        let f = self.admit_callback(f)?;
        let run = self.with_locals(move || run(f));
        let entry = self.callbacks.borrow_mut().insert(run, place, false);
        if !self.is_turning() {
            self.inbox().unpark();
        }
        Ok(CallHandle::new(Rc::clone(self), entry))
    }

    fn admit_callback<F>(&self, f: F) -> Result<F, Refused<F>> {
        if self.is_closed() {
            return Err(Refused::Closed(f));
        }
        if self.callbacks.borrow().len() >= self.limits().callbacks_max {
            return Err(Refused::Full(f));
        }
        Ok(f)
    }

    fn cancel_callback(&self, entry: Entry) -> bool {
        let taken = self.callbacks.borrow_mut().take(entry);
        let was_pending = taken.is_some();
        self.drop_foreign("the closure of a cancelled callback", taken);
        was_pending
    }

    /// Where a pending callback was asked for.
    #[must_use]
    pub fn callback_place(&self, entry: Entry) -> Option<PlaceId> {
        self.callbacks.borrow().place(entry)
    }
}
