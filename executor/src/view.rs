//! `TaskView`: a task's state as plain data, for snapshots, reports and proofs.
//!
//! Made by reading the tables; no future is polled and no code but ours runs.

use std::{borrow::Cow, cmp::Reverse};

use crate::{
    counts::Counts,
    executor::Executor,
    id::{Entry, Kind, TaskId},
    inbox::Left,
    place::PlaceId,
    slot::{Slot, State},
    table::TaskTable,
};

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskState {
    /// It is being polled right now.
    Running,
    /// An entry of it lies in the ready queue.
    Ready,
    /// It waits to be woken.
    Waiting,
    /// It was aborted and is dropped when its turn comes.
    Aborted,
    /// It has ended; its handle has not been asked for the result yet.
    Finished,
}

impl TaskState {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TaskState::Running => "running",
            TaskState::Ready => "ready",
            TaskState::Waiting => "waiting",
            TaskState::Aborted => "aborted",
            TaskState::Finished => "finished",
        }
    }
}

/// A task, as it stood when it was looked at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskView {
    /// Its id.
    pub id: TaskId,
    /// The number of its birth among all tasks of the loop, never repeated.
    pub birth: u64,
    /// Its name, or the type of its future.
    pub name: Cow<'static, str>,
    /// The task that spawned it.
    pub parent: TaskId,
    /// What it is doing.
    pub state: TaskState,
    /// How often it was polled.
    pub polls: u32,
    /// How often it was woken.
    pub wakes: u32,
    /// Clones of its waker that are held anywhere.
    pub wakers_held: usize,
    /// Where it was spawned.
    pub born: PlaceId,
    /// Where it last waited.
    pub awaits: PlaceId,
    /// Who waits for it to end: the task, and where.
    pub joined_by: Option<(TaskId, PlaceId)>,
}

/// As much of a task as can be read in passing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Glance {
    /// How often it was polled.
    pub polls: u32,
    /// Clones of its waker that are held anywhere.
    pub wakers_held: usize,
    /// An entry of it lies in the ready queue.
    pub is_queued: bool,
}

impl Executor {
    /// A glance at one task.
    #[must_use]
    pub fn glance(&self, id: TaskId) -> Option<Glance> {
        let tasks = self.tasks.borrow();
        let slot = tasks.get(id)?;
        let (polls, wakers_held) = (slot.polls, slot.wakers_held());
        Some(Glance { polls, wakers_held, is_queued: slot.queued })
    }

    /// How many bytes a task's future takes, if that isn't being polled: its box, in which the
    /// result will lie.
    #[must_use]
    pub fn future_bytes(&self, id: TaskId) -> Option<usize> {
        self.tasks.borrow_mut().bytes(id)
    }

    /// How often a task began to wait for a result of another, or took one.
    #[must_use]
    pub fn join_steps(&self) -> u64 {
        self.tasks.borrow().join_steps()
    }

    /// The running task has taken the result of something.
    pub fn note_result(&self) {
        self.tasks.borrow_mut().join_step();
    }

    /// The tasks that wait and of whose wakers nobody holds a clone. Those that wait for something
    /// of ours are among them.
    #[must_use]
    pub fn stranded(&self) -> Vec<TaskId> {
        let tasks = self.tasks.borrow();
        let waits = |slot: &Slot| slot.state == State::Live && !slot.is_polled() && !slot.queued;
        let stranded = tasks.iter().filter(|(_, slot)| waits(slot) && slot.wakers_held() == 0);
        stranded.map(|(id, _)| id).collect()
    }

