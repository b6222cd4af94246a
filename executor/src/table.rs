//! `TaskTable`: every task of a loop, by index and generation.
//!
//! It keeps the books (state, counts, who waits for whom) and lends futures and wakers out for a
//! poll. It calls no code that isn't ours: what must be dropped or woken is handed back.

use std::{borrow::Cow, collections::HashMap, sync::Arc, task::Waker};

use slab::Slab;

use crate::{
    id::{Entry, TaskId},
    inbox::Inbox,
    locals::Locals,
    place::PlaceId,
    slot::{NO_ROW, Slot, Slots, State},
    task::{BoxedTask, ErrorText, short_type},
    waker::TaskWaker,
};

/// Whom to wake when a task ends.
#[derive(Debug)]
pub(crate) enum Target {
    /// A task of this loop: no clone of its waker was needed.
    Task(TaskId),
    /// Anybody else.
    Foreign(Waker),
}

/// Who waits for a task, and where.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub(crate) target: Target,
    pub(crate) owner: TaskId,
    pub(crate) place: PlaceId,
}

pub(crate) struct TaskTable {
    slots: Slots,
    waiters: Slab<Waiter>,
    /// A waker that nobody holds: it serves the next poll. One is enough, polls don't nest.
    spare: Option<Arc<TaskWaker>>,
    names: HashMap<u32, Cow<'static, str>>,
    /// How to read the error of a task that nobody will join, where that was asked for.
    reports: HashMap<u32, ErrorText>,
    // COST: while nobody uses one, 5 instructions a poll (a flag in the slot before it, a null
    // check after it: a yield takes 315, without them 310) and no byte a task.
    pub(crate) locals: Locals,
    /// Tasks born so far; its low half is the next generation.
    born: u64,
    /// Tasks that have not ended.
    alive: usize,
    /// How often a task began to wait for a result, or took one.
    join_steps: u64,
}

/// What is to be done with an entry that came up.
pub(crate) enum Turned {
    /// Poll this, with this waker.
    Poll(BoxedTask, Arc<TaskWaker>),
    /// It was aborted: drop this.
    Drop(BoxedTask),
    /// Its values are to be loaded first.
    HasLocals,
    /// Its task is gone, or its future is lent out already.
    Stale,
}

/// What a task left when it ended, to be woken and dropped outside of the borrow.
pub(crate) struct Ended {
    pub(crate) waiter: Option<Waiter>,
    /// When no handle can ask for what is in the box.
    pub(crate) unwanted: Option<Remains>,
}

/// What a handle finds.
pub(crate) enum Joined {
    /// The task has not ended.
    Alive,
    /// It has.
    Finished(BoxedTask),
    /// There is no such task.
    Gone,
}

/// What is left of a task whose slot is free.
pub(crate) struct Remains {
    pub(crate) future: BoxedTask,
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) error_text: Option<ErrorText>,
}

