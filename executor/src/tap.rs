//! `Tap`: being told who woke whom, who was born and who has ended, as it happens.
//!
//! For a recorder in a layer above. A tap is ours, not a user's: it is called with tables of the
//! executor borrowed or not, so it writes down what it hears and calls nobody.

use std::{
    cell::{Cell, OnceCell},
    fmt,
    panic::Location,
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use crate::{
    executor::Executor,
    id::{Entry, TaskId},
    task::BoxedTask,
    unhandled::Unhandled,
    view::TaskView,
};

/// What a recorder hears of an executor.
pub trait Tap {
    /// `item` was woken while `by` ran, [`Entry::NOTHING`] between items. `queued` says whether it
    /// joined the ready queue; else it was there, or is gone.
    fn woken(&self, item: Entry, by: Entry, queued: bool);

    /// A task was spawned by `parent`, and joined the ready queue.
    fn born(&self, task: TaskId, parent: Entry);

    /// A task has ended: this is what was known of it, its name that of its type if it had none.
    fn ended(&self, task: TaskView);

    /// Something failed, and nobody was there to take it.
    fn unhandled(&self, failure: &Unhandled);
}

/// A tap of some executor of this process is on, or has been.
static ANY_ON: AtomicBool = AtomicBool::new(false);

/// Where an executor keeps its tap.
#[derive(Default)]
pub(crate) struct Socket {
    tap: OnceCell<Rc<dyn Tap>>,
    on: Cell<bool>,
}

impl Socket {
    /// Tells the tap, if it is on.
    // COST: a load and a branch a wake, while it is off.
    #[inline]
    pub(crate) fn tell(&self, what: impl FnOnce(&dyn Tap)) {
        if self.on.get() {
            self.tell_it(what);
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_it(&self, what: impl FnOnce(&dyn Tap)) {
        if let Some(tap) = self.tap.get() {
            what(tap.as_ref());
        }
    }
}

impl Executor {
    /// Gives it its tap, which it keeps: the first one counts. It is told once it is
    /// [on](Executor::tap).
    pub fn set_tap(&self, tap: Rc<dyn Tap>) {
        self.socket.tap.get_or_init(|| tap);
    }

    /// Switches the tap on or off.
    pub fn tap(&self, on: bool) {
        self.socket.on.set(on);
        if on {
            ANY_ON.store(true, Relaxed);
        }
    }

    /// A task that was polled, or dropped, has just ended; its slot is still there.
    #[inline]
    pub(crate) fn tell_ended(&self, id: TaskId, future: &mut BoxedTask) {
        self.socket.tell(|tap| {
            let name = self.name_of(id, future);
            let view = self.view(&mut self.tasks.borrow_mut(), id);
            if let Some(view) = view {
                tap.ended(TaskView { name, ..view });
            }
        });
    }
}

/// Notes, for a tap, that the running task lets the others go first.
// COST: until the first tap of the process 4 of the 337 instructions of a poll that yields; to note
// it always would be 31.
#[inline]
pub(crate) fn note_yield(place: &'static Location<'static>) {
    if ANY_ON.load(Relaxed) {
        note_it(place);
    }
}

#[cold]
#[inline(never)]
fn note_it(place: &'static Location<'static>) {
    if let Some(executor) = Executor::current().filter(|executor| executor.socket.on.get()) {
        executor.note_wait(place);
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("on", &self.on).finish_non_exhaustive()
    }
}
