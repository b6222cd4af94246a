//! The floor's timers: a binary heap with tombstones, to the nanosecond.
//!
//! A cancelled timer leaves its place in the heap behind; the heap is swept when most is dead.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

thread_local! {
    static TIMERS: RefCell<Timers> = const { RefCell::new(Timers::new()) };
}

struct Timers {
    heap: BinaryHeap<Reverse<Entry>>,
    slots: Vec<Slot>,
    free: Vec<u32>,
}

/// The deadline, then the slot and the life of the slot that armed it.
type Entry = (Instant, u32, u32);

struct Slot {
    life: u32,
    waker: Option<Waker>,
}

impl Timers {
    const fn new() -> Timers {
        Timers { heap: BinaryHeap::new(), slots: Vec::new(), free: Vec::new() }
    }

    fn arm(&mut self, deadline: Instant, waker: Waker) -> (u32, u32) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { life: 0, waker: None });
            (self.slots.len() - 1) as u32
        });
        let slot = &mut self.slots[index as usize];
        slot.waker = Some(waker);
        self.heap.push(Reverse((deadline, index, slot.life)));
        (index, slot.life)
    }

    /// Frees a slot that is still in that life, and gives back its waker.
    fn remove(&mut self, (index, life): (u32, u32)) -> Option<Waker> {
        let slot = &mut self.slots[index as usize];
        if slot.life != life {
            return None;
        }
        slot.life += 1;
        self.free.push(index);
        slot.waker.take()
    }

    fn sweep(&mut self) {
        let live = self.slots.len() - self.free.len();
        if self.heap.len() > 2 * live + 64 {
            let slots = &self.slots;
            self.heap.retain(|Reverse((_, index, life))| slots[*index as usize].life == *life);
        }
    }
}

/// Wakes what is due; tells the next deadline.
pub(super) fn fire() -> Option<Instant> {
    let mut now = None;
    TIMERS.with_borrow_mut(|timers| {
        while let Some(Reverse((deadline, index, life))) = timers.heap.peek().copied() {
            let is_live = timers.slots[index as usize].life == life;
            if is_live && deadline > *now.get_or_insert_with(Instant::now) {
                return Some(deadline);
            }
            timers.heap.pop();
            if let Some(waker) = timers.remove((index, life)) {
                waker.wake();
            }
        }
        None
    })
}

/// A timer; armed by its first poll.
pub(super) struct Sleep {
    deadline: Instant,
    armed: Option<(u32, u32)>,
}

impl Sleep {
    pub(super) fn new(duration: Duration) -> Sleep {
        Sleep { deadline: Instant::now() + duration, armed: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        TIMERS.with_borrow_mut(|timers| match self.armed {
            None => {
                self.armed = Some(timers.arm(self.deadline, cx.waker().clone()));
                Poll::Pending
            }
            Some((index, life)) if timers.slots[index as usize].life == life => Poll::Pending,
            Some(_) => Poll::Ready(()),
        })
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let Some(armed) = self.armed else { return };
        TIMERS.with_borrow_mut(|timers| {
            timers.remove(armed);
            timers.sweep();
        });
    }
}