impl TaskTable {
    pub(crate) fn new() -> TaskTable {
        TaskTable {
            slots: Slots::new(),
            waiters: Slab::new(),
            spare: None,
            names: HashMap::new(),
            reports: HashMap::new(),
            locals: Locals::default(),
            born: 0,
            alive: 0,
            join_steps: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Tasks that have not ended.
    pub(crate) fn alive(&self) -> usize {
        self.alive
    }

    pub(crate) fn born(&self) -> u64 {
        self.born
    }

    pub(crate) fn join_steps(&self) -> u64 {
        self.join_steps
    }

    pub(crate) fn join_step(&mut self) {
        self.join_steps += 1;
    }

    /// How large the box of a task is.
    pub(crate) fn bytes(&mut self, id: TaskId) -> Option<usize> {
        self.slots.get_mut(id)?.future.as_mut().map(|future| future.as_mut().bytes())
    }

    /// Takes a task in, unless there are `tasks_max`.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a generation is the low half")]
    pub(crate) fn insert(
        &mut self,
        future: BoxedTask,
        parent: Entry,
        tasks_max: usize,
    ) -> Result<TaskId, BoxedTask> {
        if self.slots.len() >= tasks_max {
            return Err(future);
        }
        let generation = self.born as u32;
        self.born += 1;
        self.alive += 1;
        let id = TaskId { index: self.slots.insert(future, parent, generation), generation };
        if let Some(map) = self.locals.share() {
            self.locals.keep_for(id.index, Some(map));
            if let Some(slot) = self.slots.get_mut(id) {
                slot.locals = true;
            }
        }
        Ok(id)
    }

    pub(crate) fn get(&self, id: TaskId) -> Option<&Slot> {
        self.slots.get(id)
    }

    /// A task was woken. Whether an entry is now to be queued.
    #[inline]
    pub(crate) fn wake(&mut self, id: TaskId) -> bool {
        let Some(slot) = self.slots.get_mut(id).filter(|slot| slot.state == State::Live) else {
            return false;
        };
        slot.wakes = slot.wakes.saturating_add(1);
        !std::mem::replace(&mut slot.queued, true)
    }

    /// The loop took a remote wake of this task out of the inbox.
    pub(crate) fn remote_taken(&self, id: TaskId) {
        if let Some(waker) = self.get(id).and_then(|slot| slot.waker.as_ref()) {
            waker.taken();
        }
    }

    /// An entry came up. `queued` falls before the poll, so that a wake during it queues again.
    #[inline]
    pub(crate) fn turn_up(&mut self, id: TaskId, inbox: &Arc<Inbox>) -> Turned {
        let Some(slot) = self.slots.get_mut(id) else { return Turned::Stale };
        if slot.locals {
            return Turned::HasLocals;
        }
        slot.queued = false;
        let Some(future) = slot.future.take() else { return Turned::Stale };
        match slot.state {
            State::Live => {}
            State::Cancelled => return Turned::Drop(future),
            State::Finished | State::Free => {
                slot.future = Some(future);
                return Turned::Stale;
            }
        }
        slot.polls = slot.polls.saturating_add(1);
        let waker = match slot.waker.take() {
            Some(own) => own,
            None => match self.spare.take() {
                Some(spare) => {
                    spare.stamp(Entry::task(id));
                    spare
                }
                None => TaskWaker::new(Arc::clone(inbox), Entry::task(id)),
            },
        };
        Turned::Poll(future, waker)
    }

    /// The poll said pending: the future comes back to its slot.
    #[inline]
    pub(crate) fn put_back(&mut self, id: TaskId, future: BoxedTask, waker: Arc<TaskWaker>) {
        if self.locals.any_now() {
            return self.put_back_with_locals(id, future, waker);
        }
        let unique = waker.is_unique();
        let slot = self.slots.get_mut(id).expect("a task that is polled keeps its slot");
        slot.future = Some(future);
        if unique {
            self.retire(waker);
        } else {
            slot.waker = Some(waker);
        }
    }

    /// The values of a task that came up are those of what runs now.
    pub(crate) fn load_locals(&mut self, id: TaskId) {
        if let Some(slot) = self.slots.get_mut(id) {
            slot.locals = false;
            self.locals.load(id.index);
        }
    }

    /// As `put_back`, for a task that has values: they wait with it.
    #[cold]
    #[inline(never)]
    fn put_back_with_locals(&mut self, id: TaskId, future: BoxedTask, waker: Arc<TaskWaker>) {
        if let Some(slot) = self.slots.get_mut(id) {
            slot.locals = true;
            self.locals.keep(id.index);
        }
        self.put_back(id, future, waker);
    }

    /// Keeps a waker that nobody holds for the next poll.
    #[inline]
    pub(crate) fn retire(&mut self, waker: Arc<TaskWaker>) {
        self.spare = Some(waker);
    }

    /// What the clones of a task's waker point to, if any are held.
    pub(crate) fn waker_data(&self, id: TaskId) -> Option<*const ()> {
        self.get(id)?.waker.as_ref().map(|waker| Arc::as_ptr(waker).cast())
    }

    /// The poll said ready: the result lies in `future`. It comes back if the task was aborted
    /// while it was polled.
    #[inline]
    pub(crate) fn ready(
        &mut self,
        id: TaskId,
        future: BoxedTask,
        waker: Arc<TaskWaker>,
    ) -> Result<Ended, BoxedTask> {
        if waker.is_unique() {
            self.retire(waker);
        }
        let slot = self.slots.get_mut(id).expect("a task that is polled keeps its slot");
        if slot.state == State::Cancelled {
            return Err(future);
        }
        // Its waker, lent for the poll, is not in the slot.
        Ok(self.finish(id, future))
    }

    /// The task has ended and its result lies in `future`.
    #[inline]
    pub(crate) fn finish(&mut self, id: TaskId, future: BoxedTask) -> Ended {
        self.alive -= 1;
        let slot = self.slots.get_mut(id).expect("a task that ends keeps its slot");
        slot.state = State::Finished;
        slot.waker = None;
        let row = std::mem::replace(&mut slot.waiter, NO_ROW);
        let unwanted = if slot.joined {
            slot.future = Some(future);
            None
        } else {
            let remains = self.remains(id, future);
            self.slots.free(id.index);
            Some(remains)
        };
        Ended { waiter: self.waiters.try_remove(row as usize), unwanted }
    }

    /// What is left of a task that nobody will join, with what the side tables say of it.
    fn remains(&mut self, id: TaskId, future: BoxedTask) -> Remains {
        let flags = self.slots.get(id).map_or((false, false), |slot| (slot.named, slot.reports));
        let name = if flags.0 { self.names.remove(&id.index) } else { None };
        let error_text = if flags.1 { self.reports.remove(&id.index) } else { None };
        Remains { future, name, error_text }
    }

    /// Marks a task as aborted. Whether an entry is now to be queued.
    pub(crate) fn abort(&mut self, id: TaskId) -> bool {
        let Some(slot) = self.slots.get_mut(id).filter(|slot| slot.state == State::Live) else {
            return false;
        };
        slot.state = State::Cancelled;
        !std::mem::replace(&mut slot.queued, true)
    }

    /// What a handle finds. A finished task's slot is freed.
    #[inline]
    pub(crate) fn join(&mut self, id: TaskId) -> Joined {
        let Some(slot) = self.slots.get_mut(id) else { return Joined::Gone };
        if slot.state != State::Finished {
            return Joined::Alive;
        }
        if slot.named {
            self.names.remove(&id.index);
        }
        let future = slot.future.take();
        self.slots.free(id.index);
        self.join_steps += 1;
        future.map_or(Joined::Gone, Joined::Finished)
    }

    /// The handle is gone: nobody waits any more. What is to be dropped outside of the borrow.
    pub(crate) fn detach(&mut self, id: TaskId) -> (Option<Remains>, Option<Waiter>) {
        let Some(slot) = self.slots.get_mut(id) else { return (None, None) };
        slot.joined = false;
        let row = std::mem::replace(&mut slot.waiter, NO_ROW);
        let waiter = self.waiters.try_remove(row as usize);
        if slot.state != State::Finished {
            return (None, waiter);
        }
        let future = slot.future.take();
        let remains = future.map(|future| self.remains(id, future));
        self.slots.free(id.index);
        (remains, waiter)
    }

    /// Somebody waits for this task. The one who waited before, to be dropped outside.
    #[expect(clippy::cast_possible_truncation, reason = "at most one row a task")]
    pub(crate) fn set_waiter(&mut self, id: TaskId, waiter: Waiter) -> Option<Waiter> {
        let row = self.get(id)?.waiter;
        if let Some(before) = self.waiters.get_mut(row as usize) {
            return Some(std::mem::replace(before, waiter));
        }
        self.join_steps += 1;
        let row = self.waiters.insert(waiter) as u32;
        if let Some(slot) = self.slots.get_mut(id) {
            slot.waiter = row;
            slot.expected = true;
        }
        None
    }

    /// Its owner said that nobody will await it.
    pub(crate) fn expect_nobody(&mut self, id: TaskId) {
        if let Some(slot) = self.slots.get_mut(id) {
            slot.expected = true;
        }
    }

    pub(crate) fn waiter(&self, slot: &Slot) -> Option<&Waiter> {
        self.waiters.get(slot.waiter as usize)
    }

    pub(crate) fn name(&self, index: u32) -> Option<&Cow<'static, str>> {
        self.names.get(&index)
    }

    /// Its name, or the type of its future; `None` while it is polled without one.
    pub(crate) fn name_or_type(&mut self, id: TaskId) -> Option<Cow<'static, str>> {
        let slot = self.slots.get_mut(id)?;
        let named = self.names.get(&id.index).cloned();
        named.or_else(|| slot.type_name().map(|name| Cow::Borrowed(short_type(name))))
    }

    pub(crate) fn set_name(&mut self, id: TaskId, name: Cow<'static, str>) {
        if let Some(slot) = self.slots.get_mut(id) {
            slot.named = true;
            self.names.insert(id.index, name);
        }
    }

    /// An error that a task returns is to be reported, once it is detached.
    pub(crate) fn set_reports(&mut self, id: TaskId, error_text: ErrorText) {
        if let Some(slot) = self.slots.get_mut(id) {
            slot.reports = true;
            self.reports.insert(id.index, error_text);
        }
    }

    /// Every task that has a slot, by index.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (TaskId, &Slot)> {
        self.slots.iter()
    }
}
