//! What the lints find of turns: one that takes long, and many on end without a rest.

use glassloop_executor::{Entry, PlaceId};

use super::{Lint, Linter, Run, linter::time};
use crate::{core::Core, limits::ns_of_us};

/// The turn under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct SoFar {
    pub(super) items: u64,
    pub(super) items_ns: u64,
    pub(super) longest: Entry,
    pub(super) longest_at: PlaceId,
    pub(super) longest_ns: u64,
    /// It had a slow item, of which is told already.
    pub(super) has_slow: bool,
    /// What in it was the lints' and the lookers' time.
    pub(super) spared_ns: u64,
}

impl Default for SoFar {
    fn default() -> SoFar {
        SoFar {
            items: 0,
            items_ns: 0,
            longest: Entry::NOTHING,
            longest_at: PlaceId::UNKNOWN,
            longest_ns: 0,
            has_slow: false,
            spared_ns: 0,
        }
    }
}

/// Turns on end without a rest, in which nothing came from outside.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Busy {
    pub(super) turns: u32,
    pub(super) items: u64,
    pub(super) busy_ns: u64,
    /// One task alone is to blame, of which is told already.
    pub(super) storms: bool,
}

impl Linter {
    /// An item ran, as a part of the turn under way.
    pub(super) fn note_in_turn(&self, run: &Run) {
        let mut turn = self.turn.get();
        turn.items += 1;
        turn.items_ns += run.took_ns;
        if run.took_ns >= turn.longest_ns {
            turn.longest = run.item;
            (turn.longest_at, turn.longest_ns) = (self.before.get().place, run.took_ns);
        }
        self.turn.set(turn);
        let busy = self.busy.get();
        let (items, busy_ns) = (busy.items + 1, busy.busy_ns + run.took_ns);
        self.busy.set(Busy { items, busy_ns, ..busy });
    }

    /// A turn is over, which took so long, and the wait behind it, in which the loop rested or did
    /// not and so many events came.
    pub(crate) fn turned(&self, core: &Core, took_ns: u64, rested: bool, events: usize) {
        let turn = self.turn.take();
        let took_ns = took_ns.saturating_sub(turn.spared_ns);
        if !turn.has_slow && took_ns >= ns_of_us(self.limits.slow_turn_us_min) {
            self.was_slow_turn(core, &turn, took_ns);
        }
        if self.moves.take() || rested || events > 0 {
            self.busy.take();
            return;
        }
        let mut busy = self.busy.get();
        // A host may look as often as it likes.
        busy.turns += u32::from(turn.items > 0);
        self.busy.set(busy);
        if busy.turns >= self.limits.busy_turns_min {
            self.busy.take();
            if !busy.storms && self.asks_only(busy.busy_ns, busy.items) {
                let reason = format!(
                    "and others ran in {} turns on end, {} in all, in which the loop never \
                     rested: nothing came from outside, nobody was spawned or ended",
                    busy.turns,
                    time(busy.busy_ns)
                );
                self.found(core, Lint::BusyLoop, turn.longest, turn.longest_at, reason);
            }
        }
    }

    fn was_slow_turn(&self, core: &Core, turn: &SoFar, took_ns: u64) {
        let (all, items) = (time(took_ns), turn.items);
        if turn.items_ns < took_ns / 2 {
            let outside = time(took_ns - turn.items_ns);
            let reason = format!("made a turn of {all}, {outside} of it outside of items");
            return self.found(core, Lint::SlowTurn, Entry::NOTHING, PlaceId::UNKNOWN, reason);
        }
        let longest = time(turn.longest_ns);
        let reason = format!(
            "ran for {longest} in a turn of {items} items that took {all}, and none ran longer"
        );
        self.found(core, Lint::SlowTurn, turn.longest, turn.longest_at, reason);
    }
}
