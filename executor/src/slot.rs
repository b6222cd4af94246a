//! `Slots`: where tasks live, by index and generation.
//!
//! A slot is never given back: when its task is gone it is free for the next one. It knows no queue
//! and wakes nobody.

use std::sync::Arc;

use crate::{
    id::{Entry, TaskId},
    task::BoxedTask,
    waker::TaskWaker,
};

/// Where a task is in its life. Being polled is "live, with the future lent out".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    /// Aborted; its future is dropped when its entry comes up.
    Cancelled,
    /// Its box holds a result that the handle has not taken yet.
    Finished,
    /// There is no task.
    Free,
}

/// No row. Tables are bounded far below, so it is never one.
pub(crate) const NO_ROW: u32 = u32::MAX;

/// A task. 56 bytes on 64-bit machines: the box of its future is its only other memory.
pub(crate) struct Slot {
    /// `None` while it is polled.
    pub(crate) future: Option<BoxedTask>,
    /// Kept only while somebody holds a clone; else a spare one serves each poll.
    pub(crate) waker: Option<Arc<TaskWaker>>,
    /// What ran when it was spawned.
    pub(crate) parent: Entry,
    pub(crate) generation: u32,
    pub(crate) polls: u32,
    pub(crate) wakes: u32,
    /// The row of who waits for it, or `NO_ROW`; in a free slot, the next free one.
    pub(crate) waiter: u32,
    pub(crate) state: State,
    /// A handle lives that may ask for the result.
    pub(crate) joined: bool,
    /// An entry of it lies in the ready queue. INVARIANT: at most one.
    pub(crate) queued: bool,
    /// It was given a name.
    pub(crate) named: bool,
    /// Its handle was awaited, or its owner said that nobody will.
    pub(crate) expected: bool,
    /// It has task-local values, which lie in a side table while it doesn't run.
    pub(crate) locals: bool,
    /// It is detached, and an error that it returns is to be reported.
    pub(crate) reports: bool,
}

/// Every slot of a loop.
// COST: slots are written in place, and spawn and join take 38 ns. In a `slab::Slab`, which moves
// them in and out whole, they took 53: wide copies wait for the narrow stores just before them.
pub(crate) struct Slots {
    rows: Vec<Slot>,
    /// The first free slot, or `NO_ROW`.
    free: u32,
    used: usize,
}

impl Slots {
    pub(crate) fn new() -> Slots {
        Slots { rows: Vec::new(), free: NO_ROW, used: 0 }
    }

    /// Slots in use.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// Moves a task in, live and about to be queued. Its index.
    #[inline]
    pub(crate) fn insert(&mut self, future: BoxedTask, parent: Entry, generation: u32) -> u32 {
        self.used += 1;
        if self.free == NO_ROW {
            self.grow();
        }
        let index = self.free;
        let slot = &mut self.rows[index as usize];
        self.free = slot.waiter;
        slot.future = Some(future);
        slot.parent = parent;
        slot.generation = generation;
        slot.polls = 0;
        slot.wakes = 0;
        slot.waiter = NO_ROW;
        slot.state = State::Live;
        slot.joined = true;
        slot.queued = true;
        slot.named = false;
        slot.expected = false;
        slot.locals = false;
        slot.reports = false;
        index
    }

    /// One more free slot.
    #[cold]
    #[expect(clippy::cast_possible_truncation, reason = "indices fit 24 bits")]
    fn grow(&mut self) {
        let next = std::mem::replace(&mut self.free, self.rows.len() as u32);
        self.rows.push(Slot {
            future: None,
            waker: None,
            parent: Entry::NOTHING,
            generation: 0,
            polls: 0,
            wakes: 0,
            waiter: next,
            state: State::Free,
            joined: false,
            queued: false,
            named: false,
            expected: false,
            locals: false,
            reports: false,
        });
    }

    /// The task has gone, and all that was in its slot with it.
    #[inline]
    pub(crate) fn free(&mut self, index: u32) {
        let slot = &mut self.rows[index as usize];
        debug_assert!(slot.future.is_none() && slot.waker.is_none());
        slot.state = State::Free;
        slot.waiter = std::mem::replace(&mut self.free, index);
        self.used -= 1;
    }

    #[inline]
    pub(crate) fn get(&self, id: TaskId) -> Option<&Slot> {
        self.rows.get(id.index as usize).filter(|slot| slot.is(id))
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: TaskId) -> Option<&mut Slot> {
        self.rows.get_mut(id.index as usize).filter(|slot| slot.is(id))
    }

    /// Every slot in use, by index.
    #[expect(clippy::cast_possible_truncation, reason = "indices fit 24 bits")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (TaskId, &Slot)> {
        let used = self.rows.iter().enumerate().filter(|(_, slot)| slot.state != State::Free);
        used.map(|(index, slot)| {
            (TaskId { index: index as u32, generation: slot.generation }, slot)
        })
    }
}

impl Slot {
    #[inline]
    fn is(&self, id: TaskId) -> bool {
        self.generation == id.generation && self.state != State::Free
    }

    /// The type of its future, as a name for want of a better one. `None` while it is polled.
    pub(crate) fn type_name(&mut self) -> Option<&'static str> {
        self.future.as_mut().map(|future| future.as_mut().type_name())
    }

    pub(crate) fn is_polled(&self) -> bool {
        self.future.is_none()
    }

    /// Clones of its waker that are held anywhere.
    pub(crate) fn wakers_held(&self) -> usize {
        self.waker.as_ref().map_or(0, |waker| Arc::strong_count(waker) - 1)
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_56_bytes() {
        assert_eq!(size_of::<Slot>(), 56);
    }
}