    /// Every task, by index.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskView> {
        self.tasks_up_to(usize::MAX)
    }

    /// The first tasks, by index, at most so many.
    #[must_use]
    pub fn tasks_up_to(&self, max: usize) -> Vec<TaskView> {
        let mut tasks = self.tasks.borrow_mut();
        let ids: Vec<_> = tasks.iter().take(max).map(|(id, _)| id).collect();
        ids.into_iter().filter_map(|id| self.view(&mut tasks, id)).collect()
    }

    pub(crate) fn view(&self, tasks: &mut TaskTable, id: TaskId) -> Option<TaskView> {
        let name = tasks.name_or_type(id).unwrap_or(Cow::Borrowed("(running)"));
        let slot = tasks.get(id)?;
        Some(TaskView {
            id,
            birth: birth(tasks.born(), id.generation),
            name,
            parent: slot.parent.task_id(),
            state: match slot.state {
                State::Finished | State::Free => TaskState::Finished,
                State::Cancelled => TaskState::Aborted,
                State::Live if slot.is_polled() => TaskState::Running,
                State::Live if slot.queued => TaskState::Ready,
                State::Live => TaskState::Waiting,
            },
            polls: slot.polls,
            wakes: slot.wakes,
            wakers_held: slot.wakers_held(),
            born: self.sites().born(id.index),
            awaits: self.sites().awaits(id.index),
            joined_by: tasks.waiter(slot).map(|waiter| (waiter.owner, waiter.place)),
        })
    }

    /// One task's name, or the type of its future.
    #[must_use]
    pub fn task_name(&self, id: TaskId) -> Option<Cow<'static, str>> {
        self.tasks.borrow_mut().name_or_type(id)
    }

    /// Where an item was asked for, before it runs: where a task was born, a callback or call made.
    #[must_use]
    pub fn item_place(&self, entry: Entry) -> PlaceId {
        match entry.kind() {
            Kind::Task => self.sites().born(entry.index()),
            Kind::Callback => self.callback_place(entry).unwrap_or(PlaceId::UNKNOWN),
            _ => entry.deferred_at(),
        }
    }

    /// The `data` of every clone of a task's waker, if any are held: an address to compare and
    /// never to follow.
    #[must_use]
    pub fn waker_data(&self, id: TaskId) -> Option<*const ()> {
        self.tasks.borrow().waker_data(id)
    }

    /// Tasks that have not ended.
    #[must_use]
    pub fn tasks_alive(&self) -> usize {
        self.tasks.borrow().alive()
    }

    /// The tasks of whose wakers clones are held anywhere, and how many.
    #[must_use]
    pub fn held_wakers(&self) -> Vec<(TaskId, usize)> {
        let tasks = self.tasks.borrow();
        let held = tasks.iter().map(|(id, slot)| (id, slot.wakers_held()));
        held.filter(|(_, clones)| *clones > 0).collect()
    }

    /// Whether any task, callback, call or microtask is left.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.has_ready()
            || self.callbacks_waiting() > 0
            || self.inbox().calls() > 0
            || self.tasks_alive() > 0
    }

    /// Callbacks that wait, queued or for their timer.
    #[must_use]
    pub fn callbacks_waiting(&self) -> usize {
        self.callbacks.borrow().len()
    }

    /// What it has done since it was made.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counters.copy(self.tasks.borrow().born(), self.unhandled().get())
    }

    /// Aborts every task that is alive and drops its future right here, newest first; those that
    /// were aborted before go with them. `begins` is told of each before it is dropped. How many
    /// were alive.
    pub fn abort_all(&self, begins: impl Fn(Entry)) -> usize {
        let mut left: Vec<_> = {
            let tasks = self.tasks.borrow();
            let left = tasks.iter().filter(|(_, slot)| slot.state != State::Finished);
            left.map(|(id, slot)| (birth(tasks.born(), id.generation), id, slot.state)).collect()
        };
        // A loop may be dropped inside of an item: that one's values are not those of the others.
        let locals = self.replace_locals(None);
        left.sort_unstable_by_key(|(birth, ..)| Reverse(*birth));
        for (_, id, _) in &left {
            // Not in the order of the ready queue: an entry that lies there goes stale.
            self.tasks.borrow_mut().abort(*id);
            begins(Entry::task(*id));
            self.run_item(Entry::task(*id));
        }
        let none = self.replace_locals(locals);
        debug_assert!(none.is_none(), "each item put its values away");
        left.iter().filter(|(.., state)| *state == State::Live).count()
    }

    /// Drops, unrun, every call that was accepted and every callback and microtask that waits.
    /// Where the calls were deferred, oldest first.
    pub fn drop_calls(&self) -> Vec<PlaceId> {
        let mut dropped = Vec::new();
        // A sender that was let in before the close may still be pushing: its call is counted
        // already, so it is waited for. It has at most one push to go.
        while self.inbox().calls() > 0 {
            self.outlet.take(usize::MAX, |left, _| match left {
                Left::Call(call) => self.deferred.borrow_mut().push_back(call),
                Left::Wake(_) => {}
            });
            let calls = std::mem::take(&mut *self.deferred.borrow_mut());
            if calls.is_empty() {
                crate::sync::yield_now();
            }
            self.inbox().release(calls.len() + self.calls_run.take());
            for call in calls {
                dropped.push(self.place(call.place));
                self.drop_foreign("the closure of a deferred call", Some(call.run));
            }
        }
        let callbacks = self.callbacks.borrow_mut().take_all();
        let microtasks = std::mem::take(&mut *self.microtasks.borrow_mut());
        self.has_microtasks.set(false);
        for (run, _) in callbacks.into_iter().chain(microtasks) {
            self.drop_foreign("the closure of a callback", Some(run));
        }
        dropped
    }
}

/// The number of a birth from its low half: the latest one that ends so.
fn birth(born: u64, generation: u32) -> u64 {
    let latest = (born & !u64::from(u32::MAX)) | u64::from(generation);
    if latest >= born { latest.saturating_sub(1 << 32) } else { latest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birth_number_survives_the_wrap_of_its_generation() {
        assert_eq!(birth(10, 3), 3);
        assert_eq!(birth((1 << 32) + 10, 3), (1 << 32) + 3);
        assert_eq!(birth((1 << 32) + 10, u32::MAX), u64::from(u32::MAX));
    }
}
