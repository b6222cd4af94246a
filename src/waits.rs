//! `Waits`: who waits in a cell that no table of the loop holds.
//!
//! A `Call` or a `CancelToken` may be held by any thread, so its wait is noted in its own cell and
//! the loop only keeps a weak way to it. Cells that are gone are forgotten as the list grows.

use std::{
    cell::{Cell, RefCell},
    sync::{Arc, Mutex, PoisonError, Weak},
    task::Waker,
    time::Instant,
};

use glassloop_executor::{Executor, PlaceId, TaskId, caught, drop_payload, message, quietly};

use crate::{JobLine, WaitsOn, current};

/// A wait, noted by a leaf that returned pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) owner: TaskId,
    /// The loop of that task, by its number: another one may list the cell as well, and its tasks
    /// have the same ids.
    in_loop: u64,
    pub(crate) operation: &'static str,
    pub(crate) place: PlaceId,
}

/// A cell that a task may wait in.
pub(crate) trait Noted: Send + Sync {
    /// Who waits in it now.
    fn note(&self) -> Option<Note>;

    /// What is waited for, in words.
    fn waits_for(&self) -> String {
        "another thread".to_owned()
    }

    /// The same, to be followed.
    fn waits_on(&self) -> WaitsOn {
        WaitsOn::Thread
    }

    /// The job that is waited for, if it is one that runs or is to run.
    fn job(&self, _now: Instant) -> Option<JobLine> {
        None
    }

    /// Whether another thread is at work on what is waited for.
    fn is_answered_elsewhere(&self) -> bool {
        false
    }
}

/// Where a cell keeps its note.
#[derive(Debug, Default)]
pub(crate) struct NoteCell(Mutex<Option<Note>>);

impl NoteCell {
    pub(crate) fn get(&self) -> Option<Note> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, note: Option<Note>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = note;
    }

    /// Notes that the task being polled on this thread waits here, if there is one.
    pub(crate) fn wait(
        &self,
        operation: &'static str,
        place: &'static std::panic::Location<'static>,
    ) {
        let note = Executor::current().zip(current::get()).map(|(executor, core)| Note {
            owner: executor.current_task(),
            in_loop: core.shared.name.number,
            operation,
            place: executor.note_wait(place),
        });
        self.set(note);
    }
}

/// Wakes whoever waited in a cell, with no lock held. A panic of the waker goes to the loop of this
/// thread, or to the log where there is none; whoever else waits is woken all the same.
pub(crate) fn wake(waker: Waker) {
    if let Some(executor) = Executor::current() {
        return executor.wake_foreign(waker);
    }
    if let Err(payload) = caught(|| waker.wake()) {
        quietly(|| log::error!("a waker panicked: {}", message(payload.as_ref())));
        drop_payload(payload);
    }
}

/// Which loop lists a cell, as whoever waits in it knows: the one that polled it last.
#[derive(Debug, Default)]
pub(crate) struct Listed(Option<u64>);

impl Listed {
    /// Has the current loop list the cell, unless it does.
    pub(crate) fn here(&mut self, cell: impl FnOnce() -> Arc<dyn Noted>) {
        let Some(core) = current::get() else { return };
        let number = core.shared.name.number;
        if self.0.replace(number) != Some(number) {
            core.waits.add(Arc::downgrade(&cell()));
        }
    }
}

/// A wait in a cell, as it was read.
pub(crate) struct NotedWait {
    pub(crate) note: Note,
    /// What is waited for, in words.
    pub(crate) of: String,
    pub(crate) on: WaitsOn,
    /// The job that is waited for, by the same reading as the words.
    pub(crate) job: Option<JobLine>,
}

/// The cells that tasks of a loop have waited in and that still live.
pub(crate) struct Waits {
    /// The number of the loop.
    number: u64,
    cells: RefCell<Vec<Weak<dyn Noted>>>,
    /// How long the list may grow before the dead are swept out.
    sweep_at: Cell<usize>,
}

impl Waits {
    pub(crate) fn of_loop(number: u64) -> Waits {
        Waits { number, cells: RefCell::default(), sweep_at: Cell::new(0) }
    }

    /// Takes a cell into the list. COST: amortised O(1), the dead are swept when the list is twice
    /// what it was after the last sweep.
    pub(crate) fn add(&self, cell: Weak<dyn Noted>) {
        let mut cells = self.cells.borrow_mut();
        if cells.len() >= self.sweep_at.get() {
            cells.retain(|cell| cell.strong_count() > 0);
            self.sweep_at.set((2 * cells.len()).max(16));
        }
        cells.push(cell);
    }

    /// Whether somebody waits for what another thread is at work on.
    // COST: O(cells). Asked before a manual clock jumps.
    pub(crate) fn has_answer_elsewhere(&self) -> bool {
        self.alive().iter().any(|cell| self.note(cell).is_some() && cell.is_answered_elsewhere())
    }

    /// Every wait there is, with what is waited for.
    pub(crate) fn notes(&self, now: Instant) -> Vec<NotedWait> {
        let read = |cell: &Arc<dyn Noted>| {
            let note = self.note(cell)?;
            let awaited_by = (!note.owner.is_none()).then_some(note.owner);
            let job = cell.job(now).map(|job| JobLine { awaited_by, ..job });
            let of = job.as_ref().map_or_else(|| cell.waits_for(), JobLine::in_short);
            Some(NotedWait { note, of, on: cell.waits_on(), job })
        };
        self.alive().iter().filter_map(read).collect()
    }

    /// Who of this loop waits in a cell. One that was polled here first may be waited in elsewhere.
    fn note(&self, cell: &Arc<dyn Noted>) -> Option<Note> {
        cell.note().filter(|note| note.in_loop == self.number)
    }

    /// The cells that still live. Ours may be the last to let go of one, and the value in it is
    /// anybody's: not while the list is borrowed.
    fn alive(&self) -> Vec<Arc<dyn Noted>> {
        self.cells.borrow().iter().filter_map(Weak::upgrade).collect()
    }
}
