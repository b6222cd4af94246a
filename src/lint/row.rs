//! `Row`: what the lints remember of one task from poll to poll.

use glassloop_executor::{Entry, PlaceId, TaskId};

use crate::{By, event::entry_of};

/// One task. It is that of the last task in the slot, and begins anew with each.
#[derive(Clone, Debug)]
pub(super) struct Row {
    generation: u32,
    /// When it joined the ready queue, as long as it has not run since.
    woken: Option<Woken>,
    /// By whom.
    by: WokenBy,
    /// Polls on end in which it woke itself, and how long they took.
    pub(super) self_wakes: u32,
    pub(super) self_busy_ns: u64,
    /// Polls on end that found nothing.
    pub(super) in_vain: u32,
    /// Rounds of one sleep on end: where, for how long each, how many, and when the first ended.
    pub(super) rounds_at: PlaceId,
    pub(super) sleeps_ns: Option<u64>,
    pub(super) rounds: u32,
    pub(super) rounds_since_ns: Option<u64>,
    /// It was told that nothing can wake it.
    pub(super) is_stranded: bool,
}

/// When a task joined the ready queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Woken {
    pub(super) at_ns: u64,
    /// How many items had run by then, and how long the thread had been somebody else's.
    pub(super) items: u64,
    pub(super) lent_ns: u64,
}

/// As much as matters of who woke a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WokenBy {
    Itself,
    /// A timer that was waited for there.
    Timer(PlaceId),
    Other,
}

impl Row {
    fn of(generation: u32) -> Row {
        Row {
            generation,
            woken: None,
            by: WokenBy::Other,
            self_wakes: 0,
            self_busy_ns: 0,
            in_vain: 0,
            rounds_at: PlaceId::UNKNOWN,
            sleeps_ns: None,
            rounds: 0,
            rounds_since_ns: None,
            is_stranded: false,
        }
    }

    pub(super) fn woken(&mut self, by: WokenBy, woken: Woken) {
        (self.by, self.woken) = (by, Some(woken));
        self.is_stranded = false;
    }

    /// It is about to run: when it was woken, and by whom.
    pub(super) fn take_woken(&mut self) -> (Option<Woken>, WokenBy) {
        (self.woken.take(), self.by)
    }
}

impl WokenBy {
    pub(super) fn of(task: TaskId, by: By) -> WokenBy {
        match by {
            By::Item(item) if item == entry_of(task) => WokenBy::Itself,
            By::Timer(place) => WokenBy::Timer(place),
            _ => WokenBy::Other,
        }
    }
}

/// The rows of a loop's tasks.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// By index. COST: 112 bytes for each slot that ever held a task while the lints were on.
    rows: Vec<Row>,
}

impl Rows {
    /// The row of a task, which begins anew if another had it.
    pub(super) fn of(&mut self, task: TaskId) -> &mut Row {
        let index = task.index as usize;
        if index >= self.rows.len() {
            self.rows.resize_with(index + 1, || Row::of(Entry::NOTHING.generation()));
        }
        let row = &mut self.rows[index];
        if row.generation != task.generation {
            *row = Row::of(task.generation);
        }
        row
    }
}
